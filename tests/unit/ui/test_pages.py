"""The pages' logic without a browser, on a client in memory."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from clients.problems import Refused, Unavailable
from clients.resources import Image
from services.ui import sign_in
from services.ui.batches import Batch, Item
from tests.unit.ui.fake_client import FakeClient, completed, failed, image

SCRIPT = Path(__file__).parent / "one_view.py"
GONE = Unavailable("dependency_unavailable", 503, "")
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)


def opened(
    view: str, client: FakeClient, *, address: dict[str, str] | None = None, **state: Any
) -> AppTest:
    test = AppTest.from_file(SCRIPT, default_timeout=20)
    for name, value in {"view": view, "fake": client, **state}.items():
        test.session_state[name] = value
    for name, value in (address or {}).items():
        test.query_params[name] = value
    return test.run()


def drawn(test: AppTest) -> list[dict[str, Any]]:
    """What our own components were given."""
    return [json.loads(element.proto.json) for element in test.get("bidi_component")]


def said(test: AppTest) -> str:
    kinds = (test.title, test.subheader, test.markdown, test.info, test.warning, test.text)
    return "\n".join(element.value for kind in kinds for element in kind)


def batch_of(*photos: Image) -> Batch:
    items = [
        Item(name=f"{photo.image_id}.jpg", key=photo.image_id, photo=photo) for photo in photos
    ]
    return Batch(id="b", items=items, loaded=True)


def test_empty_page_teaches_what_will_happen():
    test = opened("caption", FakeClient())

    assert not test.exception
    assert "a short caption of at most ten words" in said(test)


def test_dropped_photos_are_sent_once_and_the_widget_is_emptied():
    client = FakeClient()
    test = opened("caption", client)

    test.file_uploader[0].set_value([("a.jpg", JPEG, "image/jpeg"), ("b.txt", b"hi", "text/plain")])
    test.run()
    test.run()

    assert not test.exception
    assert [card["title"] for card in drawn(test)] == ["a.jpg", "b.txt"]
    assert client.submitted == ["image/jpeg"]
    assert not test.file_uploader[0].value
    assert test.query_params["batch"] == test.session_state["batches"][0].id


def test_one_list_call_tells_about_the_whole_batch():
    client = FakeClient()
    photos = [client.add(completed(str(n), batch="b")) for n in range(3)]
    waiting = [photo.model_copy(update={"status": "queued", "captions": None}) for photo in photos]

    test = opened("caption", client, batches=[batch_of(*waiting)])

    assert len(client.listed) == 1
    assert [card["stage"] for card in drawn(test)] == ["done"] * 3
    assert test.get("progress")[0].proto.text == "3 of 3 photos done"


def test_finished_batch_asks_no_more():
    client = FakeClient()

    opened("caption", client, batches=[batch_of(completed("a"))]).run().run()

    assert client.listed == []


def test_texts_are_passed_on_as_they_are():
    test = opened("caption", FakeClient(), batches=[batch_of(completed("a"))])

    [card] = drawn(test)
    assert [text["text"] for text in card["texts"]] == [
        "A <b>cat</b> *asleep*",
        "Curled up.",
        "A cat on a mat",
    ]
    assert card["image"]["alt"] == "A cat on a mat"
    assert card["note"].startswith("Approximate: local model")


def test_caption_by_the_usual_writer_bears_no_mark():
    test = opened("caption", FakeClient(), batches=[batch_of(completed("a", local=False))])

    assert drawn(test)[0]["note"] is None


def test_failed_photo_says_why_and_offers_retry_only_where_it_helps():
    client = FakeClient()
    photos = [
        client.add(failed("bad", batch="b", code="undecodable_image")),
        client.add(failed("late", batch="b", code="timed_out", retryable=True)),
    ]
    test = opened("caption", client, batches=[batch_of(*photos)])
    assert [button.key for button in test.button] == ["retry-late"]
    assert "We could not read this photo" in drawn(test)[0]["problem"]

    test.button(key="retry-late").click().run()

    assert client.retried == ["late"]
    assert [card["stage"] for card in drawn(test)] == ["failed", "waiting"]


def test_retry_that_is_refused_says_so():
    client = FakeClient()
    photo = client.add(failed("late", batch="b", code="timed_out", retryable=True))
    test = opened("caption", client, batches=[batch_of(photo)])
    client.faults = [Refused("not_failed", 409, "")]

    test.button(key="retry-late").click().run()

    assert "already on its way" in test.warning[0].value


def test_gateway_down_gives_a_notice_and_its_return_takes_it_away():
    client = FakeClient(faults=[GONE])
    client.add(completed("a", batch="b"))
    batch = batch_of(image("a", "queued", batch="b"))
    test = opened("caption", client, batches=[batch])
    assert "not answering" in test.info[0].value

    batch.cadence.restart()
    test.run()

    assert not test.info
    assert drawn(test)[0]["stage"] == "done"


def test_reloaded_page_shows_its_batch_again():
    client = FakeClient()
    client.add(completed("a", batch="b"))

    test = opened("caption", client, address={"batch": "b"})

    assert [card["stage"] for card in drawn(test)] == ["done"]


def test_refused_token_leads_to_a_new_sign_in():
    client = FakeClient(faults=[sign_in.refusal()])
    batch = batch_of(image("a", "queued"))

    test = opened("caption", client, batches=[batch])

    assert not test.exception
    assert test.session_state["token_rejected"]


def test_empty_history_teaches():
    assert "Add your first photo" in said(opened("history", FakeClient()))


def test_history_turns_pages_by_cursor():
    client = FakeClient()
    for n in range(25):
        client.add(completed(f"{n:02}"))
    test = opened("history", client)
    [newest] = drawn(test)

    test.button[0].click().run()
    [older] = drawn(test)
    labels = [button.label for button in test.button]
    test.button[0].click().run()

    assert [tile["id"] for tile in newest["tiles"]] == [f"{n:02}" for n in range(24, 4, -1)]
    assert [tile["id"] for tile in older["tiles"]] == [f"{n:02}" for n in range(4, -1, -1)]
    assert labels == ["Newer"]
    assert [view["tiles"] for view in drawn(test)] == [newest["tiles"]]


def test_history_searches_and_starts_anew_with_every_search():
    client = FakeClient()
    for n in range(25):
        client.add(completed(f"{n:02}"))
    test = opened("history", client)
    test.button[0].click().run()

    test.text_input[0].set_value("CAT").run()

    [found] = drawn(test)
    assert (client.listed[-1], client.searched[-1]) == (None, "CAT")
    assert len(found["tiles"]) == 20


def test_search_outlasts_a_look_at_a_photo():
    client = FakeClient()
    client.add(completed("a"))
    test = opened("history", client)
    test.text_input[0].set_value("cat").run()
    test.query_params["image"] = "a"
    test.run()

    test.button[0].click().run()

    assert test.text_input[0].value == "cat"
    assert client.searched[-1] == "cat"


def test_search_that_finds_nothing_says_so():
    test = opened("history", FakeClient())

    test.text_input[0].set_value("zebra").run()

    assert not test.exception
    assert "No photo of yours has these words" in said(test)


def test_history_waits_calmly_for_the_gateway():
    test = opened("history", FakeClient(faults=[GONE]))

    assert not test.exception
    assert "goes on by itself" in test.info[0].value


@pytest.mark.parametrize(
    ("image_id", "words"), [("a", "About this photo"), ("zz", "This photo is not here")]
)
def test_one_photo_by_its_address(image_id, words):
    client = FakeClient()
    client.add(completed("a"))

    test = opened("history", client, address={"image": image_id})

    labels = "".join(expander.label for expander in test.expander)
    assert not test.exception
    assert words in said(test) + labels


@pytest.mark.parametrize(("ended", "label"), [(False, "Sign in"), (True, "Sign in again")])
def test_front_page_has_one_way_on(ended, label):
    test = opened("front", FakeClient(), ended=ended)

    assert [button.label for button in test.button] == [label]
