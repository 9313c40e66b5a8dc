"""The front page, for those who have not signed in or have to do so again."""

import streamlit as st


def show(*, ended: bool) -> None:
    """What this is, and one button. ``ended``: the session was there and ran out."""
    with st.container(key="front"):
        if ended:
            st.title("Sign in again", anchor=False)
            st.write(
                "Your session has ended to keep your photos private. "
                "Everything you handed in is kept: you find it under History."
            )
            st.button("Sign in again", type="primary", on_click=st.login)
            return
        st.title("Captions for your photos", anchor=False)
        st.write(
            "Add your photos and get a short caption, a creative one and an alt text for each, "
            "ready to copy."
        )
        st.button("Sign in", type="primary", on_click=st.login)
        st.space("small")
        for title, text in (
            ("Many at once", "Drop up to 100 photos. Each shows where it is until it is done."),
            (
                "Alt text included",
                "Written for people who use a screen reader, short enough to fit.",
            ),
            ("Yours only", "Location and camera data are removed. Other users never see a photo."),
        ):
            st.subheader(title, anchor=False)
            st.write(text)
