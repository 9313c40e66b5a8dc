"""A gateway served on a free port, on an in-process AWS and a sign-in provider of its own."""

import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from aiohttp import ClientSession, web
from pydantic import SecretStr

from services.gateway.app import create_app
from services.gateway.connections import GatewayRunner
from services.gateway.settings import Settings
from shared.aws import aws_session, client_config, s3_config
from shared.record_store import RecordStore
from tests.integration.gateway.back_office import BackOffice, back_office
from tests.integration.gateway.issuer import CLIENT_ID, ISSUER, Issuer

LOGOUT_URL = "http://ui.test/oauth2callback"


@dataclass(frozen=True)
class Aws:
    """Clients of the AWS at ``endpoint``."""

    endpoint: str
    dynamodb: Any
    s3: Any
    sqs: Any


@dataclass(frozen=True)
class Gateway:
    """A gateway being served, and what a test needs to talk to it and to look behind it.

    ``user`` is the test's own, so that tests can share a gateway.
    """

    url: str
    settings: Settings
    issuer: Issuer
    aws: Aws
    records: RecordStore
    http: ClientSession
    user: str

    def token(self, **changes: Any) -> str:
        """The test's user's token, or one that differs in some claims."""
        return self.issuer.token(**({"user": self.user} | changes))

    def auth(self, user: str | None = None) -> dict[str, str]:
        """The header of a signed-in user."""
        return {"Authorization": f"Bearer {self.token(user=user or self.user)}"}

    def as_somebody(self) -> "Gateway":
        """The same gateway, used by a user that nobody was before."""
        return replace(self, user=f"user-{uuid.uuid4().hex}")

    async def objects(self) -> list[str]:
        """The keys of all versions of the user's uploads."""
        listing = await self.aws.s3.list_object_versions(
            Bucket=self.settings.images_bucket, Prefix=f"incoming/{self.user}/"
        )
        return [entry["Key"] for entry in listing.get("Versions", [])]

    async def messages(self, queue_url: str | None = None) -> list[Any]:
        """What the user's requests put on the ingest queue, or on another."""
        found: list[Any] = []
        while True:
            answer = await self.aws.sqs.receive_message(
                QueueUrl=queue_url or self.settings.ingest_queue_url,
                MaxNumberOfMessages=10,
                MessageAttributeNames=["All"],
            )
            if not answer.get("Messages"):
                return found
            found += [message for message in answer["Messages"] if self.user in message["Body"]]


Serve = Callable[..., Awaitable[Gateway]]


@pytest.fixture(scope="session")
async def moto(aws: str) -> AsyncIterator[Aws]:
    """The in-process AWS with clients."""
    async with clients(aws) as made:
        yield made


@asynccontextmanager
async def clients(endpoint: str) -> AsyncIterator[Aws]:
    """Clients of the AWS at ``endpoint``, whose credentials come from the environment."""
    session = aws_session()
    config = client_config(connections=20)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        yield Aws(
            endpoint,
            await enter(session.client("dynamodb", endpoint_url=endpoint, config=config)),
            await enter(
                session.client("s3", endpoint_url=endpoint, config=s3_config(connections=20))
            ),
            await enter(session.client("sqs", endpoint_url=endpoint, config=config)),
        )


async def provision(aws: Aws) -> dict[str, str]:
    """A table, a bucket and a queue of their own, as settings."""
    name = f"gateway-{uuid.uuid4().hex}"
    await aws.dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "PK", "KeyType": "HASH"},
            {"AttributeName": "SK", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "PK", "AttributeType": "S"},
            {"AttributeName": "SK", "AttributeType": "S"},
        ],
    )
    await aws.s3.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    await aws.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    queue = await aws.sqs.create_queue(QueueName=name)
    caption_queue = await aws.sqs.create_queue(QueueName=f"{name}-caption")
    return {
        "images_bucket": name,
        "records_table": name,
        "ingest_queue_url": queue["QueueUrl"],
        "caption_queue_url": caption_queue["QueueUrl"],
    }


def settings_of(resources: dict[str, str], issuer: Issuer, **changes: Any) -> Settings:
    """Settings for a test's gateway."""
    values: dict[str, Any] = {
        "public_url": "http://gateway.test",
        "ingest_dlq_url": "unused",
        "caption_dlq_url": "unused",
        "cognito_issuer": ISSUER,
        "cognito_jwks_url": f"{issuer.url}/jwks.json",
        "cognito_client_ids": (CLIENT_ID, "another-of-ours"),
        "cognito_user_pool_domain_url": "https://sign-in.test",
        "openid_configuration_url": f"{issuer.url}/openid",
        "logout_client_id": CLIENT_ID,
        "logout_urls": (LOGOUT_URL,),
        "signing_key": SecretStr("k" * 32),
        "user_hash_key": SecretStr("h" * 32),
        "drain_s": 5,
        **resources,
        **changes,
    }
    return Settings(**values)


@asynccontextmanager
async def served(app: web.Application, settings: Settings | None = None) -> AsyncIterator[str]:
    """``app`` on a free port, on connections of ours given ``settings``; yields its address."""
    runner = (
        GatewayRunner(app, settings)
        if settings
        else web.AppRunner(app, access_log=None, shutdown_timeout=5)
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    """A sign-in provider."""
    made = Issuer()
    async with served(made.app()) as url:
        made.url = url
        yield made


@asynccontextmanager
async def gateway_on(
    aws: Aws, resources: dict[str, str], issuer: Issuer, **changes: Any
) -> AsyncIterator[Gateway]:
    """A gateway served on ``resources`` of ``aws``."""
    settings = settings_of(resources, issuer, **changes)
    records = RecordStore(aws.dynamodb, settings.records_table)
    async with served(create_app(settings), settings) as url, ClientSession(base_url=url) as http:
        yield Gateway(url, settings, issuer, aws, records, http, "ana").as_somebody()


@pytest.fixture
async def serve(moto: Aws, issuer: Issuer) -> AsyncIterator[Serve]:
    """Makes gateways with other settings, each with resources of its own."""
    async with AsyncExitStack() as stack:

        async def make(**changes: Any) -> Gateway:
            resources = await provision(moto)
            return await stack.enter_async_context(gateway_on(moto, resources | changes, issuer))

        yield make


@pytest.fixture(scope="session")
async def shared_gateway(moto: Aws) -> AsyncIterator[Gateway]:
    """A gateway as it is by default, one for the run."""
    issuer = Issuer()
    async with (
        served(issuer.app()) as issuer.url,
        gateway_on(moto, await provision(moto), issuer) as made,
    ):
        yield made


@pytest.fixture
def gateway(shared_gateway: Gateway) -> Gateway:
    """A gateway as it is by default, for a user of the test's own."""
    return shared_gateway.as_somebody()


@pytest.fixture
async def office(aws: str, ministack: str) -> AsyncIterator[BackOffice]:
    """A back office on the emulator where writes are atomic."""
    async with clients(ministack) as made, back_office(made) as it:
        yield it


@pytest.fixture
def machine_clock(office: BackOffice) -> None:
    """The back office's clock starts at the machine's time."""
    office.clock.now = time.time()
