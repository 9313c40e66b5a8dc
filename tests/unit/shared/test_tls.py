"""Whom our AWS clients believe."""

import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from botocore.exceptions import SSLError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from shared.aws import aws_session, client_config, s3_config

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What signs requests, and nothing that sends a client elsewhere than to AWS."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


@asynccontextmanager
async def queue_service(name: str, folder: Path) -> AsyncIterator[str]:
    """SQS at ``https://localhost`` with a certificate of ``name``; that is ``folder/cert.pem``."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder.joinpath("cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    folder.joinpath("key.pem").write_bytes(private)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")

    async def queues(_: web.Request) -> web.Response:
        return web.json_response({"QueueUrls": ["there"]})

    app = web.Application()
    app.router.add_post("/", queues)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        yield f"https://localhost:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def queues_at(url: str) -> list[str]:
    """What the service there answers."""
    config = client_config(connections=1, tries=1)
    async with aws_session().client("sqs", endpoint_url=url, config=config) as sqs:
        answer = await sqs.list_queues()
    return list(answer["QueueUrls"])


async def test_a_certificate_that_a_trusted_authority_gave_is_believed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with queue_service("localhost", tmp_path) as url:
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "cert.pem"))

        assert await queues_at(url) == ["there"]


async def test_a_certificate_of_another_name_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with queue_service("elsewhere.test", tmp_path) as url:
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "cert.pem"))

        with pytest.raises(SSLError, match="Hostname mismatch"):
            await queues_at(url)


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    async with queue_service("localhost", tmp_path) as url:
        with pytest.raises(SSLError, match="self-signed"):
            await queues_at(url)


async def test_all_clients_have_one_tls_context() -> None:
    async with (
        aws_session().client("sqs", config=client_config(connections=1)) as sqs,
        aws_session().client("s3", config=s3_config(connections=1)) as s3,
    ):
        assert await tls_of(sqs) is await tls_of(s3)


async def tls_of(client: Any) -> ssl.SSLContext:
    """What the client's connections are secured with."""
    http = await client._endpoint.http_session._get_session(None)  # noqa: SLF001  no other way
    context = http.connector._ssl  # noqa: SLF001  no other way
    assert isinstance(context, ssl.SSLContext)
    return context


def test_no_client_is_made_with_another_http() -> None:
    made = 0
    for folder in ("services", "shared"):
        for path in ROOT.joinpath(folder).rglob("*.py"):
            text = path.read_text()
            configs = re.findall(r"\bAioConfig\(\s*([a-z_]*=\w*)", text)
            assert set(configs) <= {"http_session_cls=HttpSession"}, path
            assert ".client(" not in text or "config=" in text, path
            # It forgets which HTTP it was.
            assert "onfig.merge(" not in text, path
            made += len(configs)

    assert made == 1  # in shared/aws.py, for all
