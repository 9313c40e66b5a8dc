"""What can be done with one photo: new captions, a download, another try, deletion.

Each is one call that is not repeated by itself. What it comes to is said beside it, in a sentence.
"""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from clients.api import CaptionApi
from clients.problems import NotSignedIn, Refused, Unavailable, Unreachable
from clients.resources import Image
from services.ui import downloads, sentences, sign_in, writers
from services.ui.components import saving
from services.ui.languages import LANGUAGES
from services.ui.sentences import Act

Answer = TypeVar("Answer")

# Those that captions can be written into (api.md, download).
_TAKES_CAPTIONS = frozenset({"image/jpeg", "image/png", "image/webp"})
_STYLE_MAX = 200  # characters, as the gateway has it
_LANGUAGES = dict(LANGUAGES)
_USUAL = "Usual order"
_AS_BEFORE = "As before"
# Set where captions turned out not to go into a file; its id.
_PLAIN_ONLY = "photo_plain_only"
# What the last call came to that did not do what was wanted: the photo, the act, the sentence.
_TROUBLE = "photo_trouble"
# The fields of the form for new captions.
_LANGUAGE, _STYLE, _FIRST = "again-language", "again-style", "again-first"


def offer_captions(client: CaptionApi, photo: Image, *, begun: Callable[[Image], None]) -> None:
    """The form for new captions; ``begun`` is told of the photo once they are on their way."""
    with st.expander("Caption again"), st.form("caption-again", border=False):
        st.selectbox(
            "Language",
            [None, *_LANGUAGES],
            format_func=lambda tag: _LANGUAGES[tag] if tag else _AS_BEFORE,
            key=_LANGUAGE,
        )
        st.text_input(
            "Style",
            max_chars=_STYLE_MAX,
            placeholder="As before. For example: playful, for a travel shop",
            key=_STYLE,
        )
        st.selectbox(
            "Ask first",
            [None, *writers.NAMES],
            format_func=lambda name: writers.name_of(name) if name else _USUAL,
            help="If it can't answer, the others are asked as usual.",
            key=_FIRST,
        )
        st.write(_price(photo))
        st.form_submit_button("Write new captions", on_click=_write, args=(client, photo, begun))
    _say_trouble(photo, "caption")


def offer_retry(client: CaptionApi, photo: Image, *, begun: Callable[[Image], None]) -> None:
    """Another try for a photo that failed, where that can help."""
    if photo.error is not None and photo.error.retryable:
        st.button("Try again", type="primary", on_click=_retry, args=(client, photo, begun))
    _say_trouble(photo, "add")


# What costs something is done in callbacks: these run before all else, where a run of the page that
# another event cuts short would never get as far as the button that was clicked.
def _write(client: CaptionApi, photo: Image, begun: Callable[[Image], None]) -> None:
    chosen = st.session_state
    language, first = chosen[_LANGUAGE], chosen[_FIRST]
    style = str(chosen[_STYLE]).strip() or None
    _try(
        lambda: client.caption_again(
            photo.image_id, language=language, style=style, provider=first
        ),
        photo,
        "caption",
        begun,
    )


def _retry(client: CaptionApi, photo: Image, begun: Callable[[Image], None]) -> None:
    _try(lambda: client.retry(photo.image_id), photo, "add", begun)


def _try(call: Callable[[], Image], photo: Image, act: Act, begun: Callable[[Image], None]) -> None:
    trouble = ""
    try:
        begun(call())
    except NotSignedIn:
        sign_in.reject()
    except Refused as refused:
        trouble = sentences.refusal(refused, act=act)
    except (Unreachable, Unavailable):
        trouble = sentences.AWAY
    st.session_state[_TROUBLE] = (photo.image_id, act, trouble)


def _say_trouble(photo: Image, act: Act) -> None:
    image_id, what, trouble = st.session_state.get(_TROUBLE, ("", "", ""))
    if trouble and (image_id, what) == (photo.image_id, act):
        st.warning(trouble)


def offer_download(client: CaptionApi, photo: Image) -> None:
    """The stored photo as a file, with its captions inside where it can have them."""
    original = photo.original
    if original is None:
        return
    fits = original.content_type in _TAKES_CAPTIONS
    fits = fits and st.session_state.get(_PLAIN_ONLY) != photo.image_id
    if photo.captions is not None and fits:
        if st.button("Download with captions inside", icon=":material/download:"):
            _download(client, photo, with_captions=True)
        return
    if st.button("Download the photo", icon=":material/download:"):
        _download(client, photo, with_captions=False)
    if photo.captions is not None:
        st.text("Captions can be written into JPEG, PNG and WebP files only.")


def offer_deletion(client: CaptionApi, photo: Image, *, done: Callable[[], None]) -> None:
    """A button that asks once more; ``done`` is called when the photo is gone."""
    if st.button("Delete", icon=":material/delete:"):
        _confirm(client, photo, done)


@st.dialog("Delete this photo?")
def _confirm(client: CaptionApi, photo: Image, done: Callable[[], None]) -> None:
    st.write("The photo, its captions and every copy we have of it are deleted for good.")
    with st.container(horizontal=True):
        wanted = st.button("Delete for good", type="primary")
        if st.button("Keep it"):
            st.rerun()
    if wanted and _is_deleted(client, photo.image_id):
        done()
        st.rerun()


def _is_deleted(client: CaptionApi, image_id: str) -> bool:
    def delete() -> bool:
        client.delete(image_id)
        return True

    return bool(_done(delete, "delete"))


def _download(client: CaptionApi, photo: Image, *, with_captions: bool) -> None:
    try:
        with sign_in.required():
            opened = client.open_download(photo.image_id, with_captions=with_captions)
    except Refused as refused:
        if refused.code == "metadata_unsupported":
            st.session_state[_PLAIN_ONLY] = photo.image_id
            st.rerun()
        st.warning(sentences.refusal(refused, act="download"))
    except (Unreachable, Unavailable):
        st.warning(sentences.AWAY)
    else:
        saving.start(downloads.ticket(opened), key="photo-download")


def _done(call: Callable[[], Answer], act: Act) -> Answer | None:
    """The answer, or ``None`` once it was said why there is none."""
    try:
        with sign_in.required():
            return call()
    except Refused as refused:
        st.warning(sentences.refusal(refused, act=act))
    except (Unreachable, Unavailable):
        st.warning(sentences.AWAY)
    return None


def _price(photo: Image) -> str:
    cost = "This takes one of your captions and replaces the texts of this photo"
    edited = photo.captions is not None and photo.captions.edited
    return f"{cost}, what you have edited included." if edited else f"{cost}."
