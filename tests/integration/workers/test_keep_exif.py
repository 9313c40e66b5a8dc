"""`keep_exif` through the whole worker: two fields for who asks, and the place for nobody."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import ExifTags, Image

from services.gateway.identifiers import ImageIds
from shared.contracts import CaptionOptions
from shared.items import image_key
from shared.records import ImageRecord, Status
from tests.integration.workers.ingest import USER, Ingest, ingesting
from tests.photos import encoded, real_picture

SECRET = b"SERIAL-4711-SECRET"
PLACE = b"Mont-Saint-Michel"
TAKEN = b"2024:05:01 18:30:09"
_ids = ImageIds()


@pytest.fixture(scope="session")
async def ingest(aws: str) -> AsyncIterator[Ingest]:
    async with ingesting(aws) as it:
        yield it


def a_phone_s(format_: str) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Apple"
    exif[ExifTags.Base.Model] = "iPhone 15 Pro"
    exif[ExifTags.Base.Artist] = SECRET.decode()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = TAKEN.decode()
    details[ExifTags.Base.OffsetTimeOriginal] = "+02:00"
    details[ExifTags.Base.BodySerialNumber] = SECRET.decode()
    details[ExifTags.Base.LensSerialNumber] = SECRET.decode()
    details[ExifTags.Base.CameraOwnerName] = SECRET.decode()
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSAreaInformation] = PLACE
    picture = real_picture()
    picture.thumbnail((400, 400))
    return encoded(picture, format_, exif=exif.tobytes())


async def ingested(ingest: Ingest, upload: bytes, options: CaptionOptions) -> ImageRecord:
    image_id = _ids.new()
    await ingest.upload(image_id, upload)
    return await ingest.ingested(image_id, options=options)


async def everything_of(ingest: Ingest, record: ImageRecord) -> list[bytes]:
    """All that is stored of a photo: its item and its objects."""
    tools = ingest.tools
    item: Any = await tools.items.read(image_key(USER, record.image_id))
    pictures = (record.original, record.thumbnail, record.model_input)
    objects = [
        await tools.objects.read(each.key, limit=10**7) for each in pictures if each is not None
    ]
    assert len(objects) == 3
    return [repr(item).encode(), *objects]


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF"])
async def test_who_asks_gets_date_and_camera_and_nothing_else(ingest: Ingest, format_: str) -> None:
    upload = a_phone_s(format_)
    assert PLACE in upload

    record = await ingested(ingest, upload, CaptionOptions(keep_exif=True))

    assert record.status is Status.CAPTIONING
    assert record.taken_at == "2024-05-01T18:30:09+02:00"
    assert record.camera == "Apple iPhone 15 Pro"
    for stored in await everything_of(ingest, record):
        assert PLACE not in stored
        assert SECRET not in stored
        assert TAKEN not in stored


async def test_who_does_not_ask_leaves_no_trace_of_them(ingest: Ingest) -> None:
    record = await ingested(ingest, a_phone_s("JPEG"), CaptionOptions())

    assert (record.taken_at, record.camera) == (None, None)
    for stored in await everything_of(ingest, record):
        assert b"2024-05-01" not in stored
        assert b"iPhone" not in stored
        assert PLACE not in stored
