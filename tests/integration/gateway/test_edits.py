"""``PATCH /v1/images/{id}``: the owner's words win, unless somebody was quicker."""

from http import HTTPStatus
from typing import Any

import pytest

from services.gateway.edits import CaptionEdits, write_edits
from services.gateway.problems import Problem
from shared.errors import StaleRecord
from shared.items import Update
from shared.records import ImageRecord, Status
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.finished import finished
from tests.integration.gateway.test_recaption import Repeating

JPEG = b"\xff\xd8\xff\xe0 a photo"
EDIT = {"captions": {"concise": "My cat"}}


async def patch(
    gateway: Gateway, record: ImageRecord, body: Any = None, **headers: str
) -> tuple[int, dict[str, Any], str | None]:
    """The status, body and tag of an edit."""
    response = await gateway.http.patch(
        f"/v1/images/{record.image_id}",
        json=EDIT if body is None else body,
        headers=gateway.auth() | {name.replace("_", "-"): text for name, text in headers.items()},
    )
    return response.status, await response.json(), response.headers.get("ETag")


async def test_an_edit_is_answered_shown_and_leaves_the_rest(gateway: Gateway) -> None:
    record = await finished(gateway, JPEG)

    status, body, tag = await patch(gateway, record)

    assert (status, tag, body["version"]) == (200, '"2"', 2)
    captions = body["captions"]
    assert (captions["concise"], captions["creative"]) == ("My cat", "A cat, asleep.")
    assert captions["edited"] is True
    assert captions["edited_at"] == body["updated_at"]
    read = await gateway.http.get(f"/v1/images/{record.image_id}", headers=gateway.auth())
    assert (await read.json())["captions"] == captions


async def test_spaces_are_tidied_and_an_empty_alt_text_means_decoration(gateway: Gateway) -> None:
    record = await finished(gateway, JPEG)

    texts = {"concise": "  My\n cat ", "creative": "One. \n\nTwo.\r\n", "alt_text": ""}
    _, body, _ = await patch(gateway, record, {"captions": texts})

    captions = body["captions"]
    assert (captions["concise"], captions["creative"]) == ("My cat", "One.\n\nTwo.")
    assert captions["alt_text"] == ""


async def test_two_edits_of_different_texts_are_both_kept(gateway: Gateway) -> None:
    record = await finished(gateway, JPEG)

    await patch(gateway, record)
    _, body, _ = await patch(
        gateway, record, {"captions": {"creative": "A poem.", "alt_text": None}}
    )

    captions = body["captions"]
    assert (captions["concise"], captions["creative"]) == ("My cat", "A poem.")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        pytest.param({}, "/captions", id="no captions"),
        pytest.param({"captions": {}}, "/captions", id="no text"),
        pytest.param({"captions": {"concise": None}}, "/captions", id="only null"),
        pytest.param({"captions": {"title": "x"}}, "/captions/title", id="unknown text"),
        pytest.param(EDIT | {"labels": []}, "/labels", id="unknown field"),
        pytest.param({"captions": {"concise": 3}}, "/captions/concise", id="a number"),
        pytest.param({"captions": {"concise": " "}}, "/captions/concise", id="blank concise"),
        pytest.param({"captions": {"creative": ""}}, "/captions/creative", id="empty creative"),
        pytest.param({"captions": {"concise": "x" * 301}}, "/captions/concise", id="long concise"),
        pytest.param(
            {"captions": {"creative": "x" * 2001}}, "/captions/creative", id="long creative"
        ),
        pytest.param({"captions": {"alt_text": "x" * 1001}}, "/captions/alt_text", id="long alt"),
        pytest.param({"captions": {"alt_text": "a\x07b"}}, "/captions/alt_text", id="a bell"),
    ],
)
async def test_what_makes_no_sense_is_named(gateway: Gateway, body: Any, pointer: str) -> None:
    record = await finished(gateway, JPEG)

    status, problem, _ = await patch(gateway, record, body)

    assert (status, problem["code"]) == (422, "invalid_field")
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]
    assert await gateway.records.get(gateway.user, record.image_id) == record


@pytest.mark.parametrize(
    "tag", [pytest.param('"1"', id="this"), "*", pytest.param('"7", "1"', id="one of two")]
)
async def test_an_edit_of_the_version_that_is_there_is_made(gateway: Gateway, tag: str) -> None:
    record = await finished(gateway, JPEG)

    status, _, _ = await patch(gateway, record, If_Match=tag)

    assert status == 200


@pytest.mark.parametrize("tag", ['"2"', 'W/"1"', '"0", "2"', '""', '"x"', '"01"'])
async def test_an_edit_of_another_version_fails(gateway: Gateway, tag: str) -> None:
    record = await finished(gateway, JPEG)

    status, problem, _ = await patch(gateway, record, If_Match=tag)

    assert (status, problem["code"]) == (412, "precondition_failed")
    assert await gateway.records.get(gateway.user, record.image_id) == record


async def test_an_edit_that_was_written_twice_is_made_once(gateway: Gateway) -> None:
    record = await finished(gateway, JPEG, edited_alt_text="Mine", edited_at="earlier")
    records: Any = Repeating(gateway.records)

    made = await write_edits(records, record, CaptionEdits(concise="My cat"), pinned=True)

    assert (made.version, made.edited_concise, made.edited_alt_text) == (2, "My cat", "Mine")
    assert await gateway.records.get(gateway.user, record.image_id) == made


async def test_an_edit_that_somebody_else_made_too_is_not_taken_for_this_one(
    gateway: Gateway,
) -> None:
    record = await finished(gateway, JPEG)
    await patch(gateway, record, If_Match='"1"')
    theirs = await gateway.records.get(gateway.user, record.image_id)

    status, _, _ = await patch(gateway, record, If_Match='"1"')
    with pytest.raises(Problem) as late:
        await write_edits(gateway.records, record, CaptionEdits(concise="My cat"), pinned=True)

    assert status == late.value.status == HTTPStatus.PRECONDITION_FAILED
    assert await gateway.records.get(gateway.user, record.image_id) == theirs


@pytest.mark.parametrize("tag", ["1", '"1', "", '"1" "2"', '"1",', 'w/"1"', '*, "1"'])
async def test_a_precondition_that_is_none_is_malformed(gateway: Gateway, tag: str) -> None:
    record = await finished(gateway, JPEG)

    status, problem, _ = await patch(gateway, record, If_Match=tag)

    assert (status, problem["code"]) == (400, "malformed_request")
    assert problem["errors"][0]["pointer"] == "If-Match"


@pytest.mark.parametrize("status", [status for status in Status if status != "completed"])
async def test_only_a_completed_image_is_edited(gateway: Gateway, status: Status) -> None:
    record = await finished(gateway, JPEG, status=status)

    answered, problem, _ = await patch(gateway, record)

    assert (answered, problem["code"]) == (409, "not_ready")
    assert problem["retryable"] is not status.is_terminal


async def test_images_of_others_and_of_nobody_are_not_found(gateway: Gateway) -> None:
    record = await finished(gateway, JPEG)
    stranger = gateway.as_somebody()

    status, problem, _ = await patch(stranger, record)
    nowhere = await gateway.http.patch("/v1/images/x", json=EDIT, headers=gateway.auth())

    assert (status, problem["code"]) == (404, "not_found")
    assert nowhere.status == 404


async def test_a_write_of_another_job_after_the_edit_does_not_hide_it(gateway: Gateway) -> None:
    record = await finished(gateway, JPEG)
    await patch(gateway, record)
    late = Update().set(concise_caption="Late", creative_caption="Late.", alt_text="Late.")

    await gateway.records.update(gateway.user, record.image_id, late)

    read = await gateway.http.get(f"/v1/images/{record.image_id}", headers=gateway.auth())
    captions = (await read.json())["captions"]
    assert (captions["concise"], captions["creative"]) == ("My cat", "Late.")
    with pytest.raises(StaleRecord):
        await gateway.records.create(record)
