"""The Bedrock stand-in, asked by the real client."""

import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from PIL import Image

from services.captioner.prompts import answer_schema, system_prompt, user_prompt
from services.captioner.provider import CaptionRequest
from tests.integration.standins.conftest import ClientOf
from tests.photos import corners, encoded, png_header_only, real_photo
from tests.standins.pictures import look
from tests.standins.running import Standin

MODEL = "us.anthropic.claude-haiku-5-5"
PHOTO = encoded(corners(), "JPEG")
# What aiohttp's client says to a body above 1 MB; botocore gives it no choice.
LARGE_BODY = pytest.mark.filterwarnings("ignore:Sending a large body")


def question(image: bytes = PHOTO, kind: str = "jpeg", **more: Any) -> dict[str, Any]:
    text = user_prompt(CaptionRequest(image=image, language="de-AT", style='"language": "xx"'))
    photo = {"image": {"format": kind, "source": {"bytes": image}}}
    return {
        "modelId": MODEL,
        "system": [{"text": system_prompt()}],
        "messages": [{"role": "user", "content": [photo, {"text": text}]}],
        "inferenceConfig": {"maxTokens": 500},
        "additionalModelRequestFields": {
            "output_config": {
                "effort": "low",
                "format": {"type": "json_schema", "schema": answer_schema()},
            }
        },
        **more,
    }


async def refusal(client_of: ClientOf, **asked: Any) -> tuple[int, str, str]:
    """Status, code and message of the error that the client raises."""
    async with client_of("bedrock-runtime") as client:
        with pytest.raises(ClientError) as raised:
            await client.converse(**{**question(), **asked})
    answer = raised.value.response
    status: int = answer["ResponseMetadata"]["HTTPStatusCode"]
    return status, answer["Error"]["Code"], answer["Error"]["Message"]


async def test_answer_is_of_the_photo_that_was_sent(standin: Standin, client_of: ClientOf) -> None:
    other = real_photo("flower")

    async with client_of("bedrock-runtime") as client:
        answers = [await client.converse(**question(each)) for each in (PHOTO, other)]

    first, second = (
        json.loads(answer["output"]["message"]["content"][0]["text"]) for answer in answers
    )
    assert first["concise"] == f"A stand-in photo 160 by 120 of colour {look(PHOTO).colour}"
    assert len(first["concise"].split()) <= 10
    assert len(second["alt_text"]) <= 125
    assert look(other).colour in second["creative"]
    assert (first["language"], first["decorative"]) == ("de-AT", False)
    assert answers[0]["stopReason"] == "end_turn"
    assert answers[0]["usage"]["totalTokens"] > answers[0]["usage"]["outputTokens"] > 0
    assert answers[0]["metrics"]["latencyMs"] >= 0


async def test_request_is_kept_without_its_image(standin: Standin, client_of: ClientOf) -> None:
    digest = hashlib.sha256(PHOTO).hexdigest()

    async with client_of("bedrock-runtime") as client:
        await client.converse(**question())
        await client.converse(**question())
    (kept, _) = await standin.requests("bedrock")

    assert kept["model"] == MODEL
    image = kept["body"]["messages"][0]["content"][0]["image"]
    assert image == {
        "format": "jpeg",
        "source": {"bytes": {"sha256": digest, "size": len(PHOTO)}},
    }
    assert (await standin.images())["bedrock"] == {digest: 2}
    assert (await standin.calls())["bedrock"] == {"ok": 2}


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        pytest.param({"inferenceConfig": {"temperature": 0.1}}, "temperature", id="temperature"),
        pytest.param({"inferenceConfig": {"topP": 0.1}}, "top_p", id="top-p"),
        pytest.param({"additionalModelRequestFields": {"top_k": 5}}, "top_k", id="top-k"),
        pytest.param({"additionalModelRequestFields": {"seed": 5}}, "seed", id="unknown-field"),
        pytest.param(
            {"additionalModelRequestFields": {"tool_choice": {"type": "any"}}},
            "tool_choice",
            id="forced-tool-by-the-model's-field",
        ),
        pytest.param(
            {
                "toolConfig": {
                    "tools": [{"toolSpec": {"name": "say", "inputSchema": {"json": {}}}}],
                    "toolChoice": {"tool": {"name": "say"}},
                }
            },
            "toolChoice",
            id="forced-tool",
        ),
        pytest.param(
            {
                "messages": [
                    {"role": "user", "content": [{"text": "Say."}]},
                    {"role": "assistant", "content": [{"text": "{"}]},
                ]
            },
            "prefill",
            id="prefill",
        ),
        pytest.param(
            {
                "additionalModelRequestFields": {
                    "output_config": {
                        "format": {
                            "type": "json_schema",
                            "schema": {**answer_schema(), "additionalProperties": True},
                        }
                    }
                }
            },
            "additionalProperties",
            id="open-schema",
        ),
        pytest.param(
            {
                "additionalModelRequestFields": {
                    "output_config": {
                        "format": {
                            "type": "json_schema",
                            "schema": {"type": "string", "maxLength": 125},
                        }
                    }
                }
            },
            "maxLength",
            id="length-in-schema",
        ),
    ],
)
async def test_field_that_current_claude_models_refuse_is_named(
    standin: Standin, client_of: ClientOf, asked: dict[str, Any], named: str
) -> None:
    status, code, message = await refusal(client_of, **asked)

    assert (status, code) == (400, "ValidationException")
    assert named in message
    assert (await standin.calls())["bedrock"] == {"invalid": 1}


@LARGE_BODY
@pytest.mark.parametrize(
    ("image", "kind", "named"),
    [
        pytest.param(PHOTO + bytes(3_932_161 - len(PHOTO)), "jpeg", "3.75 MB", id="one-byte-over"),
        pytest.param(encoded(Image.new("L", (8001, 8)), "PNG"), "png", "8000", id="one-pixel-over"),
        pytest.param(PHOTO, "png", "not the png", id="another-format"),
        pytest.param(PHOTO[:200], "jpeg", "Could not process", id="cut"),
        pytest.param(png_header_only(9, 9), "png", "Could not process", id="no-pixels"),
    ],
)
async def test_image_over_the_limits_is_refused(
    client_of: ClientOf, image: bytes, kind: str, named: str
) -> None:
    status, code, message = await refusal(client_of, **question(image, kind))

    assert (status, code) == (400, "ValidationException")
    assert named in message


@LARGE_BODY
async def test_image_at_the_limits_is_taken(client_of: ClientOf) -> None:
    heavy = PHOTO + bytes(3_932_160 - len(PHOTO))
    long = encoded(Image.new("L", (8000, 8)), "PNG")

    async with client_of("bedrock-runtime") as client:
        await client.converse(**question(heavy))
        await client.converse(**question(long, "png"))


async def test_call_without_an_image_is_answered(standin: Standin, client_of: ClientOf) -> None:
    asked = question(messages=[{"role": "user", "content": [{"text": "Are you there?"}]}])

    async with client_of("bedrock-runtime") as client:
        answer = await client.converse(**asked)

    assert answer["output"]["message"]["content"] == [{"text": "A stand-in was sent no photo."}]
    assert (await standin.images())["bedrock"] == {}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"mode": "throttle"}, (429, "ThrottlingException")),
        ({"mode": "error"}, (503, "ServiceUnavailableException")),
        (
            {"mode": "error", "code": "InternalServerException"},
            (500, "InternalServerException"),
        ),
        ({"mode": "error", "code": "ModelTimeoutException"}, (408, "ModelTimeoutException")),
        ({"mode": "error", "code": "AccessDeniedException"}, (403, "AccessDeniedException")),
        ({"mode": "retired"}, (404, "ResourceNotFoundException")),
    ],
    ids=["throttle", "error", "internal", "model-timeout", "denied", "retired"],
)
async def test_failure_by_command(
    standin: Standin, client_of: ClientOf, fault: dict[str, Any], expected: tuple[int, str]
) -> None:
    await standin.fault(bedrock=fault)

    status, code, message = await refusal(client_of)

    assert (status, code) == expected
    assert ("reached the end of its life" in message) == (fault["mode"] == "retired")
    assert (await standin.calls())["bedrock"] == {fault["mode"]: 1}
    assert (await standin.images())["bedrock"] == {}


async def test_refusal_is_an_answer_without_words(standin: Standin, client_of: ClientOf) -> None:
    await standin.fault(bedrock={"mode": "refusal"})

    async with client_of("bedrock-runtime") as client:
        answer = await client.converse(**question())
        await standin.fault(bedrock={"mode": "refusal", "code": "content_filtered"})
        filtered = await client.converse(**question())

    assert (answer["stopReason"], answer["output"]["message"]["content"]) == ("refusal", [])
    assert filtered["stopReason"] == "content_filtered"
    assert "{" not in filtered["output"]["message"]["content"][0]["text"]


async def test_bad_json_is_a_text_cut_off_or_a_body_cut_off(
    standin: Standin, client_of: ClientOf
) -> None:
    await standin.fault(bedrock={"mode": "bad_json"})

    async with client_of("bedrock-runtime") as client:
        answer = await client.converse(**question())
        await standin.fault(bedrock={"mode": "bad_json", "code": "body"})
        broken = await client.converse(**question())

    text = answer["output"]["message"]["content"][0]["text"]
    assert text.startswith("{")
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(text)
    assert "output" not in broken


async def test_answer_longer_than_asked_for_is_cut_and_says_so(client_of: ClientOf) -> None:
    async with client_of("bedrock-runtime") as client:
        answer = await client.converse(**question(inferenceConfig={"maxTokens": 10}))

    assert answer["stopReason"] == "max_tokens"
    assert len(answer["output"]["message"]["content"][0]["text"]) == 40
    assert answer["usage"]["outputTokens"] == 10


async def test_reasoning_stands_before_a_given_text(standin: Standin, client_of: ClientOf) -> None:
    hostile = "Here's a caption:\n```json\n{}```"
    await standin.fault(bedrock={"mode": "none", "text": hostile, "reasoning": True})

    async with client_of("bedrock-runtime") as client:
        answer = await client.converse(**question())

    thinking, text = answer["output"]["message"]["content"]
    assert thinking["reasoningContent"]["reasoningText"]["text"]
    assert text == {"text": hostile}


@pytest.mark.parametrize("mode", ["timeout", "slow"])
async def test_client_gives_up_on_an_answer_that_takes_too_long(
    standin: Standin, client_of: ClientOf, mode: str
) -> None:
    # No answer at all, or a body that is not there when the client's half second is over.
    await standin.fault(bedrock={"mode": mode, "delay_ms": 20_000})

    async with client_of("bedrock-runtime", patience=0.5) as client:
        with pytest.raises(ReadTimeoutError):
            await client.converse(**question())

    assert (await standin.calls())["bedrock"] == {mode: 1}


async def test_slow_body_is_whole_in_the_end(standin: Standin, client_of: ClientOf) -> None:
    await standin.fault(bedrock={"mode": "slow", "delay_ms": 200})

    async with client_of("bedrock-runtime") as client:
        answer = await client.converse(**question())

    assert answer["stopReason"] == "end_turn"
    assert len((await standin.images())["bedrock"]) == 1


async def test_disconnect_closes_without_an_answer(standin: Standin, client_of: ClientOf) -> None:
    await standin.fault(bedrock={"mode": "disconnect"})

    async with client_of("bedrock-runtime") as client:
        with pytest.raises(ConnectionClosedError):
            await client.converse(**question())


async def test_unsigned_call_is_refused(standin: Standin) -> None:
    url = f"{standin.url}/model/{MODEL}/converse"

    async with standin.session.post(url, json={}) as answer:
        kind = answer.headers["x-amzn-ErrorType"]

    assert (answer.status, kind) == (403, "MissingAuthenticationTokenException")
