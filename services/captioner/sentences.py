"""Turn a scene and a palette into the three texts. Nothing is said that was not measured.

Which of the phrasings a photo gets depends on the photo alone, so the same photo always reads the
same and two photos of a cat seldom do.
"""

import zlib
from dataclasses import dataclass

from services.captioner import grammar
from services.captioner.colours import Palette
from services.captioner.scene import Scene, Subject

CONCISE_WORDS = 10
ALT_CHARACTERS = 125
LEFT_OF, RIGHT_OF = 0.38, 0.62  # where the middle of the frame begins and ends
WIDE = 0.6  # a subject wider than this is not left, right or centre

PLACES = {
    "interior": "indoors",
    "landscape": "outdoors",
    "mountains": "in the mountains",
    "stretch of water": "by the water",
    "lake": "by a lake",
    "seashore": "by the sea",
    "pier": "by a pier",
    "dock": "by a dock",
    "stage": "with a stage",
    "altar": "with an altar",
}
INDOORS = ("restaurant", "library", "barbershop")

CREATIVE = (
    "{What}{where}, caught in {colours}.",
    "{Colours} set the scene for {what}{where}.",
    "Look closer: {what}{where}, in {colours}.",
    "{What}{where}, with {colours} carrying the mood.",
    "{What}{where}: a moment in {colours}.",
)
NOTHING_NAMED = (
    "{Colours} fill the frame and leave the rest to the imagination.",
    "A play of {colours}, open to interpretation.",
    "{Colours} do all the talking here.",
)
MOODS = {
    "dark": "The light is low throughout.",
    "bright": "The whole frame is full of light.",
    "even": "",
}


@dataclass(frozen=True, slots=True)
class Texts:
    """At most 10 words; one or two sentences; at most 125 characters."""

    concise: str
    creative: str
    alt_text: str


def write(scene: Scene, palette: Palette) -> Texts:
    """Write all three texts."""
    if not scene.subjects and scene.setting is None:
        return _unnamed(palette)
    return Texts(
        concise=_concise(scene, palette),
        creative=_creative(scene, palette),
        alt_text=_alt_text(scene, palette),
    )


def _concise(scene: Scene, palette: Palette) -> str:
    what, place, tones = _what(scene), _place(scene), _in_tones(palette)
    where = place or _position(scene)
    fewer = grammar.listed([_phrase(subject) for subject in scene.subjects[:1]]) or what
    candidates = (
        f"{what}{where}{tones}",
        f"{what}{tones}",
        f"{what}{where}",
        what,
        f"{fewer}{tones}",
        fewer,
    )
    return grammar.capitalised(
        next((text for text in candidates if len(text.split()) <= CONCISE_WORDS), fewer)
    )


def _creative(scene: Scene, palette: Palette) -> str:
    what, colours = _what(scene), _colours(palette)
    sentence = _chosen(CREATIVE, what, palette).format(
        What=grammar.capitalised(what),
        what=what,
        where=_place(scene) or _position(scene),
        Colours=grammar.capitalised(colours),
        colours=colours,
    )
    return f"{sentence} {_arrangement(scene) or MOODS[palette.tone]}".rstrip()


def _alt_text(scene: Scene, palette: Palette) -> str:
    what, where = _what(scene), _place(scene) + _position(scene)
    candidates = (
        f"{what}{where}{_in_tones(palette)}.",
        f"{what}{where}.",
        f"{what}.",
    )
    return grammar.capitalised(next(text for text in candidates if len(text) <= ALT_CHARACTERS))


def _unnamed(palette: Palette) -> Texts:
    colours, look = _colours(palette), _look(palette)
    creative = _chosen(NOTHING_NAMED, look, palette).format(
        Colours=grammar.capitalised(colours), colours=colours
    )
    return Texts(
        concise=grammar.capitalised(grammar.with_article(look)),
        creative=f"{creative} {MOODS[palette.tone]}".rstrip(),
        alt_text=f"{grammar.capitalised(look)}; no subject recognised.",
    )


def _look(palette: Palette) -> str:
    """A noun phrase for a photo of which only the measurements are known."""
    tone = "" if palette.tone == "even" else f"{palette.tone}, "
    if palette.plain:
        return f"{tone}plain {palette.colours[0]} surface"
    mostly = "mostly " if palette.mostly else ""
    colours = (
        "black-and-white" if palette.monochrome else f"{mostly}{' and '.join(palette.colours)}"
    )
    return f"{tone}{colours} photo in {palette.shape} format"


def _what(scene: Scene) -> str:
    named = scene.subjects or ((scene.setting,) if scene.setting else ())
    return grammar.listed([_phrase(subject) for subject in named])


def _phrase(subject: Subject) -> str:
    return grammar.counted(subject.noun, subject.count, exact=subject.exact)


def _place(scene: Scene) -> str:
    """Where it is, with a space before, if there is something for it to be a place of."""
    if scene.setting is None or not scene.subjects:
        return ""
    noun = scene.setting.noun
    if noun in PLACES:
        return f" {PLACES[noun]}"
    preposition = "in" if noun in INDOORS or noun.endswith("shop") else "by"
    return f" {preposition} {grammar.with_article(noun)}"


def _position(scene: Scene) -> str:
    """Where a lone subject is, with a space before."""
    return _side(scene.subjects[0]) if len(scene.subjects) == 1 else ""


def _arrangement(scene: Scene) -> str:
    """A sentence that tells two subjects on different sides apart, or nothing."""
    if len(scene.subjects) != 2:
        return ""
    first, second = (_side(subject) for subject in scene.subjects)
    if not first or not second or first == second:
        return ""
    one, other = (subject.noun for subject in scene.subjects)
    return f"The {one} is{first}, the {other}{second}."


def _side(subject: Subject) -> str:
    """Left, right or centre, with a space before; nothing for what is wide or many."""
    if subject.left is None or subject.right is None or subject.count > 1:
        return ""
    if subject.right - subject.left > WIDE:
        return ""
    middle = (subject.left + subject.right) / 2
    if middle < LEFT_OF:
        return " on the left"
    return " on the right" if middle > RIGHT_OF else " in the centre"


def _in_tones(palette: Palette) -> str:
    return " in black and white" if palette.monochrome else f", in {_colours(palette)}"


def _colours(palette: Palette) -> str:
    if palette.monochrome:
        return "black and white"
    if set(palette.colours) == {"black", "white"}:
        return "dark and light tones"  # "black and white" would mean a photo without colour
    return f"{' and '.join(palette.colours)} tones"


def _chosen(phrasings: tuple[str, ...], what: str, palette: Palette) -> str:
    # Not hash(): Python salts it, and each process would write another caption.
    seed = f"{what}|{palette.colours}|{palette.petals:.3f}|{palette.shape}"
    return phrasings[zlib.crc32(seed.encode()) % len(phrasings)]
