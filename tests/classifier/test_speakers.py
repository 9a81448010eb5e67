"""classifier.speakers"""

from hypothesis import given
from hypothesis import strategies as st

from classifier.frames import Source
from classifier.speakers import SpeakerNames

MIC, TAB = Source.MIC, Source.TAB


def test_one_voice_each_is_named_by_its_source() -> None:
    """Whoever comes first: the microphone is speaker_a, the other side speaker_b."""
    names = SpeakerNames()
    names.open(TAB)
    names.open(MIC)
    assert names.name(MIC, 0) == "speaker_a"
    assert names.name(TAB, 0) == "speaker_b"


def test_several_voices_of_one_source_go_on_through_the_alphabet() -> None:
    """With the microphone alone its second voice is speaker_b."""
    names = SpeakerNames()
    assert [names.name(MIC, voice) for voice in (0, 1, 0, 2)] == [
        "speaker_a", "speaker_b", "speaker_a", "speaker_c",
    ]  # fmt: skip


def test_letters_of_an_open_source_are_not_given_away() -> None:
    """Where both are open, further voices begin with speaker_c, in the order they are heard."""
    names = SpeakerNames()
    names.open(MIC)
    names.open(TAB)
    assert names.name(TAB, 1) == "speaker_c"
    assert names.name(MIC, 1) == "speaker_d"
    assert names.name(TAB, 0) == "speaker_b"


def test_a_source_that_comes_late_takes_what_is_left() -> None:
    """A name is never taken back: the other side is speaker_c where speaker_b is somebody."""
    names = SpeakerNames()
    names.name(MIC, 0)
    names.name(MIC, 1)
    assert names.name(TAB, 0) == "speaker_c"


def test_names_of_an_earlier_session_are_kept() -> None:
    """Whoever speaks first now is called what they were called then; new voices come after."""
    names = SpeakerNames()
    names.keep(MIC, ["speaker_c", "speaker_a", ""])
    names.keep(TAB, ["speaker_b", "speaker_a"])
    assert [names.name(MIC, voice) for voice in (1, 0, 2)] == [
        "speaker_a", "speaker_c", "speaker_d",
    ]  # fmt: skip
    assert [names.name(TAB, voice) for voice in (0, 1)] == ["speaker_b", "speaker_e"]


def test_the_number_of_speakers_is_of_the_whole_session() -> None:
    """What is heard elsewhere is no longer free here; every source has room for one."""
    names = SpeakerNames()
    names.open(MIC)
    assert names.room(MIC, 3) == 3
    names.open(TAB)
    assert names.room(MIC, 3) == 2
    assert names.room(TAB, 2) == 1
    names.name(MIC, 1)
    assert names.room(TAB, 3) == 1
    assert names.room(TAB, 1) == 1


@given(st.lists(st.tuples(st.sampled_from([MIC, TAB]), st.integers(0, 7)), max_size=40))
def test_no_two_voices_share_a_name(asked: list[tuple[Source, int]]) -> None:
    """Every voice has a name of its own and keeps it."""
    names = SpeakerNames()
    given_names = {voice: names.name(*voice) for voice in asked}
    assert len(set(given_names.values())) == len(given_names)
    assert all(names.name(*voice) == name for voice, name in given_names.items())
