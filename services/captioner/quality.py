"""The rules that every caption keeps, whoever wrote it: what can be mended is, the rest is refused.

* concise: at most 10 words in one sentence, without a full stop;
* creative: one or two sentences;
* alt text: at most 125 characters, and never "image of"; empty only if the photo is decorative;
* all: plain text on one line in the right language, naming nobody.

A text that keeps the rules passes unchanged, and a cleaned one always does.
"""
# ruff: noqa: RUF001  quotation marks and words of many languages

import re
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

from services.captioner import language, people, wording
from services.captioner.provider import CaptionAnswer, CaptionRequest, InvalidOutput
from services.captioner.tidying import tidied, wants_emoji

CONCISE_WORDS = 10
CONCISE_CHARACTERS = 200  # ten words longer than this are no words
CREATIVE_SENTENCES = 2
CREATIVE_CHARACTERS = 600
ALT_CHARACTERS = 125
RAW_CHARACTERS = 1200  # more is no caption, and takes long to look through
ROUNDS = 4  # a cut may lay bare what another rule minds

_MEDIUM = r"(?:image|picture|photo|photograph|pic|snapshot|photography)s?"
_OPENINGS = re.compile(
    rf"\W*(?:(?:this|the|an?|here)\s+(?:is\s+an?\s+)?)?(?:[\w-]+,?\s+){{0,3}}{_MEDIUM}\s+"
    r"(?:of|that shows|which shows|showing|shows|depicting|depicts|featuring|features|capturing|"
    r"captures)\b[\s:;,.=-]*|"
    r"(?:(?:une?|la|l['’]|el|una|uma|een|de|het|this is an?)\s*)?"
    r"(?:image|photo|photographie|imagen|foto|fotografía|immagine|fotografia|imagem|afbeelding)\s+"
    r"(?:de\s+|d['’]|di\s+|van\s+)",
    re.IGNORECASE,
)
_NOT_A_CAPTION = re.compile(
    r"\W*(?:i['’]?m sorry|i am sorry|sorry,|i can(?:no|['’])t|i am unable|i['’]m unable|"
    r"i am not able|as an ai|unfortunately|i (?:see|think|need|will|should|would)\b|"
    r"(?:the|this) user\b|the (?:request|prompt|task|instructions?) |let me|we need to|first, i|"
    r"okay, |no (?:image|photo|picture) (?:was|is|has)|désolé|lo siento|es tut mir leid|"
    r"je suis désolé|undefined$|null$|none$|n/?a$|string$|lorem ipsum)",
    re.IGNORECASE,
)
_STRUCTURE = re.compile(
    r"[\"'](?:concise|creative|alt_text|decorative|language)[\"']|\w+://|\bwww\."
)
_JSON = re.compile(r"\s*(?:```\w*\s*)?[\[{]")
_CASED = re.compile(r"[^\W\d_]")
_OPENING_MARKS = "\"'“„«‘¿¡(「『"
_SHOUTED_LETTERS = 8  # shorter ones may be a sign or an abbreviation


def cleaned(
    answer: CaptionAnswer, request: CaptionRequest, *, any_language: bool = False
) -> CaptionAnswer:
    """The answer with texts that are fit to be shown.

    ``any_language``: texts in another language than the one asked for are better than none, as
    long as the answer says which. Raises ``InvalidOutput`` with what was spent and one of the
    reasons ``missing_text``, ``not_a_caption``, ``too_long``, ``truncated``, ``names_a_person`` and
    ``wrong_language``.
    """
    known = people.known_words(*request.labels, request.style or "")
    emoji = wants_emoji(request.style)
    claimed = language.base(answer.language or request.language)
    try:
        texts = replace(
            answer,
            concise=_kept(answer.concise, _concise, emoji=emoji),
            creative=_kept(answer.creative, _creative, emoji=emoji),
            # Screen readers read an emoji's name aloud, so there is never one here.
            alt_text=_kept(answer.alt_text, _alt_text, may_be_empty=answer.decorative),
            language=answer.language or request.language,
        )
        _check_language(texts, claimed)
        if not any_language and claimed != language.base(request.language):
            _refuse("wrong_language")
        for text in (texts.concise, texts.creative, texts.alt_text):
            if people.names_a_person(text, known):
                _refuse("names_a_person")
    except InvalidOutput as refused:
        raise InvalidOutput(refused.reason, spent=answer.spent) from None
    return texts


def _kept(
    text: str, rule: Callable[[str], str], *, emoji: bool = False, may_be_empty: bool = False
) -> str:
    """``text`` once neither tidying nor ``rule`` finds anything more to change."""
    if may_be_empty and not text.strip():
        return ""
    if len(text) > RAW_CHARACTERS:
        _refuse("too_long")
    for _ in range(ROUNDS):
        before = text
        if _JSON.match(text):
            _refuse("not_a_caption")
        text = people.unnamed(tidied(text, emoji=emoji))
        if not _CASED.search(text):
            _refuse("missing_text")
        if _NOT_A_CAPTION.match(text) or _STRUCTURE.search(text):
            _refuse("not_a_caption")
        text = rule(_sentence_case(text))
        if text == before:
            return text
    return text


def _concise(text: str) -> str:
    first = wording.without_ending(text[: wording.sentence_ends(text)[0]])
    if not _CASED.search(first):
        _refuse("missing_text")
    if _is_brief(first):
        return _whole(first)
    shorter = next(filter(_is_brief, wording.phrases(first, CONCISE_CHARACTERS)), None)
    return shorter or _refuse("too_long")


def _is_brief(text: str) -> bool:
    return wording.word_count(text) <= CONCISE_WORDS and len(text) <= CONCISE_CHARACTERS


def _creative(text: str) -> str:
    ends = wording.sentence_ends(text)
    if len(ends) > 1 and not wording.is_ended(text):
        ends.pop()  # the last one lost its end
    for end in reversed(ends[:CREATIVE_SENTENCES]):
        if end <= CREATIVE_CHARACTERS:
            return _whole(text[:end].rstrip(wording.LOOSE))
    return _refuse("too_long")


def _alt_text(text: str) -> str:
    text = _sentence_case(_OPENINGS.sub("", text, count=1) if _OPENINGS.match(text) else text)
    if len(text) <= ALT_CHARACTERS:
        return _whole(text.rstrip(wording.LOOSE)) if text else _refuse("missing_text")
    cuts = [text[:end] for end in reversed(wording.sentence_ends(text))]
    cuts += wording.phrases(text, ALT_CHARACTERS)
    return next((cut for cut in cuts if len(cut) <= ALT_CHARACTERS), None) or _at_a_word(text)


def _at_a_word(text: str) -> str:
    """Cut between two words, told by an ellipsis; where no spaces are, nothing tells a word."""
    words = text[:ALT_CHARACTERS].split(" ")[:-1]
    while words and wording.is_cut_off(" ".join(words)):
        words.pop()
    if len(words) < 2:
        _refuse("too_long")
    return f"{wording.without_ending(' '.join(words))}…"


def _whole(text: str) -> str:
    return _refuse("truncated") if wording.is_cut_off(text) else text


def _sentence_case(text: str) -> str:
    letters = [character for character in text if character.isalpha()]
    if len(letters) >= _SHOUTED_LETTERS and text.isupper() and " " in text:
        text = text.lower()
    at = len(text) - len(text.lstrip(_OPENING_MARKS))
    # Not upper(): it would turn Georgian into capitals that nobody writes.
    first = text[at : at + 1].title()
    return f"{text[:at]}{first}{text[at + 1 :]}" if len(first) == 1 else text


def _check_language(texts: CaptionAnswer, claimed: str) -> None:
    together = " ".join((texts.concise, texts.creative, texts.alt_text))
    for text in (texts.concise, texts.creative, texts.alt_text, together):
        if language.contradicts(text, claimed):
            _refuse("wrong_language")


def _refuse(reason: str) -> NoReturn:
    raise InvalidOutput(reason)
