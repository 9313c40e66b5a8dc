"""The front page, for those who have not signed in or have to do so again."""

import streamlit as st

from services.ui.components import session

_GIVES = (
    ("Many at once", "Drop up to 100 photos. Each shows where it is until it is done."),
    ("Alt text included", "Written for people who use a screen reader, short enough to fit."),
    (
        "Yours only",
        "Location and camera data are removed before a photo is kept. Nobody but you sees your "
        "photos here, and you can delete all of them at any time.",
    ),
)


def show(*, ended: bool) -> None:
    """What this is, and one button. ``ended``: the session was there and ran out."""
    session.stand_by(ended=ended)
    with st.container(key="front"):
        if ended:
            st.title("Sign in again", anchor=False)
            st.write(
                "Your session has ended to keep your photos private. Everything you handed in is "
                "kept, and you come back to where you were."
            )
            _button("Sign in again")
            return
        st.title("Captions for your photos", anchor=False)
        st.write(
            "Add your photos and get a short caption, a creative one and an alt text for each, "
            "ready to copy."
        )
        _button("Sign in")
        st.space("small")
        for column, (title, text) in zip(st.columns(len(_GIVES)), _GIVES, strict=True):
            with column:
                st.header(title, anchor=False)
                st.write(text)


def _button(label: str) -> None:
    # The key is how session.js knows it: the click keeps the place to come back to.
    st.button(label, key="sign-in", type="primary", on_click=st.login)
