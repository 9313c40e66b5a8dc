"""Who is here, by what Streamlit keeps in its signed cookies after the hosted sign-in.

Streamlit never looks at a token's expiry, so this does, before the gateway refuses it. Claims are
read without checking the signature: the gateway checks it on every call, the page only reads the
clock and a name.
"""

import base64
import binascii
import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

import streamlit as st

from clients.problems import NotSignedIn

_LOG = logging.getLogger(__name__)

# A token about to run out would fail in the middle of an upload.
_MARGIN = 30.0  # seconds
_REJECTED = "token_rejected"


@dataclass(frozen=True)
class Person:
    """Somebody signed in. The token is left out of ``repr`` so that no log can show it."""

    name: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class Ended:
    """Somebody was signed in, and has to do so again."""


def current() -> Person | Ended | None:
    """The person of this browser session, or None if nobody has signed in."""
    user = st.user.to_dict()
    if not user.get("is_logged_in"):
        return None
    tokens = st.user.tokens
    token = tokens.get("access") or tokens.get("id")
    if token is None:
        _LOG.error("tokens_not_exposed", extra={"setting": "auth.expose_tokens"})
        return Ended()
    if st.session_state.get(_REJECTED) or is_expired(token, time.time()):
        return Ended()
    return Person(name=str(user.get("email") or user.get("cognito:username") or ""), token=token)


def reject() -> None:
    """The gateway refused the token: ask for a new sign-in from the next run on."""
    st.session_state[_REJECTED] = True


def refusal() -> NotSignedIn:
    """What a call would end in, once one has been refused for its token."""
    return NotSignedIn("invalid_token", HTTPStatus.UNAUTHORIZED, "The session has ended.")


@contextmanager
def required() -> Iterator[None]:
    """Around calls to the gateway: a refused token leads to the front page, not to an error."""
    try:
        yield
    except NotSignedIn:
        reject()
        st.rerun()


def is_expired(token: str, now: float) -> bool:
    """The token's ``exp`` (seconds since 1970) is past or close; unreadable counts as expired."""
    expires_at = _claims(token).get("exp")
    return not isinstance(expires_at, int | float) or expires_at - _MARGIN <= now


def _claims(token: str) -> Mapping[str, object]:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def sign_out() -> None:
    """Forget everything of this session and end the one at the identity provider, too."""
    st.session_state.clear()
    st.logout()
