"""Weigh what the two networks saw against each other: which subjects may be named, and which not.

The detector is sure of where, the classifier of what. A box that the classifier contradicts is
renamed or dropped; what neither supports well enough is left out, never guessed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.captioner.colours import Palette
from services.captioner.superclasses import Name, Superclasses
from services.captioner.vision import Box, Floats, Sight

SUPPORT = 0.1  # group probability that counts as the classifier agreeing
SUPPORTED_SCORE = 0.4  # detector score that is enough once the classifier agrees
ANIMAL_SUPPORT = 0.3  # below it an animal box is more likely a rock, a cloud or a toy
ANIMAL_SCORE = 0.5
CLOTHES_SUPPORT = 0.2  # ImageNet has no people, but it knows their clothes
CONTRADICTION = 0.5  # group probability that overrules a box of another kind
FIRM_SCORE = 0.9  # objects at or above it survive a contradiction, animals don't
REFINED_ANIMAL = 0.45  # a narrower noun for a box whose group is already agreed
REFINED_DOG = 0.6  # breeds are mixed up more often
REFINED_OBJECT = 0.6
SCENE_CLASS = 0.5
SETTING_BESIDE = 0.6  # a place is named next to a subject only if it is plain to see
WEAK_LANDSCAPE = 0.15
EXACT_SCORE = 0.7  # from which each one of a number must be seen
COUNTABLE = 3  # in larger groups the detector misses some
COUNTED_SCORE = 0.55  # weaker boxes of an accepted kind may be the same thing twice
FLOWER_SUPPORT = 0.15
PETAL_SHARE = 0.1
PLANT_SUPPORT = 0.2
GREEN_SHARE = 0.4
COLOUR_CONFIDENCE = 0.5  # stated for a weak sum that the colours confirm
MAX_SUBJECTS = 3
HINT_CONFIDENCE = 0.5
SETTINGS = ("landscape", "interior", "architecture")
OVERRULING = ("animal", "arthropod", "flower", "document", "car")
LOOK_ALIKES = frozenset({"aeroplane", "kite", "umbrella", "frisbee", "lorry"})


@dataclass(frozen=True, slots=True)
class Subject:
    """Something truly in the photo.

    ``confidence`` is 0 to 1. ``exact`` is false if there may be more than ``count``. ``left`` and
    ``right`` bound it as fractions of the photo's width, ``None`` when only the classifier saw
    it; ``area`` is the share of the photo it covers. ``hinted``: only another recogniser saw it.
    """

    noun: str
    confidence: float
    count: int = 1
    exact: bool = True
    left: float | None = None
    right: float | None = None
    area: float = 0.0
    group: str | None = None
    hinted: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """The subjects, most prominent first, and the place, if the classifier knows one."""

    subjects: tuple[Subject, ...]
    setting: Subject | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for or against a name: the classifier's sums and another's words."""

    probabilities: Floats
    sums: Mapping[str, float]
    hints: frozenset[str]


class Judge:
    """Turns a sight into a scene. Holds no state between photos."""

    def __init__(self, superclasses: Superclasses) -> None:
        self._tree = superclasses

    def scene(self, sight: Sight, palette: Palette, labels: Sequence[str] = ()) -> Scene:
        """Name what is there.

        ``palette`` and ``labels`` (another recogniser's words) support what a network already
        suspects. Only where the networks find nothing does a label of the vocabulary speak.
        """
        evidence = Evidence(
            sight.probabilities,
            self._tree.sums(sight.probabilities),
            frozenset(label.strip().lower() for label in labels),
        )
        main = self._main(evidence, palette)
        if main is not None and self._tree.within(main.group, "document"):
            return Scene((_seen(main),))
        subjects = _merge(self._from_boxes(sight.boxes, evidence), sight.boxes)
        subjects += self._from_classifier(main, subjects)
        setting = self._setting(evidence)
        if subjects and setting is not None and setting.confidence < SETTING_BESIDE:
            setting = None
        if not subjects and setting is None:
            subjects = self._from_hints(labels)
            setting = None if subjects else self._weak_landscape(evidence)
        return Scene(tuple(subjects[:MAX_SUBJECTS]), setting)

    def _main(self, evidence: Evidence, palette: Palette) -> Name | None:
        flower, plant = evidence.sums["flower"], evidence.sums["plant"]
        if flower >= FLOWER_SUPPORT and palette.petals >= PETAL_SHARE:
            # ImageNet knows two flowers; any other looks like a daisy with a bee on it, in doubt.
            return Name("flower", "flower", max(flower, COLOUR_CONFIDENCE))
        name = self._tree.narrowest(evidence.probabilities, evidence.sums)
        if name is None and plant >= PLANT_SUPPORT and palette.greens >= GREEN_SHARE:
            return Name("greenery", "plant", max(plant, COLOUR_CONFIDENCE))
        return name

    def _from_boxes(self, boxes: Iterable[Box], evidence: Evidence) -> list[tuple[Box, Name]]:
        boxes = tuple(boxes)
        largest = max((box.area for box in boxes), default=0.0)
        found: list[tuple[Box, Name]] = []
        doubtful: list[Box] = []
        for box in boxes:
            if box.area >= largest / 2 and self._contradicted(box, evidence.sums):
                continue
            name = self._believed(box, evidence)
            if name is not None:
                found.append((box, name))
            elif self._tree.within(self._tree.boxes[box.name].group, "animal"):
                doubtful.append(box)
        return found + self._renamed(doubtful, [name for _, name in found], evidence)

    def _believed(self, box: Box, evidence: Evidence) -> Name | None:
        kind = self._tree.boxes[box.name]
        support = evidence.sums[kind.group] if kind.group else 0.0
        name = Name(kind.noun, kind.group, box.score)
        if self._tree.within(kind.group, "animal"):
            others = evidence.sums["animal"] - support
            agreed = support >= max(SUPPORT, others)
            alone = box.score >= kind.alone and others < CONTRADICTION
        else:
            agreed = support >= (CLOTHES_SUPPORT if box.name == "person" else SUPPORT)
            alone = box.score >= kind.alone
        hinted = kind.noun in evidence.hints
        if not alone and (box.score < SUPPORTED_SCORE or not (agreed or hinted)):
            return None
        if box.name == "person":
            return name
        return self._refined(name if alone or hinted else self._broader(name), evidence)

    def _broader(self, name: Name) -> Name:
        """What detector and classifier agree on is the group, not the very thing in it."""
        noun = self._tree.noun_of(name.group) if name.group else None
        return Name(noun or name.noun, name.group, name.probability)

    def _renamed(
        self, boxes: list[Box], taken: list[Name], evidence: Evidence
    ) -> list[tuple[Box, Name]]:
        """Animals whose kind the classifier denies: its own word for them, or just "animal"."""
        animal = evidence.sums["animal"]
        if animal < ANIMAL_SUPPORT:
            return []
        name = self._tree.narrowest(evidence.probabilities, evidence.sums, within="animal")
        if name is None or any(name.noun == other.noun for other in taken):
            name = Name("animal", "animal", animal)
        for other in taken:
            if name.noun != "animal" and self._tree.within(other.group, name.group or ""):
                return []
            if self._tree.within(other.group, "animal"):
                name = Name("other animal", "animal", animal)
        return [(box, name) for box in boxes if box.score >= ANIMAL_SCORE]

    def _refined(self, name: Name, evidence: Evidence) -> Name:
        """A narrower noun for an agreed group, unless the detector's kind is a class itself."""
        if name.group is None or self._tree.is_class(name.noun):
            return name
        floor = REFINED_OBJECT
        if self._tree.within(name.group, "animal"):
            floor = REFINED_DOG if name.group == "dog" else REFINED_ANIMAL
        narrower = self._tree.narrowest(
            evidence.probabilities, evidence.sums, within=name.group, class_floor=floor
        )
        if narrower is None or narrower.noun == self._tree.noun_of(name.group):
            return name
        return narrower

    def _contradicted(self, box: Box, sums: Mapping[str, float]) -> bool:
        kind = self._tree.boxes[box.name]
        if box.name == "person" or self._tree.within(kind.group, "animal"):
            return False
        if box.score >= FIRM_SCORE and kind.noun not in LOOK_ALIKES:
            return False
        against = max(sums[group] for group in OVERRULING)
        support = sums[kind.group] if kind.group else 0.0
        return against >= CONTRADICTION and support < against / 2

    def _setting(self, evidence: Evidence) -> Subject | None:
        for branch in SETTINGS:
            name = self._tree.narrowest(
                evidence.probabilities, evidence.sums, within=branch, class_floor=SCENE_CLASS
            )
            if name is not None and self._tree.is_place(name.group):
                return _seen(name)
            noun, total = self._tree.noun_of(branch), evidence.sums[branch]
            if noun is not None and total >= self._tree.floor_of(branch):
                return Subject(noun, total, group=branch)
        return None

    def _from_classifier(self, main: Name | None, subjects: list[Subject]) -> list[Subject]:
        if main is None or self._tree.is_place(main.group):
            return []
        return [] if any(self._related(main, subject) for subject in subjects) else [_seen(main)]

    def _weak_landscape(self, evidence: Evidence) -> Subject | None:
        """With nothing else in sight, a little of every view in nature adds up to one."""
        total = evidence.sums["landscape"] - evidence.sums["pier"]
        built = evidence.sums["architecture"]
        if total < max(WEAK_LANDSCAPE, built):
            return None
        return Subject("landscape", total, group="landscape")

    def _related(self, main: Name, subject: Subject) -> bool:
        """Whether the classifier's verdict says nothing new about a subject already named."""
        if subject.noun == "person":
            return main.noun == "clothing"
        if subject.noun == main.noun:
            return True
        if main.group is None or subject.group is None:
            return False
        either = (main.group, subject.group)
        return self._tree.within(*either) or self._tree.within(*reversed(either))

    def _from_hints(self, labels: Iterable[str]) -> list[Subject]:
        nouns = (label.strip().lower() for label in labels)
        known = (noun for noun in nouns if self._tree.knows(noun))
        return [Subject(noun, HINT_CONFIDENCE, hinted=True) for noun in known][:1]


def _seen(name: Name) -> Subject:
    return Subject(name.noun, name.probability, group=name.group)


def _merge(found: list[tuple[Box, Name]], boxes: Sequence[Box]) -> list[Subject]:
    """One subject a noun, counted, the ones that cover most of the photo first."""
    together: dict[str, list[tuple[Box, Name]]] = {}
    for box, name in found:
        together.setdefault(name.noun, []).append((box, name))
    subjects = [_gathered(noun, members, boxes) for noun, members in together.items()]
    return sorted(
        subjects,
        key=lambda subject: (
            subject.noun.startswith("other "),
            -subject.area * subject.confidence,
        ),
    )


def _gathered(noun: str, members: list[tuple[Box, Name]], boxes: Sequence[Box]) -> Subject:
    sure = [box for box, _ in members if box.score >= COUNTED_SCORE]
    sure = sure or [max((box for box, _ in members), key=lambda box: box.score)]
    kinds = {box.name for box in sure}
    doubtful = any(box.name in kinds and box not in sure for box in boxes)
    return Subject(
        noun,
        confidence=max(box.score for box in sure),
        count=len(sure),
        exact=not doubtful
        and len(sure) <= COUNTABLE
        and min(box.score for box in sure) >= EXACT_SCORE,
        left=min(box.left for box in sure),
        right=max(box.right for box in sure),
        area=sum(box.area for box in sure),
        group=members[0][1].group,
    )
