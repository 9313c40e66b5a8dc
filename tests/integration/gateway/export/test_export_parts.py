"""Exports of more images than one archive takes: parts, each made when it is fetched."""

import json
import time
from typing import Any

import pytest

from services.gateway.export_parts import KEPT_S
from services.gateway.exports import IMAGES_MAX
from services.gateway.identifiers import ImageIds
from shared.api import ExportView
from shared.items import image_key
from tests.integration.gateway.export.conftest import PHOTO, Exporting, names_of
from tests.integration.gateway.finished import finished_record, original_of


async def test_above_the_limit_the_export_comes_in_disjoint_and_complete_parts(
    exporting: Exporting,
) -> None:
    records = await exporting.without_originals(IMAGES_MAX + 3)

    accepted = await exporting.response()
    listing = await exporting.get(accepted.headers["Location"])
    await exporting.photos("")
    export = ExportView.model_validate(await listing.json())
    archives = [await exporting.archive(part.url) for part in export.parts or []]

    assert accepted.status == 202
    assert (await accepted.json())["parts"] is None
    assert accepted.headers["Location"] == f"/v1/me/exports/{export.export_id}"
    assert [part.images for part in export.parts or []] == [IMAGES_MAX, 3]
    found = [each["image_id"] for one in archives for each in _list_in(one.read("images.json"))]
    assert found == [record.image_id for record in records]


async def test_parts_are_cut_below_two_gigabytes(exporting: Exporting) -> None:
    big = original_of("k", PHOTO).model_copy(update={"bytes": 600_000_000})
    for _ in range(7):
        await exporting.gateway.records.create(
            finished_record(exporting.gateway.user, b"", original=big)
        )

    listing = await exporting.get(f"/v1/me/exports/{ImageIds().new()}")

    parts = ExportView.model_validate(await listing.json()).parts or []
    assert [part.images for part in parts] == [3, 3, 1]
    assert max(part.max_bytes for part in parts) <= 2_000_000_000


async def test_part_is_smaller_after_a_deletion_and_shows_nothing_else(
    exporting: Exporting,
) -> None:
    third, second, first = await exporting.photos("", "", "")
    export = await exporting.get(f"/v1/me/exports/{ImageIds().new()}")
    [part] = ExportView.model_validate(await export.json()).parts or []
    table = exporting.gateway.settings.records_table
    for record in (second, first):
        await exporting.gateway.aws.dynamodb.delete_item(
            TableName=table, Key=image_key(record.user_id, record.image_id)
        )

    archive = await exporting.archive(part.url)

    assert [name for name in archive.namelist() if "/" in name] == names_of([third])


async def test_part_is_nothing_to_somebody_else(exporting: Exporting) -> None:
    await exporting.photos("")
    export = await exporting.get(f"/v1/me/exports/{ImageIds().new()}")
    [part] = ExportView.model_validate(await export.json()).parts or []
    eve = Exporting(exporting.gateway.as_somebody(), exporting.s3)

    archive = await eve.archive(part.url)

    assert archive.namelist() == ["images.json", "captions.csv"]


def made_ago(seconds: float) -> str:
    return ImageIds(clock=lambda: time.time() - seconds).new()


@pytest.mark.parametrize(
    "export_id",
    [
        pytest.param(made_ago(KEPT_S + 1), id="over"),
        pytest.param(made_ago(-3600), id="future"),
        pytest.param("0193a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b", id="not-ours"),
        pytest.param("nothing", id="no-id"),
    ],
)
async def test_export_that_is_over_or_never_was_is_not_found(
    exporting: Exporting, export_id: str
) -> None:
    for path in ("", "/parts/1"):
        response = await exporting.get(f"/v1/me/exports/{export_id}{path}")

        assert (response.status, (await response.json())["code"]) == (404, "not_found")


async def test_export_of_yesterday_is_still_there(exporting: Exporting) -> None:
    response = await exporting.get(f"/v1/me/exports/{made_ago(KEPT_S - 60)}")

    assert response.status == 200


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        pytest.param("", "after", id="none"),
        pytest.param("?after=x&through=x", "after", id="no ids"),
        pytest.param(f"?after={made_ago(0)}", "through", id="one"),
        pytest.param(f"?after={made_ago(0)}&through=1", "through", id="one and no id"),
    ],
)
async def test_part_without_its_bounds_is_refused_by_name(
    exporting: Exporting, query: str, pointer: str
) -> None:
    response = await exporting.get(f"/v1/me/exports/{made_ago(0)}/parts/1{query}")

    body = await response.json()
    assert (response.status, body["code"]) == (400, "malformed_request")
    assert body["errors"][0]["pointer"] == pointer


async def test_part_of_more_than_the_limit_is_refused(exporting: Exporting) -> None:
    await exporting.without_originals(IMAGES_MAX + 1)
    everything = f"after={made_ago(0)}&through=00000000-0000-7000-8000-000000000000"

    response = await exporting.get(f"/v1/me/exports/{made_ago(0)}/parts/1?{everything}")

    assert (response.status, (await response.json())["code"]) == (400, "malformed_request")


def _list_in(text: bytes) -> list[Any]:
    found = json.loads(text)
    assert isinstance(found, list)
    return found
