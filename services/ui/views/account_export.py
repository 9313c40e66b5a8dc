"""Everything of one person as a file to keep: one ZIP, or several where it would be too large.

The gateway decides which. Nothing of it is held here: it goes through to the browser.
"""

from typing import cast

import streamlit as st

from clients.api import CaptionApi
from clients.problems import Refused, Unavailable, Unreachable
from clients.resources import Account, Export, ExportPart
from clients.transfers import Transfer
from services.ui import downloads, sentences, sign_in
from services.ui.components import saving
from services.ui.photo_files import megabytes
from services.ui.times import when

# The parts that were listed last.
_LISTED = "account_export"


def show(client: CaptionApi, account: Account) -> None:
    """The button, and the parts once there are any."""
    st.subheader("Take everything with you", anchor=False)
    if account.images == 0:
        st.write("There is nothing to download yet.")
        return
    st.write(
        "All your photos as they are kept here, with a table of their captions, in one ZIP file. "
        "Above 500 photos you get several."
    )
    if st.button("Download everything", key="export", icon=":material/download:"):
        st.session_state.pop(_LISTED, None)
        _start(client)
    listed = cast("Export | None", st.session_state.get(_LISTED))
    if listed is not None:
        _parts(client, listed)


def _start(client: CaptionApi) -> None:
    try:
        with sign_in.required():
            opened = client.open_export()
    except (Unreachable, Unavailable):
        st.warning(sentences.AWAY)
    except Refused as refused:
        st.warning(sentences.refusal(refused, act="download"))
    else:
        if isinstance(opened, Export):
            st.session_state[_LISTED] = opened
        else:
            _save(opened)


def _parts(client: CaptionApi, listed: Export) -> None:
    if listed.parts is None:
        st.info("Your files are still being put together. Choose Download everything once more.")
        return
    st.write(
        f"You have more photos than fit into one file. Download each of these "
        f"{len(listed.parts)} files; they are here until {when(listed.expires_at)}."
    )
    for part in listed.parts:
        label = f"Download file {part.part} ({_size(part)})"
        if st.button(label, key=f"export-{listed.export_id}-{part.part}"):
            _start_part(client, part)


def _size(part: ExportPart) -> str:
    return f"{sentences.photos(part.images)}, at most {megabytes(part.max_bytes)}"


def _start_part(client: CaptionApi, part: ExportPart) -> None:
    try:
        with sign_in.required():
            opened = client.open_export_part(part)
    except (Unreachable, Unavailable):
        st.warning(sentences.AWAY)
    except Refused as refused:
        if refused.code == "not_found":
            st.warning("This file is no longer here. Choose Download everything once more.")
        else:
            st.warning(sentences.refusal(refused, act="download"))
    else:
        _save(opened)


def _save(opened: Transfer) -> None:
    saving.start(downloads.ticket(opened), key="export-download")
    st.success("Your download has started. It may take a while; you can go on meanwhile.")
