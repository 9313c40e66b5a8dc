"""One photo's captions without a browser: shown as they are, saved once, and waited for."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from clients.problems import Refused, Unreachable
from clients.resources import Provider
from tests.unit.ui.one_photo import client_with, photo_page, refusing, whole
from tests.unit.ui.one_run import drawn, press, said
from tests.unit.ui.samples import failed, image


def texts_in(test: AppTest) -> dict[str, Any]:
    """What the component of the texts was given."""
    [given] = [data for data in drawn(test) if "texts" in data]
    return given


def test_texts_are_passed_on_as_they_are():
    test = photo_page(client_with(whole()))

    assert not test.exception
    given = texts_in(test)
    assert [text["text"] for text in given["texts"]] == [
        "A <b>cat</b> *asleep*",
        "Curled up.",
        "A cat on a mat",
    ]
    assert (given["owner"], given["image"]) == ("ana", "a")


def test_degraded_captions_bear_a_note_and_others_none():
    usual = whole(provider=Provider(name="bedrock", model="m", degraded=False))

    notes = [texts_in(photo_page(client_with(photo)))["note"] for photo in (whole(), usual)]

    assert notes[0].startswith("Approximate: the usual caption writer was not available")
    assert notes[1] == ""


def test_saved_text_is_shown_with_when_it_was():
    client = client_with(whole())
    wish = {"alt_text": {"text": "Mine", "base": "A cat on a mat", "number": 5}}

    test = photo_page(client, told=wish)

    given = texts_in(test)
    assert client.calls == [("edit", "a", {"alt_text": "Mine"}, 1)]
    assert given["texts"][2]["text"] == "Mine"
    assert given["outcomes"] == {"alt_text": {"number": 5, "kind": "saved", "sentence": ""}}
    assert given["foot"] == "Edited by you, 22 Nov 2026, 12:00"


def test_wish_is_acted_upon_once():
    client = client_with(whole())
    wish = {"alt_text": {"text": "Mine", "base": "A cat on a mat", "number": 5}}
    test = photo_page(client, told=wish)
    client.add(whole(version=9))

    test.run()

    assert len(client.calls) == 1
    assert texts_in(test)["texts"][2]["text"] == "A cat on a mat"


@pytest.mark.parametrize("told", [{"alt_text": "Mine"}, {"alt_text": {"text": 1}}, ["alt_text"], 7])
def test_state_that_is_no_wish_changes_nothing(told):
    client = client_with(whole())

    test = photo_page(client, told=told)

    assert not test.exception
    assert client.calls == []


def test_new_captions_are_asked_for_as_chosen():
    client = client_with(whole())
    test = photo_page(client)
    said_before = said(test)

    test.selectbox[0].select("de")
    test.text_input[0].set_value(" playful ")
    test.selectbox[1].select("local")
    press(test, "Write new captions")

    assert "takes one of your captions and replaces the texts" in said_before
    asked = {"language": "de", "style": "playful", "provider": "local"}
    assert client.calls == [("caption_again", "a", asked)]
    assert "Writing captions" in test.get("progress")[0].proto.text
    assert not [button for button in test.button if button.label == "Write new captions"]


def test_new_captions_as_before_leave_everything_open():
    client = client_with(whole())

    press(photo_page(client), "Write new captions")

    asked = {"language": None, "style": None, "provider": None}
    assert client.calls == [("caption_again", "a", asked)]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(
            Refused("quota_exceeded", 429, "", retry_after=720), "in 12 minutes", id="quota"
        ),
        pytest.param(Refused("not_ready", 409, ""), "still being worked on", id="busy"),
        pytest.param(Refused("invalid_field", 422, ""), "few plain words", id="style"),
        pytest.param(Unreachable(""), "not answering", id="away"),
    ],
)
def test_refused_new_captions_say_why(fault, words):
    client = client_with(whole())
    test = photo_page(client)
    client.caption_again = refusing(fault)  # type: ignore[method-assign]

    press(test, "Write new captions")

    assert words in test.warning[0].value


def test_photo_under_way_is_followed_and_offers_nothing_yet():
    client = client_with(image("a", "ingesting"))

    test = photo_page(client)

    assert "Preparing" in test.get("progress")[0].proto.text
    assert any("every_ms" in data for data in drawn(test))
    assert [button.label for button in test.button] == ["Back", "Delete"]


def test_photo_that_is_done_is_followed_no_more():
    test = photo_page(client_with(whole()))

    assert not any("every_ms" in data for data in drawn(test))


@pytest.mark.parametrize(
    ("code", "retryable", "words", "labels"),
    [
        ("undecodable_image", False, "could not read", ["Back", "Delete"]),
        ("timed_out", True, "took too long", ["Back", "Try again", "Delete"]),
    ],
)
def test_failed_photo_says_why_and_offers_what_helps(code, retryable, words, labels):
    test = photo_page(client_with(failed("a", code=code, retryable=retryable)))

    assert words in test.error[0].value
    assert [button.label for button in test.button] == labels


def test_another_try_is_followed():
    client = client_with(failed("a", code="timed_out", retryable=True))

    test = photo_page(client)
    press(test, "Try again")

    assert client.retried == ["a"]
    assert not test.error
    assert "Waiting" in test.get("progress")[0].proto.text
