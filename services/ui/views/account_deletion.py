"""Delete everything: asked for in words, followed to its end, and proved by a receipt.

The deletion's id stands in the address, so that a reloaded page still follows it.
"""

from typing import cast

import streamlit as st

from clients.api import CaptionApi
from clients.problems import Refused, Unavailable, Unreachable
from clients.resources import Deletion
from services.ui import receipts, sentences, sign_in
from services.ui.components import session

PHRASE = "delete my data"
_RECEIPT = "account_deletion"
_ASKING = "account_deletion_asking"
_ADDRESS = "deletion"
_TICK = 2.0  # seconds between looks while it runs


def show(client: CaptionApi) -> None:
    """What would go, and the button."""
    st.header("Delete everything", anchor=False)
    st.write(
        "Deletes all your photos, captions and labels from this service, also those that are being "
        "worked on. They can't be brought back. You can go on using the service afterwards."
    )
    st.button(
        "Delete everything …", key="delete-all", icon=":material/delete_forever:", on_click=_open
    )
    # Kept in the session, so that a run of the page in between does not take the question away.
    if st.session_state.get(_ASKING):
        st.dialog("Delete everything?", on_dismiss=_close)(_ask)(client)


def _open() -> None:
    st.session_state[_ASKING] = True


def _close() -> None:
    st.session_state.pop(_ASKING, None)


def show_receipt(client: CaptionApi) -> None:
    """How the deletion stands that was asked for last, if any."""
    if _ADDRESS not in st.query_params and _RECEIPT not in st.session_state:
        return
    receipt = _known() or _fetched(client, st.query_params[_ADDRESS])
    if receipt is None:
        st.query_params.pop(_ADDRESS, None)
        return
    # It goes on ticking without a call once it is over: see the caption view for why.
    st.fragment(_follow, run_every=None if receipt.completed else _TICK)(client)


def _known() -> Deletion | None:
    return cast("Deletion | None", st.session_state.get(_RECEIPT))


def _fetched(client: CaptionApi, deletion_id: str) -> Deletion | None:
    try:
        receipt = client.deletion(deletion_id)
    except (Unreachable, Unavailable, Refused):
        return None
    st.session_state[_RECEIPT] = receipt
    return receipt


def _ask(client: CaptionApi) -> None:
    st.write("All your photos and captions will be gone for good.")
    with st.form("delete-all-form", border=False):
        typed = st.text_input(f"Type “{PHRASE}” to confirm", autocomplete="off")
        asked = st.form_submit_button("Delete everything", type="primary")
    if not asked:
        return
    if " ".join(typed.split()).lower() != PHRASE:
        st.error(f"Nothing was deleted. Type the words “{PHRASE}” and choose Delete everything.")
        return
    with st.spinner("Deleting …"):
        _delete(client)


def _delete(client: CaptionApi) -> None:
    try:
        with sign_in.required():
            receipt = client.delete_all()
    except (Unreachable, Unavailable):
        st.warning(
            "The service did not answer, so we can't say whether it has begun. Choose Delete "
            "everything once more in a moment: asking twice does no harm."
        )
    except Refused as refused:
        st.warning(sentences.refusal(refused, act="delete"))
    else:
        # What other views remember is of photos that are no longer there.
        _close()
        session.forget({_RECEIPT: receipt})
        st.query_params[_ADDRESS] = receipt.deletion_id
        st.rerun()


def _follow(client: CaptionApi) -> None:
    receipt = _known()
    if receipt is None:
        return
    if not receipt.completed:
        with sign_in.required():
            receipt = _fetched(client, receipt.deletion_id) or receipt
    if not receipt.completed:
        st.info(
            "Your data is being deleted. Nobody can see it any more; to remove every copy takes a "
            "little longer. You may leave this page."
        )
        return
    st.success("Everything was deleted. This is your receipt.")
    text = receipts.text_of(receipt)
    st.code(text, language=None, wrap_lines=True)
    st.download_button(
        "Download the receipt",
        text,
        file_name=f"deletion-{receipt.deletion_id}.txt",
        mime="text/plain",
        on_click="ignore",
    )
