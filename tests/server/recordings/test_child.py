"""What the decoding process says, message by message."""

from __future__ import annotations

import os
import subprocess
import sys

import orjson
import pytest

from server.recordings.child import messages
from server.recordings.messages import HEADER, PAYLOAD_MAX_BYTES, Kind
from tests.support.process import ROOT
from tests.support.recordings import encoded, hiss, opened


def said(data: bytes, *, max_s: float = 3600.0, split: bool = False) -> list[tuple[Kind, bytes]]:
    """Every message of one file."""
    with opened(data) as fd:
        packed = list(messages(fd, max_s=max_s, split=split))
    unpacked = []
    for message in packed:
        letter, size = HEADER.unpack(message[: HEADER.size])
        assert size == len(message) - HEADER.size <= PAYLOAD_MAX_BYTES
        unpacked.append((Kind(letter), message[HEADER.size :]))
    return unpacked


def test_a_recording_is_its_info_its_audio_and_an_end() -> None:
    """In this order, the audio as many samples as it lasts."""
    (info_kind, info), *audio, (last, rest) = said(encoded(hiss(3.2, rate_hz=8_000), rate_hz=8_000))
    assert (info_kind, last, rest) == (Kind.INFO, Kind.END, b"")
    assert orjson.loads(info) == {
        "kind": "WAV",
        "rate_hz": 8_000,
        "channels": 1,
        "duration_s": 3.2,
    }
    assert {kind for kind, _ in audio} == {Kind.PCM}
    assert sum(len(payload) for _, payload in audio) == pytest.approx(3.2 * 32_000, abs=8)


def test_a_broken_one_ends_in_its_error_after_its_audio() -> None:
    """What could be read comes first; the error has a code and a sentence."""
    data = encoded(hiss(10.0), kind="FLAC")
    *before, (last, payload) = said(data[: len(data) // 2])
    assert before[0][0] is Kind.INFO
    assert sum(len(pcm) for kind, pcm in before if kind is Kind.PCM) > 3 * 32_000
    assert last is Kind.ERROR
    assert orjson.loads(payload)["code"] == "unreadable_recording"


@pytest.mark.parametrize("channels", [1, 3])
def test_split_needs_two_channels(channels: int) -> None:
    """Which of three is left, nobody can say."""
    ((kind, payload),) = said(encoded(hiss(1.0, channels=channels)), split=True)
    assert kind is Kind.ERROR
    assert "two channels" in orjson.loads(payload)["detail"]


def test_the_process_can_write_no_file_and_dumps_no_core(tmp_path: os.PathLike[str]) -> None:
    """Its bounds hold: audio that it has in memory stays there."""
    code = (
        "from server.recordings.child import confine; import resource; confine();"
        "print([resource.getrlimit(r)[0] for r in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=20
    )
    assert done.stdout.strip() == "[0, 0]"
