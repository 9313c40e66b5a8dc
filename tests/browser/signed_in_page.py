"""One run of the page for whoever the cookie ``person`` names: ana, unless it says otherwise.

``ana`` is an operator, ``ben`` is not, ``ended`` has to sign in again, and anybody else has not
signed in. The cookie ``gateway`` is the port of the fake gateway: one server serves all tests.
"""

import streamlit as st

from clients.api import CaptionApi
from clients.connection import Patience
from services.ui import shell, sign_in
from services.ui.views import front

# By the tokens that the fake gateway knows.
TOKENS = {"ana": "good", "ben": "ben"}


def main() -> None:
    shell.prepare()
    name = st.context.cookies.get("person", "ana")
    if sign_in.is_leaving():
        return
    if name not in TOKENS:
        front.show(ended=name == "ended")
        return
    token = TOKENS[name]
    person = sign_in.Person(
        f"{name}@example.com", token, tag=name, expires_at=2e10, is_admin=name == "ana"
    )
    url = f"http://127.0.0.1:{st.context.cookies['gateway']}"
    shell.show(person, lambda: CaptionApi(url, token, patience=Patience(attempts=1)))


main()
