"""One photo, large, with what is known about it."""

import streamlit as st

from services.ui import sign_in
from services.ui.batches import stage_of
from services.ui.client import GatewayClient, Refused, Unreachable
from services.ui.components import away, photo_card
from services.ui.photo_files import megabytes
from services.ui.resources import Photo
from services.ui.times import when

_TICK = 2.0  # seconds between looks while the photo is being worked on


def show(client: GatewayClient, image_id: str) -> None:
    """The photo with this id, if it is this person's."""
    st.button("Back", icon=":material/arrow_back:", type="tertiary", on_click=_leave)
    try:
        photo = client.photo(image_id)
    except Unreachable:
        away.show()
    except Refused:
        st.title("This photo is not here", anchor=False)
        st.write("It may have been deleted, or it belongs to somebody else.")
    else:
        st.fragment(_body, run_every=None if photo.settled else _TICK)(client, [photo])


def _leave() -> None:
    st.query_params.pop("image", None)


def _body(client: GatewayClient, latest: list[Photo]) -> None:
    photo = latest[-1]
    if not photo.settled:
        photo = _newer(client, photo)
        latest[:] = [photo]
        if photo.settled:
            st.rerun()
    title = f"Photo of {when(photo.created_at)}" if photo.created_at else "Photo"
    photo_card.show(photo_card.card_of_photo(photo, title=title, large=True), key="detail")
    _facts(photo)


def _newer(client: GatewayClient, photo: Photo) -> Photo:
    try:
        with sign_in.required():
            return client.photo(photo.image_id)
    except (Unreachable, Refused):
        # What is on the page stays; the next tick asks again.
        return photo


def _facts(photo: Photo) -> None:
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


def _stored(photo: Photo) -> str:
    original = photo.original
    if original is None or original.width is None or original.height is None:
        return ""
    size = f", {megabytes(original.bytes)}" if original.bytes is not None else ""
    return f"{original.width} by {original.height} pixels{size}"


def _writer(photo: Photo) -> str:
    provider = photo.provider
    if provider is None:
        return ""
    return f"{provider.name}, {provider.model}" if provider.model else provider.name
