"""One provider down, then all that are remote, under load: who is asked, how often, who answers.

What reached a provider is counted at the stand-in. ``make test`` has a short cooldown and ends the
outage after some trials; with ``SOAK`` set it lasts a minute, with the cooldown of production.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise

import pytest

from shared.records import Attempt, ImageRecord, Provider, Status
from tests.deadlines import wait_until
from tests.stack import Stack, whole_stack
from tests.system.dying import Inside, small_photos
from tests.system.model_calls import MODELS, ModelCalls
from tests.system.test_one_photo import User
from tests.system.test_outages import Sender, unfinished

SOAK = bool(os.environ.get("SOAK"))
COOLDOWN_S = 30.0 if SOAK else 2.0
OUTAGE_S = 60.0 if SOAK else 0.0  # at least
TRIALS = 2  # before the outage ends
FAILURES = 5
CONCURRENCY = 4
CLIENTS = 3
DELAY_MS = 300  # of the models: calls overlap, and there are some in flight when a circuit opens
RETURNED = 4  # photos that the mended provider has captioned before the load ends
IN_VAIN = 8  # photos while nobody remote answers
WITHIN_S = 120.0

pytestmark = [pytest.mark.system, pytest.mark.timeout(600 if SOAK else 400)]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack with one captioner, whose circuits open as by default and try again sooner."""
    with whole_stack(
        tmp_path_factory.mktemp("provider-outage") / "state",
        MODELS="standin",
        CAPTIONER_BREAKER_FAILURES=str(FAILURES),
        CAPTIONER_BREAKER_COOLDOWN_S=str(COOLDOWN_S),
        CAPTIONER_CONCURRENCY=str(CONCURRENCY),
        GATEWAY_QUOTA_LIMIT="100000",
        GATEWAY_REQUESTS_PER_MINUTE="100000",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def photos() -> Iterator[bytes]:
    """More than will be sent: of two that are the same the second is captioned from the cache."""
    return iter(small_photos(700 if SOAK else 400))


@pytest.fixture
def calls(played: Stack, photos: Iterator[bytes]) -> ModelCalls:
    """Nothing counted, and the first provider's circuit closed, without a failure."""
    calls, user = ModelCalls(played), User(played)
    calls.forget()
    wait_until(
        lambda: user.finished(user.upload(next(photos)))["provider"]["name"] == "bedrock",
        within=COOLDOWN_S + WITHIN_S,
        what="bedrock answers",
    )
    calls.forget(delay_ms=DELAY_MS)
    return calls


@contextmanager
def load(sender: Sender) -> Iterator[None]:
    """Clients that send photos while the block runs."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        sending = [clients.submit(sender.send_until_stopped) for _ in range(CLIENTS)]
        try:
            yield
        finally:
            sender.stop()
        for client in sending:
            client.result(WITHIN_S)


def trials(moments: list[float]) -> list[float]:
    """Of the moments of a provider's failures, those a cooldown after the circuit's opening."""
    if len(moments) < FAILURES:
        return []
    # It opened when the fifth was heard of, which is no earlier than when the fifth was made.
    return [moment for moment in moments if moment >= moments[FAILURES - 1] + COOLDOWN_S]


def provider_of(record: ImageRecord) -> Provider:
    assert record.provider is not None
    return record.provider


def attempts_at(model: str, records: list[ImageRecord]) -> list[Attempt]:
    return [
        attempt
        for record in records
        for attempt in provider_of(record).attempts
        if attempt.provider == model
    ]


def test_a_provider_that_is_down_gets_one_trial_per_cooldown_and_its_traffic_back(
    played: Stack, photos: Iterator[bytes], calls: ModelCalls
) -> None:
    inside, user = Inside(played), User(played)
    sender = Sender(user, played["GATEWAY_URL"], photos)
    calls.fail("bedrock", delay_ms=DELAY_MS)

    with load(sender):
        outage_ends = time.monotonic() + OUTAGE_S
        wait_until(
            lambda: (
                time.monotonic() > outage_ends and len(trials(calls.errors_at("bedrock"))) >= TRIALS
            ),
            within=OUTAGE_S + TRIALS * COOLDOWN_S + WITHIN_S,
            what=f"{TRIALS} trials",
        )
        calls.mend("bedrock", delay_ms=DELAY_MS)
        moments = calls.errors_at("bedrock")
        wait_until(
            lambda: calls.outcomes("bedrock")["ok"] >= RETURNED,
            within=COOLDOWN_S + WITHIN_S,
            what="traffic is back",
        )
    wait_until(
        lambda: not unfinished(inside, user, sender.accepted), within=WITHIN_S, what="all done"
    )

    tried = trials(moments)
    # Whoever was being served when the circuit opened had been let through before.
    in_flight = len(moments) - FAILURES - len(tried)
    assert 0 <= in_flight <= CONCURRENCY - 1, moments
    assert all(later - earlier >= COOLDOWN_S for earlier, later in pairwise(tried)), moments
    records = inside.records(user.id)
    assert {record.status for record in records} == {Status.COMPLETED}
    assert {provider_of(record).name for record in records} == {"bedrock", "sagemaker"}
    assert all(p.degraded == (p.name != "bedrock") for p in map(provider_of, records))
    told = Counter(attempt.outcome for attempt in attempts_at("bedrock", records))
    # Each call is in somebody's story, and the photos in between were spared the wait.
    assert {"error": told["error"], "ok": told["ok"]} == calls.outcomes("bedrock")
    assert told["error"] == len(moments)
    assert told["circuit_open"] > 0


def test_all_remote_providers_down_leave_every_photo_to_the_local_one(
    played: Stack, photos: Iterator[bytes], calls: ModelCalls
) -> None:
    inside, user = Inside(played), User(played)
    calls.fail(*MODELS)
    for accepted in [user.upload(next(photos)) for _ in range(IN_VAIN)]:
        assert user.finished(accepted)["status"] == "completed"

    records = inside.records(user.id)

    assert len(records) == IN_VAIN
    for provider in map(provider_of, records):
        assert (provider.name, provider.degraded) == ("local", True)
        order = dict.fromkeys(attempt.provider for attempt in provider.attempts)
        assert tuple(order) == (*MODELS, "local")
        assert [a.outcome for a in provider.attempts if a.provider == "local"] == ["ok"]
    for model in MODELS:
        told = Counter(attempt.outcome for attempt in attempts_at(model, records))
        assert set(told) <= {"error", "circuit_open"}
        assert calls.outcomes(model) == {"error": told["error"]}
