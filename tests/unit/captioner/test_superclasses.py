"""The tree of superclasses: complete, free of cycles, and as narrow as the sums allow."""

import json

import numpy as np
import pytest

from services.captioner.superclasses import Superclasses
from services.captioner.vision import MODELS_DIR, Floats


@pytest.fixture(scope="module")
def tree() -> Superclasses:
    return Superclasses.load()


def _spread(**shares: float) -> Floats:
    """Probabilities by class index (``c207=0.6``), the rest spread evenly over all classes."""
    probabilities = np.full(1000, (1 - sum(shares.values())) / 1000, np.float32)
    for name, share in shares.items():
        probabilities[int(name[1:])] += share
    return probabilities


def test_every_class_has_its_wordnet_id_and_a_known_group() -> None:
    data = json.loads((MODELS_DIR / "superclasses.json").read_text("utf-8"))

    assert len(data["classes"]) == 1000
    assert len({wordnet_id for wordnet_id, _, _ in data["classes"]}) == 1000
    assert {group for _, _, group in data["classes"] if group} <= set(data["groups"])


def test_every_lineage_ends(tree: Superclasses) -> None:
    data = json.loads((MODELS_DIR / "superclasses.json").read_text("utf-8"))

    assert all(len(list(tree.lineage(group))) < 6 for group in data["groups"])


def test_every_kind_of_box_is_spoken_for(tree: Superclasses) -> None:
    kinds = json.loads((MODELS_DIR / "coco.json").read_text("utf-8")).values()

    assert set(kinds) == set(tree.boxes)


def test_sure_class_is_named(tree: Superclasses) -> None:
    probabilities = _spread(c207=0.8)

    name = tree.narrowest(probabilities, tree.sums(probabilities))

    assert name is not None
    assert (name.noun, name.group) == ("golden retriever", "dog")


def test_three_likely_breeds_are_one_dog(tree: Superclasses) -> None:
    probabilities = _spread(c207=0.3, c208=0.2, c162=0.2)

    name = tree.narrowest(probabilities, tree.sums(probabilities))

    assert name is not None
    assert name.noun == "dog"
    assert name.probability > 0.7


def test_dog_or_cat_is_an_animal(tree: Superclasses) -> None:
    probabilities = _spread(c207=0.35, c281=0.35)

    name = tree.narrowest(probabilities, tree.sums(probabilities))

    assert name is not None
    assert name.noun == "animal"


def test_nothing_likely_is_nothing_named(tree: Superclasses) -> None:
    probabilities = _spread()

    assert tree.narrowest(probabilities, tree.sums(probabilities)) is None
