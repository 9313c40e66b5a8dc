"""A gateway whose objects are a fake S3's, and the photos to export from it."""

import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from shared.items import to_item
from shared.records import ImageRecord
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
