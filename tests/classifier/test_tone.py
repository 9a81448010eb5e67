"""The words for a reading."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.frames import Affect, ProsodyFlag, ShiftDirection, Source, VoiceFrame
from classifier.tone import LARGE_SHIFT, NOTABLE_SHIFT, WORDS, describe, label, subtext

FRAME = VoiceFrame(
    timestamp_s=1.0, source=Source.MIC, speech=1.0, affect=Affect.FRUSTRATED, confidence=0.8
)

frames = st.builds(
    VoiceFrame,
    timestamp_s=st.floats(0, 1e6),
    source=st.sampled_from(Source),
    speech=st.floats(0, 1),
    affect=st.sampled_from(Affect),
    confidence=st.floats(0, 1),
    shift_magnitude=st.floats(0, 1),
    shift_direction=st.sampled_from(ShiftDirection),
    prosody_flags=st.lists(st.sampled_from(ProsodyFlag), max_size=12).map(tuple),
)

OPPOSITES = [
    ("raised", "lowered"),
    ("lively", "flat"),
    ("loud", "quiet"),
    ("fast", "slow"),
    ("tense", "breathy"),
]


def test_every_affect_has_a_word_of_its_own() -> None:
    """The ten affects have ten different, non-empty words."""
    assert set(WORDS) == set(Affect)
    assert len(set(WORDS.values())) == len(Affect)
    assert all(word.isalpha() and word[0].isupper() for word in WORDS.values())


@pytest.mark.parametrize("affect", list(Affect))
def test_a_steady_voice_is_labelled_with_the_word_alone(affect: Affect) -> None:
    """Without a shift the label is the affect's word."""
    assert label(replace(FRAME, affect=affect)) == WORDS[affect]


def test_a_notable_shift_is_named_in_the_label() -> None:
    """Frustration that grows is rising; warmth that turns tense is not called rising."""
    rising = replace(FRAME, shift_magnitude=0.5, shift_direction=ShiftDirection.ESCALATING)
    assert label(rising) == "Frustrated, and rising"
    assert label(replace(rising, affect=Affect.WARM)) == "Warm, and more tense"
    easing = replace(rising, shift_direction=ShiftDirection.DE_ESCALATING)
    assert label(easing) == "Frustrated, and easing"
    assert label(replace(easing, affect=Affect.TIRED)) == "Tired, and more at ease"


def test_a_slight_shift_is_told_in_the_subtext_only() -> None:
    """A small move does not change the label, so that labels do not flicker."""
    slight = replace(
        FRAME, shift_magnitude=NOTABLE_SHIFT / 2, shift_direction=ShiftDirection.ESCALATING
    )
    assert label(slight) == "Frustrated"
    assert subtext(slight) == "It sounds a little more tense than a few seconds ago."


def test_flags_make_one_plain_sentence() -> None:
    """The measured flags are told in their order, pitch and speech each once."""
    flagged = replace(FRAME, prosody_flags=(ProsodyFlag.RAISED_PITCH, ProsodyFlag.FAST))
    assert subtext(flagged) == "Pitch is raised and speech is fast for this voice."
    flagged = replace(
        FRAME, prosody_flags=(ProsodyFlag.LOUD, ProsodyFlag.FLAT_PITCH, ProsodyFlag.TENSE)
    )
    assert subtext(flagged) == "Speech is loud and tense, and pitch is flat for this voice."


def test_a_large_shift_is_called_much() -> None:
    """The sentence grades the shift, and follows the one on prosody."""
    frame = replace(
        FRAME,
        prosody_flags=(ProsodyFlag.SLOW, ProsodyFlag.QUIET, ProsodyFlag.BREATHY),
        shift_magnitude=LARGE_SHIFT,
        shift_direction=ShiftDirection.DE_ESCALATING,
    )
    assert subtext(frame) == (
        "Speech is slow, quiet and breathy for this voice. "
        "It sounds much less tense than a few seconds ago."
    )


def test_a_move_without_tension_is_left_to_the_affect() -> None:
    """A voice that moved far while its tension stayed is called neither more nor less tense."""
    frame = replace(FRAME, shift_magnitude=0.9)
    assert label(frame) == "Frustrated"
    assert subtext(frame) is None


def test_nothing_measured_says_nothing() -> None:
    """Without flags or shift there is no subtext, and Elcor says the tone alone."""
    assert subtext(FRAME) is None
    assert subtext(FRAME, elcor=True) == "[Frustrated]"


def test_elcor_begins_with_the_tone_in_brackets() -> None:
    """The Elcor form is the bracketed word, one space, the plain sentence."""
    frame = replace(FRAME, prosody_flags=(ProsodyFlag.RAISED_PITCH,))
    assert subtext(frame, elcor=True) == "[Frustrated] Pitch is raised for this voice."


@pytest.mark.parametrize("call", [label, subtext, describe])
def test_a_frame_without_affect_is_refused(call: object) -> None:
    """Where nothing reliable was heard there are no words to give."""
    assert callable(call)
    with pytest.raises(ValueError, match="without an affect"):
        call(replace(FRAME, affect=None))


def test_every_pair_of_flags_reads_well() -> None:
    """Any two flags give one sentence, and opposites never stand together."""
    for first, second in itertools.product(ProsodyFlag, repeat=2):
        sentence = subtext(replace(FRAME, prosody_flags=(first, second)))
        assert sentence is not None
        assert sentence.count(".") == 1
        for one, other in OPPOSITES:
            assert not (one in sentence and other in sentence), sentence


@given(frames, st.booleans())
def test_any_reading_is_well_formed(frame: VoiceFrame, elcor: bool) -> None:
    """Whatever was measured: a label, and sentences that begin and end as sentences do."""
    tone = describe(frame, elcor=elcor)
    assert frame.affect is not None
    word = WORDS[frame.affect]
    assert tone.label == word or tone.label.startswith(f"{word}, and ")
    assert len(tone.label) <= 30
    if not elcor:
        nothing = not frame.prosody_flags and subtext(replace(frame, prosody_flags=())) is None
        assert (tone.subtext is None) == nothing
    text = tone.subtext
    if text is None:
        return
    if elcor:
        prefix, _, text = text.partition("]")
        assert prefix == f"[{word}"
        if not text:
            return
        assert text.startswith(" ")
        text = text[1:]
    assert "  " not in text
    assert text == text.strip()
    assert "[" not in text
    for sentence in re.findall(r"[^.]+\.", text):
        assert sentence.strip()[0].isupper()
    assert text.endswith(".")


@given(frames)
def test_elcor_adds_the_prefix_and_changes_nothing_else(frame: VoiceFrame) -> None:
    """Label and sentences are the same in both forms."""
    plain, elcor = describe(frame), describe(frame, elcor=True)
    assert elcor.label == plain.label
    assert elcor.subtext is not None
    assert elcor.subtext.partition("]")[2].strip() == (plain.subtext or "")
