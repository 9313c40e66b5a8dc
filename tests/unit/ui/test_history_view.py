"""The history's logic without a browser, on a client in memory."""

from dataclasses import dataclass
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from clients.problems import Refused, Unavailable
from clients.resources import Page
from services.ui.deleting import Deletion
from services.ui.history_memory import Memory
from services.ui.selection_export import Export
from tests.unit.ui.fake_client import FakeClient
from tests.unit.ui.one_run import drawn, opened, said
from tests.unit.ui.samples import completed, failed, image

GONE = Unavailable("dependency_unavailable", 503, "")
LATER = "2026-11-22T13:30:00.000Z"


@dataclass
class Shallow(FakeClient):
    """Answers an empty page with a cursor to every search that starts at the newest photo."""

    def images(self, *, cursor: str | None = None, q: str | None = None, **asked: Any) -> Page:
        page = super().images(cursor=cursor, q=q, **asked)
        return page if cursor else Page(items=[], next_cursor="0")


def full(count: int) -> FakeClient:
    client = FakeClient()
    for n in range(count):
        client.add(completed(f"{n:02}"))
    return client


def grid(test: AppTest) -> dict[str, Any]:
    [found] = [data for data in drawn(test) if "tiles" in data]
    return found


def tiles(test: AppTest) -> list[str]:
    return [tile["id"] for tile in grid(test)["tiles"]]


def labels(test: AppTest) -> list[str]:
    return [button.label for button in test.button]


def button(test: AppTest, label: str) -> Any:
    [found] = [one for one in test.button if one.label == label]
    return found


def ids(newest: int, oldest: int) -> list[str]:
    return [f"{n:02}" for n in range(newest, oldest - 1, -1)]


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


def test_rows_of_ticked_photos_on_other_pages_come_along():
    client = full(45)
    memory = Memory("ana")
    memory.selection.choose(["00", "44"], client.known.values())

    test = opened("history", client, history_memory=memory)

    chosen = grid(test)["chosen"]
    assert grid(test)["header"].startswith("image_id,created_at,status,batch,concise")
    assert chosen["44"] is None
    assert chosen["00"].startswith("00,2026-11-22T12:00:00.000Z,completed,,A <b>cat</b> *asleep*,")


def test_somebody_elses_choice_is_not_taken_over():
    client = full(1)
    memory = Memory("ben")
    memory.selection.choose(["00"], client.known.values())

    assert grid(opened("history", client, history_memory=memory))["chosen"] == {}


def test_nothing_is_deleted_before_it_is_confirmed():
    client = full(3)
    memory = Memory("ana", condemned=("01", "02"))
    test = opened("history", client, history_memory=memory)

    button(test, "Keep them").click().run()

    assert not test.exception
    assert sorted(client.known) == ["00", "01", "02"]
    assert "Delete 2 photos" not in labels(test)


def test_confirmed_photos_go_and_the_page_fills_up():
    client = full(25)
    memory = Memory("ana", condemned=("24", "23"))
    test = opened("history", client, history_memory=memory)

    button(test, "Delete 2 photos").click().run()
    wait_for(test, memory)

    assert not test.exception
    assert tiles(test) == ids(22, 3)
    assert test.success[0].value == "2 photos deleted."


def wait_for(test: AppTest, memory: Memory) -> None:
    for _ in range(100):
        if not memory.is_busy:
            break
        test.run()
    test.run()


def test_deletion_says_honestly_what_it_could_not():
    client = full(3)
    memory = Memory("ana", deletion=over(deleted={"02"}, missed={"01"}))
    memory.deletion.unanswered.add("01")
    test = opened("history", client, history_memory=memory)
    assert "1 deleted, 1 could not be: the service did not answer." in said(test)

    button(test, "Try again").click().run()
    wait_for(test, memory)

    assert "01" not in client.known
    assert test.success[0].value == "1 photo deleted."


def over(*, deleted: set[str], missed: set[str]) -> Deletion:
    return Deletion(tuple(deleted | missed), deleted=deleted, missed=missed, is_finished=True)


def test_photos_being_deleted_say_so():
    memory = Memory("ana", deletion=Deletion(("01",)), is_busy=True)

    [going, staying] = grid(opened("history", full(2), history_memory=memory))["tiles"]

    assert (going["state"], staying["state"]) == ("Deleting", None)


def test_refused_token_during_a_deletion_leads_to_a_new_sign_in():
    memory = Memory("ana", deletion=Deletion(("01",), signed_out=True), is_busy=True)

    test = opened("history", full(2), history_memory=memory)

    assert not test.exception
    assert test.session_state["token_rejected"]


def test_export_that_failed_says_what_to_do():
    export = Export(("00",), is_finished=True, problem="Try again in a moment.")

    test = opened("history", full(1), history_memory=Memory("ana", export=export))

    assert "Try again in a moment." in said(test)


def test_outcome_can_be_closed():
    memory = Memory("ana", objection="Choose fewer.")
    test = opened("history", full(1), history_memory=memory)

    button(test, "Close").click().run()

    assert "Choose fewer." not in said(test)
