"""The page's server: ``python -m streamlit run services/ui/app.py`` from the repository's root."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from services.ui import downloads
from services.ui.browser_rules import BrowserRules

app = st.App(
    Path(__file__).with_name("page.py"),
    routes=downloads.ROUTES,
    middleware=[Middleware(BrowserRules)],
)
