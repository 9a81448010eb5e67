"""classifier.training.judging.prevailing"""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="needs the train extra")

from classifier.acoustic.model import load_network
from classifier.training.judging.folds import Fold
from classifier.training.judging.prevailing import chosen, measure_prevailing, truth_of
from classifier.training.material.corpora import Clip, Corpora
from tests.classifier.voices import recording

WORDS = ("neutral", "calm", "anger", "happiness", "sadness", "surprised")


def clips_of(words: list[str]) -> list[Clip]:
    return [Clip(f"ravdess/{number}.flac", "ravdess:1", word) for number, word in enumerate(words)]


@given(
    st.lists(st.sampled_from(WORDS), max_size=60),
    st.sampled_from(["neutral", "anger"]),
    st.sampled_from([0.6, 1.0]),
    st.integers(0, 5),
)
def test_one_tone_has_its_share(words: list[str], tone: str, share: float, seed: int) -> None:
    """All its clips are there; the others take turns, none twice, and are as many as they may."""
    clips = clips_of(words)
    picked = chosen(clips, tone, share, np.random.default_rng(seed))
    assert len({clip.name for clip in picked}) == len(picked)
    counts = Counter(truth_of(clip) for clip in picked)
    everything = Counter(truth_of(clip) for clip in clips)
    assert counts[tone] == everything[tone]
    others = {name: count for name, count in counts.items() if name != tone}
    wanted = round(counts[tone] * (1 - share) / share)
    assert sum(others.values()) == min(wanted, len(clips) - everything[tone])
    for name in everything:
        # Only a class that has no clip left falls behind another.
        if name != tone and others.get(name, 0) < everything[name]:
            assert others.get(name, 0) >= max(others.values(), default=0) - 1


def test_sessions_are_played_and_judged(tmp_path: Path) -> None:
    """Calm speech is named neutral where it is all there is; agitated speech beside it is not."""
    (tmp_path / "ravdess").mkdir()
    rows = ["path,speaker,gender,emotion,intensity,utterance,language,duration_s"]
    heard = {"calm": "calm", "neutral": "calm", "angry": "agitated", "happy": "agitated"}
    for word, name in heard.items():
        for number in range(2):
            path = f"ravdess/{word}{number}.flac"
            soundfile.write(tmp_path / path, recording(name), 16_000)
            rows.append(f"{path},1,f,{word},normal,a,en,3.0")
    (tmp_path / "ravdess.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    corpora = Corpora(tmp_path)
    (speaker,) = {clip.speaker for clip in corpora.speech("ravdess")}
    told: list[str] = []
    found = measure_prevailing(
        corpora,
        [Fold("ravdess", (speaker,), load_network("open"), ())],
        lambda what, done, total: told.append(what),
    )
    rest = found["at rest alone"]
    assert (rest.clips, rest.uar, rest.arousal) == (4, None, None)
    assert rest.named_right == pytest.approx(1.0)
    assert found["mostly neutral"].clips == 4 + 3
    assert found["mostly neutral"].arousal == 1.0
    assert "playing ravdess, mostly anger" in told
    assert "mostly sadness" not in found
