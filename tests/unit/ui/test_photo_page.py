"""One photo's page around its captions, without a browser: picture, download, facts, way back."""

import pytest

from clients.problems import Refused, Unavailable
from clients.resources import Original
from services.ui import writers
from services.ui.components import bars
from services.ui.components.bars import Bar
from tests.unit.ui.fake_client import FakeClient
from tests.unit.ui.one_photo import client_with, photo_page, refusing, whole
from tests.unit.ui.one_run import drawn, opened, press, said

GONE = Unavailable("dependency_unavailable", 503, "")


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
