"""Workers that die, messages that come twice or late: no photo is lost, none is captioned twice.

Captions are counted where they are paid for: at the stand-in for the model.
``make test`` runs it small; with ``SOAK`` set in the environment, ``make soak``, it is 500 photos
and a minute of killing.
"""

import itertools
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import requests

from shared.contracts import Message
from shared.records import MAX_ATTEMPTS, ImageRecord, Status
from tests.deadlines import wait_until
from tests.stack import Stack, whole_stack
from tests.system.dying import (
    SERVICES,
    Inside,
    Reaper,
    ingested,
    small_photos,
    uploaded,
)
from tests.system.model_calls import ModelCalls, repeated
from tests.system.test_one_photo import User

SOAK = bool(os.environ.get("SOAK"))
PHOTOS, SECONDS = (500, 60) if SOAK else (40, 10)
KILLS = 6 if SOAK else 2  # of each service, while messages come three times
QUOTA = 100_000
DELAY_MS = 1000  # of the model: long enough for a kill to come in between
DELIVERED = 300 if SOAK else 20  # photos whose messages come three times
TICK_S = 2.0  # one worker is killed and one is told to stop in each
WORKERS = 3  # of each service
AT_ONCE = 4  # photos in the hands of a worker
DONE_S = 240 if SOAK else 90
# What a message costs on its way when nothing goes wrong: created, claimed and done by ingest,
# claimed and done by the captioner. Every claim adds one to a record's version, and no model is
# called but under a claim.
VERSION_AT_BEST = 5

pytestmark = [pytest.mark.system, pytest.mark.timeout(900 if SOAK else 150)]


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Three workers of each kind with short leases, and a quota that does not refill meanwhile."""
    with whole_stack(
        tmp_path_factory.mktemp("deaths") / "state",
        MODELS="standin",
        RESTART_PAUSE_S="0.2",
        INGEST=str(WORKERS),
        CAPTIONER=str(WORKERS),
        INGEST_LEASE_S="6",
        CAPTIONER_LEASE_S="6",
        INGEST_CONCURRENCY=str(AT_ONCE),
        CAPTIONER_CONCURRENCY=str(AT_ONCE),
        GATEWAY_QUOTA_LIMIT=str(QUOTA),
        GATEWAY_QUOTA_WINDOW_S="100000000",
        GATEWAY_REQUESTS_PER_MINUTE="100000",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def inside(crowded: Stack) -> Inside:
    return Inside(crowded)


@pytest.fixture
def calls(crowded: Stack) -> ModelCalls:
    """None yet, each to take a while."""
    counted = ModelCalls(crowded)
    counted.forget(delay_ms=DELAY_MS)
    return counted


def upload_all(user: User, photos: list[bytes]) -> None:
    for photo in photos:
        accepted = user.upload(photo)
        assert accepted.status_code == 202, accepted.text


def call(stack: Stack, user: User, method: str, path: str, body: object) -> int:
    """The status of the answer to a request with a body of JSON."""
    headers = {"Authorization": f"Bearer {user.token}"}
    url = stack["GATEWAY_URL"] + path
    return requests.request(method, url, json=body, headers=headers, timeout=30).status_code


def await_work(inside: Inside, user: User, service: str) -> None:
    """Wait for a photo to be in the hands of ``service``, but not for long: it may be idle."""
    status = Status.INGESTING if service == "ingest" else Status.CAPTIONING
    deadline = time.monotonic() + TICK_S / 2
    while time.monotonic() < deadline:
        if any(r.status is status and r.lease_id is not None for r in inside.records(user.id)):
            return


def one_dies(strike: Callable[[str], bool], *services: str) -> None:
    """Strike a worker of the first of ``services`` that has one at work, once there is one."""
    wait_until(lambda: any(map(strike, services)), within=60, what="a worker to strike")


def await_all_at_work(reaper: Reaper) -> None:
    """Wait for the dead to be back."""
    wait_until(
        lambda: all(len(reaper.at_work(service)) == WORKERS for service in SERVICES),
        within=60,
        what="the dead are back",
    )


def remaining(user: User) -> int:
    """The units of quota that the user has left."""
    return int(user.get("/v1/me").json()["quota"]["remaining"])


def wait_for_rest(inside: Inside, user: User, *, within: float = DONE_S) -> list[ImageRecord]:
    """The user's records once all are terminal and no message is left on any queue."""
    wait_until(lambda: not _unfinished(inside, user), within=within, what="all photos are done")
    wait_until(lambda: inside.waiting() == 0, within=60, what="the queues are empty")
    return inside.records(user.id)


def _unfinished(inside: Inside, user: User) -> list[ImageRecord]:
    return [record for record in inside.records(user.id) if not record.status.is_terminal]


def assert_whole(inside: Inside, user: User, records: list[ImageRecord]) -> None:
    """Every photo is captioned, nothing lies in the bucket but theirs, nothing was given up."""
    assert Counter(record.status for record in records) == {Status.COMPLETED: len(records)}
    for record in records:
        assert record.concise_caption
        assert record.creative_caption
        assert record.alt_text
        assert record.lease_id is None
        assert record.check_at is None
        assert 1 <= record.attempts_made <= MAX_ATTEMPTS
        assert record.version >= VERSION_AT_BEST - 1 + record.attempts_made
        # Labels may be late and left out, without harm to the photo.
        assert [each.stage for each in record.timeline if each.stage != "labels"] == [
            *("queued", "ingest"),
            *("queued", "caption"),
        ]
    assert inside.waiting(dead_letters=True) == 0
    assert inside.keys(user.id) == {
        stored.key
        for record in records
        for stored in (record.original, record.thumbnail, record.model_input)
        if stored is not None
    }
    assert {name: count for name, count in inside.usage().items() if count < 0} == {}


def deliver_again(inside: Inside, user: User, copied: set[str]) -> bool:
    """Send two more of each caption message that is new; whether all photos are that far."""
    records = inside.records(user.id)
    new = [r for r in records if r.model_input is not None and r.image_id not in copied]
    copied.update(record.image_id for record in new)
    inside.send([ingested(record) for record in new] * 2)
    return len(copied) == DELIVERED


def test_messages_delivered_three_times_are_worked_on_once(
    crowded: Stack, inside: Inside, calls: ModelCalls
) -> None:
    user = User(crowded)
    copied: set[str] = set()
    upload_all(user, small_photos(DELIVERED))

    inside.send([uploaded(record) for record in inside.records(user.id)] * 2)
    wait_until(
        lambda: deliver_again(inside, user, copied), within=DONE_S, what="all photos are ingested"
    )

    records = wait_for_rest(inside, user)
    assert len(records) == DELIVERED
    assert_whole(inside, user, records)
    assert Counter(record.version for record in records) == {VERSION_AT_BEST: DELIVERED}
    assert Counter(record.attempts_made for record in records) == {1: DELIVERED}
    assert repeated(calls.by_image(), records) == 0


def test_messages_delivered_three_times_while_workers_are_killed_repeat_only_what_was_killed(
    crowded: Stack, inside: Inside, calls: ModelCalls, capsys: pytest.CaptureFixture[str]
) -> None:
    user, reaper = User(crowded), Reaper(crowded)
    photos, copied, known = small_photos(DELIVERED), set[str](), set[str]()

    for kill in range(KILLS):
        upload_all(user, photos[kill::KILLS])
        records = inside.records(user.id)
        inside.send([uploaded(record) for record in records if record.image_id not in known] * 2)
        known = {record.image_id for record in records}
        for service in SERVICES:
            await_work(inside, user, service)
            reaper.kill(service)
            deliver_again(inside, user, copied)
    wait_until(
        lambda: deliver_again(inside, user, copied), within=DONE_S, what="all photos are ingested"
    )

    records = wait_for_rest(inside, user)
    again = repeated(calls.by_image(), records)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{DELIVERED} photos, each message three times, {len(reaper.killed)} workers "
            f"killed: {again} calls of the model repeated\n"
        )
    assert len(records) == DELIVERED
    assert_whole(inside, user, records)
    assert again <= AT_ONCE * sum(name.startswith("captioner-") for name in reaper.killed)
    await_all_at_work(reaper)


def test_late_messages_and_restarts_take_nothing_from_the_owner(
    crowded: Stack, inside: Inside, calls: ModelCalls
) -> None:
    user, reaper = User(crowded), Reaper(crowded)
    upload_all(user, small_photos(2))
    edited, again = wait_for_rest(inside, user)
    before, called = remaining(user), calls.of(again)
    edit = {"captions": {"concise": "My own words"}}
    path = f"/v1/images/{edited.image_id}"
    assert call(crowded, user, "PATCH", path, edit) == 200
    late: list[Message] = [message(r) for r in (edited, again) for message in (uploaded, ingested)]

    # Of the older job, while the newer one is in the hands of a worker that is then killed.
    other = {"style": "as a pirate would say it"}
    assert call(crowded, user, "POST", f"/v1/images/{again.image_id}/captions", other) == 202
    inside.send(late)
    await_work(inside, user, "captioner")
    for service in SERVICES:
        assert reaper.kill(service)
        assert reaper.stop(service)
    captioned = {record.image_id: record for record in wait_for_rest(inside, user)}
    # And once more when it is over.
    inside.send(late * 2)
    records = wait_for_rest(inside, user)
    await_all_at_work(reaper)

    newer = captioned[again.image_id]
    assert {record.image_id: record for record in records} == captioned
    assert (newer.status, newer.options.style) == (Status.COMPLETED, other["style"])
    assert newer.job != again.job
    assert 1 <= calls.of(again) - called <= newer.attempts_made
    assert calls.of(edited) == 1
    assert user.get(path).json()["captions"]["concise"] == "My own words"
    assert before - remaining(user) == 1


def test_of_photos_under_a_rain_of_deaths_each_is_captioned_once(
    crowded: Stack, inside: Inside, calls: ModelCalls, capsys: pytest.CaptureFixture[str]
) -> None:
    user, reaper = User(crowded), Reaper(crowded)
    photos = small_photos(PHOTOS)
    ticks = round(SECONDS / TICK_S)
    share = -(-PHOTOS // ticks)
    earlier = len(reaper.deaths())
    began = time.monotonic()

    for tick, (first, second) in zip(
        range(ticks), itertools.cycle([SERVICES, SERVICES[::-1]]), strict=False
    ):
        upload_all(user, photos[tick * share : (tick + 1) * share])
        await_work(inside, user, first)
        # On a slow machine all may be starting anew at times: then the tick is a longer one.
        one_dies(reaper.kill, first, second)
        one_dies(reaper.stop, second, first)
        due = began + (tick + 1) * TICK_S
        wait_until(lambda due=due: time.monotonic() >= due, within=2 * TICK_S, what="next tick")
    rained = time.monotonic() - began

    records = wait_for_rest(inside, user)
    took = time.monotonic() - began
    ends = Counter(death.how for death in reaper.deaths()[earlier:])
    again = repeated(calls.by_image(), records)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{PHOTOS} photos in {took:.0f} s; workers' ends in the first {rained:.0f} s: "
            f"{dict(ends)}; {again} calls of the model repeated\n"
        )
    assert len(records) == PHOTOS
    assert_whole(inside, user, records)
    # Told to stop, a worker ends by itself and well; a kill is all that may interrupt a job.
    assert ends == {"signal 9": ticks, "exit status 0": ticks}
    assert again <= AT_ONCE * sum(name.startswith("captioner-") for name in reaper.killed)
    assert remaining(user) == QUOTA - PHOTOS
