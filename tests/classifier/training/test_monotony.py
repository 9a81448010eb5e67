"""classifier.training.monotony"""

import shutil

import numpy as np
import pytest

pytest.importorskip("soxr")

from classifier.training.monotony import (
    FLAT,
    MEASURES,
    SYNTHESISERS,
    auc,
    discriminant,
    found_at,
    measured,
    report,
    synthesise,
)
from tests.classifier.voices import recording, silence

AT = {name: i for i, name in enumerate(MEASURES)}


def test_the_share_of_pairs_in_order() -> None:
    """1 where all of the first lie below, a half where nothing separates them, ties by half."""
    low, high = np.array([1.0, 2.0], np.float32), np.array([3.0, 4.0], np.float32)
    assert auc(low, high) == 1.0
    assert auc(high, low) == 0.0
    assert auc(low, low) == 0.5


def test_what_is_found_at_a_rate_of_false_alarms() -> None:
    """Below the hundredth of the second lies what is found of the first."""
    people = np.arange(100, dtype=np.float32)
    assert found_at(np.array([-1.0, 0.5, 50.0, 98.0], np.float32), people, 0.01) == 0.5
    assert found_at(people, people, 0.5) == 0.5


def test_the_discriminant_points_from_the_first_to_the_second() -> None:
    """Along what separates them, and not along what does not."""
    rng = np.random.default_rng(3)
    one, other = (rng.normal((place, 0.0), 1.0, (200, 2)) for place in (0.0, 2.0))
    mean, scale, weights = discriminant(one.astype(np.float32), other.astype(np.float32))
    assert weights[0] > 5 * abs(weights[1])
    assert ((other - mean) / scale @ weights).mean() > ((one - mean) / scale @ weights).mean()


def test_an_agitated_voice_varies_more_in_pitch() -> None:
    """Of the project's recordings the tired one is flatter than the agitated one."""
    agitated, tired = (measured(recording(name)[:80_000]) for name in ("agitated", "tired"))
    assert agitated is not None
    assert tired is not None
    assert agitated.shape == (len(MEASURES),)
    assert tired[AT["pitch_range_st"]] < agitated[AT["pitch_range_st"]]
    assert measured(silence(5.0)) is None


@pytest.mark.parametrize(("distance", "passes"), [(0.0, False), (30.0, True)])
def test_the_rule_decides(distance: float, passes: bool) -> None:
    """Synthetic voices like people do not pass; ones far below everybody do."""
    rng = np.random.default_rng(4)

    def rows(count: int, place: float) -> np.ndarray:
        return rng.normal(place, 1.0, (count, len(MEASURES))).astype(np.float32)

    people = {
        corpus: [(FLAT[i % 3] if i % 2 else "anger", row) for i, row in enumerate(rows(80, 0.0))]
        for corpus in ("one", "two", "three")
    }
    machines = {kind: rows(40, -distance) for kind in ("a", "b")}
    text, passed = report(people, machines)
    assert passed is passes
    assert ("Not passed" in text) is not passes
    assert all(name in text for name in MEASURES)


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_synthetic_speech_is_made_at_our_rate() -> None:
    """A sentence is some seconds of 16-bit sound, faster when asked; every voice of the
    test is one of its own."""
    slow, fast = (synthesise("The door is open.", "en-us+m3", rate, 50) for rate in (120, 220))
    assert slow is not None
    assert fast is not None
    assert slow.dtype == np.int16
    assert 16_000 // 3 < fast.size < slow.size < 4 * 16_000
    said = [
        synthesise("The door is open.", f"en-us{variant}", 160, 50)
        for variants in SYNTHESISERS.values()
        for variant in variants
    ]
    assert len({one.tobytes() for one in said if one is not None}) == len(said)
