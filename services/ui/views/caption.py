"""Add photos, watch them come along, take the texts.

A drop is sent the moment it lands. One list call a cycle tells about all its photos; the cycle
slows down when nothing moves and stops when every photo has reached its end.
"""

import re
import secrets
from typing import cast

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from clients.api import CaptionApi
from clients.problems import Refused, Unavailable, Unreachable
from services.ui import sending, sentences, sign_in
from services.ui.batches import Batch, Item, Stage
from services.ui.components import photo_card
from services.ui.photo_files import ACCEPTED, MAX_FILES

_TICK = 1.0  # seconds between the page's own runs while photos are under way
_BATCH_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_BATCHES = "batches"
_DROPS = "drops"
_UNREACHED = "unreached"
_TOO_MANY = "too_many"


def show(client: CaptionApi) -> None:
    """The page for adding photos."""
    st.title("Caption photos", anchor=False)
    batches = _batches()
    _take_drop(client, batches)
    if not batches:
        _teach()
        return
    # The timer of a drop that has ended goes with the next whole run, whenever there is one. To ask
    # for that run from within a timed one made Streamlit lose cards, about once in a hundred drops.
    under_way = any(_is_under_way(batch) for batch in batches)
    st.fragment(_progress, run_every=_TICK if under_way else None)(client, batches)


def _batches() -> list[Batch]:
    """This session's drops, newest first; a reloaded page finds its drop by the address."""
    batches = cast("list[Batch]", st.session_state.setdefault(_BATCHES, []))
    wanted = st.query_params.get("batch", "")
    if _BATCH_ID.fullmatch(wanted) and all(batch.id != wanted for batch in batches):
        batches.insert(0, Batch(id=wanted))
    if batches and not wanted:
        # Coming back from another view: a reload must still find the drop.
        st.query_params["batch"] = batches[0].id
    return batches


def _take_drop(client: CaptionApi, batches: list[Batch]) -> None:
    drops = st.session_state.setdefault(_DROPS, 0)
    files = st.file_uploader(
        "Drop your photos here, or choose them",
        accept_multiple_files=True,
        # A new key empties the widget for the next drop.
        key=f"drop-{drops}",
    )
    st.caption(f"{ACCEPTED}, up to 10 MB each and {MAX_FILES} at a time.")
    if files:
        # Counted up first: should this run be cut short and repeated, the drop is not taken twice.
        st.session_state[_DROPS] = drops + 1
        batch = _batch_of(files)
        batches.insert(0, batch)
        st.session_state[_TOO_MANY] = len(files) > MAX_FILES
        sending.start(batch, client)
        st.query_params["batch"] = batch.id
        st.rerun()
    if st.session_state.get(_TOO_MANY):
        st.warning(f"Only the first {MAX_FILES} photos were taken. Add the others once more.")


def _batch_of(files: list[UploadedFile]) -> Batch:
    batch_id = secrets.token_urlsafe(12)
    taken = [(file.name, file.getvalue()) for file in files[:MAX_FILES]]
    _forget(files)
    return Batch(id=batch_id, items=sending.gathered(batch_id, taken), loaded=True)


def _forget(files: list[UploadedFile]) -> None:
    """Drop Streamlit's copy of the bytes, which would otherwise live as long as the session."""
    context = get_script_run_ctx()
    remove = getattr(context and context.uploaded_file_mgr, "remove_file", None)
    if context is None or remove is None:
        return
    for file in files:
        remove(session_id=context.session_id, file_id=file.file_id)


def _teach() -> None:
    st.subheader("What you get", anchor=False)
    st.write(
        "For every photo: a short caption of at most ten words, a creative one of a sentence or "
        "two, and an alt text for people who use a screen reader. Each has a button to copy it."
    )
    st.write(
        "Photos take a few seconds each. You may close this page meanwhile: "
        "everything you add is kept under History."
    )


def _is_under_way(batch: Batch) -> bool:
    return not batch.is_finished() and not batch.cadence.is_exhausted()


def _progress(client: CaptionApi, batches: list[Batch]) -> None:
    with sign_in.required():
        for batch in batches:
            _look(client, batch)
    _notice(batches)
    for batch in batches:
        _show_batch(client, batch)


def _look(client: CaptionApi, batch: Batch) -> None:
    """One list call, if one is due and could tell anything."""
    if batch.signed_out:
        raise sign_in.refusal()
    if not (_is_under_way(batch) and batch.is_listed() and batch.cadence.is_due()):
        return
    try:
        page = client.images(limit=100, batch=batch.id)
    except (Unreachable, Unavailable, Refused):
        st.session_state[_UNREACHED] = True
        batch.cadence.record(news=False)
    else:
        st.session_state[_UNREACHED] = False
        batch.cadence.record(news=batch.fold(page.items))


def _notice(batches: list[Batch]) -> None:
    if st.session_state.get(_UNREACHED) or any(batch.held_up for batch in batches):
        st.info(
            "The service is not answering right now. Your photos are safe and we keep trying; "
            "this page goes on by itself."
        )


def _show_batch(client: CaptionApi, batch: Batch) -> None:
    counts = batch.counts()
    if counts.total == 0:
        st.write("There are no photos here." if batch.loaded else "Looking for your photos …")
        return
    summary = f"{counts.done} of {sentences.photos(counts.total)} done"
    if counts.failed:
        summary += f", {counts.failed} could not be captioned"
    st.progress(counts.ended / counts.total, text=summary)
    if batch.cadence.is_exhausted() and not batch.is_finished():
        st.info("Some photos take unusually long.")
        if st.button("Look again", key=f"look-{batch.id}"):
            batch.cadence.restart()
            st.rerun()
    for index, item in enumerate(batch.items):
        photo_card.show(photo_card.card_of_item(item), key=f"card-{batch.id}-{index}")
        if item.stage is Stage.FAILED:
            _offer_retry(client, batch, item)


def _offer_retry(client: CaptionApi, batch: Batch, item: Item) -> None:
    photo = item.photo
    if photo is None or photo.error is None or not photo.error.retryable:
        return
    if not st.button("Try again", key=f"retry-{photo.image_id}"):
        return
    try:
        with sign_in.required():
            item.photo = client.retry(photo.image_id)
    except (Unreachable, Unavailable):
        st.warning("The service is not answering right now. Try again in a moment.")
    except Refused as refused:
        st.warning(sentences.refusal(refused))
    else:
        batch.cadence.restart()
        st.rerun()
