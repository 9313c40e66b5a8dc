"""The rules for captions as a checker of its own: written apart from the code that keeps them, so
that a mistake there does not excuse itself here.
"""
# ruff: noqa: RUF001  quotation marks of many languages

import re
import unicodedata

from services.captioner.provider import CaptionAnswer, CaptionRequest, Spent

REQUEST = CaptionRequest(b"", labels=("Cat", "Mat"))
CONCISE = "A grey cat sleeping on a striped mat"
CREATIVE = "A grey cat has claimed the striped mat. Nothing will move it before supper."
ALT_TEXT = "A grey cat asleep on a blue and white striped mat in the sun."
OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
INVISIBLE = "\u200b\u2060\ufeff\u00ad\u180e\U000e0041\U000e0001\ufe0f\ufe01\u2062"
PICTURE_OF = re.compile(
    r"\W*((this is |here is )?(an? |the )?)?(image|picture|photo|photograph) (of|showing)\b",
    re.IGNORECASE,
)
PREAMBLE = re.compile(
    r"\W*(sure|certainly|of course|here('|’)s|here is|here are|(\w+ )?(caption|alt text))\W*[!,:]",
    re.IGNORECASE,
)
MARKUP = re.compile(r"[<>`*{}|\\]|&(amp|lt|gt|quot|nbsp|#x?[0-9a-f]+);|\]\(|://|^#+ |\b__|~~")


def faults(answer: CaptionAnswer, *, emoji: bool = False) -> list[str]:
    """What is wrong with the texts of an answer, in words."""
    found = _faults_in_each(answer, emoji=emoji)
    if len(re.findall(r"\S*\w\S*", answer.concise)) > 10:
        found.append("concise: more than ten words")
    if answer.concise.endswith((".", "。", ",", ";", ":")):
        found.append("concise: ends in a stop")
    if re.search(r"[a-z]{4}[.!?]+\s+[A-Z]", answer.concise):
        found.append("concise: two sentences")
    if len(re.findall(r"[a-z]{4}[.!?]+\s+[A-Z]|\w[。！？](?=\w)", answer.creative)) > 1:
        found.append("creative: three sentences")
    if len(answer.alt_text) > 125:
        found.append("alt text: too long")
    if PICTURE_OF.match(answer.alt_text):
        found.append("alt text: image of")
    if not answer.alt_text and not answer.decorative:
        found.append("alt text: empty")
    return found


def _faults_in_each(answer: CaptionAnswer, *, emoji: bool) -> list[str]:
    texts = {"concise": answer.concise, "creative": answer.creative, "alt text": answer.alt_text}
    found = [f"{name}: empty" for name in ("concise", "creative") if not texts[name].strip()]
    for name, text in texts.items():
        if text != " ".join(text.split()) or text != unicodedata.normalize("NFC", text):
            found.append(f"{name}: not one line of NFC")
        if PREAMBLE.match(text) or MARKUP.search(text):
            found.append(f"{name}: preamble or markup")
        inside = text[1:-1]
        if not {'"', "“", "'"} & set(inside) and (text[:1], text[-1:]) in {
            ('"', '"'),
            ("“", "”"),
            ("'", "'"),
        }:
            found.append(f"{name}: in quotation marks")
        if any(unicodedata.category(c) in {"Cc", "Cs", "Co", "Cn"} for c in text):
            found.append(f"{name}: control characters")
        if set(text) & set(OVERRIDES + INVISIBLE) - ({"\ufe0f"} if emoji else set()):
            found.append(f"{name}: invisible characters")
        if not emoji and re.search("[\U0001f000-\U0001faff\u2600-\u27bf\u2b50]", text):
            found.append(f"{name}: emoji")
    return found


def answer_of(
    concise: str = CONCISE,
    creative: str = CREATIVE,
    alt_text: str = ALT_TEXT,
    *,
    language: str = "en",
    decorative: bool = False,
) -> CaptionAnswer:
    return CaptionAnswer(
        concise, creative, alt_text, language, "a-model", decorative=decorative, spent=Spent(7, 9)
    )
