"""classifier.foreign.model"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifier import BackendError, ModelError
from classifier.foreign.model import MAX_BATCH, load_foreign
from tests.classifier.voices import noise, tone
from tests.support.foreign import brought, description, network

LOUD = noise(1.0, level=0.2)
SOFT = noise(1.0, level=0.01)


def test_logits_become_probabilities(tmp_path: Path) -> None:
    """Each window has an answer of its own, and it sums to one."""
    model = load_foreign(brought(tmp_path))
    loud, soft = (answer.labels for answer in model.hear([LOUD, SOFT]))
    assert loud is not None
    assert soft is not None
    assert loud.argmax() == 0
    assert soft.argmax() == 1
    assert float(loud.sum()) == pytest.approx(1.0, abs=1e-5)


def test_temperature_takes_certainty_away(tmp_path: Path) -> None:
    """The same answer, less sure of itself."""
    sure = load_foreign(brought(tmp_path)).hear([LOUD])[0].labels
    doubtful = load_foreign(brought(tmp_path, description(labels__temperature=3.0)))
    unsure = doubtful.hear([LOUD])[0].labels
    assert sure is not None
    assert unsure is not None
    assert unsure.argmax() == sure.argmax()
    assert unsure.max() < sure.max()


def test_dimensions_are_spread_over_minus_one_to_one(tmp_path: Path) -> None:
    """``low`` becomes -1, ``high`` 1, what lies outside is held."""
    dims = {"output": "dims", "order": ["arousal", "valence"], "low": 0.0, "high": 10.0}
    card = description(labels=None, dimensions=dims)
    model = load_foreign(brought(tmp_path, card, gain=(0, 0, 0), bias=(7.5, -3.0, 0.0)))
    answer = model.hear([LOUD])[0]
    assert answer.labels is None
    assert answer.dimensions is not None
    np.testing.assert_allclose(answer.dimensions, [0.5, -1.0])


@pytest.mark.parametrize("shape", ["[1,T]", "[B,T]"])
def test_one_at_a_time_or_many_at_once_is_the_same(tmp_path: Path, shape: str) -> None:
    """More windows than one call takes; each answer belongs to its window."""
    model = load_foreign(brought(tmp_path, description(input__shape=shape)))
    windows = [noise(1.0, level=0.002 * (i + 1), seed=i) for i in range(MAX_BATCH + 3)]
    together = model.hear(windows)
    for window, answer in zip(windows, together, strict=True):
        alone = model.hear([window])[0]
        assert alone.labels is not None
        assert answer.labels is not None
        np.testing.assert_allclose(answer.labels, alone.labels, atol=1e-6)


def test_audio_is_normalised_as_described(tmp_path: Path) -> None:
    """Per window, by fixed numbers, or not at all; what was not heard yet is zero."""
    half = LOUD[:8000]
    model = load_foreign(brought(tmp_path))
    plain = model.prepare(half)
    assert plain.shape == (16_000,)
    assert not plain[:8000].any()
    np.testing.assert_allclose(plain[8000:], half / 32768.0, atol=1e-7)
    unit = load_foreign(
        brought(tmp_path, description(input__normalisation="zero-mean-unit-variance"))
    ).prepare(half)
    assert not unit[:8000].any()
    assert float(unit[8000:].mean()) == pytest.approx(0.0, abs=1e-3)
    assert float(unit[8000:].std()) == pytest.approx(1.0, abs=1e-3)
    fixed = description(input__normalisation={"mean": 0.5, "std": 0.25})
    shifted = load_foreign(brought(tmp_path, fixed)).prepare(half)
    np.testing.assert_allclose(shifted[8000:], (half / 32768.0 - 0.5) / 0.25, atol=1e-5)


@pytest.mark.parametrize("rate_hz", [8_000, 24_000])
def test_audio_comes_at_the_rate_that_was_asked_for(tmp_path: Path, rate_hz: int) -> None:
    """A tone keeps its pitch and its level at another rate."""
    model = load_foreign(brought(tmp_path, description(input__rate_hz=rate_hz)))
    heard = model.prepare(tone(1000.0, 1.0))
    assert heard.shape == (rate_hz,)
    assert int(np.abs(np.fft.rfft(heard)).argmax()) == 1000
    assert float(np.abs(heard).max()) == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize(
    ("changes", "parts", "says"),
    [
        ({"input__name": "sound"}, {}, "takes audio, not sound"),
        ({"labels__output": "emotion"}, {}, "no output emotion"),
        ({}, {"samples": 8000}, "takes 8000 samples"),
        ({}, {"windows": 1}, r"shape is \[1,T\]"),
        ({"labels__output": "level"}, {}, "labels have shape"),
        ({"labels__softmax": False}, {}, "softmax should be true"),
        ({}, {"bias": (float("nan"), 0, 0)}, "not finite"),
    ],
)
def test_a_network_unlike_its_description_is_refused(
    tmp_path: Path, changes: dict[str, Any], parts: dict[str, Any], says: str
) -> None:
    """When it is loaded, in one line."""
    path = brought(tmp_path, description(**changes), **parts)
    with pytest.raises(ModelError, match=says) as caught:
        load_foreign(path)
    assert "\n" not in str(caught.value)


def test_probabilities_are_taken_as_they_are(tmp_path: Path) -> None:
    """Without softmax the output itself is the answer."""
    card = description(labels__softmax=False)
    model = load_foreign(brought(tmp_path, card, gain=(0, 0, 0), bias=(0.5, 0.3, 0.2)))
    labels = model.hear([LOUD])[0].labels
    assert labels is not None
    np.testing.assert_allclose(labels, [0.5, 0.3, 0.2], atol=1e-6)


def test_a_network_that_fails_later_is_a_backend_error(tmp_path: Path) -> None:
    """Well on silence, beyond all numbers on loud audio: no answer is made of it."""
    model = load_foreign(brought(tmp_path, gain=(3e38, 3e38, 3e38), bias=(3e38, 0, 0)))
    with pytest.raises(BackendError, match="not finite"):
        model.hear([np.full(16_000, 32_767, np.int16)])


@pytest.mark.parametrize("content", [b"", b"no network"])
def test_what_is_no_network_is_refused(tmp_path: Path, content: bytes) -> None:
    """The runtime's own words stay inside."""
    path = brought(tmp_path)
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"cannot load loudness\.onnx"):
        load_foreign(path)


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    """No network, or no description beside it."""
    with pytest.raises(ModelError, match=r"no model none\.onnx"):
        load_foreign(tmp_path / "none.onnx")
    with pytest.raises(ModelError, match=r"loudness\.json"):
        load_foreign(network(tmp_path / "loudness.onnx"))
