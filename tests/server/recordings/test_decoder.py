"""Files of every kind, whole and broken, as blocks of samples."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from server.errors import TooLargeError, UnreadableRecordingError, UnsupportedRecordingError
from server.recordings.decoder import Decoder, FileInfo
from tests.support.recordings import KINDS, Floats, claiming, encoded, hiss, opened

HOUR_S = 3600.0


def decoded(
    data: bytes, *, max_s: float = HOUR_S
) -> tuple[FileInfo, list[Floats], Exception | None]:
    """What a file says of itself, its blocks, and how it ended."""
    blocks: list[Floats] = []
    with opened(data) as fd:
        decoder = Decoder(fd, max_s=max_s)
        try:
            blocks.extend(decoder.blocks())
        except (UnreadableRecordingError, TooLargeError) as error:
            return decoder.info, blocks, error
        finally:
            decoder.close()
    return decoder.info, blocks, None


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read_whole(kind: str) -> None:
    """Rate, channels and length are as they were written, and every sample comes."""
    rate_hz = 48_000 if kind == "OPUS" else 22_050
    info, blocks, error = decoded(
        encoded(hiss(2.0, rate_hz=rate_hz, channels=2), kind=kind, rate_hz=rate_hz)
    )
    assert error is None
    assert (info.rate_hz, info.channels) == (rate_hz, 2)
    assert info.duration_s == pytest.approx(2.0, abs=0.05)
    assert sum(len(block) for block in blocks) == pytest.approx(2 * rate_hz, abs=0.05 * rate_hz)
    assert all(block.shape[1] == 2 for block in blocks)


def test_sixteen_bit_samples_come_to_the_bit() -> None:
    """Nothing is lost between a WAV of 16 bits and the floats."""
    pcm = np.arange(-32_768, 32_768, 7, dtype=np.int16)[:, None]
    buffer = io.BytesIO()
    soundfile.write(buffer, pcm, 16_000, format="WAV", subtype="PCM_16")
    _, blocks, _ = decoded(buffer.getvalue())
    np.testing.assert_array_equal(np.concatenate(blocks) * 32_768, pcm)


@pytest.mark.parametrize("kind", ["FLAC", "MP3"])
def test_a_file_cut_off_gives_what_there_is_and_says_so(kind: str) -> None:
    """A download that broke off is heard as far as it goes, and is not taken for whole."""
    data = encoded(hiss(10.0), kind=kind)
    info, blocks, error = decoded(data[: len(data) // 2])
    assert info.duration_s == pytest.approx(10.0, abs=0.1)
    assert 2 < sum(len(block) for block in blocks) / 16_000 < 7
    assert isinstance(error, UnreadableRecordingError)
    assert "of 10.0 s" in error.detail


def test_junk_in_the_middle_ends_it_there() -> None:
    """Damage is said, with the moment up to which the recording could be read."""
    data = bytearray(encoded(hiss(20.0), kind="MP3"))
    middle = len(data) // 2
    data[middle : middle + 5_000] = np.random.default_rng(3).bytes(5_000)
    _, blocks, error = decoded(bytes(data))
    assert isinstance(error, UnreadableRecordingError)
    assert 5 < sum(len(block) for block in blocks) / 16_000 < 15


def test_junk_after_the_end_is_passed_over() -> None:
    """A tag or a torn-off rest behind an MP3 does no harm."""
    data = encoded(hiss(3.0), kind="MP3") + b"TAG" + b"some words " * 400
    _, blocks, error = decoded(data)
    assert error is None
    assert sum(len(block) for block in blocks) / 16_000 == pytest.approx(3.0, abs=0.1)


def test_a_file_that_claims_centuries_is_refused_at_once() -> None:
    """The length in a header is believed only to refuse: no sample is decoded."""
    data = claiming(encoded(hiss(1.0), kind="FLAC"), 2**36 - 1)
    with opened(data) as fd, pytest.raises(TooLargeError, match="hours"):
        Decoder(fd, max_s=HOUR_S)


def test_a_claim_within_the_bounds_is_found_out_at_the_end() -> None:
    """A file that says a minute and holds five seconds has all of them heard, and is not whole."""
    data = claiming(encoded(hiss(5.0), kind="FLAC"), 60 * 16_000)
    _, blocks, error = decoded(data)
    assert sum(len(block) for block in blocks) / 16_000 == pytest.approx(5.0, abs=0.3)
    assert isinstance(error, UnreadableRecordingError)


def test_a_file_that_does_not_know_its_length_is_read_to_its_end() -> None:
    """As a FLAC that was written while it was recorded."""
    info, blocks, error = decoded(claiming(encoded(hiss(3.3), kind="FLAC"), 0))
    assert (info.duration_s, error) == (None, None)
    assert sum(len(block) for block in blocks) == round(3.3 * 16_000)


def test_more_than_may_be_is_cut_whatever_the_header_says() -> None:
    """A small file of silence can hold days; decoding stops at the bound."""
    data = claiming(encoded(np.zeros((16_000 * 30, 1), np.float32), kind="FLAC"), 0)
    _, blocks, error = decoded(data, max_s=10.0)
    assert isinstance(error, TooLargeError)
    assert sum(len(block) for block in blocks) <= 10 * 16_000


def test_a_text_is_unsupported() -> None:
    """Whatever it calls itself."""
    data = b"this is a text, not a recording\n" * 50
    with opened(data) as fd, pytest.raises(UnsupportedRecordingError, match="WAV, FLAC"):
        Decoder(fd, max_s=HOUR_S)


def _wav(**changed: bytes) -> bytes:
    data = bytearray(encoded(hiss(1.0)))
    for place, value in changed.items():
        at = {"channels": 22, "rate": 24}[place]
        data[at : at + len(value)] = value
    return bytes(data)


BROKEN = {
    "nothing": b"",
    "header alone": _wav()[:44],
    "half a header": _wav()[:30],
    "no channels": _wav(channels=b"\0\0"),
    "no rate": _wav(rate=b"\0\0\0\0"),
    "rate of 1 Hz": _wav(rate=b"\x01\0\0\0"),
    "rate of 2 GHz": _wav(rate=b"\xff\xff\xff\x7f"),
    "FLAC cut short": encoded(hiss(1.0), kind="FLAC")[:60],
    "OGG cut short": encoded(hiss(1.0), kind="OGG")[:60],
    "MP3 cut short": encoded(hiss(1.0), kind="MP3")[:60],
    "FLAC of zeros": b"fLaC" + bytes(200),
    "OGG of zeros": b"OggS" + bytes(200),
    "MP3 of zeros": b"ID3" + bytes(200),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_empty_and_broken_files_are_unreadable(data: bytes) -> None:
    """No channels, no rate, no samples, no more than a header: refused before any sample."""
    with opened(data) as fd, pytest.raises(UnreadableRecordingError):
        Decoder(fd, max_s=HOUR_S)
