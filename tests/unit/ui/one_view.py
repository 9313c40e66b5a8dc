"""The script that ``one_run`` runs: one view on the client in the session state."""

import streamlit as st

from services.ui import sign_in
from services.ui.views import account, admin, caption, front, history, photo

client = st.session_state["fake"]
person = sign_in.Person("ana@example.com", "good", tag="ana", expires_at=2e10, is_admin=True)
view = st.session_state["view"]
with sign_in.required():
    if view == "front":
        front.show(ended=st.session_state["ended"])
    elif st.session_state.get("token_rejected"):
        front.show(ended=True)
    elif image_id := st.query_params.get("image"):
        photo.show(client, image_id, person)
    elif view == "history":
        history.show(client, person)
    elif view == "account":
        account.show(client, person)
    elif view == "admin":
        admin.show(client)
    else:
        caption.show(client, person)
