"""English for things that are counted and listed: articles, plurals, numbers, conjunctions."""

from collections.abc import Sequence

NUMBERS = ("no", "one", "two", "three", "four", "five", "six")

# Nouns that take no article and no plural.
UNCOUNTED = frozenset(
    {
        "broccoli",
        "clothing",
        "corn",
        "electronic equipment",
        "food",
        "greenery",
        "ice cream",
        "kitchenware",
    }
)
PLURAL_ONLY = frozenset({"mountains", "tools", "vegetables"})
SILENT_H = ("heir", "honest", "honour", "hour")
CONSONANT_SOUND = ("eu", "ewe", "one", "ubi", "uke", "uni", "usa", "use", "uti")
UNI_WITH_VOWEL_SOUND = ("unim", "unin")

IRREGULAR = {
    "aircraft": "aircraft",
    "bison": "bison",
    "buffalo": "buffalo",
    "child": "children",
    "deer": "deer",
    "fish": "fish",
    "fox": "foxes",
    "goldfish": "goldfish",
    "goose": "geese",
    "knife": "knives",
    "leaf": "leaves",
    "loaf": "loaves",
    "man": "men",
    "mouse": "mice",
    "ox": "oxen",
    "person": "people",
    "potato": "potatoes",
    "scissors": "scissors",
    "sheep": "sheep",
    "shelf": "shelves",
    "shellfish": "shellfish",
    "tomato": "tomatoes",
    "wolf": "wolves",
    "woman": "women",
}


def with_article(noun: str) -> str:
    """A noun with "a" or "an", by sound; as it is, if it takes none."""
    if noun in UNCOUNTED or noun in PLURAL_ONLY:
        return noun
    if noun.startswith("other "):
        return f"an{noun}"
    return f"{'an' if _starts_with_vowel_sound(noun) else 'a'} {noun}"


def plural(noun: str) -> str:
    """More than one: the head of "pair of scissors" is "pair", of "golden retriever" the last."""
    if noun in UNCOUNTED or noun in PLURAL_ONLY:
        return noun
    head, of, rest = noun.partition(" of ")
    words = head.split(" ")
    return " ".join([*words[:-1], _plural_word(words[-1])]) + of + rest


def counted(noun: str, count: int, *, exact: bool = True) -> str:
    """ "a cat", "two people", "several sheep". Not ``exact``: at least ``count``, so no number."""
    if count <= 1 or noun in UNCOUNTED or noun in PLURAL_ONLY:
        return with_article(noun)
    if not exact:
        return plural(noun) if count == 2 else f"several {plural(noun)}"
    number = NUMBERS[count] if count < len(NUMBERS) else "several"
    return f"{number} {plural(noun)}"


def listed(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(parts) <= 1:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def capitalised(text: str) -> str:
    """First letter upper case, the rest untouched."""
    return text[:1].upper() + text[1:]


def title(noun: str) -> str:
    """A label: every word but the small ones with a capital."""
    small = {"a", "of", "the"}
    return " ".join(word if word in small else capitalised(word) for word in noun.split(" "))


def _starts_with_vowel_sound(noun: str) -> bool:
    word = noun.lower()
    if word.startswith(SILENT_H) or word.startswith(UNI_WITH_VOWEL_SOUND):
        return True
    return word[:1] in "aeiou" and not word.startswith(CONSONANT_SOUND)


def _plural_word(word: str) -> str:
    if word in IRREGULAR:
        return IRREGULAR[word]
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}s"
