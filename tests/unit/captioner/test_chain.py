"""Which provider answers, and what the attempts say about it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.captioner.breaker import Breaker
from services.captioner.chain import Captioned, FallbackChain
from services.captioner.pacing import Paced
from services.captioner.provider import (
    CaptionAnswer,
    CaptionRequest,
    InvalidOutput,
    Misconfigured,
    Refused,
    Retired,
    Spent,
    Throttled,
    Unavailable,
    Unsupported,
)
from services.captioner.trying import Link, circuit_of
from shared.errors import Permanent, Transient
from shared.records import Attempt
from tests.deadlines import until

REQUEST = CaptionRequest(image=b"jpg")


@dataclass
class Scripted:
    """A provider that fails as it is told to, in that order, and then answers."""

    name: str
    failures: list[Exception] = field(default_factory=list)
    always: Exception | None = None
    hangs: bool = False
    bad_check: Exception | None = None
    concise: str = "A cat sleeping on a mat"
    asked: int = 0

    @property
    def model(self) -> str:
        return f"{self.name}-model"

    def check(self, request: CaptionRequest) -> None:
        if self.bad_check is not None:
            raise self.bad_check
        if request.language not in {"en", "de"}:
            raise Unsupported("language")

    async def caption(self, request: CaptionRequest) -> CaptionAnswer:
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.always is not None:
            raise self.always
        if self.failures:
            raise self.failures.pop(0)
        return CaptionAnswer(
            concise=self.concise,
            creative="A cat sleeps on a mat while the afternoon passes by.",
            alt_text="A cat sleeping on a striped mat by the window",
            language="en",
            model=self.model,
            spent=Spent(100, 20, 0.001),
        )


def link(provider: Scripted, timeout: float = 5, breaker: Breaker | None = None) -> Link:
    return Link(provider, timeout, breaker or Breaker(failures=5, cooldown=30))


def chain(*providers: Scripted, last: Scripted | None = None) -> FallbackChain:
    links = [link(provider) for provider in providers]
    return FallbackChain([*links, Link(last or Scripted("local"), 5)])


def told(captioned: Captioned) -> list[tuple[str, str, str | None]]:
    return [(a.provider, a.outcome, a.reason) for a in captioned.provider.attempts]


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


async def test_preferred_provider_is_asked_first_and_counts_as_degraded() -> None:
    bedrock, sagemaker = Scripted("bedrock"), Scripted("sagemaker")

    captioned = await chain(bedrock, sagemaker).caption(REQUEST, preferred="sagemaker")

    assert told(captioned) == [("sagemaker", "ok", None)]
    assert captioned.provider.degraded
    assert not captioned.is_upgradable


async def test_circuit_opens_after_five_failures_and_is_said_so() -> None:
    bedrock = Scripted("bedrock", always=Unavailable("server_error"))
    links = [link(bedrock), Link(Scripted("local"), 5)]
    captioning = FallbackChain(links)

    for _ in range(4):
        captioned = await captioning.caption(REQUEST)

    assert bedrock.asked == 5
    assert [circuit_of(links, name) for name in ("bedrock", "local")] == ["open", "closed"]
    assert told(captioned)[0] == ("bedrock", "circuit_open", "circuit_open")


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
