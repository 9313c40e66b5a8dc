"""The history without a browser: turned page by page, searched, filtered, and never just empty."""

from dataclasses import dataclass
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from clients.problems import Refused, Unavailable
from clients.resources import Page
from tests.unit.ui.fake_client import FakeClient
from tests.unit.ui.full_history import full, grid, ids, tiles
from tests.unit.ui.one_run import button, drawn, labels, opened, said
from tests.unit.ui.samples import completed, failed, image

GONE = Unavailable("dependency_unavailable", 503, "")
LATER = "2026-11-22T13:30:00.000Z"


@dataclass
class Shallow(FakeClient):
    """Answers an empty page with a cursor to every search that starts at the newest photo."""

    def images(self, *, cursor: str | None = None, q: str | None = None, **asked: Any) -> Page:
        page = super().images(cursor=cursor, q=q, **asked)
        return page if cursor else Page(items=[], next_cursor="0")


def test_empty_history_teaches():
    assert "Add your first photo" in said(opened("history", FakeClient()))


def test_pages_turn_by_cursor_and_back():
    test = opened("history", full(45))
    newest = tiles(test)

    button(test, "Older").click().run()
    older, there = tiles(test), labels(test)
    button(test, "Older").click().run()
    oldest, end = tiles(test), labels(test)
    button(test, "Newer").click().run()
    back = tiles(test)

    assert not test.exception
    assert (newest, older, oldest) == (ids(44, 25), ids(24, 5), ids(4, 0))
    assert (there, end) == (["Newer", "Older"], ["Newer"])
    assert back == older


def test_place_is_in_the_address_and_found_by_it():
    test = opened("history", full(45))
    button(test, "Older").click().run()

    address = dict(test.query_params)
    again = opened("history", full(45), address=address)

    assert address == {"cursor": "20"}
    assert tiles(again) == ids(24, 5)
    assert labels(again) == ["Newest", "Older"]


def test_photo_in_the_address_is_shown_and_left_for_the_same_page():
    client = full(45)
    test = opened("history", client, address={"cursor": "20", "q": "cat", "image": "07"})

    del test.query_params["image"]
    test.run()

    assert (client.listed[-1], client.searched[-1]) == ("20", "cat")
    assert test.text_input[0].value == "cat"


def test_search_starts_at_its_newest_page():
    client = full(45)
    test = opened("history", client, address={"cursor": "20"})

    test.text_input[0].set_value("CAT ").run()

    assert (client.listed[-1], client.searched[-1]) == (None, "CAT")
    assert dict(test.query_params) == {"q": "CAT"}


@pytest.mark.parametrize(
    ("chosen", "asked"),
    [
        ("done", ["completed"]),
        ("failed", ["failed"]),
        ("working", ["queued", "ingesting", "captioning"]),
    ],
)
def test_states_are_asked_for_in_the_gateways_words(chosen, asked):
    client = full(1)
    test = opened("history", client)
    client.filtered.clear()

    test.button_group[0].set_value(chosen).run()

    assert [status for status, _ in client.filtered] == asked
    assert dict(test.query_params) == {"status": chosen}


def test_photos_under_way_are_gathered_newest_first():
    client = full(3)
    for n, status in enumerate(("captioning", "queued", "ingesting"), start=10):
        client.add(image(str(n), status))

    test = opened("history", client, address={"status": "working"})

    assert tiles(test) == ["12", "11", "10"]
    assert [tile["state"] for tile in grid(test)["tiles"]] == [
        "Preparing",
        "Waiting",
        "Writing captions",
    ]


def test_batches_are_named_by_their_time():
    client = FakeClient()
    client.add(completed("a", batch="x7"))
    client.add(completed("b", batch="x7"))
    client.add(completed("c", batch="y8").model_copy(update={"created_at": LATER}))
    client.add(completed("d", batch="z9").model_copy(update={"created_at": LATER}))
    test = opened("history", client)

    test.selectbox[0].set_value("x7").run()

    assert test.selectbox[0].options == [
        "Any time",
        "22 Nov 2026, 13:30",
        "22 Nov 2026, 13:30 (2)",
        "22 Nov 2026, 12:00",
    ]
    assert tiles(test) == ["b", "a"]
    assert dict(test.query_params) == {"batch": "x7"}


def test_batch_keeps_its_name_when_older_photos_of_it_are_seen():
    client = full(25)
    for n, photo in enumerate(list(client.known.values())):
        made = f"2026-11-22T12:{n:02}:00.000Z"
        client.add(photo.model_copy(update={"batch": "x7", "created_at": made}))
    test = opened("history", client, address={"batch": "x7"})
    names = test.selectbox[0].options

    button(test, "Older").click().run()

    assert test.selectbox[0].options == names == ["Any time", "22 Nov 2026, 12:24"]
    assert test.query_params["batch"] == "x7"


def test_clear_filters_shows_everything_again():
    client = full(2)
    test = opened("history", client, address={"q": "zebra", "status": "done", "batch": "b"})
    assert tiles_or_none(test) is None

    button(test, "Clear filters").click().run()

    assert tiles(test) == ["01", "00"]
    assert dict(test.query_params) == {}
    assert test.text_input[0].value == ""


def tiles_or_none(test: AppTest) -> list[str] | None:
    return tiles(test) if any("tiles" in data for data in drawn(test)) else None


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ({"q": "zebra"}, "No photo of yours has these words"),
        ({"status": "done"}, "No photo is done yet"),
        ({"status": "working"}, "Nothing is being worked on"),
        ({"status": "failed"}, "No photo has failed"),
        ({"batch": "b"}, "no such photos here any more"),
        ({"status": "of-the-future", "batch": "a b"}, "Add your first photo"),
    ],
)
def test_each_empty_page_says_why(address, words):
    test = opened("history", FakeClient(), address=address)

    assert not test.exception
    assert words in said(test)


def test_short_answer_is_no_end():
    client = Shallow()
    client.add(completed("a"))
    test = opened("history", client, address={"q": "cat"})
    assert "There is more further back" in said(test)

    button(test, "Look further back").click().run()

    assert tiles(test) == ["a"]


def test_cursor_that_leads_nowhere_offers_the_newest_page():
    client = full(1)
    client.faults = [Refused("invalid_cursor", 400, "")]
    test = opened("history", client, address={"cursor": "forged", "status": "done"})
    assert "no longer there" in said(test)

    button(test, "Show the newest photos").click().run()

    assert tiles(test) == ["00"]
    assert dict(test.query_params) == {"status": "done"}


def test_gateway_away_is_waited_for_calmly():
    test = opened("history", FakeClient(faults=[GONE]))

    assert not test.exception
    assert "goes on by itself" in test.info[0].value


def test_photos_under_way_are_kept_up_with_until_they_are_done():
    client = FakeClient()
    client.add(image("a", "captioning"))
    test = opened("history", client)
    assert any("every_ms" in data for data in drawn(test))

    client.add(completed("a"))
    test.run()

    assert [tile["stage"] for tile in grid(test)["tiles"]] == ["done"]
    assert not any("every_ms" in data for data in drawn(test))


def test_tiles_say_what_became_of_their_photos():
    client = FakeClient()
    client.add(completed("c"))
    client.add(failed("b", code="undecodable_image"))
    client.add(completed("a", local=False))

    [approximate, broken, good] = grid(opened("history", client))["tiles"]

    assert (approximate["caption"], approximate["state"]) == ("A <b>cat</b> *asleep*", None)
    assert (approximate["note"], good["note"]) == ("Approximate", None)
    assert broken["state"] == "Could not be captioned"
    assert broken["caption"] == ("We could not read this photo: the file is damaged or incomplete.")
