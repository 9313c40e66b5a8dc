"""The script that ``test_pages`` runs: one view on the client in the session state."""

import streamlit as st

from services.ui import sign_in
from services.ui.views import caption, detail, front, history

client = st.session_state["fake"]
view = st.session_state["view"]
with sign_in.required():
    if view == "front":
        front.show(ended=st.session_state["ended"])
    elif st.session_state.get("token_rejected"):
        front.show(ended=True)
    elif image_id := st.query_params.get("image"):
        detail.show(client, image_id)
    elif view == "history":
        history.show(client)
    else:
        caption.show(client)
