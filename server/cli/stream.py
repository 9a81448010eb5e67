"""``linnet stream`` and ``linnet demo``: a recording played into a running server in real time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from classifier import SAMPLE_RATE_HZ, Source
from server.cli.client import ClientError, LinnetClient, StreamEvent
from server.cli.printing import clock, tone_line
from server.cli.recording import RecordingError, chunks, read_recording
from server.errors import SettingsError
from server.settings import load_settings

DEMO: Final = Path(__file__).parent.parent / "data" / "demo.flac"

_READY_S: Final = 60.0
"""How long the classifier may take to be ready before we give up."""

_LAST_EVENTS_S: Final = 10.0
"""After the end of the recording, so long for the last events."""


Url = Annotated[
    str | None,
    typer.Option(help="Address of the server; by default this machine's, by LINNET_PORT."),
]
Elcor = Annotated[bool, typer.Option(help="Subtext in the bracketed spoken-tone form.")]
AsJson = Annotated[bool, typer.Option("--json", help="Every event as a line of JSON.")]


def stream(
    file: Annotated[Path, typer.Argument(help="Any audio file: WAV, FLAC, OGG, Opus, MP3 ...")],
    url: Url = None,
    source: Annotated[
        Source, typer.Option(help="Which side of a conversation it is.")
    ] = Source.MIC,
    elcor: Elcor = False,
    license_key: Annotated[str | None, typer.Option(help="A licence key.")] = None,
    voices_from: Annotated[
        str | None,
        typer.Option(
            metavar="SESSION", help="A session in which the same people spoke: they are known."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play a recording into a running server and print the tone as it is heard."""
    play(
        file,
        url=url,
        source=source,
        elcor=elcor,
        license_key=license_key,
        voices_from=voices_from,
        as_json=as_json,
    )


def demo(url: Url = None, elcor: Elcor = False, as_json: AsJson = False) -> None:
    """Play the recording that ships with Linnet: one synthetic voice, calm, cross, then tired."""
    play(DEMO, url=url, source=Source.MIC, elcor=elcor, license_key=None, as_json=as_json)


def play(
    file: Path,
    *,
    url: str | None,
    source: Source,
    elcor: bool,
    license_key: str | None,
    as_json: bool,
    voices_from: str | None = None,
) -> None:
    """Run one playing to its end; exits 1 with one line when it cannot."""
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        settings = load_settings()
        player = _Player(
            file,
            url=url or f"http://127.0.0.1:{settings.port}",
            source=source,
            elcor=elcor,
            license_key=license_key,
            voices_from=voices_from,
            api_token=settings.api_token.get_secret_value(),
            as_json=as_json,
        )
        asyncio.run(player.run())
    except (ClientError, RecordingError, SettingsError) as exc:
        errors.print(str(exc), style="red", markup=False)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        errors.print("Stopped; the session has been ended.")
        raise typer.Exit(130) from None


class _Player:
    def __init__(
        self,
        file: Path,
        *,
        url: str,
        source: Source,
        elcor: bool,
        license_key: str | None,
        voices_from: str | None,
        api_token: str,
        as_json: bool,
    ) -> None:
        self._file = file
        self._url = url
        self._source = source
        self._elcor = elcor
        self._license_key = license_key
        self._voices_from = voices_from
        self._api_token = api_token
        self._as_json = as_json
        self._console = Console(highlight=False, soft_wrap=True)
        # One terminal, one writer: a progress bar and lines on two consoles would tear each other.
        self._notes = (
            self._console
            if self._console.is_terminal and not as_json
            else Console(stderr=True, highlight=False, soft_wrap=True)
        )
        self._tones = 0

    async def run(self) -> None:
        pcm = read_recording(self._file)
        duration_s = len(pcm) / SAMPLE_RATE_HZ
        async with LinnetClient(
            self._url, license_key=self._license_key, api_token=self._api_token
        ) as client:
            health = await self._until_ready(client)
            session_id = await client.start(elcor=self._elcor, voices_from=self._voices_from)
            self._notes.print(
                f"{self._file.name}, {clock(duration_s)}, into session {session_id} "
                f"({health['classifier']} classifier).\n"
                f"Listen along: curl -N {client.stream_url(session_id)}",
                style="dim",
                markup=False,
            )
            async with self._printing(client, session_id), self._progress(duration_s) as advance:
                try:
                    await client.send(
                        session_id, chunks(pcm), source=self._source.value, on_sent=advance
                    )
                finally:
                    await client.end(session_id)
        if not self._tones:
            self._notes.print(
                "No tone was heard: no speech, or nothing that could be named reliably."
            )

    async def _until_ready(self, client: LinnetClient) -> dict[str, Any]:
        deadline = asyncio.get_running_loop().time() + _READY_S
        while not (health := await client.health())["ready"]:
            if asyncio.get_running_loop().time() > deadline:
                raise ClientError(f"The classifier was not ready within {_READY_S:g} s.")
            await asyncio.sleep(0.2)
        return health

    @asynccontextmanager
    async def _printing(self, client: LinnetClient, session_id: str) -> AsyncIterator[None]:
        """Print what comes while the body runs, and what still comes after it."""
        opened = asyncio.Event()

        async def read() -> None:
            async for event in client.events(session_id, on_open=opened.set):
                self._print(event)

        reading = asyncio.create_task(read(), name="event-printer")
        try:
            opening = asyncio.create_task(opened.wait(), name="event-stream-open")
            await asyncio.wait({reading, opening}, return_when=asyncio.FIRST_COMPLETED)
            opening.cancel()
            yield
            async with asyncio.timeout(_LAST_EVENTS_S):
                await reading
        except TimeoutError:
            raise ClientError("The stream did not end with the session.") from None
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    @asynccontextmanager
    async def _progress(self, duration_s: float) -> AsyncIterator[Any]:
        columns = (BarColumn(), TextColumn("{task.fields[clock]}"), TimeRemainingColumn())
        with Progress(
            *columns,
            console=self._notes,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        ) as progress:
            task = progress.add_task("playing", total=duration_s, clock=clock(0))
            yield lambda sent_s: progress.update(task, completed=sent_s, clock=clock(sent_s))

    def _print(self, event: StreamEvent) -> None:
        if event.name == "tone-event":
            self._tones += 1
        if self._as_json:
            line = orjson.dumps({"event": event.name, "seq": event.seq, "data": event.data})
            self._console.print(line.decode(), markup=False)
        elif event.name == "tone-event":
            self._console.print(tone_line(event.data))
        elif event.name == "service-event":
            status = event.data["status"]
            style = "yellow" if status in {"warning", "error"} else "dim"
            self._notes.print(f"[{status}] {event.data['detail']}", style=style, markup=False)
