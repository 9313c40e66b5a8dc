"""The script that ``test_session`` runs: the browser's side of being signed in, alone."""

import streamlit as st

from services.ui.components import session
from services.ui.sign_in import Person

mode = st.session_state.get("mode", "in")
if mode == "in":
    session.watch(Person("ana@example.com", "secret", tag="ana", expires_at=5000.0, since=1000.0))
else:
    session.stand_by(ended=mode == "ended")
if st.session_state.pop("forget", False):
    session.forget({"receipt": "d"})
