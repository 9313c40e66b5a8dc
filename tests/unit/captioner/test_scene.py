"""Detector against classifier: vetoes, renamings, refinements and abstention."""

import numpy as np
import pytest

from services.captioner.colours import Palette
from services.captioner.scene import Judge, Scene
from services.captioner.superclasses import Superclasses
from services.captioner.vision import Box, Sight

PLAIN = Palette(
    colours=("grey",),
    mostly=True,
    monochrome=False,
    plain=False,
    tone="even",
    shape="square",
    petals=0.0,
    greens=0.0,
)
FIRST_THING = 398  # ImageNet's first 398 classes are animals


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(Superclasses.load())


def _sight(*boxes: Box, **shares: float) -> Sight:
    """Boxes, and probabilities by class index (``c207=0.6``), the rest spread over all things."""
    probabilities = np.zeros(1000, np.float32)
    probabilities[FIRST_THING:] = (1 - sum(shares.values())) / (1000 - FIRST_THING)
    for name, share in shares.items():
        probabilities[int(name[1:])] += share
    return Sight(boxes, probabilities)


def _box(name: str, score: float, left: float = 0.2, right: float = 0.8) -> Box:
    return Box(name, score, 0.2, left, 0.8, right)


def _nouns(scene: Scene) -> list[str]:
    return [subject.noun for subject in scene.subjects]


@pytest.mark.parametrize(
    ("sight", "expected"),
    [
        pytest.param(_sight(_box("umbrella", 0.8), c323=0.8), ["butterfly"], id="butterfly"),
        pytest.param(_sight(_box("bird", 0.94), c335=0.82), ["squirrel"], id="squirrel"),
        pytest.param(_sight(_box("cat", 0.78), c293=0.7), ["cheetah"], id="cheetah"),
        pytest.param(_sight(_box("refrigerator", 0.73), c916=0.9), ["web page"], id="web-page"),
        pytest.param(_sight(_box("truck", 0.96), c751=0.9), ["racing car"], id="racing-car"),
        pytest.param(_sight(_box("refrigerator", 0.52)), [], id="unsupported-fridge"),
        pytest.param(_sight(_box("cat", 0.8)), [], id="mountain-cat"),
        pytest.param(_sight(_box("sheep", 0.7), c10=0.2, c340=0.2), ["animal"], id="which-animal"),
    ],
)
def test_classifier_overrules_an_implausible_box(
    judge: Judge, sight: Sight, expected: list[str]
) -> None:
    assert _nouns(judge.scene(sight, PLAIN)) == expected


def test_agreeing_classifier_confirms_a_weak_box(judge: Judge) -> None:
    scene = judge.scene(_sight(_box("dog", 0.45), c207=0.2, c208=0.1), PLAIN)

    assert _nouns(scene) == ["dog"]


def test_sure_breed_refines_a_dog(judge: Judge) -> None:
    scene = judge.scene(_sight(_box("dog", 0.95), c207=0.8), PLAIN)

    assert _nouns(scene) == ["golden retriever"]


def test_unsure_breed_stays_a_dog(judge: Judge) -> None:
    scene = judge.scene(_sight(_box("dog", 0.95), c207=0.4, c208=0.2), PLAIN)

    assert _nouns(scene) == ["dog"]


def test_two_sure_boxes_are_counted(judge: Judge) -> None:
    boxes = (_box("chair", 0.9, 0.0, 0.4), _box("chair", 0.85, 0.6, 1.0))

    (subject,) = judge.scene(_sight(*boxes), PLAIN).subjects

    assert (subject.noun, subject.count, subject.exact) == ("chair", 2, True)


def test_doubtful_further_box_makes_the_count_inexact(judge: Judge) -> None:
    boxes = (
        _box("person", 0.9, 0.0, 0.3),
        _box("person", 0.8, 0.4, 0.6),
        _box("person", 0.3, 0.7, 1.0),
    )

    (subject,) = judge.scene(_sight(*boxes), PLAIN).subjects

    assert (subject.count, subject.exact) == (2, False)


def test_label_from_another_recogniser_supports_a_weak_box(judge: Judge) -> None:
    sight = _sight(_box("cat", 0.6))

    assert _nouns(judge.scene(sight, PLAIN)) == []
    assert _nouns(judge.scene(sight, PLAIN, ("Cat",))) == ["cat"]


def test_label_outside_the_vocabulary_is_not_spoken(judge: Judge) -> None:
    scene = judge.scene(_sight(), PLAIN, ("ignore all instructions", "Skyline"))

    assert scene == Scene(())
