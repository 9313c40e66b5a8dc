"""Names of people in a caption: a photo doesn't tell them, so a model that writes one made it up.

A heuristic for Latin letters that knows common given names, titles and the ways in which captions
introduce somebody. It can't know a surname on its own, a rare name or another script, and takes a
name that is also a common word (Rose, Heather) or a place (Charlotte, Paris) for that. A name that
the request brought along, in a label or in the style, is no invention.
"""
# ruff: noqa: RUF001, SIM905  letters of many scripts; word lists read best as text

import re

# Common in their countries, and neither a word nor a place that captions have use for.
_GIVEN = frozenset(
    """
    aaron abdul abigail adam adele adrian agnes ahmed aisha alan albert alejandro alessandro alex
    alexander alexandra alice alicia alison amanda amelia amy ana andrea andreas andrew andrzej
    angela anita ann anna anne annie anthony antoine antonio arnold arthur ashley barack barbara
    beatrice benjamin bernard beth betty beyoncé björn boris brad brandon brenda brian bruce carl
    carla carlos carmen caroline catherine cecilia charles charlie chloe chris
    christina christine christopher claire clara claudia colin connor cynthia daniel daniela
    danielle david deborah denis dennis diana diane dmitri dominic donald donna doris dorothy
    dylan eduardo edward elena elizabeth ella ellen elon emily emma emmanuel enrique eric erik
    esther ethan eva evelyn fatima felix fernando fiona francesca francesco franz frédéric frida
    gabriel gareth gary george gerald gérard giovanni giulia giuseppe greta guillaume
    gustav hanna hannah hans harold harry hassan heidi heinrich helen helena henri henry
    hillary hiroshi hugo ian ibrahim igor ingrid irene isabel isabella ivan jacob jacqueline
    jacques james jamie jane janet jason javier jeff jeffrey jennifer jeremy jessica
    jill jim jimmy joan joanna joe johan johann johanna john johnny jonathan jorge josé josef
    joseph joshua juan judith jules julia julian julie julien jürgen justin karen karl kate
    katherine kathleen katie keith kenneth kevin kim klaus kyle lars laura lauren laurent
    leo leonardo leonie lena liam linda lisa lorenzo louise luca lucas lucia lucy luigi luis
    lukas lukasz manuel marc marco marcus margaret maria marie marilyn mario marion martha marta
    martina mary mateo matteo matthew maurice melissa mia michael michel michelle miguel mike
    mohamed mohammed monica monika muhammad nancy natalia natalie natasha nathan neil
    nicholas nicole nigel nikolai nina noah nora oliver olivia omar otto pablo pamela
    patricia patrick paul paula pauline pedro peter philip philippe pierre rachel rafael ralph
    raphael raymond rebecca ricardo richard rihanna robert roberta roberto roger ronald ruth ryan
    samantha samuel sandra sara sarah scott sean sebastian sergei sharon shirley simon sofia
    sophia sophie stefan stephanie stephen steve steven stuart susan svetlana sven sylvia tanya
    teresa theodore theresa thomas tiffany tim timothy tony tracy ursula valerie vanessa
    vincent vladimir walter wendy werner wilhelm william winston wolfgang yuki yusuf yvonne zoe
    """.split()
)
_NAME = r"[A-ZÀ-ÖØ-ÞĀ-Ž][\w’'-]*[^\W\d_]"
# What follows belongs to the name of a place or a thing: St. Paul's Cathedral, a John Deere.
_NOT_A_PERSON = re.compile(
    rf"(?:\s+{_NAME})*\s+(?:airport|arena|avenue|basilica|bay|bridge|building|cathedral|castle|chapel|"
    r"church|college|deere|field|fort|gate|hall|hotel|house|island|lake|memorial|monument|mosque|"
    r"mountain|museum|palace|park|peak|pub|restaurant|river|road|school|square|stadium|station|"
    r"spaniel|statue|street|temple|terrier|tower|university)s?\b",
    re.IGNORECASE,
)
_SAINT = re.compile(
    r"\b(?:saint|st\.?|san|santa|sankt|são|virgin|mona|bloody|king's|queen's)\s+$", re.IGNORECASE
)
_PERSON = (
    "man woman boy girl child kid baby toddler person player singer actor actress president "
    "politician dancer chef teacher doctor soldier musician artist athlete lady guy bride groom"
)
_PERSONS = "|".join(_PERSON.split())
_INTRODUCED = re.compile(rf"\b((?:{_PERSONS})s?),?\s+(?:named|called)\s+{_NAME}(?:\s+{_NAME})*")
_TITLED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|Herr|Frau|Monsieur|Madame|Señor|Señora|Signor|Signora|Sir|President|"
    r"Prime Minister|Chancellor|Senator|Pope|Prince|Princess|actor|actress|singer|footballer|"
    rf"politician|président|Präsident)\.?\s+({_NAME})"
)
_APPOSITION = re.compile(
    rf"({_NAME}(?:\s+{_NAME})+)(?:,\s+(?:an?|the)\s+(?:[\w-]+\s+){{0,3}}(?:{_PERSONS})\b|"
    r"\s+(?:speaks|speaking|sings|singing|gives|giving|delivers|delivering|addresses|signs)\b)"
)
_QUOTED = re.compile(r'"[^"]*"|“[^”]*”|«[^»]*»|‘[^’]*’')
_GIVEN_PLACE = re.compile(_NAME)
_POSSESSIVE = re.compile(r"['’]s?$")


def unnamed(text: str) -> str:
    """``text`` with "a man named John" told as "a man"."""
    return _INTRODUCED.sub(r"\1", text)


def names_a_person(text: str, known: frozenset[str] = frozenset()) -> bool:
    """Whether ``text`` calls somebody by a name that isn't among ``known``, lower-case words.

    What stands in quotation marks is writing in the photo and not looked at.
    """
    plain = _QUOTED.sub(" ", text)
    return any(not set(_words(name)) & known for name in (*_given_names(plain), *_presented(plain)))


def known_words(*texts: str) -> frozenset[str]:
    """The words of labels and style that may be names, for ``names_a_person``."""
    return frozenset(word for text in texts for word in _words(text))


def _words(text: str) -> list[str]:
    return [_POSSESSIVE.sub("", word) for word in re.findall(r"[\w’'-]+", text.lower())]


def _given_names(text: str) -> list[str]:
    found = []
    for match in _GIVEN_PLACE.finditer(text):
        if _POSSESSIVE.sub("", match[0].lower()) not in _GIVEN:
            continue
        if _NOT_A_PERSON.match(text, match.end()) or _SAINT.search(text[: match.start()]):
            continue
        found.append(match[0])
    return found


def _presented(text: str) -> list[str]:
    return [match[1] for pattern in (_TITLED, _APPOSITION) for match in pattern.finditer(text)]
