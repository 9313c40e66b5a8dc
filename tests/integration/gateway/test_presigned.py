"""Presigned URLs against an emulator that checks signatures, which moto does not."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession

from shared.items import Update
from shared.object_store import ObjectStore, image_object_key
from shared.records import Status, StoredImage
from tests.deadlines import until
from tests.integration.gateway.conftest import Gateway, clients, gateway_on, provision
from tests.integration.gateway.issuer import Issuer
from tests.integration.gateway.test_submission import JPEG

PYTHON = Path(__file__).parents[3] / ".venv-aws" / "bin" / "python"

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="the emulator's own venv (.venv-aws) is not installed"
)


@pytest.fixture
async def ministack(tmp_path: Path, aws: str) -> AsyncIterator[str]:
    """The address of an emulator that verifies signatures."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "AUTH": "true",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(tmp_path),
        "LOG_LEVEL": "WARNING",
        "AWS_ACCESS_KEY_ID": os.environ["AWS_ACCESS_KEY_ID"],
        "AWS_SECRET_ACCESS_KEY": os.environ["AWS_SECRET_ACCESS_KEY"],
    }
    process = await asyncio.create_subprocess_exec(
        str(PYTHON), "-m", "ministack", env=environment, cwd=tmp_path
    )
    url = f"http://127.0.0.1:{port}"
    async with ClientSession() as http:

        async def answers() -> bool:
            try:
                async with http.get(f"{url}/_ministack/health") as response:
                    return response.status == 200
            except ClientError:
                return False

        await until(answers, within=30)
    yield url
    process.terminate()
    await process.wait()


@pytest.fixture
async def strict_gateway(
    ministack: str, monkeypatch: pytest.MonkeyPatch, issuer: Issuer
) -> AsyncIterator[Gateway]:
    """A gateway on the emulator."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    async with clients(ministack) as made, gateway_on(made, await provision(made), issuer) as it:
        yield it


async def test_presigned_url_opens_without_a_token_and_only_as_signed(
    strict_gateway: Gateway,
) -> None:
    gateway = strict_gateway
    submitted = await gateway.http.post("/v1/images", data=JPEG, headers=gateway.auth())
    image_id = (await submitted.json())["image_id"]
    key = image_object_key(gateway.user, image_id, "thumbnail.jpg")
    await ObjectStore(gateway.aws.s3, gateway.settings.images_bucket).put(
        key, JPEG, content_type="image/jpeg"
    )
    stored = StoredImage(key=key, content_type="image/jpeg", bytes=len(JPEG), width=4, height=3)
    await gateway.records.update(
        gateway.user,
        image_id,
        Update().set(status=Status.CAPTIONING, thumbnail=stored).when("{version} = :v", v=1),
    )

    response = await gateway.http.get(f"/v1/images/{image_id}", headers=gateway.auth())

    url = (await response.json())["thumbnail"]["url"]
    async with ClientSession() as stranger:
        async with stranger.get(url) as opened:
            assert (opened.status, await opened.read()) == (200, JPEG)
        async with stranger.get(url.replace("thumbnail.jpg", "original.jpg")) as tampered:
            assert tampered.status == 403
        async with stranger.get(url.split("?")[0]) as bare:
            assert bare.status == 403


async def test_gateway_is_ready_on_the_emulator(strict_gateway: Gateway) -> None:
    async def ready() -> bool:
        return (await strict_gateway.http.get("/readyz")).status == 200

    # Its checks have two seconds each, which a busy machine may not keep at first.
    await until(ready, within=30)
