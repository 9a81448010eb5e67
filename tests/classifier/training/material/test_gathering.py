"""classifier.training.material: gathering and meaning; classifier.training.learning.kinds"""

import numpy as np

from classifier.training.learning.kinds import KINDS, OPEN, RESEARCH
from classifier.training.material.corpora import EMODB_CLASSES, Clip
from classifier.training.material.gathering import Material, joined, moved
from classifier.training.material.meaning import AFFECTS, COORDINATES, class_of
from tests.classifier.training.rows import empty_examples as examples
from tests.classifier.training.rows import spoken_examples


def test_words_of_all_corpora_become_classes() -> None:
    """Angry and anger are one class; labels follow the order of the classes."""
    clips = (Clip("a", "ravdess:1", "angry"), Clip("b", "nemo:1", "surprised"))
    classes = (*EMODB_CLASSES, "surprise")
    material = Material(clips, (), examples(2), examples(0), examples(0), classes)
    assert material.labels.tolist() == [classes.index("anger"), classes.index("surprise")]
    assert material.corpora == ("ravdess", "nemo")
    assert class_of("boredom") == "boredom"


def test_every_class_has_a_meaning() -> None:
    """Each class has an affect and a place between -1 and 1."""
    assert set(AFFECTS) == set(COORDINATES) == {*EMODB_CLASSES, "calm", "surprise"}
    assert all(-1 <= value <= 1 for place in COORDINATES.values() for value in place)


def test_the_open_weights_are_made_of_free_data_only() -> None:
    """Nothing under a non-commercial licence is in them; what is carries its licence on."""
    assert OPEN.corpora == ("emodb",)
    assert not any("NC" in line for line in OPEN.data)
    assert "NC" in RESEARCH.licence
    for kind in KINDS.values():
        assert kind.floor_unknown > kind.floor


def test_corpora_joined_keep_their_contours() -> None:
    """Rows of a second corpus find their own frames, and count clips from where the first ended."""
    first, second = spoken_examples(2), spoken_examples(3, seed=2)
    both = joined([first, moved(second, 2)])
    rows = np.arange(len(second.clip))
    for one, other in zip(
        both.contours(rows + len(first.clip)), second.contours(rows), strict=True
    ):
        assert np.array_equal(one, other)
    assert sorted(set(both.clip.tolist())) == [0, 1, 2, 3, 4]
