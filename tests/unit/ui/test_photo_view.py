"""One photo's page without a browser, on a client in memory."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from clients.problems import ApiError, Refused, Unavailable, Unreachable
from clients.resources import Image, Label, Original, Photo, Provider, Stage, Try
from services.ui import writers
from services.ui.components import bars
from services.ui.components.bars import Bar
from tests.unit.ui.fake_client import NOW, FakeClient, completed, failed, image
from tests.unit.ui.one_run import drawn, opened, said

GONE = Unavailable("dependency_unavailable", 503, "")


def photo_page(client: FakeClient, image_id: str = "a", *, told: object = None) -> AppTest:
    """The page; ``told`` is what the browser says of the texts that it wants saved."""
    state = {} if told is None else {f"texts-{image_id}": {"wishes": told}}
    return opened("history", client, address={"image": image_id}, **state)


def texts_in(test: AppTest) -> dict[str, Any]:
    """What the component of the texts was given."""
    [given] = [data for data in drawn(test) if "texts" in data]
    return given


def whole(**fields: Any) -> Image:
    """A photo of which everything is known."""
    attempts = [
        Try(provider="bedrock", model="m", outcome="throttled", reason="too_many", duration_ms=180),
        Try(provider="sagemaker", model="m", outcome="circuit_open", duration_ms=0),
        Try(provider="new one", model="m", outcome="who knows", duration_ms=10),
        Try(
            provider="huggingface",
            model="qwen",
            outcome="ok",
            duration_ms=1240,
            input_tokens=1630,
            output_tokens=82,
            cost_usd=0.0012,
        ),
    ]
    known: dict[str, Any] = {
        "original": Original(
            url="http://objects.test/o", content_type="image/jpeg", width=40, height=30, bytes=2048
        ),
        "labels": [Label(name="Cat & <i>mat</i>", confidence=0.984)],
        "photo": Photo(taken_at="2026-05-01T18:04:09+02:00", camera="Fuji"),
        "provider": Provider(name="huggingface", model="qwen", degraded=True, attempts=attempts),
        "timeline": [Stage(stage="queued", started_at=NOW, duration_ms=40)],
    }
    return completed("a").model_copy(update=known | fields)


def client_with(photo: Image) -> FakeClient:
    client = FakeClient()
    client.add(photo)
    return client


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


def test_title_is_the_only_one():
    test = photo_page(client_with(whole()))

    assert [title.value for title in test.title] == ["Photo added 22 Nov 2026, 12:00"]
    assert not test.header
    assert not test.subheader


@pytest.mark.parametrize(
    ("content_type", "url"),
    [
        ("image/jpeg", "http://objects.test/o"),
        ("image/heic", "http://objects.test/a.jpg"),
        ("image/tiff", "http://objects.test/a.jpg"),
    ],
)
def test_picture_is_what_a_browser_can_show(content_type, url):
    original = Original(url="http://objects.test/o", content_type=content_type, width=4, height=3)

    test = photo_page(client_with(whole(original=original)))

    [given] = [data["picture"] for data in drawn(test) if "picture" in data]
    assert given["url"] == url
    assert given["alt"] == "A cat on a mat"


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


def press(test: AppTest, label: str) -> None:
    [found] = [button for button in test.button if button.label == label]
    found.click().run()


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


def test_download_is_started_under_a_ticket():
    client = client_with(whole())
    test = photo_page(client)

    press(test, "Download with captions inside")

    assert ("download", "a", True) in client.calls
    assert any(data.get("url", "").startswith("/files/") for data in drawn(test))


@pytest.mark.parametrize("content_type", ["image/gif", "image/heic"])
def test_file_that_takes_no_captions_is_offered_alone(content_type):
    original = Original(url="http://objects.test/o", content_type=content_type)

    test = photo_page(client_with(whole(original=original)))

    assert "Download the photo" in [button.label for button in test.button]
    assert "JPEG, PNG and WebP" in said(test)


def test_file_that_turns_out_to_take_no_captions_is_offered_alone():
    client = client_with(whole())
    test = photo_page(client)
    refused = Refused("metadata_unsupported", 409, "")
    client.open_download = refusing(refused)  # type: ignore[method-assign]

    press(test, "Download with captions inside")

    assert "Download the photo" in [button.label for button in test.button]


def refusing(fault: ApiError) -> Any:
    """A call that comes to nothing."""

    def call(*args: Any, **options: Any) -> Any:
        raise fault

    return call


def test_deletion_is_asked_about_first():
    client = client_with(whole())
    test = photo_page(client)

    press(test, "Delete")

    assert "are deleted for good" in said(test)
    assert client.known


def test_facts_are_plain_text():
    test = photo_page(client_with(whole()))

    [labels] = [data["chips"] for data in drawn(test) if "chips" in data]
    told = {fact["text"]: fact["note"] for data in drawn(test) for fact in data.get("facts", [])}
    assert labels == [{"text": "Cat & <i>mat</i>", "note": "98%"}]
    assert told["Taken"] == "1 May 2026, 18:04"
    assert told["Camera"] == "Fuji"
    assert told["Stored photo"] == "40 by 30 pixels, 2 KB"
    assert told["Written by"] == "Hugging Face"
    assert told["Cost"] == "$0.0012"


def test_attempts_are_a_table_as_well_as_a_picture():
    test = photo_page(client_with(whole()))

    [rows] = [data["rows"] for data in drawn(test) if data.get("title") == "Who was asked"]
    assert rows == [
        ["Bedrock", "Too busy", "too many", "0.2 s", "", "", "m"],
        ["SageMaker", "Passed over", "", "", "", "", "m"],
        ["new one", "Ended otherwise", "", "under 0.1 s", "", "", "m"],
        ["Hugging Face", "Wrote the captions", "", "1.2 s", "1,630 in, 82 out", "$0.0012", "qwen"],
    ]
    assert len(test.get("vega_lite_chart") or test.get("arrow_vega_lite_chart")) == 2


def test_bar_chart_has_its_data_in_it_and_every_row_a_width():
    spec = bars.chart([Bar("a", 0, 0, "skipped"), Bar("b", 0, 2, "good", {"Why": "x"})]).to_dict()

    [rows] = spec["datasets"].values()
    assert [row["words"] for row in rows] == ["1. a", "2. b"]
    assert all(row["end"] > row["start"] for row in rows)
    assert "url" not in spec["data"]


@pytest.mark.parametrize(("dollars", "words"), [(None, ""), (0.0012, "$0.0012"), (3, "$3.00")])
def test_cost_is_written_as_far_as_it_is_known(dollars, words):
    assert writers.cost_of(dollars) == words


def test_photo_that_is_not_there_is_said_to_be():
    test = photo_page(FakeClient(), "zz")

    assert not test.exception
    assert "This photo is not here" in said(test)


def test_page_waits_calmly_for_the_gateway():
    test = photo_page(FakeClient(faults=[GONE]))

    assert not test.exception
    assert "goes on by itself" in test.info[0].value


def test_back_keeps_the_rest_of_the_address():
    client = client_with(whole())
    test = opened("history", client, address={"image": "a", "q": "cat"})

    press(test, "Back")

    assert "image" not in test.query_params
    assert test.query_params["q"] == "cat"
