"""Workers that die, messages that come twice or late: no photo is lost, none is captioned twice.

``make test`` runs it small; with ``SOAK`` set in the environment, ``make soak``, it is 500 photos
and a minute of killing.
"""

import itertools
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
import requests

from shared.contracts import ImageIngested, ImageUploaded, Message
from shared.records import MAX_ATTEMPTS, ImageRecord, Status
from tests.stack import Stack, whole_stack
from tests.system.dying import SERVICES, Inside, Reaper, small_photos, wait_until
from tests.system.test_one_photo import User

SOAK = bool(os.environ.get("SOAK"))
PHOTOS, SECONDS = (500, 60) if SOAK else (40, 10)
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
        INGEST=str(WORKERS),
        CAPTIONER=str(WORKERS),
        INGEST_LEASE_S="6",
        CAPTIONER_LEASE_S="6",
        INGEST_CONCURRENCY=str(AT_ONCE),
        CAPTIONER_CONCURRENCY=str(AT_ONCE),
        GATEWAY_QUOTA_LIMIT="100000",
        GATEWAY_QUOTA_WINDOW_S="100000000",
        GATEWAY_REQUESTS_PER_MINUTE="100000",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def inside(crowded: Stack) -> Inside:
    return Inside(crowded)


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


def has_come(moment: float) -> bool:
    """Whether it is ``moment`` (monotonic seconds)."""
    return time.monotonic() >= moment


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
        assert [stage.stage for stage in record.timeline] == [
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


def uploaded(record: ImageRecord) -> ImageUploaded:
    """The message that first brought ``record`` to ingest."""
    return ImageUploaded(
        user_id=record.user_id,
        image_id=record.image_id,
        job=record.job,
        epoch=record.epoch,
        upload_key=record.upload_key,
        options=record.options,
    )


def ingested(record: ImageRecord) -> ImageIngested:
    """The message that brought ``record`` to the captioner."""
    assert record.model_input is not None
    return ImageIngested(
        user_id=record.user_id,
        image_id=record.image_id,
        job=record.job,
        epoch=record.epoch,
        model_key=record.model_input.key,
        labels=record.labels or (),
        options=record.options,
    )


def test_messages_delivered_three_times_are_worked_on_once(crowded: Stack, inside: Inside) -> None:
    user = User(crowded)
    upload_all(user, small_photos(DELIVERED))

    copied: set[str] = set()

    def copy_caption_messages() -> bool:
        records = inside.records(user.id)
        new = [r for r in records if r.model_input is not None and r.image_id not in copied]
        copied.update(record.image_id for record in new)
        inside.send([ingested(record) for record in new] * 2)
        return len(copied) == DELIVERED

    inside.send([uploaded(record) for record in inside.records(user.id)] * 2)
    wait_until(copy_caption_messages, within=DONE_S, what="all photos are ingested")

    records = wait_for_rest(inside, user)
    assert len(records) == DELIVERED
    assert_whole(inside, user, records)
    assert Counter(record.version for record in records) == {VERSION_AT_BEST: DELIVERED}
    assert Counter(record.attempts_made for record in records) == {1: DELIVERED}


def test_a_photo_whose_message_was_never_sent_is_sent_by_the_sweeper(
    crowded: Stack, inside: Inside
) -> None:
    user = User(crowded)

    inside.submit_unsent(user.id, small_photos(1)[0])

    records = wait_for_rest(inside, user, within=90)
    assert len(records) == 1
    assert_whole(inside, user, records)


def test_a_late_message_and_a_restart_take_nothing_from_the_owner(
    crowded: Stack, inside: Inside
) -> None:
    user, reaper = User(crowded), Reaper(crowded)
    upload_all(user, small_photos(2))
    edited, again = wait_for_rest(inside, user)
    before = remaining(user)
    edit = {"captions": {"concise": "My own words"}}
    path = f"/v1/images/{edited.image_id}"
    assert call(crowded, user, "PATCH", path, edit) == 200
    assert call(crowded, user, "POST", f"/v1/images/{again.image_id}/captions", {}) == 202
    spent = before - remaining(user)
    captioned = {record.image_id: record for record in wait_for_rest(inside, user)}

    late: list[Message] = [message(r) for r in (edited, again) for message in (uploaded, ingested)]
    inside.send(late * 2)
    records = wait_for_rest(inside, user)
    for service in SERVICES:
        assert reaper.stop(service)
        assert reaper.kill(service)
    wait_until(
        lambda: all(len(reaper.at_work(service)) == WORKERS for service in SERVICES),
        within=60,
        what="the dead are back",
    )

    assert {record.image_id: record for record in records} == captioned
    assert inside.records(user.id) == records
    assert user.get(path).json()["captions"]["concise"] == "My own words"
    assert captioned[again.image_id].job != again.job
    assert before - remaining(user) == spent


def test_of_photos_under_a_rain_of_deaths_each_is_captioned(
    crowded: Stack, inside: Inside, capsys: pytest.CaptureFixture[str]
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
        _ = reaper.kill(first) or reaper.kill(second)
        _ = reaper.stop(second) or reaper.stop(first)
        due = began + (tick + 1) * TICK_S
        wait_until(partial(has_come, due), within=2 * TICK_S, what="the next tick")

    records = wait_for_rest(inside, user)
    took = time.monotonic() - began
    ends = Counter(death.how for death in reaper.deaths()[earlier:])
    repeated = sum(record.attempts_made - 1 for record in records)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{PHOTOS} photos in {took:.0f} s; workers' ends: {dict(ends)}; "
            f"{repeated} captions begun again\n"
        )
    assert len(records) == PHOTOS
    assert_whole(inside, user, records)
    # Told to stop, a worker ends by itself and well; a kill is all that may interrupt a job.
    assert ends == {"signal 9": len(reaper.killed), "exit status 0": len(reaper.stopped)}
    kills = sum(name.startswith("captioner-") for name in reaper.killed)
    assert repeated <= kills * AT_ONCE
