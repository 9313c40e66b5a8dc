"""``GET /v1/me/export``: everything of one user's in a ZIP that never is in memory."""

import asyncio
import csv
import io
import json
import subprocess
import tracemalloc
import zipfile
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from aiohttp import ClientPayloadError

from services.gateway.export_archive import FAILURES_IN_A_ROW
from shared.api import ImageView
from tests.deadlines import until
from tests.integration.gateway.export.conftest import MIB, PHOTO, Exporting, names_of
from tests.integration.gateway.finished import finished_record


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
