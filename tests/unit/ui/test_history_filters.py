"""What the history's filters show, as the browser is told of it."""

from streamlit.testing.v1 import AppTest

from tests.unit.ui.fake_client import FakeClient
from tests.unit.ui.one_run import opened
from tests.unit.ui.samples import completed

ADDRESS = {"q": "cat", "status": "done", "batch": "holiday"}


def filtered() -> AppTest:
    client = FakeClient()
    client.add(completed("01", batch="holiday"))
    return opened("history", client, address=ADDRESS)


def told(test: AppTest) -> tuple[str, str, str]:
    """What a browser shows that gets this drawing and none before it: words, state, batch."""
    words, state, batch = (
        test.text_input[0].proto,
        test.button_group[0].proto,
        test.selectbox[0].proto,
    )
    assert [words.set_value, state.set_value, batch.set_value] == [False] * 3
    [chosen] = state.default
    return words.default, state.options[chosen].content, batch.options[batch.default]


def test_each_drawing_alone_says_what_the_address_asks_for():
    test = filtered()
    first = told(test)

    test.run()

    assert first[:2] == told(test)[:2] == ("cat", "Done")
    assert first[2] == told(test)[2] != "Any time"


def test_each_drawing_after_the_filters_were_cleared_says_so():
    test = filtered()

    next(one for one in test.button if one.label == "Clear filters").click().run()
    first = told(test)
    test.run()

    assert first == told(test) == ("", "All", "Any time")
    assert dict(test.query_params) == {}


def test_filter_chosen_by_hand_is_not_put_up_anew():
    test = filtered()
    before = [test.text_input[0].proto.id, test.selectbox[0].proto.id]

    test.text_input[0].set_value("dog").run()

    assert test.query_params["q"] == "dog"
    assert [test.text_input[0].proto.id, test.selectbox[0].proto.id] == before
