"""The page for adding photos without a browser, on a client in memory."""

from typing import Any

from streamlit.testing.v1 import AppTest

from clients.problems import Refused, Unavailable
from services.ui import sign_in
from services.ui.desk import SOON
from tests.unit.ui.fake_client import FakeClient
from tests.unit.ui.one_run import drawn, opened
from tests.unit.ui.samples import completed, failed
from tests.unit.ui.telling import parcel, state

GONE = Unavailable("dependency_unavailable", 503, "")


def tray(test: AppTest) -> dict[str, Any]:
    """What the tray was given."""
    assert not test.exception
    [shown] = [data for data in drawn(test) if "desk" in data]
    return shown


def answered(test: AppTest) -> AppTest:
    """As the script does: run again while answers are still on their way."""
    for _ in range(50):
        if tray(test)["pause"] != SOON:
            return test
        test.run()
    raise AssertionError("answers are still on their way")


def told(client: FakeClient, *, test: AppTest | None = None, **parts: Any) -> AppTest:
    """The page after its script has told this."""
    heard = {"told": state(**parts)}
    if test is None:
        return answered(opened("caption", client, tray=heard))
    test.session_state["tray"] = heard
    return answered(test.run())


def test_empty_page_teaches_what_will_happen():
    shown = tray(opened("caption", FakeClient()))

    assert "a short caption of at most ten words" in " ".join(shown["teach"])
    assert shown["pause"] is None


def test_script_gets_rules_and_sentences_and_the_owners_tag():
    shown = tray(opened("caption", FakeClient()))

    assert shown["owner"] == "ana"
    assert shown["rules"]["max_bytes"] == 10 * 1024 * 1024
    assert ["ffd8ff", "image/jpeg"] in shown["rules"]["signatures"]
    assert "Save it as JPEG" in shown["rules"]["sentences"]["not_a_photo"]


def test_file_gets_a_form_with_the_options_of_its_drop():
    client = FakeClient()
    drops = [{"id": "b", "options": {"language": "de", "labels": "false", "evil": "1"}}]

    test = told(client, parcels={"one": parcel()}, drops=drops)

    assert tray(test)["parcels"]["one"]["form"]["fields"]["Content-Type"] == "image/jpeg"
    options = {"language": "de", "labels": "false", "batch": "b"}
    assert client.calls == [("begin_upload", "image/jpeg", 1000, options)]


def test_stored_file_becomes_a_photo_that_the_address_finds_again():
    client = FakeClient()
    test = told(client, parcels={"one": parcel()})
    upload_id = tray(test)["parcels"]["one"]["form"]["upload_id"]

    told(client, test=test, parcels={"one": parcel(stored=upload_id)})

    assert tray(test)["parcels"]["one"] == {"image": upload_id}
    assert [card["stage"] for card in tray(test)["cards"]] == ["waiting"]
    assert test.query_params["batch"] == "b"


def test_reloaded_page_shows_its_batch_with_one_list_call():
    client = FakeClient()
    for number in range(3):
        client.add(completed(str(number), batch="b"))

    test = answered(opened("caption", client, address={"batch": "b"}))

    assert [card["stage"] for card in tray(test)["cards"]] == ["done"] * 3
    assert client.filtered == [(None, "b")]
    assert tray(test)["pause"] is None


def test_address_that_is_no_batch_is_left_alone():
    client = FakeClient()

    opened("caption", client, address={"batch": "../../me"})

    assert client.listed == []


def test_failed_photo_says_why_and_is_tried_again():
    client = FakeClient()
    client.add(failed("late", batch="b", code="timed_out", retryable=True))
    test = told(client)
    [before] = tray(test)["cards"]

    told(client, test=test, retries={"late": 1})
    told(client, test=test, retries={"late": 1})

    assert "took too long" in before["problem"]
    assert before["again"]
    assert client.retried == ["late"]
    assert [card["stage"] for card in tray(test)["cards"]] == ["waiting"]


def test_retry_that_is_refused_says_so():
    client = FakeClient()
    client.add(failed("late", batch="b", code="timed_out", retryable=True))
    test = told(client)
    client.faults = [Refused("not_failed", 409, "")]

    told(client, test=test, retries={"late": 1})

    [card] = tray(test)["cards"]
    assert "already on its way" in card["problem"]


def test_gateway_that_is_away_is_told_of_and_asked_again_later():
    test = told(FakeClient(faults=[GONE] * 2), parcels={"one": parcel()})

    shown = tray(test)
    assert shown["away"]
    assert shown["parcels"] == {}
    assert 0.5 < shown["pause"] <= 1.0


def test_refused_token_leads_to_a_new_sign_in():
    test = opened(
        "caption",
        FakeClient(faults=[sign_in.refusal()]),
        tray={"told": state(parcels={"one": parcel()})},
    )
    for _ in range(20):
        if "token_rejected" in test.session_state:
            break
        test.run()

    assert not test.exception
    assert test.session_state["token_rejected"]


def test_photo_is_opened_once_and_stays_closed_after_going_back():
    client = FakeClient()
    client.add(completed("a", batch="b"))
    test = opened("caption", client, tray={"told": state(opened="a")})
    address = dict(test.query_params)

    del test.query_params["image"]
    test.session_state["tray"] = {"told": state(opened="a")}
    test.run()

    assert address["image"] == "a"
    assert "image" not in test.query_params


def test_state_of_an_older_script_is_left_alone():
    test = opened("caption", FakeClient(), tray={"told": {"parcels": "all of them"}})

    assert tray(test)["cards"] == []
