"""Save what a person wrote in place of a text of a photo, and never over what they have not seen.

A wish may be acted upon twice, because a run of the page may be cut short and repeated: a text that
stands there already counts as saved.
"""

from typing import Protocol

from clients.problems import ApiProblem, NotSignedIn, Refused, Unavailable, Unreachable
from clients.resources import Image
from services.ui import sentences
from services.ui.components.texts import Outcome, Text, Wish

# What the gateway takes (services/gateway/edits.py), in characters.
_CONCISE_MAX = 300
_CREATIVE_MAX = 2000
_ALT_TEXT_MAX = 1000
# Another text of the photo may be saved elsewhere in between, but not again and again.
_TRIES = 3
_PRECONDITION_FAILED = "precondition_failed"


class Editor(Protocol):
    """Where photos are read and edited; see ``CaptionApi``."""

    def image(self, image_id: str) -> Image:
        """One photo."""

    def edit(self, image_id: str, captions: dict[str, str], *, version: int | None = None) -> Image:
        """Replace texts, in that version only."""


def texts_of(photo: Image) -> list[Text]:
    """The texts of a photo under the names of the page, which are also the API's."""
    captions = photo.captions
    if captions is None:
        return []
    return [
        Text("concise", "Short caption", captions.concise, _CONCISE_MAX),
        Text("creative", "Creative caption", captions.creative, _CREATIVE_MAX),
        Text("alt_text", "Alt text", captions.alt_text, _ALT_TEXT_MAX, may_be_empty=True),
    ]


def save(client: Editor, photo: Image, name: str, wish: Wish) -> tuple[Image, Outcome]:
    """Have ``wish`` saved as the text called ``name``; the photo as it then is.

    ``changed`` is what it comes to if another text stands there than the one the person saw. Raises
    ``NotSignedIn``.
    """
    try:
        return _save(client, photo, name, wish)
    except NotSignedIn:
        raise
    except Refused as refused:
        sentence = sentences.refusal(refused, act="edit")
    except (Unavailable, Unreachable):
        sentence = sentences.NOT_SAVED
    return photo, Outcome(wish.number, "refused", sentence)


def _save(client: Editor, photo: Image, name: str, wish: Wish) -> tuple[Image, Outcome]:
    for _ in range(_TRIES):
        stands = {text.id: text.text for text in texts_of(photo)}.get(name)
        if stands is not None and _same(stands, wish.text):
            return photo, Outcome(wish.number, "saved")
        if stands is not None and not _same(stands, wish.base):
            return photo, Outcome(wish.number, "changed")
        try:
            edited = client.edit(photo.image_id, {name: wish.text}, version=photo.version)
        except ApiProblem as problem:
            if problem.code != _PRECONDITION_FAILED:
                raise
            photo = client.image(photo.image_id)
        else:
            return edited, Outcome(wish.number, "saved")
    return photo, Outcome(wish.number, "refused", sentences.NOT_SAVED)


def _same(one: str, other: str) -> bool:
    """As the gateway stores them: it tidies what lies between words."""
    return one.split() == other.split()
