"""What the networks' classes mean in plain English, and which of them are kinds of the same thing.

A thousand ImageNet classes hang in a tree of groups (golden retriever, dog, animal). A sum over a
group is far surer than any single class, so a subject is named as narrowly as the sums allow.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from services.captioner.vision import MODELS_DIR, Floats

CLASS_FLOOR = 0.75  # a single class on its own is often a look-alike
ANIMAL_CLASS_FLOOR = 0.6  # species are what ImageNet is good at


@dataclass(frozen=True, slots=True)
class Group:
    """A node of the tree. Without a ``noun`` it is never spoken of, only counted.

    ``floor`` is the summed probability from which it may be named: the vaguer, the higher.
    A ``place`` is where things are, and so a setting for other subjects.
    """

    noun: str | None
    parent: str | None
    floor: float
    place: bool


@dataclass(frozen=True, slots=True)
class BoxKind:
    """How a detector's kind is spoken of.

    ``alone`` is the score from which the detector is believed without the classifier; ``group``
    is where the classifier would agree, ``None`` where ImageNet has no such thing.
    """

    noun: str
    group: str | None
    alone: float


@dataclass(frozen=True, slots=True)
class Name:
    """A noun that the sums support, the group it belongs to and its summed probability."""

    noun: str
    group: str | None
    probability: float


class Superclasses:
    """The tree, the nouns of the classes and of the detector's kinds. Immutable."""

    def __init__(
        self,
        groups: Mapping[str, Group],
        boxes: Mapping[str, BoxKind],
        nouns: tuple[str | None, ...],
        owners: tuple[str | None, ...],
    ) -> None:
        self.boxes = boxes
        self._groups = groups
        self._owners = owners
        self._columns = {noun: _positions(nouns, noun) for noun in dict.fromkeys(nouns) if noun}
        self._homes = {noun: owners[columns[0]] for noun, columns in self._columns.items()}
        # A noun that a whole group bears is that group's, wherever single classes repeat it.
        self._homes |= {group.noun: name for name, group in groups.items() if group.noun}

    @classmethod
    def load(cls, models_dir: Path = MODELS_DIR) -> "Superclasses":
        """Read ``superclasses.json``; its ``classes`` are in the classifier's output order."""
        data = json.loads((models_dir / "superclasses.json").read_text("utf-8"))
        return cls(
            groups={name: Group(**group) for name, group in data["groups"].items()},
            boxes={name: BoxKind(**kind) for name, kind in data["boxes"].items()},
            nouns=tuple(noun for _, noun, _ in data["classes"]),
            owners=tuple(group for _, _, group in data["classes"]),
        )

    def lineage(self, group: str | None) -> Iterator[str]:
        """The group itself, then its ancestors."""
        while group is not None:
            yield group
            group = self._groups[group].parent

    def within(self, group: str | None, ancestor: str) -> bool:
        """Whether ``group`` is ``ancestor`` or a kind of it."""
        return ancestor in self.lineage(group)

    def knows(self, noun: str) -> bool:
        """Whether the noun is in the vocabulary, and so its grammar is known."""
        return noun in self._homes or any(kind.noun == noun for kind in self.boxes.values())

    def is_class(self, noun: str) -> bool:
        """Whether the classifier has this very thing, and not only a group around it."""
        return noun in self._columns

    def is_place(self, group: str | None) -> bool:
        """Whether it is somewhere, not something."""
        return group is not None and self._groups[group].place

    def noun_of(self, group: str) -> str | None:
        """How a group is spoken of."""
        return self._groups[group].noun

    def floor_of(self, group: str) -> float:
        """The summed probability from which a group may be named."""
        return self._groups[group].floor

    def sums(self, probabilities: Floats) -> dict[str, float]:
        """Summed probability of every group, its sub-groups included."""
        sums = dict.fromkeys(self._groups, 0.0)
        for owner, probability in zip(self._owners, probabilities, strict=True):
            for group in self.lineage(owner):
                sums[group] += float(probability)
        return sums

    def narrowest(
        self,
        probabilities: Floats,
        sums: Mapping[str, float],
        *,
        within: str | None = None,
        class_floor: float | None = None,
    ) -> Name | None:
        """The narrowest noun that is sure enough: a class, else a group, else nothing.

        ``within`` keeps to one branch of the tree; ``class_floor`` replaces the usual one, for
        when something else already vouches for the branch.
        """
        single = self._best_class(probabilities, within, class_floor)
        if single is not None:
            return single
        sure = [
            (len(list(self.lineage(name))), total, name)
            for name, total in sums.items()
            if total >= self._groups[name].floor and (within is None or self.within(name, within))
        ]
        for _, _, name in sorted(sure, reverse=True):
            noun = self._groups[name].noun
            if noun is not None:
                return Name(noun, name, sums[name])
        return None

    def _best_class(
        self, probabilities: Floats, within: str | None, class_floor: float | None
    ) -> Name | None:
        best: Name | None = None
        for noun, columns in self._columns.items():
            group = self._homes[noun]
            if within is not None and not self.within(group, within):
                continue
            probability = float(np.sum(probabilities[columns]))
            usual = ANIMAL_CLASS_FLOOR if self.within(group, "animal") else CLASS_FLOOR
            floor = usual if class_floor is None else class_floor
            if probability >= floor and (best is None or probability > best.probability):
                best = Name(noun, group, probability)
        return best


def _positions(nouns: tuple[str | None, ...], noun: str) -> list[int]:
    return [index for index, other in enumerate(nouns) if other == noun]
