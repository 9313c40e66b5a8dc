"""One photo as a card: picture, stage and texts with copy buttons, all of it plain text."""

from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from clients.resources import Image, Provider
from services.ui import sentences
from services.ui.batches import Item, Stage, stage_of
from services.ui.components.revisions import revised

_HERE = Path(__file__).parent
_card = st.components.v2.component(
    "photo_card",
    css=(_HERE / "card.css").read_text(),
    js=(_HERE / "card.js").read_text(),
)

# The step of three (sent, prepared, captioned) that is under way.
_STEPS = {Stage.SENDING: 0, Stage.WAITING: 1, Stage.PREPARING: 1, Stage.CAPTIONING: 2}
# What browsers show; of the others the thumbnail, always a JPEG, is shown large as well.
_SHOWABLE = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"})


@dataclass(frozen=True)
class Text:
    """A text that can be copied."""

    id: str
    label: str
    text: str


@dataclass(frozen=True)
class Picture:
    """A picture by address."""

    url: str
    alt: str


@dataclass(frozen=True)
class Card:
    """What the browser side draws; field names are those of ``card.js``."""

    title: str
    stage: str
    stage_label: str
    step: int | None
    texts: list[Text]
    image: Picture | None = None
    problem: str | None = None
    note: str | None = None
    large: bool = False


def show(card: Card, *, key: str) -> None:
    """Draw it; the same key updates in place."""
    _card(data=revised(asdict(card), key=key), key=key)


def card_of_item(item: Item) -> Card:
    """A photo of the current drop, under its file's name."""
    if item.photo is None:
        stage = item.stage
        return Card(
            title=item.name,
            stage=stage.name.lower(),
            stage_label=stage.value,
            step=_STEPS.get(stage),
            texts=[],
            problem=item.problem,
        )
    return card_of_photo(item.photo, title=item.name)


def card_of_photo(photo: Image, *, title: str, large: bool = False) -> Card:
    """A photo the gateway knows."""
    stage = stage_of(photo)
    return Card(
        title=title,
        stage=stage.name.lower(),
        stage_label=stage.value,
        step=_STEPS.get(stage),
        texts=_texts(photo),
        image=_image(photo, large=large),
        problem=sentences.failure(photo.error) if stage is Stage.FAILED else None,
        note=_note(photo.provider),
        large=large,
    )


def _texts(photo: Image) -> list[Text]:
    captions = photo.captions
    if captions is None:
        return []
    offered = (
        ("concise", "Short caption", captions.concise),
        ("creative", "Creative caption", captions.creative),
        ("alt_text", "Alt text", captions.alt_text),
    )
    return [Text(name, label, text) for name, label, text in offered if text]


def _image(photo: Image, *, large: bool) -> Picture | None:
    original, thumbnail = photo.original, photo.thumbnail
    # An empty alt text is a description too: of decoration.
    alt = photo.captions.alt_text if photo.captions else "The photo, not described yet"
    if large and original and original.url and original.content_type in _SHOWABLE:
        return Picture(original.url, alt)
    return Picture(thumbnail.url, alt) if thumbnail and thumbnail.url else None


def _note(provider: Provider | None) -> str | None:
    if provider is None or not provider.degraded:
        return None
    if provider.name == "local":
        return (
            "Approximate: local model. It knows common things only and can be wrong: "
            "read the texts before you use them."
        )
    return (
        "Approximate: the usual caption writer was not available, another stepped in. "
        "Read the texts before you use them."
    )
