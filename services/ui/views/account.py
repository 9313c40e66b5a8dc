"""What this person has here: quota, retention, everything as a file, and the way out."""

import streamlit as st

from clients.api import CaptionApi
from clients.problems import Refused, Unavailable, Unreachable
from clients.resources import Account
from services.ui import allowance, sentences, sign_in
from services.ui.components import away
from services.ui.sign_in import Person
from services.ui.views import account_deletion, account_export, privacy


def show(client: CaptionApi, person: Person) -> None:
    """The account of ``person``."""
    st.title("Account", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(f"Signed in as {person.name}" if person.name else "Signed in")
        # The key is how session.js knows it.
        st.button("Sign out", key="sign-out-account", on_click=sign_in.sign_out)
    account_deletion.show_receipt(client)
    try:
        account = client.me()
    except (Unreachable, Unavailable, Refused):
        away.show()
        return
    _quota(account)
    _kept(account)
    account_export.show(client, account)
    privacy.show(account.retention_days)
    account_deletion.show(client)


def _quota(account: Account) -> None:
    st.header("Captions left", anchor=False)
    st.progress(allowance.share(account.quota), text=allowance.left(account.quota))
    st.write(allowance.refill(account.quota))


def _kept(account: Account) -> None:
    st.header("Your photos", anchor=False)
    st.write(
        f"{_count(account)} Each is kept for {account.retention_days} days and is then deleted by "
        "itself, together with its captions."
    )


def _count(account: Account) -> str:
    if account.images == 0:
        return "No photos yet."
    count = sentences.photos(account.images)
    return f"{count if account.images_complete else f'More than {count}'} here."
