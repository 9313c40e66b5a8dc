"""Cursors open only as they were sealed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.cursors import Cursors, InvalidCursor

POSITION = "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
SCOPES = st.tuples(st.text(), st.none() | st.text(), st.none() | st.text(), st.none() | st.text())


@given(SCOPES)
def test_sealed_cursor_opens_for_its_scope(scope: tuple[str | None, ...]) -> None:
    cursors = Cursors(b"k" * 32)

    assert cursors.open(cursors.seal(POSITION, scope=scope), scope=scope) == POSITION


@given(SCOPES, SCOPES)
def test_cursor_does_not_open_for_another_scope(
    scope: tuple[str | None, ...], other: tuple[str | None, ...]
) -> None:
    cursors = Cursors(b"k" * 32)
    sealed = cursors.seal(POSITION, scope=scope)

    if scope != other:
        with pytest.raises(InvalidCursor):
            cursors.open(sealed, scope=other)


@given(st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]{0,140}", fullmatch=True))
def test_made_up_cursor_is_invalid(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        Cursors(b"k" * 32).open(cursor, scope=("ana", None, None, None))


def test_cursor_of_another_key_is_invalid() -> None:
    sealed = Cursors(b"k" * 32).seal(POSITION, scope=("ana",))

    with pytest.raises(InvalidCursor):
        Cursors(b"l" * 32).open(sealed, scope=("ana",))


@pytest.mark.parametrize("at", range(0, 70, 5))
def test_changed_cursor_is_invalid(at: int) -> None:
    cursors = Cursors(b"k" * 32)
    sealed = cursors.seal(POSITION, scope=("ana",))
    changed = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]

    with pytest.raises(InvalidCursor):
        cursors.open(changed, scope=("ana",))
