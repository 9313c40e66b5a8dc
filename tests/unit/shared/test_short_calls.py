"""A call by the short way ends as botocore's would, and what goes wrong is left to botocore."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from zlib import crc32

import aioboto3
import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.retries.standard import ExponentialBackoff

from shared import short_calls
from shared.aws import TRIES, aws_session, client_config, receive_config
from shared.short_calls import ROUGH_S
from tests.unit.shared.unsent import Answer, Unsent

PUT = {"TableName": "t", "Item": {"PK": {"S": "p"}}, "ConditionExpression": "attribute_exists(PK)"}
REFUSED = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"
CANCELLED = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
NOWHERE = EndpointConnectionError(endpoint_url="https://dynamodb")


def error(kind: str, status: int = 400, **told: Any) -> Answer:
    return status, json.dumps({"__type": kind, "message": "no", **told}).encode()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What signs calls that are never sent, and waits between tries that take no time."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.0)


class Clock:
    """Of the short way; botocore has its own."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(short_calls, "time", made)
    return made


@asynccontextmanager
async def client(
    service: str = "dynamodb", session: aioboto3.Session | None = None, config: Any = None
) -> AsyncIterator[Any]:
    config = config or client_config(connections=1)
    async with (session or aws_session()).client(service, config=config) as made:
        yield made


class ByBotocore:
    """Counts what a client does by botocore's own way, of which this event is a part."""

    def __init__(self, of: Any) -> None:
        self.calls = 0
        of.meta.events.register("before-call", self._count)

    def _count(self, **_: Any) -> None:
        self.calls += 1


async def ended(session: aioboto3.Session, answer: Answer) -> tuple[str, bool, Any]:
    """How a put ended: what its error says, whether it is one that a condition was not met, by the
    class that is caught for it, and what was told.
    """
    async with client(session=session) as dynamodb:
        Unsent(dynamodb, answer)
        try:
            told = await dynamodb.put_item(**PUT)
            text, is_refused = "", False
        except ClientError as refusal:
            told, text = refusal.response, str(refusal)
            is_refused = isinstance(refusal, dynamodb.exceptions.ConditionalCheckFailedException)
    return text, is_refused, told


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((200, b"{}"), id="nothing to tell"),
        pytest.param((200, b'{"Attributes": {"PK": {"S": "p"}}}'), id="an item"),
        pytest.param(error(REFUSED, Item={"PK": {"S": "p"}}), id="condition not met"),
        pytest.param(
            error(CANCELLED, CancellationReasons=[{"Code": "ConditionalCheckFailed"}]),
            id="transaction cancelled",
        ),
    ],
)
async def test_an_answer_or_a_refusal_is_what_botocore_makes_of_it(answer: Answer) -> None:
    assert await ended(aws_session(), answer) == await ended(aioboto3.Session(), answer)


@pytest.mark.parametrize("session", [aws_session, aioboto3.Session])
async def test_a_refusal_of_sqs_is_of_the_class_that_is_caught_for_it(session: Any) -> None:
    refused = (
        400,
        json.dumps({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no"}).encode(),
        {"x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender"},
    )
    config = receive_config(poll_wait_s=1)
    async with client("sqs", session=session(), config=config) as sqs:
        unsent = Unsent(sqs, refused)
        with pytest.raises(sqs.exceptions.QueueDoesNotExist):
            await sqs.receive_message(QueueUrl="https://sqs/1/q")

    assert len(unsent.requests) == 1


@pytest.mark.parametrize("answer", [(200, b"{}"), error("InternalServerError", 500)])
async def test_who_listens_hears_of_each_call_once(answer: Answer) -> None:
    heard = []
    async with client() as dynamodb:
        Unsent(dynamodb, answer)
        dynamodb.meta.events.register(
            "after-call.dynamodb.PutItem", lambda parsed, **_: heard.append(parsed)
        )
        told = await dynamodb.put_item(**PUT)

    assert heard == [told]


async def test_a_call_with_an_answer_goes_the_short_way() -> None:
    async with client() as dynamodb:
        unsent, by_botocore = Unsent(dynamodb), ByBotocore(dynamodb)
        await dynamodb.put_item(**PUT)

    assert len(unsent.requests) == 1
    assert by_botocore.calls == 0


@pytest.mark.parametrize("code", [REFUSED, CANCELLED])
async def test_a_refusal_that_would_be_the_same_again_is_asked_for_once(code: str) -> None:
    async with client() as dynamodb:
        unsent, by_botocore = Unsent(dynamodb, error(code)), ByBotocore(dynamodb)
        with pytest.raises(ClientError):
            await dynamodb.put_item(**PUT)
        await dynamodb.put_item(**PUT)  # nor is it weather

    assert len(unsent.requests) == 2
    assert by_botocore.calls == 0


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(error("InternalServerError", 500), id="fault"),
        pytest.param(error("ThrottlingException"), id="throttled"),
        pytest.param(error("ResourceNotFoundException"), id="any other refusal"),
        pytest.param((503, b"<html>"), id="no JSON"),
        pytest.param(NOWHERE, id="nobody there"),
        pytest.param(ReadTimeoutError(endpoint_url="https://dynamodb"), id="no answer"),
    ],
)
async def test_after_a_try_in_vain_calls_go_botocores_way_for_a_while(
    answer: Answer, clock: Clock
) -> None:
    async with client() as dynamodb:
        unsent, by_botocore = Unsent(dynamodb, answer), ByBotocore(dynamodb)
        await dynamodb.put_item(**PUT)
        assert len(unsent.requests) == 2
        assert by_botocore.calls == 1

        clock.now += ROUGH_S - 0.1
        await dynamodb.put_item(**PUT)
        assert by_botocore.calls == 2

        clock.now += 0.2
        await dynamodb.put_item(**PUT)
        assert by_botocore.calls == 2


async def test_all_tries_of_a_transaction_carry_one_token_so_that_it_is_done_once() -> None:
    put = {"Put": {"TableName": "t", "Item": {"PK": {"S": "p"}}}}
    lost = ReadTimeoutError(endpoint_url="https://dynamodb")
    async with client() as dynamodb:
        unsent = Unsent(dynamodb, lost, lost)
        await dynamodb.transact_write_items(TransactItems=[put])
        await dynamodb.transact_write_items(TransactItems=[put])

    tokens = [json.loads(request.body)["ClientRequestToken"] for request in unsent.requests]
    assert len(tokens) == 4
    assert len(set(tokens[:3])) == 1
    assert tokens[3] != tokens[0]


async def test_an_answer_that_the_network_changed_is_asked_for_again() -> None:
    body = b'{"Item": {"PK": {"S": "p"}}}'
    checksum = {"x-amz-crc32": str(crc32(body))}
    async with client() as dynamodb:
        unsent = Unsent(dynamodb, (200, b"\x00" + body, checksum), (200, body, checksum))
        answer = await dynamodb.get_item(TableName="t", Key={"PK": {"S": "p"}})

    assert answer["Item"] == {"PK": {"S": "p"}}
    assert len(unsent.requests) == 2


async def test_when_calls_were_in_vain_one_call_looks_whether_it_is_over(clock: Clock) -> None:
    sent, answered = asyncio.Event(), asyncio.Event()

    async def hold(**_: Any) -> None:
        if not sent.is_set():
            sent.set()
            await answered.wait()

    async with client() as dynamodb:
        Unsent(dynamodb, error("InternalServerError", 500))
        await dynamodb.put_item(**PUT)
        by_botocore = ByBotocore(dynamodb)
        clock.now += ROUGH_S + 0.1

        dynamodb.meta.events.register_first("before-send", hold)
        looking = asyncio.create_task(dynamodb.put_item(**PUT))
        await sent.wait()
        await dynamodb.put_item(**PUT)
        assert by_botocore.calls == 1

        answered.set()
        await looking
        await dynamodb.put_item(**PUT)
        assert by_botocore.calls == 1


async def test_a_try_that_failed_slowly_is_taken_off_what_botocore_may_wait(clock: Clock) -> None:
    config = client_config(connections=1, read_timeout_s=1)

    async def slowly(**_: Any) -> None:
        clock.now += TRIES + 0.1
        await asyncio.sleep(0.01)

    async with client(config=config) as dynamodb:
        unsent = Unsent(dynamodb, *[error("InternalServerError", 500)] * 10)
        dynamodb.meta.events.register_first("before-send", slowly)
        with pytest.raises(ReadTimeoutError):
            await dynamodb.put_item(**PUT)

    assert len(unsent.requests) == 1


async def test_in_an_outage_no_call_has_more_tries_than_botocore_gives_but_the_first(
    clock: Clock,
) -> None:
    async with client() as dynamodb:
        unsent = Unsent(dynamodb, *[error("InternalServerError", 500)] * 100)
        for _ in range(3):
            with pytest.raises(ClientError, match="InternalServerError"):
                await dynamodb.put_item(**PUT)

    assert len(unsent.requests) == 1 + 3 * TRIES


@pytest.mark.parametrize("answer", [error("InternalError", 500), NOWHERE])
async def test_a_call_that_may_be_tried_once_is_tried_once(answer: Answer) -> None:
    async with client("sqs", config=receive_config(poll_wait_s=10)) as sqs:
        unsent = Unsent(sqs, answer)
        with pytest.raises((ClientError, EndpointConnectionError)):
            await sqs.receive_message(QueueUrl="https://sqs/1/q")

    assert len(unsent.requests) == 1


async def test_arguments_are_checked_before_anything_is_sent() -> None:
    async with client() as dynamodb:
        unsent = Unsent(dynamodb)
        with pytest.raises(ParamValidationError, match="Item"):
            await dynamodb.put_item(TableName="t")

    assert not unsent.requests


async def test_without_credentials_botocore_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    async with client() as dynamodb:
        with pytest.raises(NoCredentialsError):
            await dynamodb.put_item(**PUT)


async def test_a_client_that_signs_in_another_way_goes_botocores() -> None:
    async with client(config=client_config(connections=1, signature_version="v4")) as dynamodb:
        Unsent(dynamodb)
        by_botocore = ByBotocore(dynamodb)
        await dynamodb.put_item(**PUT)

    assert by_botocore.calls == 1


async def test_who_meets_silence_waits_no_longer_than_for_botocores_tries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    async def never(request: web.BaseRequest) -> web.Response:
        asked.append(request.headers["X-Amz-Target"])
        await asyncio.Event().wait()
        raise AssertionError

    config = client_config(connections=1, read_timeout_s=0.3)
    async with RawTestServer(never) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", str(silent.make_url("/")))
        async with client(config=config) as dynamodb:
            with pytest.raises(ReadTimeoutError):
                await dynamodb.put_item(**PUT)

    assert asked == ["DynamoDB_20120810.PutItem"] * TRIES
