"""One run of the page for whoever the cookie ``signed`` names, see ``session_page.py``."""

import os
import time

import streamlit as st

from clients.api import CaptionApi
from clients.connection import Patience
from services.ui import shell, sign_in
from services.ui.views import front


def main() -> None:
    shell.prepare()
    if sign_in.is_leaving():
        return
    signed = st.context.cookies.get("signed")
    if not signed:
        front.show(ended=False)
        return
    name, since, expires_at = signed.split(".")
    person = sign_in.Person(
        f"{name}@example.com", "good", tag=name, expires_at=float(expires_at), since=float(since)
    )
    if person.ends_at <= time.time():
        front.show(ended=True)
        return
    patience = Patience(attempts=1)
    shell.show(
        person, lambda: CaptionApi(os.environ["TEST_GATEWAY_URL"], "good", patience=patience)
    )


main()
