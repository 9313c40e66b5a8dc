from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from clients.problems import NotSignedIn, Refused, Unavailable, Unreachable
from clients.resources import ExportPart, Quota
from services.ui import allowance
from tests.unit.ui.fake_client import FakeClient, completed, some_account, some_receipt
from tests.unit.ui.one_run import drawn, opened, said

GONE = Unavailable("dependency_unavailable", 503, "")


def with_photos(count: int = 3, **options: Any) -> FakeClient:
    client = FakeClient(**options)
    for number in range(count):
        client.add(completed(f"id-{number}"))
    return client


def button(test: AppTest, label: str) -> Any:
    return next(one for one in test.button if one.label == label)


def everything_said(test: AppTest) -> str:
    kinds = (test.error, test.success, test.header, test.code)
    return "\n".join([said(test), *(one.value for kind in kinds for one in kind)])


def confirm(test: AppTest, typed: str) -> AppTest:
    button(test, "Delete everything …").click().run()
    test.text_input[0].set_value(typed)
    return button(test, "Delete everything").click().run()


def test_account_says_what_is_left_and_when_it_comes_back():
    test = opened("account", with_photos())

    assert not test.exception
    assert test.get("progress")[0].proto.text == "42 of 60 captions left"
    assert "one a minute: all of them by 22 Nov 2026, 12:18" in said(test)
    assert "3 photos here. Each is kept for 90 days" in said(test)
    assert "ana@example.com" in said(test)


def test_account_that_was_not_counted_to_the_end_says_so():
    client = with_photos()
    client.account = some_account().model_copy(update={"images_complete": False})

    assert "More than 3 photos here" in said(opened("account", client))


@pytest.mark.parametrize(
    ("limit", "window_s", "words"),
    [
        (60, 3600, "one a minute"),
        (1000, 60, "1000 a minute"),
        (10, 3600, "one every 6 minutes"),
        (24, 86400, "one an hour"),
        (4, 86400, "one every 6 hours"),
    ],
)
def test_pace_is_told_in_words(limit, window_s, words):
    quota = Quota(limit=limit, window_s=window_s, remaining=limit, resets_at="")

    assert allowance.refill(quota) == (
        f"Each photo takes one. Used ones come back by themselves, {words}."
    )


def test_quota_of_nothing_is_no_division_by_it():
    quota = Quota(limit=0, window_s=3600, remaining=0, resets_at="")

    assert allowance.share(quota) == 0.0
    assert allowance.refill(quota)


def test_gateway_away_is_told_calmly():
    test = opened("account", with_photos(faults=[GONE]))

    assert not test.exception
    assert "goes on by itself" in said(test)


def test_refused_token_leads_to_signing_in_again():
    fault = NotSignedIn("invalid_token", 401, "")

    assert "Sign in again" in said(opened("account", with_photos(faults=[fault])))


def test_export_is_opened_once_and_given_to_the_browser():
    client = with_photos()
    test = opened("account", client)

    button(test, "Download everything").click().run()

    assert client.calls == [("export",)]
    assert drawn(test)[-1]["url"].startswith("/files/")
    assert "Your download has started" in everything_said(test)


def test_nothing_to_export_offers_nothing():
    test = opened("account", FakeClient())

    assert "There is nothing to download yet." in said(test)
    assert "Download everything" not in [one.label for one in test.button]


def test_large_export_is_offered_in_files_with_their_sizes():
    client = with_photos()
    client.parts = [
        ExportPart(part=1, images=500, max_bytes=1_900_000_000, url="/v1/me/exports/e/parts/1"),
        ExportPart(part=2, images=1, max_bytes=500_000, url="/v1/me/exports/e/parts/2"),
    ]
    test = opened("account", client)
    button(test, "Download everything").click().run()

    button(test, "Download file 2 (1 photo, at most 488 KB)").click().run()

    assert not test.exception
    assert client.calls == [("export",), ("export_part", 2)]
    assert "Download file 1 (500 photos, at most 1812.0 MB)" in [one.label for one in test.button]
    assert drawn(test)[-1]["url"].startswith("/files/")


def test_part_that_is_gone_says_what_to_do():
    client = with_photos()
    client.parts = [ExportPart(part=1, images=3, max_bytes=100, url="/v1/me/exports/e/parts/1")]
    test = opened("account", client)
    button(test, "Download everything").click().run()
    client.faults = []
    part = next(one for one in test.button if one.label.startswith("Download file 1"))
    # The page asks for the account first.
    client.open_export_part = refusing(Refused("not_found", 404, ""))

    part.click().run()

    assert "Choose Download everything once more" in said(test)


def refusing(fault: Exception) -> Any:
    def call(*_: object) -> None:
        raise fault

    return call


def test_export_while_another_runs_says_so():
    client = with_photos()
    test = opened("account", client)
    client.open_export = refusing(Refused("too_many_downloads", 429, ""))

    button(test, "Download everything").click().run()

    assert "Other downloads of yours are still running" in said(test)


@pytest.mark.parametrize("typed", ["", "delete", "yes", "delete all my data"])
def test_nothing_is_deleted_without_the_words(typed):
    client = with_photos()
    test = opened("account", client)

    confirm(test, typed)

    assert client.calls == []
    assert "Nothing was deleted" in everything_said(test)


@pytest.mark.parametrize("typed", ["delete my data", " Delete  my data "])
def test_deletion_shows_its_receipt(typed):
    client = with_photos()
    test = opened("account", client)

    confirm(test, typed)

    assert not test.exception
    assert client.calls == [("delete_all",)]
    assert "deletion" in test.query_params


def test_receipt_has_id_counts_and_times_and_can_be_kept():
    client = with_photos(0)

    test = opened("account", client, address={"deletion": "d"})

    receipt = test.code[0].value
    for part in ("Receipt:          d", "Records deleted:  2", "Files deleted:    8"):
        assert part in receipt
    assert "Their versions:   9" in receipt
    assert "Requested:        2026-11-22T12:00:00.000Z" in receipt
    assert test.get("download_button")[0].proto.label == "Download the receipt"


def test_running_deletion_is_followed_to_its_end():
    client = with_photos(0, receipt=some_receipt(status="running"))
    test = opened("account", client, address={"deletion": "d"})
    assert "Your data is being deleted" in said(test)
    assert not test.code

    client.receipt = some_receipt()
    test.run()

    assert "Everything was deleted" in everything_said(test)


def test_deletion_that_is_not_known_is_dropped_from_the_address():
    test = opened("account", with_photos(), address={"deletion": "of somebody else"})

    assert not test.exception
    assert "deletion" not in test.query_params
    assert not test.code


def test_deletion_without_an_answer_says_to_ask_again():
    client = with_photos()
    test = opened("account", client)
    client.delete_all = refusing(Unreachable("ReadTimeout"))

    confirm(test, "delete my data")

    assert "asking twice does no harm" in said(test)
    assert "deletion" not in test.query_params


def test_privacy_notice_tells_the_days_that_are_set():
    client = with_photos()
    client.account = some_account().model_copy(update={"retention_days": 30})

    test = opened("account", client)

    assert "For 30 days, then a photo and its captions are deleted" in said(test)
