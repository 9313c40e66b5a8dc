"""``GET /v1/images/{id}/download``: the original as a file, with its captions inside if asked."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from shared.errors import FailureCode
from shared.records import Failure, ImageRecord, Status
from tests import photos
from tests.exiftool import Exiftool, needs_exiftool, running_exiftool
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.finished import finished, finished_record, original_of

PHOTOS = {
    "jpg": ("JPEG", "image/jpeg"),
    "png": ("PNG", "image/png"),
    "webp": ("WEBP", "image/webp"),
}
EVERY_FORMAT = pytest.mark.parametrize("extension", PHOTOS)


@pytest.fixture(scope="module")
def exiftool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exiftool]:
    with running_exiftool(tmp_path_factory.mktemp("exiftool")) as running:
        yield running


def photo(extension: str = "jpg") -> bytes:
    return photos.encoded(photos.corners(), PHOTOS[extension][0])


async def download(
    gateway: Gateway, image_id: str, query: str = "?with=captions", *, user: str | None = None
) -> Any:
    return await gateway.http.get(
        f"/v1/images/{image_id}/download{query}", headers=gateway.auth(user)
    )


async def refusal(gateway: Gateway, record: ImageRecord, query: str = "?with=captions") -> Any:
    response = await download(gateway, record.image_id, query)
    body = await response.json()
    return response.status, body["code"], body["retryable"]


@EVERY_FORMAT
async def test_original_comes_as_an_attachment(gateway: Gateway, extension: str) -> None:
    record = await finished(gateway, photo(extension))

    response = await download(gateway, record.image_id, "")

    assert response.status == 200
    assert await response.read() == photo(extension)
    assert response.headers["Content-Type"] == PHOTOS[extension][1]
    assert response.headers["Content-Length"] == str(len(photo(extension)))
    assert response.headers["Content-Disposition"] == (
        f'attachment; filename="{record.image_id}.{extension}"'
    )
    assert response.headers["Cache-Control"] == "private, no-store"


@needs_exiftool
@EVERY_FORMAT
async def test_captions_are_in_the_file_and_the_picture_is_the_same(
    gateway: Gateway, extension: str, exiftool: Exiftool
) -> None:
    record = await finished(gateway, photo(extension), edited_alt_text="My cat", edited_at="x")

    response = await download(gateway, record.image_id)

    file = await response.read()
    assert response.status == 200
    assert response.headers["Content-Type"] == PHOTOS[extension][1]
    assert response.headers["Content-Length"] == str(len(file))
    assert f'filename="{record.image_id}.{extension}"' in response.headers["Content-Disposition"]
    tags = exiftool.tags(file)
    assert tags["XMP-dc:Description"] == "A cat"
    assert tags["XMP-dc:Subject"] == "Cat"
    assert tags["XMP-iptcCore:AltTextAccessibility"] == "My cat"
    assert tags["XMP-iptcCore:ExtDescrAccessibility-en"] == "A cat, asleep."
    with Image.open(io.BytesIO(file)) as got, Image.open(io.BytesIO(photo(extension))) as stored:
        assert got.tobytes() == stored.tobytes()


async def test_head_tells_the_size_and_sends_nothing(gateway: Gateway) -> None:
    record = await finished(gateway, photo())

    response = await gateway.http.head(
        f"/v1/images/{record.image_id}/download", headers=gateway.auth()
    )

    assert response.headers["Content-Length"] == str(len(photo()))
    assert await response.read() == b""


@pytest.mark.parametrize(
    "content_type", ["image/gif", "image/heic", "image/heif", "image/avif", "image/tiff"]
)
async def test_format_without_a_writer_is_refused_but_downloads(
    gateway: Gateway, content_type: str
) -> None:
    record = await finished(
        gateway, b"any", original=original_of(f"images/{gateway.user}/x", b"any", content_type)
    )

    plain = await download(gateway, record.image_id, "")

    assert await refusal(gateway, record) == (409, "metadata_unsupported", False)
    assert await plain.read() == b"any"
    assert plain.headers["Content-Type"] == content_type


async def test_file_that_takes_no_captions_is_refused(gateway: Gateway) -> None:
    record = await finished(gateway, photo()[:300])

    assert await refusal(gateway, record) == (409, "metadata_unsupported", False)


async def test_photo_without_captions_yet_is_not_ready_but_downloads(gateway: Gateway) -> None:
    record = await finished(gateway, photo(), status=Status.CAPTIONING, alt_text=None)

    plain = await download(gateway, record.image_id, "")

    assert await refusal(gateway, record) == (409, "not_ready", True)
    assert await plain.read() == photo()


@pytest.mark.parametrize("query", ["", "?with=captions"])
async def test_photo_without_an_original_is_not_ready(gateway: Gateway, query: str) -> None:
    code: FailureCode = "undecodable_image"
    failure = Failure(code=code, detail="", retryable=False, stage="ingest")
    queued = await finished(gateway, b"", status=Status.QUEUED, original=None)
    failed = await finished(gateway, b"", status=Status.FAILED, original=None, error=failure)

    assert await refusal(gateway, queued, query) == (409, "not_ready", True)
    assert await refusal(gateway, failed, query) == (409, "not_ready", False)


@pytest.mark.parametrize("query", ["", "?with=captions"])
async def test_somebody_elses_or_no_photo_is_not_found(gateway: Gateway, query: str) -> None:
    record = await finished(gateway, photo())

    for answer in (
        await download(gateway, record.image_id, query, user="eve"),
        await download(gateway, "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", query),
        await download(gateway, "..%2f..", query),
    ):
        assert (answer.status, (await answer.json())["code"]) == (404, "not_found")


@pytest.mark.parametrize("query", ["", "?with=captions"])
async def test_photo_whose_object_is_gone_is_not_found(gateway: Gateway, query: str) -> None:
    record = finished_record(gateway.user, photo())
    await gateway.records.create(record)

    assert await refusal(gateway, record, query) == (404, "not_found", False)


@pytest.mark.parametrize("query", ["?with=", "?with=x", "?with=captions&with=captions"])
async def test_other_wishes_are_refused_by_name(gateway: Gateway, query: str) -> None:
    record = await finished(gateway, photo())

    response = await download(gateway, record.image_id, query)

    body = await response.json()
    assert (response.status, body["code"]) == (400, "malformed_request")
    assert body["errors"][0]["pointer"] == "with"
