"""Take out of a model's text what is not the text: markup, chatter, quotes, what can't be seen.

Each step only ever removes, so a text comes to rest after a few rounds and tidying it again changes
nothing.
"""
# ruff: noqa: RUF001  letters of many scripts; word lists read best as text

import html
import re
import unicodedata

ROUNDS = 8  # markup inside escaped markup; what is not at rest by then is hostile
STACKED_MARKS = 4  # no script needs more on one letter

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"
# Scripts whose spelling needs the joiners: Arabic and its kin, the Indic ones, Tibetan, Burmese,
# Khmer, Mongolian.
_JOINED = re.compile("[\u0600-\u07ff\u08a0-\u0dff\u0f00-\u109f\u1780-\u18af\ufb50-\ufdff]")
# Variation selectors and letters without a shape: nobody sees them, and they can carry a message.
_SELECTORS = re.compile(
    "[\ufe00-\ufe0f\u180b-\u180f\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U000e0100-\U000e01ef]"
)
# All pictographs are "other symbols" from here on, but for the squared and enclosed signs of
# East Asian typography and a few that are ordinary text.
_SYMBOLS_FROM = 0x2000
_PLAIN_SYMBOLS = re.compile("[\u2100-\u214f\u3200-\u3296\u3298\u329a-\u33ff]")
_EMOJI_PARTS = re.compile("[\u20e3\U0001f3fb-\U0001f3ff]")
_EMOJI_STYLE = "\ufe0f"  # asks for the coloured form of the sign before it
_EMOJI_WORD = re.compile(
    r"emoji|émoji|smile[yi]|эмодзи|смайл|絵文字|表情|이모|إيموجي|אמוג|इमोजी", re.IGNORECASE
)
_REFUSED_EMOJI = re.compile(
    r"\b(?:no|not|never|without|avoid|don['’]?t|zero|kein\w*|ohne|sans|pas|sin|senza|sem|zonder|"
    r"без|bez|utan|uden|uten)\b[^.;!]{0,20}(?:emoji|émoji|smile|эмодзи|смайл)|絵文字(?:なし|は)|"
    r"(?:不要|没有|無し?)表情",
    re.IGNORECASE,
)

_ENTITY = re.compile(r"&(?:#\d{1,12}|#[xX][0-9a-fA-F]{1,12}|[A-Za-z][A-Za-z0-9]{1,30});")
_HIDDEN = re.compile(
    r"<(script|style|think|thinking|head)\b[^>]*>.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_HTML_TAG = re.compile(r"</?[A-Za-z!?][^<>]*>")
_FENCE = re.compile(r"(?m)^\s*(?:```|~~~)[\w-]*\s*$|```")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)")
_LINE_MARK = re.compile(r"(?m)^\s*(?:#{1,6}\s+|[-+*•‣·]\s+|\d{1,2}[.)]\s+(?=\S)|>\s*)")
_UNDERSCORES = re.compile(r"(?<!\w)_+|_+(?!\w)")
_LEFTOVER = re.compile(r"[*`<>|\\{}]|~~|(?<!\S)#{1,6}(?=\s|$)")

_NOUNS = (
    r"(?:captions?|alt(?:ernative)?[- ]?text|description|descripción|légende|leyenda|"
    r"bildunterschrift|beschreibung|didascalia|legenda|onderschrift|подпись)"
)
_PREAMBLES = tuple(
    re.compile(rf"\W*{pattern}", re.IGNORECASE)
    for pattern in (
        r"(?:sure(?: thing)?|certainly|of course|absolutely|okay|ok|great|gladly|happy to help|"
        r"no problem)(?:[,!.:]+|\s+[-–—])\s*",
        rf"(?:here(?:['’]s| is| are)|below is|this is|the following is|voici|aquí (?:está|tienes)|"
        rf"hier ist|ecco|вот)\s[^:.!?]{{0,60}}?{_NOUNS}[^:.!?]{{0,60}}:\s*",
        r"here(?:['’]s| is| are| you go)[^:.!?]{0,60}:\s*",
        rf"(?:[\w-]+\s+){{0,3}}{_NOUNS}\s*(?:\([^()]*\)\s*)?(?:[:：]|\s[-–—]\s)\s*",
        r"(?:concise|creative|short|alt|title|answer|output|result)\s*(?:\([^()]*\)\s*)?:\s*",
    )
)
_POSTSCRIPT = re.compile(
    r"\s*\((?:\d+|[a-z]+)\s+(?:words?|characters?)\)\s*\.?$|"
    r"(?:^|(?<=[.!?…])\s+)(?:let me know|i hope|hope this|feel free|would you like|"
    r"is there anything|word count|note:)\b.*$",
    re.IGNORECASE,
)
_LOOSE_START = re.compile(r"\A(?:[\s,;:.!?)\]…–—。、，！？]|-(?!\d))+")
_QUOTES = {
    '"': '"',
    "“": "”",
    "„": "“”",
    "«": "»",
    "»": "«",
    "‹": "›",
    "‘": "’",
    "‚": "‘",
    "'": "'",
    "「": "」",
    "『": "』",
    "”": "”",
    "＂": "＂",
    "〝": "〟",
    "《": "》",
    "(": ")",
}
_STRAY_QUOTES = frozenset("".join([*_QUOTES, *_QUOTES.values()])) - frozenset("'’‘()")

_DOUBLED = re.compile(r"([\"'“”„])\1+")
_STRAY = re.compile(f"[{re.escape(''.join(sorted(_STRAY_QUOTES)))}]")


def wants_emoji(style: str | None) -> bool:
    """Whether a style asks for emoji, and doesn't ask for none."""
    return bool(style and _EMOJI_WORD.search(style) and not _REFUSED_EMOJI.search(style))


def tidied(text: str, *, emoji: bool = False) -> str:
    """One line of plain text, NFC, without anything that isn't meant to be read.

    Joiners stay where a script needs them and ``emoji`` where they were asked for.
    """
    for _ in range(ROUNDS):
        before = text
        text = _unwrapped(_without_chatter(_visible(_without_markup(text), emoji=emoji)))
        if text == before:
            return text
    return ""


def _without_markup(text: str) -> str:
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    text = _HTML_TAG.sub(" ", _HIDDEN.sub(" ", text))
    text = _LINK.sub(r"\1", _FENCE.sub(" ", text))
    text = _UNDERSCORES.sub("", _LINE_MARK.sub("", text))
    return _LEFTOVER.sub("", text)


def _visible(text: str, *, emoji: bool) -> str:
    if text.isascii() and text.isprintable():
        return " ".join(text.split())  # there is nothing else in it
    kept: list[str] = []
    marks = 0
    text = unicodedata.normalize("NFC", text)
    for before, character, after in zip(f" {text}", text, f"{text[1:]} ", strict=False):
        if character.isspace():
            kept.append(" ")
            continue
        marks = marks + 1 if unicodedata.category(character) == "Mn" else 0
        if character in _JOINERS:
            legible = _are_joined(before, after, emoji=emoji)
        else:
            legible = marks <= STACKED_MARKS and _is_legible(character, before, emoji=emoji)
        if legible:
            kept.append(character)
    return " ".join("".join(kept).split())


def _are_joined(before: str, after: str, *, emoji: bool) -> bool:
    if _JOINED.match(before) and _JOINED.match(after):
        return True
    return emoji and _is_pictograph(before, selected=True) and _is_pictograph(after)


def _is_legible(character: str, before: str, *, emoji: bool) -> bool:
    if character == _EMOJI_STYLE:
        return emoji and _is_pictograph(before)
    if unicodedata.category(character) in _UNSEEN or _SELECTORS.match(character):
        return False
    return character != "\ufffd" and (emoji or not _is_pictograph(character))


def _is_pictograph(character: str, *, selected: bool = False) -> bool:
    if _EMOJI_PARTS.match(character) or (selected and character == _EMOJI_STYLE):
        return True
    return (
        unicodedata.category(character) == "So"
        and ord(character) >= _SYMBOLS_FROM
        and not _PLAIN_SYMBOLS.match(character)
    )


def _without_chatter(text: str) -> str:
    text = _LOOSE_START.sub("", text)
    for preamble in _PREAMBLES:
        text = preamble.sub("", text, count=1) if preamble.match(text) else text
    return _POSTSCRIPT.sub("", text).strip()


def _unwrapped(text: str) -> str:
    """Without quotation marks or brackets around the whole; those of a word inside stay."""
    text = _DOUBLED.sub(r"\1", text)
    body = text.rstrip(".。")
    if len(body) > 1 and body[-1] in _QUOTES.get(body[0], ""):
        inside = body[1:-1]
        if not set(inside) & (set(_QUOTES[body[0]]) | {body[0]}):
            return inside.strip()
    if text and len(set(text) & _STRAY_QUOTES) == 1 and len(_STRAY.findall(text)) == 1:
        return text.strip("".join(_STRAY_QUOTES)).strip()
    return text
