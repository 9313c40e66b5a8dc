"""What the page tells the browser's side of being signed in."""

import time
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from tests.unit.ui.one_run import drawn

SCRIPT = Path(__file__).parent / "one_session.py"


def run(**state: Any) -> AppTest:
    test = AppTest.from_file(SCRIPT, default_timeout=20)
    for name, value in state.items():
        test.session_state[name] = value
    return test.run()


def test_browser_is_told_whose_page_it_is_and_until_when():
    before = time.time()

    (told,) = drawn(run(mode="in"))

    assert (told["mode"], told["owner"], told["since"]) == ("in", "ana", 1000.0)
    # Half a minute before the token's own end.
    assert told["ends_at"] == 4970.0
    assert before <= told["now"] <= time.time()


def test_browser_is_never_told_the_token_or_the_name():
    (told,) = drawn(run(mode="in"))

    assert not {"secret", "ana@example.com"} & {str(value) for value in told.values()}


def test_runs_that_change_nothing_tell_nothing_new():
    test = run(mode="in")
    before = drawn(test)

    assert drawn(test.run()) == before


def test_front_page_is_nobodys():
    (told,) = drawn(run(mode="out"))

    assert told["mode"] == "out"
    assert "owner" not in told


def test_page_of_an_ended_session_keeps_what_is_in_the_browser():
    (told,) = drawn(run(mode="ended"))

    assert told["mode"] == "ended"


def test_forgetting_clears_the_session_and_tells_the_browser():
    test = run(mode="in", work=["photo"])
    assert drawn(test)[0]["forgot"] == 0.0

    test.session_state["forget"] = True
    test.run()
    test.run()

    assert "work" not in test.session_state
    assert test.session_state["receipt"] == "d"
    assert drawn(test)[0]["forgot"] > 0.0
