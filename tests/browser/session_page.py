"""The page with a sign-in that is one cookie: a server for tests of coming and going.

``signed=ana.1000.2000`` is ana, signed in at 1000 until 2000, in seconds since 1970.
``session_run.py`` runs for each visit; signing out takes the cookie away, as Streamlit does.
"""

from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from services.ui import downloads


async def sign_out(request: Request) -> RedirectResponse:
    answer = RedirectResponse("/")
    answer.delete_cookie("signed")
    return answer


app = st.App(
    Path(__file__).with_name("session_run.py"),
    routes=[*downloads.ROUTES, Route("/auth/logout", sign_out)],
)
