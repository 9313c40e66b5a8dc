"""Which provider answers, and what the attempts say about it."""

from collections.abc import Callable
from typing import Any

import pytest

from services.captioner.breaker import Breaker
from services.captioner.chain import EXHAUSTED_S, FallbackChain
from services.captioner.provider import (
    CaptionRequest,
    InvalidOutput,
    Misconfigured,
    Refused,
    Retired,
    Throttled,
    Unavailable,
)
from services.captioner.trying import Link
from shared.errors import Permanent, Transient
from shared.records import Attempt
from tests.unit.captioner.scripted import REQUEST, Scripted, chain, link, told


async def test_first_provider_answers_and_nobody_else_is_asked() -> None:
    bedrock, local = Scripted("bedrock"), Scripted("local")

    captioned = await chain(bedrock, last=local).caption(REQUEST)

    assert told(captioned) == [("bedrock", "ok", None)]
    assert not captioned.provider.degraded
    assert captioned.provider.attempts[0].cost_usd == 0.001
    assert local.asked == 0


@pytest.mark.parametrize(
    ("failure", "outcome", "reason"),
    [
        (Misconfigured("access_denied"), "error", "access_denied"),
        (Retired("model_retired"), "error", "model_retired"),
        (Refused("refusal"), "refused", "refusal"),
        (InvalidOutput("not_json"), "invalid_output", "not_json"),
        (Throttled("throttled", retry_after=60), "throttled", "throttled"),
        (KeyError("a caption"), "error", "KeyError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_lasting_failure_is_not_tried_again(
    failure: Exception, outcome: str, reason: str
) -> None:
    bedrock = Scripted("bedrock", always=failure)

    captioned = await chain(bedrock).caption(REQUEST)

    assert told(captioned) == [("bedrock", outcome, reason), ("local", "ok", None)]
    assert captioned.provider.degraded
    assert bedrock.asked == 1


@pytest.mark.parametrize("failure", [Throttled("throttled"), Unavailable("connection")], ids=repr)
async def test_passing_failure_is_tried_again_once(failure: Exception) -> None:
    bedrock = Scripted("bedrock", failures=[failure])

    captioned = await chain(bedrock).caption(REQUEST)

    assert [outcome for _, outcome, _ in told(captioned)] == [told(captioned)[0][1], "ok"]
    assert captioned.provider.name == "bedrock"
    assert not captioned.provider.degraded


async def test_provider_that_takes_too_long_is_left() -> None:
    bedrock, local = Scripted("bedrock", hangs=True), Scripted("local")

    captioned = await FallbackChain([link(bedrock, 0.02), Link(local, 5)]).caption(REQUEST)

    assert told(captioned) == [("bedrock", "timeout", "timeout"), ("local", "ok", None)]
    assert bedrock.asked == 1


async def test_deadline_ends_the_remote_ones_and_not_the_local() -> None:
    slow, never = Scripted("bedrock", hangs=True), Scripted("sagemaker")
    links = [link(slow, 60), link(never, 60), Link(Scripted("local"), 5)]

    captioned = await FallbackChain(links, deadline=1.05).caption(REQUEST)

    assert told(captioned) == [
        ("bedrock", "timeout", "timeout"),
        ("sagemaker", "circuit_open", "no_time_left"),
        ("local", "ok", None),
    ]
    assert never.asked == 0


async def test_language_that_a_provider_lacks_is_asked_of_the_next() -> None:
    bedrock = Scripted("bedrock")
    captioning = chain(bedrock)

    with pytest.raises(Transient):
        await captioning.caption(CaptionRequest(image=b"jpg", language="is"))

    assert bedrock.asked == 0


async def test_answer_in_another_language_is_good_enough_from_the_last_one_only() -> None:
    bedrock, local = Scripted("bedrock"), Scripted("local")

    captioned = await chain(bedrock, last=local).caption(
        CaptionRequest(image=b"jpg", language="de")
    )

    assert told(captioned) == [
        ("bedrock", "invalid_output", "wrong_language"),
        ("local", "ok", None),
    ]
    assert captioned.answer.language == "en"


async def test_output_that_breaks_the_rules_is_never_shown() -> None:
    bedrock = Scripted("bedrock", concise="word " * 60)

    captioned = await chain(bedrock).caption(REQUEST)

    assert told(captioned)[0][:2] == ("bedrock", "invalid_output")
    assert captioned.provider.attempts[0].cost_usd == 0.001
    assert captioned.provider.name == "local"


async def test_failure_of_our_own_rules_leaves_the_photo_to_the_next() -> None:
    nonsense: Any = ("A cat",)
    bedrock = Scripted("bedrock", concise=nonsense)
    breaker = Breaker(failures=1, cooldown=30)
    heard: list[Attempt] = []
    links = [link(bedrock, breaker=breaker), Link(Scripted("local"), 5)]

    captioned = await FallbackChain(links, tried=heard.append).caption(REQUEST)

    assert [outcome for _, outcome, _ in told(captioned)] == ["error", "ok"]
    assert heard[0].cost_usd == 0.001
    assert breaker.state == "closed"


async def test_failure_of_a_check_leaves_the_photo_to_the_next() -> None:
    bedrock = Scripted("bedrock", bad_check=IndexError("a byte"))

    captioned = await chain(bedrock).caption(REQUEST)

    assert told(captioned) == [("bedrock", "error", "IndexError"), ("local", "ok", None)]
    assert bedrock.asked == 0


async def test_broken_photo_ends_the_chain() -> None:
    broken = Scripted("bedrock", always=Permanent("undecodable_image", "It is broken."))
    local = Scripted("local")

    with pytest.raises(Permanent):
        await chain(broken, last=local).caption(REQUEST)

    assert local.asked == 0


async def test_all_failing_is_a_passing_failure_of_the_photo() -> None:
    captioning = chain(
        Scripted("bedrock", always=Misconfigured("x")),
        last=Scripted("local", always=Misconfigured("y")),
    )

    with pytest.raises(Transient) as raised:
        await captioning.caption(REQUEST)

    assert raised.value.code == "providers_exhausted"
    assert raised.value.retry_after == EXHAUSTED_S


async def test_preferred_provider_is_asked_first_and_counts_as_degraded() -> None:
    bedrock, sagemaker = Scripted("bedrock"), Scripted("sagemaker")

    captioned = await chain(bedrock, sagemaker).caption(REQUEST, preferred="sagemaker")

    assert told(captioned) == [("sagemaker", "ok", None)]
    assert captioned.provider.degraded
    assert not captioned.is_upgradable


@pytest.mark.parametrize("reason", ["switched_off", "over_budget"])
async def test_held_provider_is_passed_over_with_the_reason(reason: str) -> None:
    bedrock = Scripted("bedrock")
    held: Callable[[str], str | None] = {"bedrock": reason}.get
    captioning = FallbackChain([link(bedrock), Link(Scripted("local"), 5)], held=held)

    captioned = await captioning.caption(REQUEST)

    assert told(captioned) == [("bedrock", "circuit_open", reason), ("local", "ok", None)]
    assert bedrock.asked == 0


@pytest.mark.parametrize(
    ("failure", "upgradable"),
    [
        (Unavailable("server_error"), True),
        (Throttled("throttled"), True),
        (Retired("model_retired"), True),
        (Refused("refusal"), False),
        (InvalidOutput("not_json"), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_only_what_an_outage_brought_about_is_upgradable(
    failure: Exception, upgradable: bool
) -> None:
    captioned = await chain(Scripted("bedrock", always=failure)).caption(REQUEST)

    assert captioned.is_upgradable is upgradable


async def test_local_alone_is_degraded_and_never_upgradable() -> None:
    captioned = await chain().caption(REQUEST)

    assert captioned.provider.degraded
    assert not captioned.is_upgradable


async def test_every_attempt_is_heard_of() -> None:
    heard: list[Attempt] = []
    links = [link(Scripted("bedrock", always=Misconfigured("x"))), Link(Scripted("local"), 5)]

    captioned = await FallbackChain(links, tried=heard.append).caption(REQUEST)

    assert tuple(heard) == captioned.provider.attempts
