"""One photo, large, with what is known about it."""

import streamlit as st

from clients.api import CaptionApi
from clients.problems import Refused, Unavailable, Unreachable
from clients.resources import Image
from services.ui import sign_in
from services.ui.batches import stage_of
from services.ui.components import away, photo_card
from services.ui.photo_files import megabytes
from services.ui.times import when

_TICK = 2.0  # seconds between looks while the photo is being worked on


def show(client: CaptionApi, image_id: str) -> None:
    """The photo with this id, if it is this person's."""
    st.button("Back", icon=":material/arrow_back:", type="tertiary", on_click=_leave)
    try:
        photo = client.image(image_id)
    except (Unreachable, Unavailable):
        away.show()
    except Refused:
        st.title("This photo is not here", anchor=False)
        st.write("It may have been deleted, or it belongs to somebody else.")
    else:
        st.fragment(_body, run_every=None if photo.settled else _TICK)(client, [photo])


def _leave() -> None:
    st.query_params.pop("image", None)


def _body(client: CaptionApi, latest: list[Image]) -> None:
    photo = latest[-1]
    if not photo.settled:
        photo = _newer(client, photo)
        latest[:] = [photo]
        if photo.settled:
            st.rerun()
    title = f"Photo of {when(photo.created_at)}"
    photo_card.show(photo_card.card_of_photo(photo, title=title, large=True), key="detail")
    _facts(photo)


def _newer(client: CaptionApi, photo: Image) -> Image:
    try:
        with sign_in.required():
            return client.image(photo.image_id)
    except (Unreachable, Unavailable, Refused):
        # What is on the page stays; the next tick asks again.
        return photo


def _facts(photo: Image) -> None:
    facts = {
        "State": stage_of(photo).value,
        "Added": when(photo.created_at),
        "Stored photo": _stored(photo),
        "Seen in it": ", ".join(label.name for label in photo.labels or []),
        "Written by": _writer(photo),
    }
    with st.expander("About this photo"):
        for name, value in facts.items():
            if value:
                # st.text, because labels and model names are not ours to trust as Markdown.
                st.text(f"{name}: {value}")


def _stored(photo: Image) -> str:
    original = photo.original
    if original is None or not original.width or not original.height:
        return ""
    size = f", {megabytes(original.bytes)}" if original.bytes else ""
    return f"{original.width} by {original.height} pixels{size}"


def _writer(photo: Image) -> str:
    provider = photo.provider
    if provider is None:
        return ""
    return f"{provider.name}, {provider.model}" if provider.model else provider.name
