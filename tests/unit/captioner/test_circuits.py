"""What opens the circuit of a provider in a chain, what does not, and who gets the trial."""

import asyncio

import pytest

from services.captioner.breaker import Breaker
from services.captioner.chain import FallbackChain
from services.captioner.pacing import Paced
from services.captioner.provider import (
    InvalidOutput,
    Misconfigured,
    Refused,
    Unavailable,
    Unsupported,
)
from services.captioner.trying import Link, circuit_of
from tests.deadlines import until
from tests.unit.captioner.scripted import REQUEST, Scripted, link, told


async def test_circuit_opens_after_five_failures_and_is_said_so() -> None:
    bedrock = Scripted("bedrock", always=Unavailable("server_error"))
    links = [link(bedrock), Link(Scripted("local"), 5)]
    captioning = FallbackChain(links)

    captioned = [await captioning.caption(REQUEST) for _ in range(4)]

    assert bedrock.asked == 5
    assert [circuit_of(links, name) for name in ("bedrock", "local")] == ["open", "closed"]
    assert told(captioned[-1])[0] == ("bedrock", "circuit_open", "circuit_open")


@pytest.mark.parametrize(
    "failure", [Refused("refusal"), InvalidOutput("not_json"), Unsupported("image_size")], ids=repr
)
async def test_photos_at_fault_never_open_the_circuit(failure: Exception) -> None:
    bedrock = Scripted("bedrock", always=failure)
    links = [link(bedrock), Link(Scripted("local"), 5)]
    captioning = FallbackChain(links)

    for _ in range(10):
        await captioning.caption(REQUEST)

    assert bedrock.asked == 10
    assert circuit_of(links, "bedrock") == "closed"


async def test_trial_that_is_cut_off_is_not_the_last() -> None:
    now = 0.0
    breaker = Breaker(failures=1, cooldown=10, clock=lambda: now)
    bedrock = Scripted("bedrock", always=Misconfigured("x"))
    captioning = FallbackChain([link(bedrock, 5, breaker), Link(Scripted("local"), 5)])
    await captioning.caption(REQUEST)
    now, bedrock.hangs = 11.0, True
    trial = asyncio.create_task(captioning.caption(REQUEST))
    await until(lambda: bedrock.asked == 2)

    trial.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trial

    assert breaker.admit() is not None


async def test_trial_that_never_reached_the_provider_is_not_the_last() -> None:
    now = 0.0
    breaker = Breaker(failures=1, cooldown=10, clock=lambda: now)
    bedrock = Scripted("bedrock", always=Misconfigured("x"))
    captioning = FallbackChain([link(bedrock, 5, breaker), Link(Scripted("local"), 5)])
    await captioning.caption(REQUEST)
    now, bedrock.always = 11.0, Paced(60)

    await captioning.caption(REQUEST)

    assert breaker.state == "half_open"
    assert breaker.admit() is not None
