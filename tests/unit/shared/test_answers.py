"""Our parser of answers in JSON against botocore's."""

import base64
import json
from typing import Any

import pytest
from aiobotocore.parsers import AioJSONParser, AioResponseParserFactory
from aiohttp import web
from botocore.model import ServiceModel, StructureShape
from hypothesis import given
from hypothesis import strategies as st
from pytest_aiohttp import AiohttpServer

from shared.answers import AnswerParsers
from shared.aws import aws_session, client_config
from shared.botocore_parts import loader

DYNAMODB = ServiceModel(loader().load_service_model("dynamodb", "service-2"), "dynamodb")
SQS = ServiceModel(loader().load_service_model("sqs", "service-2"), "sqs")
HEADERS = {"x-amzn-requestid": "r1"}

scalar = (
    st.fixed_dictionaries({"S": st.text(max_size=9)})
    | st.fixed_dictionaries({"N": st.integers().map(str)})
    | st.fixed_dictionaries({"BOOL": st.booleans()})
    | st.just({"NULL": True})
    | st.fixed_dictionaries({"SS": st.lists(st.text(max_size=3), min_size=1, max_size=3)})
)
value = st.recursive(
    scalar,
    lambda inner: (
        st.fixed_dictionaries({"L": st.lists(inner, max_size=3)})
        | st.fixed_dictionaries({"M": st.dictionaries(st.text(max_size=5), inner, max_size=3)})
    ),
    max_leaves=8,
)
item = st.dictionaries(st.text(min_size=1, max_size=5), value, max_size=4)

text_or_null = st.text(max_size=3) | st.none()
attribute = st.fixed_dictionaries(
    {"DataType": st.just("String")},
    optional={
        "StringValue": text_or_null,
        "BinaryValue": st.binary(max_size=3).map(lambda it: base64.b64encode(it).decode()),
        "Unknown": st.just("x"),
    },
)
message = st.fixed_dictionaries(
    {"MessageId": st.text(max_size=3), "Body": text_or_null},
    optional={
        "Attributes": st.dictionaries(st.text(max_size=3), text_or_null, max_size=3) | st.none(),
        "MessageAttributes": st.dictionaries(st.text(max_size=3), attribute, max_size=2)
        | st.none(),
        "Unknown": st.just("x"),
    },
)
entry = st.fixed_dictionaries(
    {"Id": st.text(max_size=3)},
    optional={
        "MessageId": text_or_null,
        "SenderFault": st.booleans(),
        "Code": text_or_null,
        "Unknown": st.just("x"),
    },
)


async def parsed(
    factory: AioResponseParserFactory,
    operation: str,
    body: Any,
    *,
    status: int = 200,
    service: ServiceModel = DYNAMODB,
) -> Any:
    answer = {
        "body": json.dumps(body).encode(),
        "headers": HEADERS,
        "status_code": status,
        "context": {},
    }
    shape: Any = service.operation_model(operation).output_shape
    return await factory.create_parser("json").parse(answer, shape)


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("GetItem", lambda item: {"Item": item}),
        ("Query", lambda item: {"Items": [item], "Count": 1, "LastEvaluatedKey": item}),
        ("UpdateItem", lambda item: {"Attributes": item}),
        ("BatchGetItem", lambda item: {"Responses": {"t": [item]}, "UnprocessedKeys": {}}),
    ],
)
@given(item=item)
async def test_an_answer_is_what_botocore_makes_of_it(
    operation: str, body: Any, item: dict[str, Any]
) -> None:
    ours = await parsed(AnswerParsers(), operation, body(item))

    assert ours == await parsed(AioResponseParserFactory(), operation, body(item))


async def test_keys_left_to_read_are_what_botocore_makes_of_them() -> None:
    keys = [{"PK": {"S": "p"}, "SK": {"S": "s"}}]
    body = {"Responses": {}, "UnprocessedKeys": {"t": {"Keys": keys, "ConsistentRead": True}}}

    ours = await parsed(AnswerParsers(), "BatchGetItem", body)

    assert ours == await parsed(AioResponseParserFactory(), "BatchGetItem", body)
    assert ours["UnprocessedKeys"]["t"]["Keys"] == keys


@given(messages=st.lists(message, max_size=3) | st.none())
async def test_messages_are_what_botocore_makes_of_them(messages: Any) -> None:
    body = {"Messages": messages}

    ours = await parsed(AnswerParsers(), "ReceiveMessage", body, service=SQS)

    assert ours == await parsed(AioResponseParserFactory(), "ReceiveMessage", body, service=SQS)


@pytest.mark.parametrize(
    "operation", ["ChangeMessageVisibilityBatch", "DeleteMessageBatch", "SendMessageBatch"]
)
@given(successful=st.lists(entry, max_size=3), failed=st.lists(entry, max_size=3) | st.none())
async def test_what_became_of_a_batch_is_what_botocore_makes_of_it(
    operation: str, successful: Any, failed: Any
) -> None:
    body = {"Successful": successful, "Failed": failed}

    ours = await parsed(AnswerParsers(), operation, body, service=SQS)

    assert ours == await parsed(AioResponseParserFactory(), operation, body, service=SQS)


@pytest.mark.parametrize(
    ("value", "made"),
    [
        pytest.param({"BinaryValue": "eA=="}, {"BinaryValue": b"x"}, id="bytes"),
        pytest.param({"BinaryListValues": ["eA=="]}, {"BinaryListValues": [b"x"]}, id="a list"),
        pytest.param({"StringValue": None}, {}, id="null"),
    ],
)
async def test_an_attribute_that_is_not_text_is_what_botocore_makes_of_it(
    value: dict[str, Any], made: dict[str, Any]
) -> None:
    body = {"Messages": [{"MessageAttributes": {"a": {"DataType": "T", **value}}}]}

    ours = await parsed(AnswerParsers(), "ReceiveMessage", body, service=SQS)

    assert ours["Messages"][0]["MessageAttributes"] == {"a": {"DataType": "T", **made}}


async def test_messages_of_text_are_not_taken_through_the_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attributes = {"traceparent": {"DataType": "String", "StringValue": "00"}}
    sent = {"Attributes": {"SentTimestamp": "1"}, "Body": "b", "MessageAttributes": attributes}
    walked: list[str] = []
    structure = AioJSONParser._handle_structure  # type: ignore[attr-defined]  # noqa: SLF001

    def seen(self: Any, shape: StructureShape, value: Any) -> Any:
        walked.append(shape.name)
        return structure(self, shape, value)

    monkeypatch.setattr(AioJSONParser, "_handle_structure", seen)
    ours = await parsed(AnswerParsers(), "ReceiveMessage", {"Messages": [sent]}, service=SQS)

    assert ours["Messages"] == [sent]
    assert walked == ["ReceiveMessageResult"]


async def test_a_refusal_is_what_botocore_makes_of_it() -> None:
    body = {
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "The conditional request failed",
        "Item": {"job": {"S": "j"}},
    }

    ours = await parsed(AnswerParsers(), "UpdateItem", body, status=400)

    assert ours == await parsed(AioResponseParserFactory(), "UpdateItem", body, status=400)


async def test_clients_of_ours_have_values_as_they_came(aiohttp_server: AiohttpServer) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"Item": {"a": {"B": "eA=="}}})

    app = web.Application()
    app.router.add_post("/", answer)
    server = await aiohttp_server(app)
    credentials = {"aws_access_key_id": "a", "aws_secret_access_key": "s"}

    async with aws_session().client(
        "dynamodb",
        endpoint_url=str(server.make_url("/")),
        region_name="eu-west-1",
        config=client_config(connections=1),
        **credentials,
    ) as dynamodb:
        found = await dynamodb.get_item(TableName="t", Key={"PK": {"S": "p"}})

    # The one difference: botocore makes bytes of it.
    assert found["Item"] == {"a": {"B": "eA=="}}
