"""The signed-in page as a server of its own, for the gateway that a cookie names.

The browser tests of the page's own behaviour run it; the sign-in has a test of its own on the whole
stack. ``signed_in_page.py`` is what runs for each visit.
"""

from pathlib import Path

import streamlit as st

from services.ui import downloads

app = st.App(Path(__file__).with_name("signed_in_page.py"), routes=downloads.ROUTES)
