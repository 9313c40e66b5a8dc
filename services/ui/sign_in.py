"""Who is here, by what Streamlit keeps in its signed cookies after the hosted sign-in.

Streamlit never looks at a token's expiry, so this does, before the gateway refuses it. Claims are
read without checking the signature: the gateway checks it on every call, the page only reads the
clock and a name.
"""

import base64
import binascii
import hashlib
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
_LEAVING = "leaving"
# The group whose members the gateway lets in under /v1/admin; the page only shows them the way.
_ADMINS = "admins"


@dataclass(frozen=True)
class Person:
    """Somebody signed in. The token is left out of ``repr`` so that no log can show it.

    ``tag`` stands for the person in the browser's storage and names nobody. ``expires_at`` is when
    the token runs out and ``since`` when it was made, in seconds since 1970.
    """

    name: str
    token: str = field(repr=False)
    tag: str
    expires_at: float
    is_admin: bool = False
    since: float = 0.0

    @property
    def ends_at(self) -> float:
        """From when on the page asks to sign in again: a little before the token runs out."""
        return self.expires_at - _MARGIN


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
    claims = _claims(token)
    return Person(
        name=str(user.get("email") or user.get("cognito:username") or ""),
        token=token,
        tag=tag_of(str(claims.get("sub", ""))),
        expires_at=_moment(claims, "exp"),
        is_admin=_ADMINS in _groups(claims),
        since=_moment(claims, "iat"),
    )


def tag_of(user_id: str) -> str:
    """What stands for this user where the name itself has no business."""
    return hashlib.sha256(user_id.encode()).hexdigest()[:16]


def reject() -> None:
    """The gateway refused the token: ask for a new sign-in from the next run on."""
    st.session_state[_REJECTED] = True


def is_rejected() -> bool:
    """The gateway refused the token, and nobody has signed in since."""
    return bool(st.session_state.get(_REJECTED))


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
    return _moment(_claims(token), "exp") - _MARGIN <= now


def _moment(claims: Mapping[str, object], name: str) -> float:
    told = claims.get(name)
    return float(told) if isinstance(told, int | float) else 0.0


def _groups(claims: Mapping[str, object]) -> list[object]:
    groups = claims.get("cognito:groups")
    return groups if isinstance(groups, list) else []


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
    st.session_state[_LEAVING] = True
    st.logout()


def is_leaving() -> bool:
    """The browser is on its way out: until it is there its cookies still say who it was."""
    return bool(st.session_state.get(_LEAVING))
