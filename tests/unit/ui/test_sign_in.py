import base64
import json

import pytest

from services.ui.sign_in import Person, is_expired


def token(claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


def test_token_is_expired_shortly_before_its_time():
    assert not is_expired(token({"exp": 1000}), now=900.0)
    assert is_expired(token({"exp": 1000}), now=980.0)
    assert is_expired(token({"exp": 1000}), now=1001.0)


@pytest.mark.parametrize(
    "unreadable",
    ["", "abc", "a.b.c", "a.é.c", token([1]), token({}), token({"exp": "soon"})],
)
def test_unreadable_token_counts_as_expired(unreadable):
    assert is_expired(unreadable, now=0.0)


def test_person_shows_no_token():
    assert "secret" not in repr(Person("ana", "secret", tag="t", expires_at=0.0))
