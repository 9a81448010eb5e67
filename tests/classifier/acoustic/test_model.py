"""classifier.acoustic.model"""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifier.acoustic.contour import CHANNELS, SPEECH_CHANNEL
from classifier.acoustic.functionals import WIDTH
from classifier.acoustic.layout import ANALYSIS_FRAMES, Floats
from classifier.acoustic.model import (
    MODELS,
    Batch,
    Network,
    load_network,
    pool,
    temper,
    temperature_at,
)
from classifier.acoustic.steps import STEPS
from classifier.errors import ModelError
from tests.classifier.acoustic.chunks import chunked
from tests.classifier.acoustic.test_card import WEIGHTS, card
from tests.support.foreign import network

NETWORK = load_network("open")


def contours_of(windows: int, seed: int = 1) -> Floats:
    """Contours that nobody said."""
    rng = np.random.default_rng(seed)
    contours = rng.normal(size=(windows, CHANNELS, ANALYSIS_FRAMES)).astype(np.float32)
    contours[:, SPEECH_CHANNEL:] = rng.random((windows, 2, ANALYSIS_FRAMES)) < 0.6
    return contours


def made_up(windows: int, newest_of: Sequence[int] = (), seed: int = 1) -> Batch:
    """A batch of windows that nobody said."""
    rng = np.random.default_rng(seed)
    rows = windows + len(newest_of)
    contours = contours_of(windows, seed)
    return Batch(
        voices=rng.normal(size=(rows, 2 * WIDTH)).astype(np.float32),
        steps=chunked(contours, NETWORK.step_width),
        newest_of=np.array(newest_of, np.int64),
        speech_s=np.linspace(0.5, 3.0, rows).astype(np.float32),
        heard_s=np.linspace(0.0, 20.0, rows).astype(np.float32),
    )


def row_of(batch: Batch, windows: int, row: int) -> Batch:
    """A window of a batch by itself, or a newest second with the window it belongs to."""
    window = row if row < windows else int(batch.newest_of[row - windows])
    rows = [row] if row < windows else [window, row]
    return Batch(
        batch.voices[rows],
        chunked(contours_of(windows)[[window]], NETWORK.step_width),
        np.zeros(len(rows) - 1, np.int64),
        batch.speech_s[rows],
        batch.heard_s[rows],
    )


@pytest.mark.parametrize("newest_of", [(), (3,), (0, 1, 4, 6)])
def test_a_batch_is_its_rows(newest_of: tuple[int, ...]) -> None:
    """Windows and newest seconds heard together are heard as each alone."""
    batch = made_up(7, newest_of)
    together = NETWORK.hear(batch)
    rows = 7 + len(newest_of)
    assert together.emotion.shape == (rows, len(NETWORK.card.classes))
    assert np.allclose(together.emotion.sum(axis=1), 1.0, atol=1e-5)
    assert ((together.speech >= 0) & (together.speech <= 1)).all()
    for row in range(rows):
        alone = NETWORK.hear(row_of(batch, 7, row))
        assert np.allclose(alone.emotion[-1], together.emotion[row], atol=1e-5)
        assert np.allclose(alone.speech[-1], together.speech[row], atol=1e-5)


def test_a_newest_second_is_heard_by_itself() -> None:
    """What a contour was like before its newest second changes the window, but not the second."""
    batch, changed = made_up(2, (0, 1)), contours_of(2)
    changed[:, :SPEECH_CHANNEL, :150] *= -1
    other = replace(batch, steps=chunked(changed, NETWORK.step_width))
    before, after = NETWORK.hear(batch), NETWORK.hear(other)
    assert not np.allclose(before.emotion[:2], after.emotion[:2], atol=1e-3)
    assert np.allclose(before.emotion[2:], after.emotion[2:], atol=1e-5)


def test_what_was_heard_before_need_not_be_heard_again() -> None:
    """Steps that were kept count like those that are made anew, wherever they lie."""
    batch = made_up(2, (1,))
    first = NETWORK.hear(batch)
    steps, every = batch.steps, first.steps.reshape(-1, NETWORK.step_width)
    kept = np.zeros((2 * STEPS, NETWORK.step_width), np.float16)
    kept[steps.place] = every[steps.taken]
    new = np.flatnonzero(steps.place % STEPS >= STEPS - 12)
    again = replace(
        steps,
        past=kept.reshape(2, STEPS, -1),
        taken=steps.taken[new],
        place=steps.place[new],
    )
    heard = NETWORK.hear(replace(batch, steps=again))
    assert np.allclose(heard.emotion, first.emotion, atol=1e-6)
    forgotten = replace(again, past=np.zeros_like(again.past))
    assert not np.allclose(
        NETWORK.hear(replace(batch, steps=forgotten)).emotion, first.emotion, atol=1e-3
    )


def test_a_batch_of_another_shape_is_refused() -> None:
    """The network takes both views of every functional and a contour of every window."""
    batch = made_up(2)
    for wrong in (
        replace(batch, voices=batch.voices[:, :WIDTH]),
        replace(batch, steps=replace(batch.steps, past=batch.steps.past[:1])),
        replace(batch, steps=replace(batch.steps, chunks=batch.steps.chunks[:, :, :50])),
    ):
        with pytest.raises(ValueError, match=r"expected|contours"):
            NETWORK.hear(wrong)


def test_standardising_is_bounded() -> None:
    """The population's mean becomes 0, a deviation 1, and outliers stop at the clip."""
    mean = np.asarray(NETWORK.card.mean, np.float32)
    scale = np.asarray(NETWORK.card.scale, np.float32)
    assert np.allclose(NETWORK.standardise(mean), 0.0)
    assert np.allclose(NETWORK.standardise(mean + scale), 1.0, atol=1e-3)
    assert np.allclose(NETWORK.standardise(mean + 1e6 * scale), NETWORK.card.clip)


def test_a_second_is_measured_by_seconds() -> None:
    """What is usual over three seconds is not what is usual over one."""
    recent = np.asarray(NETWORK.card.recent_mean, np.float32)
    assert np.allclose(NETWORK.standardise(recent, recent=True), 0.0)
    assert not np.allclose(NETWORK.standardise(recent), 0.0)


def test_two_windows_that_agree_say_the_same() -> None:
    """Pooled with itself a distribution stays; with its opposite nothing leads."""
    one = np.array([[0.7, 0.2, 0.1]], np.float32)
    assert np.allclose(pool(one, one), one, atol=1e-6)
    both = pool(np.array([0.8, 0.2], np.float32), np.array([0.2, 0.8], np.float32))
    assert np.allclose(both, 0.5)


def test_whether_it_is_a_voice_does_not_depend_on_the_habit() -> None:
    """The speech output ignores the half of the input that is against the baseline."""
    batch = made_up(2)
    batch.voices[1, :WIDTH] = batch.voices[0, :WIDTH]
    heard = NETWORK.hear(batch)
    assert heard.speech[0] == pytest.approx(heard.speech[1], abs=1e-6)


def test_temperature_keeps_the_order_and_changes_the_certainty() -> None:
    """Hotter is less certain, colder more; the greatest stays the greatest."""
    given = np.array([[0.6, 0.3, 0.1]], np.float32)
    hot, cold = (temper(given, np.array([t], np.float32)) for t in (2.0, 0.5))
    assert hot[0, 0] < given[0, 0] < cold[0, 0]
    assert np.argsort(hot[0]).tolist() == np.argsort(cold[0]).tolist()
    assert np.allclose(temper(given, np.ones(1, np.float32)), given, atol=1e-6)


def test_little_speech_is_hotter() -> None:
    """Half a second of speech makes less certain than three."""
    speech_s, known = np.array([0.5, 3.0], np.float32), np.zeros(2, np.float32)
    temperatures = temperature_at(speech_s, known, 0.8, 0.3, 1.0)
    assert temperatures.tolist() == pytest.approx([0.8 * 1.6, 0.8 * 1.1])


def test_a_stranger_is_hotter() -> None:
    """What a voice not heard before seems to be is less certain than that of a known one."""
    unknown = np.array([1.0, 0.5, 0.0], np.float32)
    temperatures = temperature_at(np.ones(3, np.float32), unknown, 1.0, 0.0, 0.6)
    assert temperatures.tolist() == pytest.approx([1.6, 1.3, 1.0])


def test_weights_can_be_a_path(tmp_path: Path) -> None:
    """A file elsewhere is loaded with the card beside it."""
    shutil.copy(MODELS / "open.onnx", tmp_path / "mine.onnx")
    shutil.copy(MODELS / "open.json", tmp_path / "mine.json")
    assert load_network(str(tmp_path / "mine.onnx")).card.name == "open"


def test_weights_that_are_not_there_are_refused(tmp_path: Path) -> None:
    """Neither an unknown name nor an unknown path can be loaded; the folder is not told."""
    for weights in ("nobody", str(tmp_path / "none.onnx")):
        with pytest.raises(ModelError, match="no weights") as refused:
            load_network(weights)
        assert str(tmp_path) not in str(refused.value)


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    """One changed byte and the hash on the card no longer fits."""
    content = bytearray((MODELS / "open.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "bad.onnx").write_bytes(bytes(content))
    shutil.copy(MODELS / "open.json", tmp_path / "bad.json")
    with pytest.raises(ModelError, match="do not match"):
        load_network(str(tmp_path / "bad.onnx"))


def test_a_network_of_another_kind_is_refused(tmp_path: Path) -> None:
    """Weights that an earlier Linnet could run say so, instead of failing at the first voice."""
    content = network(tmp_path / "older.onnx").read_bytes()
    other = card(weights_sha256=hashlib.sha256(content).hexdigest(), name="older", version="6")
    with pytest.raises(ModelError, match="'older', version 6, are not of this Linnet's kind"):
        Network(other, content)


def test_what_is_no_network_is_refused() -> None:
    """Bytes that the runtime cannot read raise ModelError, even with a card that fits them."""
    with pytest.raises(ModelError, match="cannot load"):
        Network(card(), WEIGHTS)
