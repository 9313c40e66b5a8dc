"""One photo, large, with its texts and all that can be done with it.

The page's address names it (``?image=…``), so a reload or a kept link shows it again. What the
person does here runs this view's fragment only; it looks for news as long as there may be any.
"""

import streamlit as st

from clients.api import CaptionApi
from clients.problems import Refused, Unavailable, Unreachable
from clients.resources import Image
from services.ui import editing, sentences, sign_in, viewing
from services.ui.batches import Stage, stage_of
from services.ui.components import away, picture, pulse, texts
from services.ui.sign_in import Person
from services.ui.times import when
from services.ui.viewing import Viewed
from services.ui.views import photo_actions, photo_facts

_TICK = 1.0  # seconds between looks at the clock while the photo is being worked on
# What browsers show; of the others the thumbnail, always a JPEG, is shown large as well.
_SHOWABLE = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"})
_STEPS = {Stage.WAITING: 0.1, Stage.PREPARING: 0.35, Stage.CAPTIONING: 0.7}


def show(client: CaptionApi, image_id: str, person: Person) -> None:
    """The photo with this id, if it is this person's."""
    st.button("Back", icon=":material/arrow_back:", type="tertiary", on_click=_leave)
    try:
        photo = client.image(image_id)
    except (Unreachable, Unavailable):
        away.show()
    except Refused:
        _show_nothing()
    else:
        st.title(f"Photo added {when(photo.created_at)}", anchor=False)
        st.fragment(_body)(client, viewing.begin(photo), person)


def _leave() -> None:
    st.query_params.pop("image", None)


def _show_nothing() -> None:
    st.title("This photo is not here", anchor=False)
    st.write("It may have been deleted, or it belongs to somebody else.")


def _body(client: CaptionApi, viewed: Viewed, person: Person) -> None:
    if sign_in.is_rejected():
        st.rerun()
    key = f"texts-{viewed.photo.image_id}"
    with sign_in.required():
        viewing.follow(client, viewed)
        viewing.save_wishes(client, viewed, key=key)
    if viewed.gone:
        st.info("This photo is not there any more. It may have been deleted elsewhere.")
        return
    photo = viewed.photo
    left, right = st.columns([5, 6], gap="medium")
    with left:
        picture.show(_picture(photo), words=_waiting_words(photo), key=f"picture-{photo.image_id}")
    with right:
        _show_state(client, viewed)
        if photo.captions is not None:
            texts.show(_texts(viewed, person), key=key)
        with st.container(horizontal=True, gap="small"):
            photo_actions.offer_download(client, photo)
            photo_actions.offer_deletion(client, photo, done=_say_deleted)
        if photo.settled and photo.original is not None:
            photo_actions.offer_captions(client, photo, begun=viewed.restart)
        photo_facts.show(photo)
    if viewed.is_moving():
        pulse.show(_TICK, key="photo-pulse")


def _picture(photo: Image) -> picture.Picture | None:
    original, thumbnail = photo.original, photo.thumbnail
    # An empty alt text is a description too: of decoration.
    alt = photo.captions.alt_text if photo.captions else "The photo, not described yet"
    instead = thumbnail.url if thumbnail else ""
    if original and original.url and original.content_type in _SHOWABLE:
        return picture.Picture(
            original.url, alt, original.width, original.height, instead, full=original.url
        )
    if thumbnail and thumbnail.url:
        return picture.Picture(thumbnail.url, alt, thumbnail.width, thumbnail.height)
    return None


def _waiting_words(photo: Image) -> str:
    if photo.settled:
        return "There is no picture to show."
    return "The photo is shown here as soon as it is prepared."


def _texts(viewed: Viewed, person: Person) -> texts.Texts:
    photo = viewed.photo
    captions = photo.captions
    edited = when(captions.edited_at or "") if captions and captions.edited else ""
    return texts.Texts(
        owner=person.tag,
        image=photo.image_id,
        language=captions.language if captions else "",
        texts=editing.texts_of(photo),
        outcomes=viewed.outcomes,
        note=sentences.approximate(photo.provider) or "",
        foot=f"Edited by you, {edited}" if edited else "",
    )


def _show_state(client: CaptionApi, viewed: Viewed) -> None:
    """How far it is, or why it failed; nothing if all is well."""
    photo = viewed.photo
    stage = stage_of(photo)
    if stage is Stage.FAILED:
        st.error(sentences.failure(photo.error))
        photo_actions.offer_retry(client, photo, begun=viewed.restart)
    elif not photo.settled:
        st.progress(_STEPS.get(stage, 0.5), text=f"{stage.value} …")
        _show_patience(viewed)


def _show_patience(viewed: Viewed) -> None:
    if viewed.cadence.is_exhausted():
        st.info("This takes unusually long.")
        if st.button("Look again"):
            viewed.cadence.restart()
            st.rerun()
    elif viewed.unreached:
        st.info(sentences.GOES_ON)


def _say_deleted() -> None:
    _leave()
    st.toast("The photo was deleted.")
