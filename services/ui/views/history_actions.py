"""What can be done with ticked photos: delete them, after a confirmation, or take them as a ZIP.

Both go on off the page's thread. What they came to stands at the foot of the page until it is
closed or something else is asked for.
"""

from datetime import UTC, datetime

import streamlit as st

from clients.api import CaptionApi
from services.ui import deleting, downloads, selection, selection_export, sentences, sign_in
from services.ui.components import saving
from services.ui.deleting import Deletion
from services.ui.history_memory import Memory
from services.ui.selection_export import Export


def ask(memory: Memory, what: object, ids: tuple[str, ...], client: CaptionApi) -> None:
    """The browser asked for something to be done with these photos."""
    if not ids or memory.is_busy:
        return
    close(memory)
    if what == "delete":
        memory.condemned = ids
    elif what == "export":
        memory.objection = selection.objection(memory.selection.photos.values(), len(ids))
        if memory.objection is None:
            memory.export, memory.is_busy = Export(ids), True
            selection_export.start(memory.export, client)


def close(memory: Memory) -> None:
    """Forget what came of the last thing; nothing that is still under way."""
    memory.objection = None
    if not memory.is_busy:
        memory.deletion = memory.export = memory.export_url = None


def confirm(client: CaptionApi, memory: Memory) -> None:
    """Ask before anything is deleted."""
    count = sentences.photos(len(memory.condemned))

    def dismissed() -> None:
        memory.condemned = ()

    @st.dialog(f"Delete {count}?", on_dismiss=dismissed)
    def dialog() -> None:
        st.write("The photos, their captions and all copies go for good. This can't be undone.")
        with st.container(horizontal=True, horizontal_alignment="right"):
            if st.button("Keep them"):
                memory.condemned = ()
                st.rerun()
            if st.button(f"Delete {count}", type="primary"):
                _delete(client, memory, memory.condemned)
                memory.condemned = ()
                st.rerun()

    dialog()


def collect(memory: Memory) -> bool:
    """Take in what has happened; true if photos were being deleted and that is over now.

    Raises ``NotSignedIn`` if the token was refused.
    """
    if not memory.is_busy:
        return False
    deletion, export = memory.deletion, memory.export
    # Asked before anything else: what is finished by now has all of its results.
    memory.is_busy = not all(each.is_finished for each in (deletion, export) if each is not None)
    if (deletion and deletion.signed_out) or (export and export.signed_out):
        memory.is_busy = False
        close(memory)
        raise sign_in.refusal()
    if deletion is None:
        return False
    memory.selection.drop(list(deletion.deleted))
    return not memory.is_busy


def show(client: CaptionApi, memory: Memory) -> None:
    """How the last thing asked for stands, if there is any."""
    if not (memory.deletion or memory.export or memory.objection):
        return
    with st.container(
        key="history_news", border=True, horizontal=True, vertical_alignment="center"
    ):
        if memory.deletion is not None:
            _show_deletion(client, memory, memory.deletion)
        if memory.export is not None:
            _show_export(memory, memory.export)
        if memory.objection is not None:
            st.warning(memory.objection)
        if not memory.is_busy:
            st.button("Close", type="tertiary", on_click=close, args=(memory,))


def _show_deletion(client: CaptionApi, memory: Memory, deletion: Deletion) -> None:
    total = len(deletion.image_ids)
    if memory.is_busy:
        text = f"Deleting {sentences.photos(total)}: {deletion.done} done"
        st.progress(deletion.done / total, text=text)
        return
    if not deletion.missed:
        st.success(f"{sentences.photos(total)} deleted.")
        return
    why = "the service did not answer" if deletion.unanswered else "the service refused"
    st.warning(f"{len(deletion.deleted)} deleted, {len(deletion.missed)} could not be: {why}.")

    st.button("Try again", on_click=_delete, args=(client, memory, tuple(deletion.missed)))


def _delete(client: CaptionApi, memory: Memory, image_ids: tuple[str, ...]) -> None:
    memory.deletion, memory.is_busy = Deletion(image_ids), True
    deleting.start(memory.deletion, client)


def _show_export(memory: Memory, export: Export) -> None:
    total = len(export.image_ids)
    if memory.is_busy:
        text = f"Making a ZIP of {sentences.photos(total)}: {export.done} done"
        st.progress(export.done / total, text=text)
    elif export.problem is not None:
        st.warning(export.problem)
    else:
        _hand_over(memory, export)


def _hand_over(memory: Memory, export: Export) -> None:
    if memory.export_url is None and export.file is not None:
        name = f"captions-{datetime.now(UTC):%Y-%m-%d}.zip"
        memory.export_url = downloads.ticket(downloads.Stored(export.file, name, "application/zip"))
    if memory.export_url is not None:
        saving.start(memory.export_url, key="history_save")
    st.success(f"The ZIP of {sentences.photos(export.done)} is with your downloads.")
    if export.missing:
        st.warning(
            f"{sentences.photos(export.missing)} could not be read. "
            "The file errors.txt in the ZIP says which."
        )
