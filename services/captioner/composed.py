"""Make the three texts of a photo from a caption model's one sentence and the photo's labels.

Nothing is said that neither says: a text is the sentence, or its beginning up to a place where
English lets it end; the creative one adds how it was seen, and what else the labels name.
"""

import re
import zlib
from collections.abc import Sequence

from services.captioner import grammar
from services.captioner.sentences import ALT_CHARACTERS, CONCISE_WORDS, Texts

SENTENCE_LIMIT = 200  # characters: a longer one is a model that can't stop
SHORTEST = 2  # words that still say something
LABELS_NAMED = 2

# Not worth naming beside a sentence: they say less than any sentence does.
GENERIC = frozenset(
    {
        "adult", "animal", "art", "boy", "child", "female", "girl", "human", "indoors", "male",
        "man", "mammal", "nature", "object", "outdoors", "people", "person", "pet", "photo",
        "photography", "plant", "portrait", "vehicle", "wildlife", "woman",
    }
)  # fmt: skip

# A phrase may end before one of these: what follows adds to it and changes nothing before it.
_ADDING = frozenset(
    {
        "above", "across", "against", "along", "among", "around", "at", "behind", "below",
        "beneath", "beside", "between", "by", "down", "during", "in", "inside", "near", "next",
        "on", "outside", "over", "surrounded", "that", "through", "toward", "towards", "under",
        "underneath", "where", "which", "while", "who", "with",
        "carrying", "driving", "eating", "flying", "hanging", "holding", "laying", "leaning",
        "looking", "lying", "parked", "playing", "posing", "riding", "running", "sitting",
        "smiling", "standing", "talking", "walking", "wearing",
    }
)  # fmt: skip
# "and" begins a thing of its own only before these: "a red and white bus" is one bus.
_NEW_THING = frozenset(
    {
        "a", "an", "another", "four", "her", "his", "its", "many", "one", "other", "several",
        "some", "the", "their", "three", "two",
    }
)  # fmt: skip
# A phrase can't end with these.
_DANGLING = _ADDING - {"inside", "outside"} | {
    "a", "an", "and", "are", "as", "for", "from", "into", "is", "of", "or", "other", "some",
    "the", "to", "very", "was", "were",
}  # fmt: skip

# A word that BLIP's captions begin with and English doesn't have.
_ARAFED = re.compile(r"\baraf+ed\s+", re.IGNORECASE)
_STUTTER = re.compile(r"\b(\w+(?: \w+)??)(?: \1\b)+", re.IGNORECASE)
_THERE_IS = re.compile(
    r"^there (?:is|are) (?=(?:a|an|the|one|two|three|four|many|some|several)\b)", re.IGNORECASE
)
_A_PHOTO_OF = re.compile(
    r"^(?:an?|the) (?:(?:[\w-]+ )?(?:photo|photograph|picture|image)|close[- ]up(?: \w+)?)"
    r" of (?=\w)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[A-Za-z][A-Za-z' -]{1,39}")

_CREATIVE = (
    "{sentence}, caught in a single frame.",
    "{sentence}, kept for a second look.",
    "{sentence}, just as the camera saw it.",
    "{sentence}: one frame, held still.",
)


def compose(sentence: str, labels: Sequence[str] = ()) -> Texts | None:
    """The texts, all English, or ``None`` if the sentence says nothing."""
    whole = _shortened(_mended(sentence), characters=SENTENCE_LIMIT)
    if not any(character.isalpha() for character in whole):
        return None
    return Texts(
        concise=grammar.capitalised(_shortened(whole, words=CONCISE_WORDS)),
        creative=_creative(whole, _further(whole, labels)),
        alt_text=f"{grammar.capitalised(_shortened(whole, characters=ALT_CHARACTERS - 1))}.",
    )


def _mended(sentence: str) -> str:
    """Without what small models are known to add: fillers, stutters, a final stop."""
    text = " ".join(sentence.split()).strip(" .\"'")
    text = _STUTTER.sub(r"\1", _ARAFED.sub("", text))
    return _A_PHOTO_OF.sub("", _THERE_IS.sub("", text)).rstrip(" ,;:-")


def _shortened(text: str, *, words: int | None = None, characters: int | None = None) -> str:
    """The longest beginning within the limits that is a whole phrase, else that many words."""
    parts = text.split(" ")
    longest = len(parts) if words is None else min(words, len(parts))
    while longest > 1 and characters is not None and len(" ".join(parts[:longest])) > characters:
        longest -= 1
    if longest == len(parts):
        return text[:characters]
    # Before "of" only if nothing else helps: it leaves "a group" of "a group of red buses".
    for adding in (_ADDING, _ADDING | {"of"}):
        for length in range(longest, SHORTEST - 1, -1):
            if _may_end(parts, length, adding):
                return " ".join(parts[:length]).rstrip(" ,;:-")
    return _undangled(parts[:longest])[:characters]


def _may_end(parts: Sequence[str], length: int, adding: frozenset[str]) -> bool:
    last, following = parts[length - 1].lower(), parts[length].lower()
    if last.rstrip(",") in _DANGLING:
        return False
    if following == "and":
        return "".join(parts[length + 1 : length + 2]).lower() in _NEW_THING
    return last.endswith((",", ";")) or following in adding


def _undangled(parts: Sequence[str]) -> str:
    kept = list(parts)
    while len(kept) > 1 and kept[-1].lower().rstrip(",") in _DANGLING:
        kept.pop()
    return " ".join(kept).rstrip(" ,;:-")


def _creative(sentence: str, further: Sequence[str]) -> str:
    # Not hash(): Python salts it, and each process would write another caption.
    phrasing = _CREATIVE[zlib.crc32(sentence.encode()) % len(_CREATIVE)]
    text = phrasing.format(sentence=grammar.capitalised(sentence))
    return f"{text} Also in view: {grammar.listed(further)}." if further else text


def _further(sentence: str, labels: Sequence[str]) -> list[str]:
    """What the labels name and the sentence doesn't, in the labels' order."""
    known = {_stem(word) for word in re.findall(r"[a-z']+", sentence.lower())}
    found: list[str] = []
    for label in labels:
        words = {_stem(word) for word in label.lower().split()}
        if not _LABEL.fullmatch(label) or label.lower() in GENERIC or words & known:
            continue
        found.append(label.lower())
        known |= words
    return found[:LABELS_NAMED]


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
