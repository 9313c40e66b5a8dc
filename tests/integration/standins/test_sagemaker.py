"""The SageMaker stand-in, asked by the real client."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from tests.integration.standins.conftest import ClientOf
from tests.photos import corners, encoded, real_photo
from tests.standins.pictures import look
from tests.standins.running import Standin

PHOTO = encoded(corners(), "JPEG")


async def invoke(
    client_of: ClientOf, body: bytes = PHOTO, kind: str = "image/jpeg", *, patience: float = 10
) -> Any:
    async with client_of("sagemaker-runtime", patience=patience) as client:
        answer = await client.invoke_endpoint(
            EndpointName="captions", ContentType=kind, Accept="application/json", Body=body
        )
        assert answer["ContentType"] == "application/json"
        async with answer["Body"] as stream:  # or a timeout would leave its connection open
            return json.loads(await stream.read())


async def refusal(client_of: ClientOf, *args: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(ClientError) as raised:
        await invoke(client_of, *args)
    answer: Any = raised.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer


async def test_answer_is_of_the_photo_that_was_sent(standin: Standin, client_of: ClientOf) -> None:
    photo = look(real_photo("flower"))

    answer = await invoke(client_of, real_photo("flower"))

    assert set(answer) == {"caption", "model", "duration_ms"}
    assert answer["caption"] == f"A stand-in photo 640 by 427 of colour {photo.colour}"
    (kept,) = await standin.requests("sagemaker")
    assert kept.pop("at") > 0
    assert kept == {
        "outcome": "ok",
        "endpoint": "captions",
        "content_type": "image/jpeg",
        "body": {"sha256": photo.sha256, "size": photo.size},
    }
    assert (await standin.images())["sagemaker"] == {photo.sha256: 1}


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"mode": "throttle"}, 400, "ThrottlingException"),
        ({"mode": "error"}, 503, "ServiceUnavailable"),
        ({"mode": "error", "code": "InternalFailure"}, 500, "InternalFailure"),
        ({"mode": "error", "code": "ModelNotReadyException"}, 429, "ModelNotReadyException"),
        ({"mode": "refusal"}, 424, "ModelError"),
        ({"mode": "retired"}, 400, "ValidationError"),
    ],
    ids=["throttle", "error", "internal", "not-ready", "refusal", "retired"],
)
async def test_failure_by_command(
    standin: Standin, client_of: ClientOf, fault: dict[str, Any], status: int, code: str
) -> None:
    await standin.fault(sagemaker=fault)

    found, answer = await refusal(client_of)

    assert (found, answer["Error"]["Code"]) == (status, code)
    assert (await standin.calls())["sagemaker"] == {fault["mode"]: 1}


@pytest.mark.parametrize(
    ("body", "kind", "original"),
    [(b"{}", "image/jpeg", 400), (PHOTO, "application/json", 415)],
    ids=["no-image", "another-type"],
)
async def test_container_says_no_as_a_model_error(
    client_of: ClientOf, body: bytes, kind: str, original: int
) -> None:
    status, answer = await refusal(client_of, body, kind)

    assert (status, answer["Error"]["Code"]) == (424, "ModelError")
    assert answer["OriginalStatusCode"] == original


async def test_retired_endpoint_is_named_as_not_found(
    standin: Standin, client_of: ClientOf
) -> None:
    await standin.fault(sagemaker={"mode": "retired"})

    _, answer = await refusal(client_of)

    assert answer["Error"]["Message"].startswith("Endpoint captions of account")


async def test_bad_json_is_half_a_body(standin: Standin, client_of: ClientOf) -> None:
    await standin.fault(sagemaker={"mode": "bad_json"})

    with pytest.raises(ValueError, match="Unterminated"):
        await invoke(client_of)


@pytest.mark.parametrize("mode", ["timeout", "slow"])
async def test_client_gives_up_on_an_answer_that_takes_too_long(
    standin: Standin, client_of: ClientOf, mode: str
) -> None:
    await standin.fault(sagemaker={"mode": mode, "delay_ms": 20_000})

    # The body of this operation is a stream, which aiobotocore reads under its own timeout.
    with pytest.raises((ReadTimeoutError, TimeoutError)):
        await invoke(client_of, patience=0.5)


async def test_disconnect_closes_without_an_answer(standin: Standin, client_of: ClientOf) -> None:
    await standin.fault(sagemaker={"mode": "disconnect"})

    with pytest.raises(ConnectionClosedError):
        await invoke(client_of)


async def test_given_text_is_the_caption(standin: Standin, client_of: ClientOf) -> None:
    await standin.fault(sagemaker={"mode": "none", "text": ""})

    answer = await invoke(client_of)

    assert answer["caption"] == ""
