"""``GET /v1/batches/{batch}``: how many of its images have which status."""

import pytest

from services.gateway.batch_reader import BatchReader
from shared.control_items import ControlItems
from shared.item_store import ItemStore
from shared.records import Status
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.finished import finished

JPEG = b"\xff\xd8\xff\xe0 a photo"
ZEROS = {"total": 0, "queued": 0, "ingesting": 0, "captioning": 0, "completed": 0, "failed": 0}


async def test_the_images_of_a_batch_are_counted_by_status(gateway: Gateway) -> None:
    for status in (Status.QUEUED, Status.COMPLETED, Status.COMPLETED, Status.FAILED):
        await finished(gateway, JPEG, status=status, batch="holiday-1")
    await finished(gateway, JPEG, batch="another")
    await finished(gateway, JPEG, batch="holiday-1", ttl=1)

    response = await gateway.http.get("/v1/batches/holiday-1", headers=gateway.auth())

    assert response.status == 200
    counts = ZEROS | {"total": 4, "queued": 1, "completed": 2, "failed": 1}
    assert await response.json() == {"batch": "holiday-1", "counts": counts, "complete": True}


async def test_a_batch_that_the_user_has_not_is_empty(gateway: Gateway) -> None:
    await finished(gateway.as_somebody(), JPEG, batch="holiday-1")

    response = await gateway.http.get("/v1/batches/holiday-1", headers=gateway.auth())

    assert (response.status, (await response.json())["counts"]) == (200, ZEROS)


@pytest.mark.parametrize("name", ["x" * 65, "a%20b", "%C3%A9", "a%2Fb"])
async def test_a_name_that_no_batch_has_is_malformed(gateway: Gateway, name: str) -> None:
    response = await gateway.http.get(f"/v1/batches/{name}", headers=gateway.auth())

    problem = await response.json()
    assert (response.status, problem["code"]) == (400, "malformed_request")
    assert problem["errors"][0]["pointer"] == "batch"


async def test_a_count_that_was_cut_short_says_so(gateway: Gateway) -> None:
    for _ in range(3):
        # A megabyte is all that DynamoDB reads at once.
        await finished(gateway, JPEG, batch="big", creative_caption="x" * 380_000)
    table = gateway.settings.records_table
    control = ControlItems(ItemStore(gateway.aws.dynamodb, table), b"h" * 32)

    cut = await BatchReader(gateway.aws.dynamodb, table, control, pages=1).view(gateway.user, "big")
    whole = await BatchReader(gateway.aws.dynamodb, table, control).view(gateway.user, "big")

    assert (cut.complete, whole.complete) == (False, True)
    assert cut.counts.total < whole.counts.total == 3
