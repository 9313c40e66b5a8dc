"""Words and sentences of a caption in any language: how they are counted and where they may be cut.

Where no spaces stand between words, letters are counted: two Han characters, three kana or four
letters of Thai, Lao, Khmer or Burmese stand for one word. So a caption as long as ten English words
is about as long in these.
"""
# ruff: noqa: RUF001, SIM905  letters of many scripts; word lists read best as text

import math
import re
import unicodedata

# Letters for one word. Translators reckon two to two and a half characters a word for Japanese.
_LETTERS_A_WORD = {
    "CJK": 2,
    "HIRAGANA": 3,
    "KATAKANA": 3,
    "BOPOMOFO": 3,
    "THAI": 4,
    "LAO": 4,
    "KHMER": 4,
    "MYANMAR": 4,
}
_ROUNDING = 1e-6

ENDINGS = ".!?…。！？．｡।॥؟۔።։"
CLOSING = "\"'”’»)]」』）"
# A Latin full stop ends a sentence before a space and anything but a small letter; others do
# wherever they stand.
_BREAK = re.compile(
    rf"[.!?…؟۔।॥።։]+[{re.escape(CLOSING)}]*(?=\s+\S)|[。！？．｡]+[{re.escape(CLOSING)}]*(?=\s*\S)"
)
_SAYS_SOMETHING = re.compile(r"\w")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(])(?:mr|mrs|ms|dr|prof|st|ste|mt|no|nr|vs|etc|approx|ca|e\.g|i\.e|z\.b|a\.m|p\.m"
    r"|u\.s|\w)\.$",
    re.IGNORECASE,
)

# A text that ends in one of these was cut off. Particles that can end an English sentence
# ("the light is on") are left out.
_DANGLING = frozenset(
    "a an the of and or but with from its their my your is are was were into onto than "
    "und oder der die das ein eine einer einem einen mit et ou le la les un une des du avec "
    "y el los las una con e il lo gli uno della".split()
)
# English prepositions and conjunctions: what begins with one is no caption without the rest.
_LEADING = frozenset(
    "above across after against along amid among around as at before behind below beneath beside "
    "between beyond by during for from if in inside into near next of off on onto outside over "
    "since through to toward towards under underneath until up upon when where while with within "
    "without".split()
)
_CLAUSE = re.compile(r"\s*[,;:(–—،؛、，；：]|\s+-(?=\s)|\s+(?=(?:while|which|who|where|whose)\b)")
_WITH = re.compile(r"(?<!ed)(?<!en)(?<!up)\s+(?=with\b)")
LOOSE = " \t,;:–—-،؛、，；："
_WORDS_OF_A_PHRASE = 2


def word_count(text: str) -> int:
    """How many words ``text`` has; see the module for scripts without spaces."""
    return sum(_words_in(token) for token in text.split())


def _words_in(token: str) -> int:
    letters = 0.0
    spaced = False
    for character in token:
        if not character.isalnum():
            continue
        script = unicodedata.name(character, "?").split(" ")[0].split("-")[0]
        if script in _LETTERS_A_WORD:
            letters += 1 / _LETTERS_A_WORD[script]
        else:
            spaced = True
    return math.ceil(letters - _ROUNDING) + spaced


def sentence_ends(text: str) -> list[int]:
    """Where each sentence of ``text`` ends, its last one at the end of ``text``.

    Signs without a word, such as an emoji after a full stop, belong to the sentence before.
    """
    ends: list[int] = []
    start = 0
    for match in _BREAK.finditer(text):
        sentence, rest = text[start : match.end()].strip(), text[match.end() :].lstrip()
        if rest[:1].islower() or (match[0] == "." and _ABBREVIATED.search(sentence)):
            continue
        if _SAYS_SOMETHING.search(sentence):
            ends.append(match.end())
            start = match.end()
    if ends and not _SAYS_SOMETHING.search(text[start:]):
        ends.pop()
    return [*ends, len(text)]


def is_ended(text: str) -> bool:
    """Whether the last sentence has its full stop or the like, signs without a word after it."""
    signs = text[_last_word_end(text) :]
    return any(ending in signs for ending in ENDINGS)


def _last_word_end(text: str) -> int:
    return max((match.end() for match in _SAYS_SOMETHING.finditer(text)), default=0)


def is_cut_off(text: str) -> bool:
    """Whether the last word is one that another must follow."""
    words = text.split()
    return len(words) > 1 and words[-1].lower() in _DANGLING


def without_ending(text: str) -> str:
    """``text`` without a final full stop or a comma left over; ``!`` and ``?`` stay."""
    return text.rstrip(" .。．｡।۔።։…" + LOOSE)


def phrases(text: str, limit: int) -> list[str]:
    """What is left of ``text`` if it is cut at the end of a clause, longest first.

    None is longer than ``limit``, in characters.
    Only what can stand alone: at least two words, not begun by a preposition that belongs to what
    was cut off, and with no bracket or quotation left open.
    """
    ends = {match.start() for match in _CLAUSE.finditer(text)}
    ends |= {match.start() for match in _WITH.finditer(text)}
    near = sorted((end for end in ends if end <= limit), reverse=True)
    cut = (text[:end].rstrip(LOOSE) for end in near)
    return [phrase for phrase in cut if _stands_alone(phrase)]


def _stands_alone(phrase: str) -> bool:
    words = phrase.split()
    if word_count(phrase) < _WORDS_OF_A_PHRASE or words[0].lower() in _LEADING:
        return False
    if is_cut_off(phrase):
        return False
    pairs = (("(", ")"), ("“", "”"), ("«", "»"), ("「", "」"))
    even = phrase.count('"') % 2 == 0
    return even and all(phrase.count(left) == phrase.count(right) for left, right in pairs)
