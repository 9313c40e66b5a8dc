"""What a caption says about a photo, held against what is true of it.

Words are compared, not meanings: "kitten" counts as a cat because a list says so. What is in no
list is neither right nor wrong.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from benchmarks.eval.photos import Photo
from services.captioner import grammar
from services.captioner.provider import CaptionAnswer

Verdict = Literal["right", "false", "abstained", "no answer"]

# What a writer calls it: the noun of the list.
_CALLED = {
    "person": "man woman boy girl child baby player surfer skier rider worker somebody someone "
    "lady couple crowd men women children boys girls player astronaut",
    "cat": "kitten tabby",
    "dog": "puppy hound",
    "bird": "songbird parrot owl duck",
    "car": "sedan suv hatchback vehicle",
    "mountains": "mountain peak peaks ridge hills",
    "interior": "room indoors kitchen bedroom lounge hallway",
    "landscape": "outdoors valley countryside scenery",
    "stretch of water": "sea ocean lake river water stream pond",
    "greenery": "foliage leaves vegetation bushes",
    "piece of architecture": "building facade tower arch",
    "computer": "laptop notebook",
    "electronic equipment": "phone smartphone tablet device",
}
# A colour too: only with one of these before it, or in the plural, is it the thing.
_COLOURS = frozenset({"orange"})
# The local provider's words for the shape of a photo in which it names nothing.
_SHAPE = re.compile(r"\bin (?:landscape|portrait|square) format\b")
_ARTICLE = r"(?:an?|the|one|two|three|several|sliced|peeled|whole|fresh)\s+"


@dataclass(frozen=True, slots=True)
class Scored:
    """How one caption did. ``claims`` are what it says and must not."""

    verdict: Verdict
    found: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()


def score(photo: Photo, answer: CaptionAnswer) -> Scored:
    """Judge an answer.

    A false claim is worse than a miss: a caption with one is false whatever else is in it. What
    a provider reports as labels of its own it is held to strictly: each that is not expected is
    a false claim.
    """
    text = _SHAPE.sub("", " ".join((answer.concise, answer.creative, answer.alt_text)).lower())
    named = {label.name.lower() for label in answer.labels}
    expected = {noun.lower() for noun in photo.expected}
    found = sorted(noun for noun in expected if noun in named or _says(text, noun))
    claims = {noun.lower() for noun in photo.forbidden if _mentions(text, noun.lower())}
    claims |= named - expected if expected else set()
    verdict: Verdict = "false" if claims else "right" if found else "abstained"
    return Scored(verdict, tuple(found), tuple(sorted(claims)))


def _says(text: str, noun: str) -> bool:
    names = (noun, *_CALLED.get(noun, "").split())
    return any(_mentions(text, name) for name in names)


def _mentions(text: str, noun: str) -> bool:
    return _pattern(noun).search(text) is not None


@cache
def _pattern(noun: str) -> re.Pattern[str]:
    singular = rf"{_ARTICLE}{re.escape(noun)}" if noun in _COLOURS else re.escape(noun)
    return re.compile(rf"\b(?:{singular}|{re.escape(grammar.plural(noun))})\b")


def share(scores: Iterable[Scored], verdict: Verdict) -> float:
    """The part of the scores with this verdict, 0 to 1."""
    scores = list(scores)
    return sum(each.verdict == verdict for each in scores) / len(scores) if scores else 0.0


def recall(scores: Iterable[Scored]) -> float:
    """The part of the photos of which something true was said, false claims beside it or not."""
    scores = list(scores)
    return sum(bool(each.found) for each in scores) / len(scores) if scores else 0.0
