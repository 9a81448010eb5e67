"""``linnet analyze``: recordings heard without a server, as fast as this machine can.

The pipeline is the server's own: the same session, classifier and log, the log in a folder that is
gone afterwards.

Exit status: 0 all were heard; 1 some were not; 2 it was asked for in a way that cannot be done;
3 a paid format without a licence key; 130 stopped.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import IO, Annotated, Final, Literal

import typer
from rich.console import Console

from classifier import ClassifierError, backend_from_env
from classifier.pages import keep_pages
from server.cli.outputs import STANDARD, Output, OutputError, plan_outputs, write_output
from server.cli.report import Reporter, Row
from server.clock import SystemClock
from server.errors import LinnetError, PaymentRequiredError, SettingsError
from server.export.stored import StoredEvents, head_of
from server.log.sqlite import SqliteStore
from server.logs import configure_logs
from server.metrics import Metrics
from server.recordings.analysis import Outcome, start_analysis
from server.recordings.documents import NAME_MAX_CHARS, AnalyseRequest
from server.recordings.recording import open_recording
from server.sessions.manager import SessionManager
from server.settings import Settings, load_settings
from server.tiers import require_paid, tier_of

_FAILED: Final = 1
_USAGE: Final = 2
_UNPAID: Final = 3
_STOPPED: Final = 130

_LONGEST_S: Final = 7 * 86_400.0
"""A file of one's own may be as long as a week."""


def analyze(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="WAV, FLAC, OGG, MP3 or AIFF; - is standard input."),
    ],
    out: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--out",
            metavar="OUT",
            help="A file, a folder, a pattern such as results/{name}.csv, or - for standard output."
            " Without it only the table is shown.",
        ),
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help="json, jsonl, csv, vtt, srt, textgrid, eaf, rttm, html ...; may be given several "
            "times. By default what the ending of OUT says, else json.",
        ),
    ] = None,
    channels: Annotated[
        Literal["mix", "split"],
        typer.Option(help="split: the left channel is speaker_a, the right speaker_b."),
    ] = "mix",
    elcor: Annotated[bool, typer.Option(help="Subtext in the bracketed spoken-tone form.")] = False,
    num_speakers: Annotated[int, typer.Option(min=0, max=8, help="How many people speak.")] = 0,
    same_people: Annotated[
        bool,
        typer.Option(
            help="The same people speak in all recordings: each goes on with what was learnt of "
            "their voices in those before."
        ),
    ] = False,
    twice: Annotated[
        bool,
        typer.Option(
            help="Hear each recording twice: the second time its voices are known from the first "
            "second on. What is written is the second hearing."
        ),
    ] = False,
    license_key: Annotated[
        str | None, typer.Option(help="A licence key; by default LINNET_LICENSE_KEY.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Write over files that exist.")] = False,
) -> None:
    """Hear recordings without a server and write what was heard.

    Exit status: 0 all were heard, 1 some were not, 2 wrong usage, 3 a format that needs a licence
    key, 130 stopped.
    """
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        settings = load_settings()
        if files.count(STANDARD) > 1:
            raise OutputError("Standard input (-) can be read once only.")
        planned = plan_outputs(files, out, formats or [], force=force)
        _check_paid(planned, settings, license_key)
    except (OutputError, SettingsError) as exc:
        errors.print(str(exc), style="red", markup=False)
        raise typer.Exit(_USAGE) from None
    except PaymentRequiredError as exc:
        errors.print(f"{exc.detail} Here: --license-key.", style="red", markup=False)
        raise typer.Exit(_UNPAID) from None
    configure_logs(settings.model_copy(update={"log_level": "error"}))
    keep_pages()
    to_stdout = any(output.path is None for outputs in planned for output in outputs)
    reporter = Reporter(data_on_stdout=to_stdout)
    wanted = AnalyseRequest(elcor=elcor, num_speakers=num_speakers, channels=channels)
    batch = _Batch(
        # The log is gone afterwards, and what was learnt with it.
        settings.model_copy(update={"keep_voices": True}),
        wanted,
        reporter,
        license_key=license_key,
        force=force,
        same_people=same_people,
        twice=twice,
    )
    try:
        asyncio.run(batch.run(list(zip(files, planned, strict=True))))
    except KeyboardInterrupt:
        reporter.stopped()
        raise typer.Exit(_STOPPED) from None
    except (ClassifierError, LinnetError) as exc:
        errors.print(str(exc), style="red", markup=False)
        raise typer.Exit(_FAILED) from None
    finally:
        reporter.table()
    if reporter.failed:
        raise typer.Exit(_FAILED)


def _check_paid(planned: list[list[Output]], settings: Settings, license_key: str | None) -> None:
    tier = tier_of(settings.license_key, license_key)
    for output in (output for outputs in planned for output in outputs):
        if output.format.paid:
            require_paid(tier, f"Export as {output.format.name}")


class _Batch:
    """Several recordings, one after the other, through one classifier."""

    def __init__(
        self,
        settings: Settings,
        wanted: AnalyseRequest,
        reporter: Reporter,
        *,
        license_key: str | None,
        force: bool,
        same_people: bool,
        twice: bool,
    ) -> None:
        self._settings = settings
        self._wanted = wanted
        self._reporter = reporter
        self._tier = tier_of(settings.license_key, license_key)
        self._force = force
        self._same_people = same_people
        self._twice = twice
        self._heard: str | None = None
        """The session that heard the newest recording."""
        self._clock = SystemClock()

    async def run(self, jobs: list[tuple[str, list[Output]]]) -> None:
        """Hear them all; one that fails does not stop the others."""
        async with self._house() as manager:
            with self._reporter.progress():
                for name, outputs in jobs:
                    await self._job(manager, name, outputs)

    @asynccontextmanager
    async def _house(self) -> AsyncIterator[SessionManager]:
        """A server's inside without its sockets, and with a log of its own."""
        with tempfile.TemporaryDirectory(prefix="linnet-") as folder:
            manager = SessionManager(
                self._settings,
                store=SqliteStore(Path(folder), self._clock),
                # One recording after the other: a second process would only wait for this one.
                backend=backend_from_env(
                    {**self._settings.classifier_env(), "LINNET_CLASSIFIER_PROCESSES": "0"}
                ),
                clock=self._clock,
                metrics=Metrics(),
            )
            await manager.open()
            try:
                await manager.loaded()
                yield manager
            finally:
                await manager.aclose()

    async def _job(self, manager: SessionManager, name: str, outputs: list[Output]) -> None:
        shown = "stdin" if name == STANDARD else name
        self._reporter.begin(shown)
        try:
            with _opened(name) as file:
                outcome, written = await self._hear(manager, file, shown, outputs)
            detail = outcome.error.detail if outcome.error is not None else None
            if outcome.persist_failed and detail is None:
                detail = "Some events could not be kept; what was written is not whole."
            row = Row(shown, outcome.summary, written, detail)
        except LinnetError as exc:
            row = Row(shown, None, [], exc.detail)
        except FileExistsError as exc:
            row = Row(shown, None, [], f"{exc.filename2 or exc.filename} exists; --force.")
        except OSError as exc:
            where = "" if exc.filename in (None, name) else f" ({exc.filename})"
            row = Row(shown, None, [], f"{exc.strerror or exc}{where}.")
        self._reporter.end(row)

    async def _hear(
        self, manager: SessionManager, file: IO[bytes], name: str, outputs: list[Output]
    ) -> tuple[Outcome, list[Path | None]]:
        title = Path(name).name[:NAME_MAX_CHARS]
        before = self._heard if self._same_people else None
        outcome, session_id = await self._listen(manager, file, title, before)
        if self._twice and outcome.error is None:
            file.seek(0)
            outcome, session_id = await self._listen(manager, file, title, session_id)
        self._heard = session_id
        written: list[Path | None] = []
        for output in outputs:
            await self._write(manager, session_id, title, output)
            written.append(output.path)
        return outcome, written

    async def _listen(
        self, manager: SessionManager, file: IO[bytes], title: str, voices_from: str | None
    ) -> tuple[Outcome, str]:
        asked = {"file_name": title, "voices_from": voices_from}
        async with (
            open_recording(
                file.fileno(), split=self._wanted.channels == "split", max_s=_LONGEST_S
            ) as recording,
            start_analysis(
                manager,
                recording,
                self._wanted.model_copy(update=asked),
                tier=self._tier,
                owner="",
                clock=self._clock,
            ) as analysis,
        ):
            return await analysis.run(self._reporter.advance), analysis.session.session_id

    async def _write(
        self, manager: SessionManager, session_id: str, title: str, output: Output
    ) -> None:
        row = await manager.archive.row(session_id, owner="")
        gaps = await manager.store.gaps(session_id, row.last_seq)
        events = StoredEvents(manager.store, session_id, row.last_seq)
        head = head_of(row, gaps=gaps, title=title)
        async with aclosing(output.format.write(head, events)) as pieces:
            if output.path is not None:
                await write_output(output.path, pieces, force=self._force)
                return
            async for piece in pieces:
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()


def _opened(name: str) -> IO[bytes]:
    """A recording as a file that can be read from any place in it."""
    if name != STANDARD:
        return Path(name).open("rb")
    spooled = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the caller
    shutil.copyfileobj(sys.stdin.buffer, spooled)
    spooled.flush()
    return spooled
