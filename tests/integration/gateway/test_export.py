"""``GET /v1/me/export``: everything of one user's in a ZIP that never is in memory."""

import asyncio
import csv
import io
import json
import subprocess
import time
import tracemalloc
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from aiohttp import ClientPayloadError

from services.gateway.export_archive import FAILURES_IN_A_ROW
from services.gateway.export_parts import KEPT_S
from services.gateway.exports import IMAGES_MAX
from services.gateway.identifiers import ImageIds
from shared.api import ExportView, ImageView
from shared.items import image_key, to_item
from shared.records import ImageRecord
from tests.deadlines import until
from tests.integration.gateway.conftest import Aws, Gateway, gateway_on, provision, served
from tests.integration.gateway.fake_s3 import FakeS3
from tests.integration.gateway.finished import finished_record, original_of
from tests.integration.gateway.issuer import Issuer

MIB = 1024 * 1024
PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4096


@dataclass(frozen=True)
class Exporting:
    """A gateway whose objects are a fake S3's."""

    gateway: Gateway
    s3: FakeS3

    async def photos(self, *endings: str, **changes: Any) -> list[ImageRecord]:
        """Photos, newest first. The key of each one's original ends as ``endings`` has it."""
        made = [
            finished_record(
                self.gateway.user,
                PHOTO,
                original=original_of(f"images/{self.gateway.user}/{at}{ending}", PHOTO),
                **changes,
            )
            for at, ending in enumerate(endings)
        ]
        await self.store(made)
        return made[::-1]

    async def without_originals(self, count: int) -> list[ImageRecord]:
        """Photos that are not ingested yet, newest first."""
        made = [finished_record(self.gateway.user, b"", original=None) for _ in range(count)]
        await self.store(made)
        return made[::-1]

    async def store(self, records: list[ImageRecord]) -> None:
        """Write ``records`` as fast as DynamoDB takes them, which is 25 a call."""
        for start in range(0, len(records), 25):
            puts = [{"PutRequest": {"Item": to_item(each)}} for each in records[start : start + 25]]
            await self.gateway.aws.dynamodb.batch_write_item(
                RequestItems={self.gateway.settings.records_table: puts}
            )

    async def get(self, path: str) -> Any:
        return await self.gateway.http.get(path, headers=self.gateway.auth())

    async def response(self) -> Any:
        return await self.get("/v1/me/export")

    async def archive(self, path: str = "/v1/me/export") -> zipfile.ZipFile:
        response = await self.get(path)
        assert response.status == 200
        return zipfile.ZipFile(io.BytesIO(await response.read()))


@pytest.fixture
async def exporting(
    moto: Aws, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Exporting]:
    fake = FakeS3(PHOTO)
    fake.gate.set()
    resources = await provision(moto)
    async with served(fake.app()) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        async with gateway_on(moto, resources, issuer) as gateway:
            yield Exporting(gateway, fake)


def names_of(records: list[ImageRecord]) -> list[str]:
    return [f"originals/{record.image_id}.jpg" for record in records]


async def test_archive_holds_documents_and_originals(exporting: Exporting) -> None:
    records = await exporting.photos(*[""] * 3, edited_concise="=1+1", edited_at="x")
    waiting = finished_record(exporting.gateway.user, b"", status="queued", original=None)
    await exporting.gateway.records.create(waiting)

    archive = await exporting.archive()

    assert archive.testzip() is None
    assert archive.namelist() == ["images.json", "captions.csv", *names_of(records)]
    for name in names_of(records):
        assert archive.read(name) == PHOTO
        assert archive.getinfo(name).compress_type == zipfile.ZIP_STORED


async def test_documents_are_what_the_api_says(exporting: Exporting) -> None:
    records = await exporting.photos("", "", edited_concise="=1+1", edited_at="x")

    archive = await exporting.archive()

    text = archive.read("images.json")
    views = [ImageView.model_validate(each) for each in _list_in(text)]
    assert [view.image_id for view in views] == [record.image_id for record in records]
    assert [view.original and view.original.url for view in views] == names_of(records)
    assert b"X-Amz" not in text
    table = archive.read("captions.csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    assert [row["image_id"] for row in rows] == [record.image_id for record in records]
    assert {row["concise"] for row in rows} == {"'=1+1"}


async def test_answer_is_a_file_to_keep(exporting: Exporting) -> None:
    response = await exporting.response()

    assert response.headers["Content-Type"] == "application/zip"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="captions-20')
    assert response.headers["Cache-Control"] == "private, no-store"
    await response.read()


async def test_account_without_photos_is_an_archive_too(exporting: Exporting) -> None:
    archive = await exporting.archive()

    assert _list_in(archive.read("images.json")) == []
    assert archive.namelist() == ["images.json", "captions.csv"]


async def test_other_users_photos_are_not_in_it(exporting: Exporting) -> None:
    await exporting.gateway.records.create(finished_record("eve", PHOTO))
    [own] = await exporting.photos("")

    archive = await exporting.archive()

    assert [name for name in archive.namelist() if "/" in name] == names_of([own])


async def test_stream_that_breaks_goes_on_where_it_broke(exporting: Exporting) -> None:
    records = await exporting.photos("-cut")

    archive = await exporting.archive()

    assert archive.read(names_of(records)[0]) == PHOTO
    assert "errors.txt" not in archive.namelist()


@pytest.mark.skipif(which("unzip") is None, reason="unzip is not installed")
async def test_original_that_fails_is_listed_and_the_rest_is_whole(
    exporting: Exporting, tmp_path: Path
) -> None:
    third, cut, gone, first = await exporting.photos("", "-gone", "-cut-always", "")

    response = await exporting.response()
    path = tmp_path / "export.zip"
    path.write_bytes(await response.read())

    tested = await asyncio.to_thread(
        subprocess.run, ["unzip", "-t", path], capture_output=True, text=True, check=False
    )
    assert (tested.returncode, tested.stderr) == (0, "")
    with zipfile.ZipFile(path) as archive:
        assert [name for name in archive.namelist() if "/" in name] == names_of([third, first])
        errors = archive.read("errors.txt").decode().splitlines()
    assert errors == [
        f"{names_of([cut])[0]}: could not be read",
        f"{names_of([gone])[0]}: deleted while the export ran",
    ]


async def test_without_s3_the_transfer_breaks(exporting: Exporting) -> None:
    await exporting.photos(*["-cut-always"] * FAILURES_IN_A_ROW, "")

    response = await exporting.response()

    assert response.status == 200
    with pytest.raises(ClientPayloadError):
        await response.read()


async def test_client_that_leaves_stops_the_reading(exporting: Exporting) -> None:
    await exporting.photos(*[""] * 20)
    exporting.s3.gate.clear()

    response = await exporting.response()
    await until(lambda: exporting.s3.reading.total() == 1)
    response.close()
    exporting.s3.gate.set()

    await until(lambda: exporting.s3.reading.total() == 0)
    again = await exporting.archive()
    assert len(again.namelist()) == 22
    assert exporting.s3.served < 23 * len(PHOTO)


async def test_client_that_does_not_read_stops_the_reading(exporting: Exporting) -> None:
    await exporting.photos(*[""] * 40)

    response = await exporting.response()
    await response.content.read(1)
    before = -1
    # Until no more is read for a while, which is all that can be seen of a writer that waits.
    while before != exporting.s3.served:
        before = exporting.s3.served
        await asyncio.sleep(0.3)

    assert before < 20 * len(PHOTO)
    response.close()


async def test_second_export_at_the_same_time_is_refused(exporting: Exporting) -> None:
    await exporting.photos("")
    exporting.s3.gate.clear()
    first = await exporting.response()

    second = await exporting.response()

    assert second.status == 429
    assert second.headers["Retry-After"] == "2"
    assert (await second.json())["code"] == "too_many_downloads"
    exporting.s3.gate.set()
    assert zipfile.ZipFile(io.BytesIO(await first.read())).testzip() is None


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
        ("", "after"),
        ("?after=x&through=x", "after"),
        (f"?after={made_ago(0)}", "through"),
        (f"?after={made_ago(0)}&through=1", "through"),
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


async def test_head_reads_no_photo(exporting: Exporting) -> None:
    await exporting.photos("")

    response = await exporting.gateway.http.head("/v1/me/export", headers=exporting.gateway.auth())

    assert response.status == 200
    assert exporting.s3.served == 0


async def test_three_hundred_photos_of_a_megabyte_take_no_memory(
    exporting: Exporting, tmp_path: Path
) -> None:
    await exporting.photos(*[""] * 300)
    path = tmp_path / "export.zip"
    response = await exporting.response()
    assert response.status == 200
    # From here on, or moto would be traced too, and be too slow to answer.
    tracemalloc.start()
    try:
        with path.open("wb") as file:
            async for chunk in response.content.iter_any():
                file.write(chunk)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    # Of all that happens in this process: the gateway, the fake S3 and the client.
    assert peak < 64 * MIB
    assert path.stat().st_size > 300 * MIB
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == 302
        assert await asyncio.to_thread(archive.testzip) is None


def _list_in(text: bytes) -> list[Any]:
    found = json.loads(text)
    assert isinstance(found, list)
    return found
