"""The stand-ins' own commands, and the stand-ins as a process."""

import asyncio
import json
import signal
import sys
import time
from typing import Any

import pytest
from aiohttp import ServerDisconnectedError

from infra.local.layout import ROOT
from tests.deadlines import until
from tests.integration.standins.test_huggingface import ask, question
from tests.photos import corners, encoded
from tests.standins.running import Standin, commanding


async def statuses(standin: Standin, calls: int) -> list[int]:
    return [(await ask(standin))[0].status for _ in range(calls)]


@pytest.mark.parametrize(
    ("rate", "hit"),
    [
        (0, []),
        (0.1, [10]),
        (0.3, [4, 7, 10]),
        (0.5, [2, 4, 6, 8, 10]),
        (0.9, [2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (1, list(range(1, 11))),
    ],
)
async def test_rate_hits_the_same_calls_each_time(
    standin: Standin, rate: float, hit: list[int]
) -> None:
    for _ in range(2):
        await standin.fault(huggingface={"mode": "throttle", "rate": rate})

        found = await statuses(standin, 10)

        assert [place for place, status in enumerate(found, 1) if status == 429] == hit


async def test_command_leaves_alone_the_services_that_it_does_not_name(standin: Standin) -> None:
    await standin.fault(huggingface={"mode": "throttle"}, bedrock={"mode": "retired"})
    await standin.fault(bedrock={"mode": "none"})

    async with standin.session.get(f"{standin.url}/_faults") as answer:
        current = await answer.json()

    assert {name: fault["mode"] for name, fault in current.items()} == {
        "bedrock": "none",
        "sagemaker": "none",
        "huggingface": "throttle",
        "rekognition": "none",
    }


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({"bedrock": {"mode": "sulk"}}, "bedrock.mode"),
        ({"bedrock": {"mode": "error", "rate": 1.5}}, "bedrock.rate"),
        ({"bedrock": {"mode": "slow", "delay_ms": -1}}, "bedrock.delay_ms"),
        ({"bedrock": {"mode": "none", "probability": 1}}, "bedrock.probability"),
        ({"openai": {"mode": "none"}}, "openai"),
        ({"bedrock": {"mode": "error", "code": "Nothing"}}, "one of ServiceUnavailableException"),
        ({"bedrock": {"mode": "timeout", "code": "late"}}, "not for this mode"),
        ({"bedrock": {"mode": "error", "text": "x"}}, "mode none or slow"),
        ([], "body"),
    ],
    ids=["mode", "rate", "delay", "field", "service", "code", "no-codes", "text", "list"],
)
async def test_bad_command_changes_nothing_and_says_what_is_wrong(
    standin: Standin, body: Any, part: str
) -> None:
    await standin.fault(bedrock={"mode": "retired"})

    async with standin.session.put(f"{standin.url}/_faults", json=body) as answer:
        sentence = (await answer.json())["error"]
    async with standin.session.get(f"{standin.url}/_faults") as current:
        fault = (await current.json())["bedrock"]

    assert answer.status == 422
    assert part in sentence
    assert sentence.endswith(".")
    assert fault["mode"] == "retired"


async def test_latency_without_a_fault(standin: Standin) -> None:
    await standin.fault(huggingface={"mode": "none", "delay_ms": 120})
    started = time.monotonic()

    answer, _ = await ask(standin)

    assert answer.status == 200
    assert time.monotonic() - started >= 0.12
    assert (await standin.calls())["huggingface"] == {"ok": 1}


async def test_reset_forgets_faults_and_calls(standin: Standin) -> None:
    await standin.fault(huggingface={"mode": "throttle", "rate": 0.5})
    await statuses(standin, 2)
    before = await standin.calls()

    await standin.reset()

    assert before["huggingface"] == {"ok": 1, "throttle": 1}
    nothing: dict[str, dict[str, int]] = {service: {} for service in before}
    assert await standin.calls() == nothing
    assert await standin.images() == nothing
    assert await standin.requests("huggingface") == []
    assert await statuses(standin, 2) == [200, 200]


async def test_every_image_is_counted_while_only_the_last_calls_are_kept(standin: Standin) -> None:
    photos = [encoded(corners(8, 8 + place), "PNG") for place in range(220)]

    for photo in photos:
        await ask(standin, question(photo))

    assert list((await standin.images())["huggingface"].values()) == [1] * 220
    assert len(await standin.requests("huggingface")) == 200


@pytest.mark.parametrize("query", ["", "?service=openai", "?service=bedrock&last=-1"])
async def test_requests_of_an_unknown_service_are_not_shown(standin: Standin, query: str) -> None:
    async with standin.session.get(f"{standin.url}/_requests{query}") as answer:
        assert answer.status == 422


async def test_process_says_where_it_answers_and_ends_when_asked() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.standins",
        "--port",
        "0",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        ready = json.loads(await process.stdout.readline())
        async with commanding(f"http://127.0.0.1:{ready['health_port']}") as standin:
            # Someone still waits for an answer that never comes.
            await standin.fault(huggingface={"mode": "timeout"})
            waiting = asyncio.create_task(ask(standin))
            await until(lambda: has_timed_out(standin))
            process.send_signal(signal.SIGTERM)
            status = await asyncio.wait_for(process.wait(), 5)
            result = await asyncio.gather(waiting, return_exceptions=True)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

    assert (ready["event"], status) == ("ready", 0)
    assert isinstance(result[0], ServerDisconnectedError)
    assert await process.stdout.read() == b""


async def has_timed_out(standin: Standin) -> bool:
    return (await standin.calls())["huggingface"] == {"timeout": 1}


async def test_client_that_leaves_is_not_waited_for(standin: Standin) -> None:
    await standin.fault(huggingface={"mode": "timeout"})
    before = len(asyncio.all_tasks())

    with pytest.raises(TimeoutError):
        await ask(standin, timeout=0.5)

    await until(lambda: has_timed_out(standin))
    await until(lambda: len(asyncio.all_tasks()) <= before)
