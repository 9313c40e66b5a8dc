"""Photos at a given rate whatever the answers do, and what became of each.

Uploads start at the moments of a Poisson process. How long a photo took is told by the server's own
record, so that nothing has to ask for each photo while the run lasts: asking would be load too.
"""

import asyncio
import random
import resource
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

_TIMEOUT = ClientTimeout(total=120)
_PAGE = 100  # images that one request lists
_LOOK_S = 1.0  # between two looks at whether the last photos are done
_LATEST = 25  # photos that such a look shows
_COMMENT = b"\xff\xfe"  # JPEG's marker of a comment


@dataclass(frozen=True)
class Plan:
    """What to send where: ``photo`` is a JPEG, made another file for each upload.

    A photo is done when it has one of the statuses ``done``, or failed. Without any, nothing is
    looked at afterwards. ``drain_s`` bounds the wait for the last one.
    """

    url: str
    token: str = field(repr=False)
    photo: bytes = field(repr=False)
    rate: float  # photos a second
    seconds: float
    seed: int = 1
    done: frozenset[str] = frozenset({"completed"})
    drain_s: float = 120.0


@dataclass(frozen=True)
class Photo:
    """One upload, its times in seconds after the run's beginning or its own.

    ``stages`` are the record's: how long it waited and was worked on, in this order.
    """

    at: float
    accepted_s: float | None = None
    done_s: float | None = None
    status: str = "refused"
    stages: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """A run's photos in the order of their uploads, and what the generator itself needed."""

    photos: list[Photo]
    began: float  # Unix time
    cpu_s: float
    late_s: float  # by how much the latest upload missed its moment


def arrivals(*, rate: float, seconds: float, seed: int) -> list[float]:
    """The moments of a Poisson process in the first so many seconds: the same for the same seed."""
    chance = random.Random(seed)
    moments: list[float] = []
    moment = chance.expovariate(rate)
    while moment < seconds:
        moments.append(moment)
        moment += chance.expovariate(rate)
    return moments


def made_different(photo: bytes, number: int) -> bytes:
    """The same pixels in another file, so that no caption is answered from memory."""
    if photo[:2] != b"\xff\xd8":
        raise ValueError("the generator takes a JPEG")
    text = f"{uuid.uuid4()} {number}".encode()
    return photo[:2] + _COMMENT + (len(text) + 2).to_bytes(2, "big") + text + photo[2:]


async def run(plan: Plan) -> Outcome:
    """Send for ``plan.seconds`` and wait until all photos are done. Raises TimeoutError."""
    moments = arrivals(rate=plan.rate, seconds=plan.seconds, seed=plan.seed)
    headers = {"Authorization": f"Bearer {plan.token}"}
    cpu = _cpu_s()
    # No limit of connections: a client that queued its own uploads would not be an open one.
    async with ClientSession(
        plan.url, headers=headers, timeout=_TIMEOUT, connector=TCPConnector(limit=0)
    ) as http:
        batch = f"load-{uuid.uuid4()}"
        began, clock = time.time(), asyncio.get_running_loop().time()
        sent = await asyncio.gather(
            *(
                _send(http, plan.photo, number, clock + moment, batch)
                for number, moment in enumerate(moments)
            )
        )
        records = await _records(http, batch, plan, expected=sum(each.ok for each in sent))
    photos = [
        _photo(moment, each, records.get(each.image_id), began, plan.done)
        for moment, each in zip(moments, sent, strict=True)
    ]
    late = max((each.late_s for each in sent), default=0.0)
    return Outcome(photos, began, _cpu_s() - cpu, late)


@dataclass(frozen=True)
class _Sent:
    late_s: float
    accepted_s: float = 0.0
    image_id: str = ""

    @property
    def ok(self) -> bool:
        return bool(self.image_id)


async def _send(http: ClientSession, photo: bytes, number: int, moment: float, batch: str) -> _Sent:
    clock = asyncio.get_running_loop().time
    await asyncio.sleep(moment - clock())
    late = clock() - moment
    body = made_different(photo, number)
    headers = {"Content-Type": "image/jpeg"}
    try:
        async with http.post(
            "/v1/images", data=body, headers=headers, params={"batch": batch}
        ) as answer:
            if answer.status != 202:
                await answer.read()
                return _Sent(late)
            image = await answer.json()
    except (ClientError, TimeoutError):
        return _Sent(late)
    return _Sent(late, clock() - moment, image["image_id"])


async def _records(
    http: ClientSession, batch: str, plan: Plan, *, expected: int
) -> dict[str, dict[str, Any]]:
    """All photos of the batch by their ids, once every one of them is done."""
    ended = plan.done | {"failed"}
    if not plan.done or not expected:
        return {}
    async with asyncio.timeout(plan.drain_s):
        while True:
            # The latest first: while one of them is under way, the whole list is not worth asking.
            page = await _page(http, batch, limit=_LATEST)
            if all(image["status"] in ended for image in page["items"]):
                images = await _all(http, batch)
                if len(images) >= expected and all(i["status"] in ended for i in images):
                    return {image["image_id"]: image for image in images}
            await asyncio.sleep(_LOOK_S)


async def _all(http: ClientSession, batch: str) -> list[dict[str, Any]]:
    images: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = await _page(http, batch, limit=_PAGE, cursor=cursor)
        images += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return images


async def _page(
    http: ClientSession, batch: str, *, limit: int, cursor: str | None = None
) -> dict[str, Any]:
    parameters = {"batch": batch, "limit": str(limit)} | ({"cursor": cursor} if cursor else {})
    async with http.get("/v1/images", params=parameters) as answer:
        answer.raise_for_status()
        page: dict[str, Any] = await answer.json()
        return page


def _photo(
    moment: float,
    sent: _Sent,
    record: dict[str, Any] | None,
    began: float,
    done: frozenset[str],
) -> Photo:
    if not sent.ok:
        return Photo(moment)
    if record is None:
        return Photo(moment, sent.accepted_s, status="accepted")
    timeline: list[dict[str, Any]] = record["timeline"]
    stages = tuple(
        (each["stage"], each["duration_ms"] / 1000)
        for each in timeline
        if each["stage"] != "labels"
    )
    finished = None
    if record["status"] in done and timeline:
        finished = max(_ended(each) for each in timeline) - began - moment
    return Photo(moment, sent.accepted_s, finished, record["status"], stages)


def _ended(stage: dict[str, Any]) -> float:
    started = datetime.fromisoformat(stage["started_at"]).timestamp()
    return float(started + stage["duration_ms"] / 1000)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
