"""Which languages a short text can be in: by its script, then by its most common words.

Small on purpose and made to abstain: a caption has few words, and a wrong verdict would throw a
good one away. What it doesn't know it never contradicts.
"""
# ruff: noqa: RUF001, SIM905  letters of many scripts; word lists read best as text

import re
import unicodedata
from collections import Counter
from functools import lru_cache

SCRIPT_LETTERS = 4  # fewer letters than these say nothing
SCRIPT_SHARE = 0.6  # of the letters; the rest may be names and brands
COMMON_WORDS = 3  # so many of a language's own words are no coincidence
LEAD = 2  # times as many as of the language it should be in

# The base subtags of BCP 47 that mean the same to a reader.
_SAME = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "cmn": "zh", "yue": "zh", "fil": "tl"}

# The first word of a letter's Unicode name: the languages that are written so.
_SCRIPTS = {
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CJK": "zh ja",
    "BOPOMOFO": "zh",
    "THAI": "th",
    "LAO": "lo",
    "KHMER": "km",
    "MYANMAR": "my",
    "GREEK": "el",
    "HEBREW": "he yi",
    "GEORGIAN": "ka",
    "ARMENIAN": "hy",
    "ARABIC": "ar fa ur ps ug sd ckb ku ks pa ms az",
    "CYRILLIC": "ru uk bg sr mk be kk ky mn tg tt uz bs az",
    "DEVANAGARI": "hi mr ne sa sd ks kok mai bho",
    "BENGALI": "bn as",
    "GURMUKHI": "pa",
    "GUJARATI": "gu",
    "ORIYA": "or",
    "TAMIL": "ta",
    "TELUGU": "te",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "SINHALA": "si",
    "ETHIOPIC": "am ti",
    "TIBETAN": "bo dz",
}
_LATIN = frozenset(
    "af az bs ca cs cy da de en es et eu fi fr ga gl hr ht hu id is it ku la lb lt lv ms mt nl no "
    "pl pt ro sk sl so sq sr sv sw tl tr uz vi zu".split()
)
_KNOWN = _LATIN | frozenset(" ".join(_SCRIPTS.values()).split())
_KANA = ("HIRAGANA", "KATAKANA")

# Words that captions are full of. A word that means something in another of these languages too
# stands in both lists, so that it tells nobody apart.
_COMMON = {
    "en": "the a an and of on in with is are at to by for from its it his her their this that as "
    "while under over near into through behind beside sitting standing against two some",
    "de": "der die das ein eine einen einem einer eines und auf mit ist sind im am zu von den dem "
    "des vor neben unter über sich bei als wie aus steht sitzt liegt für zwei in an",
    "fr": "le la les un une des du de et sur dans avec est sont au aux en à devant pour par qui "
    "sous près assis assise debout ses son sa deux d l",
    "es": "el la los las un una unos unas de del y en con sobre es son al se su por junto que "
    "para a frente bajo sentado sentada está están dos",
    "it": "il lo la i gli le un una uno di del della dei delle e su sul sulla con in è sono nel "
    "nella al alla che per da davanti sotto seduto seduta due d l",
    "pt": "o a os as um uma uns umas de do da dos das e em no na nos nas com é são ao à se seu "
    "sua por que para sobre sob sentado sentada dois duas",
    "nl": "de het een en op met is zijn in van aan bij te voor naast onder die dat tegen zit "
    "staat ligt uit door twee over",
    "sv": "en ett och på med är i av som för till den det sig vid under sitter står ligger mot "
    "framför två över",
    "da": "en et og på med er i af som for til den det sig ved under sidder står ligger mod "
    "foran to over",
    "no": "en et ei og på med er i av som for til den det seg ved under sitter står ligger mot "
    "foran to over",
    "fi": "ja on joka sen se kanssa päällä edessä alla vieressä istuu seisoo makaa kaksi hän ovat "
    "jossa jonka",
    "pl": "i na w z ze do jest są się przy pod nad przed obok siedzi stoi leży dwa dwie który "
    "która o po dla",
    "cs": "a na v s se je jsou do u pod nad před vedle sedí stojí leží dva dvě který která o po "
    "pro ve",
    "ro": "un o și pe în cu de la este sunt care lângă sub din al ale stă doi două pentru se a",
    "hu": "a az egy és van ül áll fekszik alatt mellett előtt két egyik hogy is nem rajta",
    "tr": "bir ve ile bu üzerinde içinde yanında altında önünde oturan duran için iki olan da de",
    "id": "di yang dan dengan sebuah seekor seorang atas dalam ini itu pada duduk berdiri dua ke "
    "untuk dari",
    "vi": "một và trên với của trong là có các những đang người bên dưới hai ở",
    "ru": "и в на с со из у под над перед за по к для сидит стоит лежит две два о а которая",
    "uk": "і й в у на з зі із під над перед за по до для сидить стоїть лежить дві два та що",
    "bg": "и в на с със от под над пред зад до за седи стои лежи две два е са се който",
}
_LEXICON = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_WORD = re.compile(r"[^\W\d_]+")


def base(tag: str) -> str:
    """The language of a BCP 47 tag without region and script: ``de`` for ``de-CH``."""
    language = tag.replace("_", "-").split("-")[0].lower()
    return _SAME.get(language, language)


def contradicts(text: str, language: str) -> bool:
    """Whether ``text`` is surely in another language than ``language``, a base subtag.

    False in doubt: too few letters, a language that is not known here, related ones.
    """
    if language not in _KNOWN:
        return False
    scripts = _scripts(text)
    letters = sum(scripts.values())
    if letters < SCRIPT_LETTERS:
        return False
    kana = sum(scripts[name] for name in _KANA)
    if kana and scripts["CJK"]:  # Han with kana between is Japanese, however few they are
        scripts["HIRAGANA"] += scripts.pop("CJK")
    name, count = scripts.most_common(1)[0]
    if count / letters < SCRIPT_SHARE:
        return False
    if name != "LATIN" and language not in _SCRIPTS.get(name, language).split():
        return True
    if name == "LATIN" and language not in _LATIN:
        return True
    return _worded_otherwise(text, language)


def _scripts(text: str) -> Counter[str]:
    scripts: Counter[str] = Counter()
    # A text has few letters that differ, and names are long in coming.
    for letter, count in Counter(filter(str.isalpha, text)).items():
        scripts[_script(letter)] += count
    return scripts


@lru_cache(1000)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split(" ")[0].split("-")[0]


def _worded_otherwise(text: str, language: str) -> bool:
    """Whether the common words are those of another language, by a clear lead."""
    if language not in _LEXICON:
        return False
    words = set(_WORD.findall(text.lower()))
    hits = {name: len(words & lexicon) for name, lexicon in _LEXICON.items()}
    return max(hits.values()) >= max(COMMON_WORDS, LEAD * hits[language] + 1)
