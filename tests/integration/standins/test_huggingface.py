"""The Hugging Face stand-in, asked as its router is."""

import base64
import json
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientTimeout, ServerDisconnectedError

from services.captioner.prompts import system_prompt, user_prompt
from services.captioner.provider import CaptionRequest
from tests.photos import corners, encoded, real_photo
from tests.standins.pictures import look
from tests.standins.running import Standin

MODEL = "Qwen/Qwen3-VL-8B-Instruct"
PHOTO = encoded(corners(), "JPEG")
TOKEN = {"Authorization": "Bearer stand-in"}


def question(image: bytes = PHOTO, **more: Any) -> dict[str, Any]:
    url = f"data:image/jpeg;base64,{base64.b64encode(image).decode()}"
    text = user_prompt(CaptionRequest(image=image, language="pt-BR"))
    parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": text}]
    messages: list[Any] = [
        {"role": "system", "content": system_prompt()},
        {"role": "user", "content": parts},
    ]
    return {"model": MODEL, "messages": messages, "max_tokens": 500, **more}


async def ask(
    standin: Standin,
    document: dict[str, Any] | None = None,
    *,
    headers: dict[str, str] = TOKEN,
    timeout: float = 10,
) -> tuple[ClientResponse, Any]:
    """The response, read, and its body as JSON."""
    async with standin.session.post(
        f"{standin.url}/v1/chat/completions",
        json=question() if document is None else document,
        headers=headers,
        timeout=ClientTimeout(total=60, sock_read=timeout),
    ) as answer:
        return answer, await answer.json()


async def test_answer_is_of_the_photo_that_was_sent(standin: Standin) -> None:
    photo = look(real_photo("flower"))

    _, answer = await ask(standin, question(real_photo("flower"), model=f"{MODEL}:fastest"))

    (choice,) = answer["choices"]
    told = json.loads(choice["message"]["content"])
    assert photo.colour in told["concise"]
    assert told["language"] == "pt-BR"
    assert (choice["finish_reason"], answer["model"]) == ("stop", MODEL)
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    (kept,) = await standin.requests("huggingface")
    assert kept["body"]["messages"][1]["content"][0]["image_url"]["url"] == photo.shown
    assert (await standin.images())["huggingface"] == {photo.sha256: 1}


@pytest.mark.parametrize(
    ("fault", "status", "part"),
    [
        ({"mode": "throttle"}, 429, "Too Many Requests"),
        ({"mode": "error"}, 503, "is currently loading"),
        ({"mode": "error", "code": "internal"}, 500, "Internal"),
        ({"mode": "error", "code": "unauthorized"}, 401, "Invalid"),
        ({"mode": "error", "code": "payment_required"}, 402, "credits"),
        ({"mode": "error", "code": "not_found"}, 404, "does not exist"),
        ({"mode": "retired"}, 410, "deprecated"),
    ],
    ids=["throttle", "loading", "internal", "token", "credits", "unknown", "retired"],
)
async def test_failure_by_command(
    standin: Standin, fault: dict[str, Any], status: int, part: str
) -> None:
    await standin.fault(huggingface=fault)

    answer, body = await ask(standin)

    assert answer.status == status
    assert part in body["error"]
    assert ("Retry-After" in answer.headers) == (fault["mode"] == "throttle")
    assert ("estimated_time" in body) == (status == 503)


@pytest.mark.parametrize(
    ("document", "headers", "status"),
    [
        (question(), {}, 401),
        (question(model="gpt"), TOKEN, 404),
        (question(stream=True), TOKEN, 400),
        (question(b"no image"), TOKEN, 400),
        ({"model": MODEL}, TOKEN, 400),
    ],
    ids=["no-token", "unknown-model", "stream", "no-image", "no-messages"],
)
async def test_call_that_the_router_would_refuse_is_refused(
    standin: Standin, document: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    answer, _ = await ask(standin, document, headers=headers)

    assert answer.status == status
    assert (await standin.calls())["huggingface"] == {"invalid": 1}


async def test_refusal_is_a_sentence_and_a_filter(standin: Standin) -> None:
    await standin.fault(huggingface={"mode": "refusal"})

    _, answer = await ask(standin)

    (choice,) = answer["choices"]
    assert choice["finish_reason"] == "content_filter"
    assert choice["message"]["content"].startswith("I'm sorry")


async def test_bad_json_is_a_text_cut_off_or_a_body_cut_off(standin: Standin) -> None:
    await standin.fault(huggingface={"mode": "bad_json"})

    _, answer = await ask(standin)
    await standin.fault(huggingface={"mode": "bad_json", "code": "body"})

    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(answer["choices"][0]["message"]["content"])
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        await ask(standin)


async def test_answer_longer_than_asked_for_is_cut_and_says_so(standin: Standin) -> None:
    _, answer = await ask(standin, question(max_tokens=10))

    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 10


async def test_reasoning_comes_beside_a_given_text(standin: Standin) -> None:
    await standin.fault(huggingface={"mode": "none", "text": "", "reasoning": True})

    _, answer = await ask(standin)

    message = answer["choices"][0]["message"]
    assert message["content"] == ""
    assert message["reasoning_content"]


@pytest.mark.parametrize("mode", ["timeout", "slow"])
async def test_client_gives_up_on_an_answer_that_takes_too_long(
    standin: Standin, mode: str
) -> None:
    await standin.fault(huggingface={"mode": mode, "delay_ms": 20_000})

    with pytest.raises(TimeoutError):
        await ask(standin, timeout=0.3)


async def test_disconnect_closes_without_an_answer(standin: Standin) -> None:
    await standin.fault(huggingface={"mode": "disconnect"})

    with pytest.raises(ServerDisconnectedError):
        await ask(standin)
