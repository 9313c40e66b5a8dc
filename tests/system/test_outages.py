"""SQS, DynamoDB and S3 unreachable in turn: what was accepted is done, once, and nobody spins.

``make test`` cuts them off for a short while; with ``SOAK`` set, ``make soak``, for 20 s each.
"""

import json
import os
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from infra.local.ownership import recorded
from shared.records import Status
from tests.cutting_proxy import Cut, CuttingProxy
from tests.deadlines import wait_until
from tests.stack import Stack
from tests.system.cut_stack import CUTTABLE, cut_stack
from tests.system.dying import Inside, small_photos
from tests.system.model_calls import ModelCalls, repeated
from tests.system.test_one_photo import User

SOAK = bool(os.environ.get("SOAK"))
CUT_S = 20.0 if SOAK else 8.0
CUTS: list[tuple[str, Cut]] = [(service, "refuses") for service in CUTTABLE]
CUTS += [(service, "is silent") for service in CUTTABLE if SOAK]
# A message that was in an answer when SQS went away is hidden for a lease and a little more.
LEASE_S = "60" if SOAK else "9"
BACKLOG = 20  # photos on their way when the outage begins
DELAY_MS = 1000  # of the model: the outage finds captions that were asked for and not yet stored
CLIENTS = 4  # that go on sending meanwhile
PAUSE_S = 0.5  # of a client between two tries
SETTLES_S = 2.0  # what is being decoded or captioned at the cut may use a core for so long
BUSY = 0.2  # of a core: what a process must stay below while it can do nothing
ANSWERS_S = 22.0  # three tries of 5 s, with pauses
RECOVERS_S = 120.0
WORKERS = ("ingest-1", "captioner-1", "sweeper-1")
Cuttable = tuple[Stack, dict[str, CuttingProxy]]

pytestmark = [pytest.mark.system, pytest.mark.timeout(900 if SOAK else 400)]


@dataclass(frozen=True)
class Answer:
    """One answer of the gateway's to an upload. ``seconds`` is how long it took."""

    at: float
    status: int
    seconds: float
    type: str
    retry_after: str | None


@dataclass
class Sender:
    """Clients that send photos until each is accepted, whatever they are told meanwhile."""

    user: User
    url: str
    photos: Iterator[bytes]
    answers: list[Answer] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._next = threading.Lock()

    def send_until_stopped(self) -> None:
        """One client's life."""
        while not self._stop.is_set():
            with self._next:
                photo = next(self.photos)
            key = uuid.uuid4().hex
            while not self.try_once(photo, key):
                time.sleep(PAUSE_S)
            self._stop.wait(PAUSE_S)

    def try_once(self, photo: bytes, key: str) -> bool:
        """Send one photo; whether it was accepted."""
        began = time.monotonic()
        answer = requests.post(
            f"{self.url}/v1/images",
            data=photo,
            headers={
                "Authorization": f"Bearer {self.user.token}",
                "Content-Type": "image/jpeg",
                "Idempotency-Key": key,
            },
            timeout=60,
        )
        self.answers.append(
            Answer(
                at=began,
                status=answer.status_code,
                seconds=time.monotonic() - began,
                type=answer.headers["Content-Type"].split(";")[0],
                retry_after=answer.headers.get("Retry-After"),
            )
        )
        if answer.status_code == 202:
            self.accepted.append(answer.json()["image_id"])
        return answer.status_code == 202

    def stop(self) -> None:
        """Let each client send what it has begun, and no more."""
        self._stop.set()


class ProcessorTime:
    """The processor time that the processes of a stack have used, by name."""

    def __init__(self, stack: Stack) -> None:
        self._pids = {
            owned.name: owned.pid
            for owned in recorded(stack.state / "run")
            if owned.name.split("-")[0] in {"gateway", "sweeper", "ingest", "captioner"}
        }
        self._began = time.monotonic()
        self._before = self._ticks()

    def shares(self) -> dict[str, float]:
        """Of one core, since this was made. Raises ``FileNotFoundError`` if a process died."""
        seconds = time.monotonic() - self._began
        hertz = os.sysconf("SC_CLK_TCK")
        return {
            name: round((after - self._before[name]) / hertz / seconds, 3)
            for name, after in self._ticks().items()
        }

    def _ticks(self) -> dict[str, int]:
        # proc_pid_stat(5): user and system time are fields 14 and 15, the name may have spaces.
        stats = {n: Path(f"/proc/{p}/stat").read_text() for n, p in self._pids.items()}
        fields = {name: stat.rpartition(")")[2].split() for name, stat in stats.items()}
        return {name: int(field[11]) + int(field[12]) for name, field in fields.items()}


@pytest.fixture(scope="module")
def cuttable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cuttable]:
    """A stack of one process each, with the settings that `make up` gives it."""
    with cut_stack(
        tmp_path_factory.mktemp("outages") / "state",
        MODELS="standin",
        INGEST_LEASE_S=LEASE_S,
        CAPTIONER_LEASE_S=LEASE_S,
        GATEWAY_QUOTA_LIMIT="100000",
        GATEWAY_QUOTA_WINDOW_S="100000000",
        GATEWAY_REQUESTS_PER_MINUTE="100000",
    ) as made:
        yield made


@pytest.fixture(scope="module")
def photos() -> Iterator[bytes]:
    """More than will be sent: of two that are the same the second is captioned from the cache."""
    return iter(small_photos(700 if SOAK else 300))


@pytest.mark.parametrize(("service", "how"), CUTS, ids=[f"{s} {h}" for s, h in CUTS])
def test_an_outage_loses_nothing_repeats_nothing_and_keeps_nobody_busy(
    cuttable: Cuttable,
    photos: Iterator[bytes],
    service: str,
    how: Cut,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack, proxies = cuttable
    inside, user = Inside(stack), User(stack)
    calls = ModelCalls(stack)
    calls.forget(delay_ms=DELAY_MS)
    sender = Sender(user, stack["GATEWAY_URL"], photos)
    for _ in range(BACKLOG):
        assert sender.try_once(next(photos), uuid.uuid4().hex)

    with ThreadPoolExecutor(CLIENTS) as clients:
        sending = [clients.submit(sender.send_until_stopped) for _ in range(CLIENTS)]
        with proxies[service].cut(how):
            cut_at = time.monotonic()
            wait_until(lambda: time.monotonic() > cut_at + SETTLES_S, within=10, what="settled")
            used = ProcessorTime(stack)
            wait_until(lambda: time.monotonic() > cut_at + CUT_S, within=60, what="its end")
            shares = used.shares()
            well = healths(stack)
        mended_at = time.monotonic()
        sender.stop()
        for client in sending:
            client.result(RECOVERS_S)
    accepted_at = time.monotonic()
    wait_until(
        lambda: not unfinished(inside, user, sender.accepted), within=RECOVERS_S, what="all done"
    )
    done_at = time.monotonic()

    meanwhile = [a for a in sender.answers if cut_at < a.at + a.seconds < mended_at]
    with capsys.disabled():
        sys.stdout.write(
            f"\n{service} {how} for {CUT_S:.0f} s: answers meanwhile "
            f"{dict(Counter(a.status for a in meanwhile))}, the slowest of all in "
            f"{max(a.seconds for a in sender.answers):.1f} s; then all accepted after "
            f"{accepted_at - mended_at:.1f} s, done after {done_at - mended_at:.1f} s; "
            f"shares of a core {shares}\n"
        )
    assert max(shares.values()) < BUSY, shares
    # A new process would only wait too.
    assert well == dict.fromkeys(WORKERS, 200)
    assert_told_what_to_do(sender.answers)
    if how == "refuses" or SOAK:
        assert 503 in {answer.status for answer in meanwhile}
    wait_until(lambda: inside.waiting() == 0, within=RECOVERS_S, what="the queues are empty")
    assert inside.waiting(dead_letters=True) == 0
    records = inside.records(user.id)
    assert {r.status for r in records} == {Status.COMPLETED}
    # What was refused left nothing: each of these was accepted, if only at the second try.
    assert sorted(r.image_id for r in records) == sorted(sender.accepted)
    assert repeated(calls.by_image(), records) == 0


def healths(stack: Stack) -> dict[str, int]:
    """The status of each worker's answer to its health check."""
    found = {}
    for name in WORKERS:
        lines = (stack.state / "log" / f"{name}.log").read_text().splitlines()
        events = (json.loads(line) for line in lines)
        port = next(event["health_port"] for event in events if event["event"] == "ready")
        found[name] = requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code
    return found


def unfinished(inside: Inside, user: User, accepted: list[str]) -> set[str]:
    """The ids of what was accepted and is not terminal, or not there."""
    terminal = {r.image_id for r in inside.records(user.id) if r.status.is_terminal}
    return set(accepted) - terminal


def assert_told_what_to_do(answers: list[Answer]) -> None:
    """Whoever was refused was so in time, and knows when to come again."""
    refused = [answer for answer in answers if answer.status != 202]
    # 409: the try before was refused by half and holds its idempotency key yet.
    assert {answer.status for answer in refused} <= {503, 409}
    assert {answer.type for answer in refused} <= {"application/problem+json"}
    assert all(int(answer.retry_after or 0) >= 1 for answer in refused)
    assert max(answer.seconds for answer in answers) < ANSWERS_S
