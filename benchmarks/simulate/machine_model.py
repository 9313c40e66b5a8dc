"""``make up`` on one machine: the same stages and queues, but all processes share its cores.

A stage of a photo is a row of slices, one for each call to AWS: some CPU of the service's process,
some of the emulator's, and time that is nobody's CPU (the model's answer, a timer). How much of
each comes from calibration runs; queues, slots and the sharing of cores are the model's.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from simpy import AllOf, Environment, Event

from benchmarks.simulate.cores import SharedCores

# A process of asyncio is one thread; ingest decodes on two more, without the interpreter's lock.
THREADS: Mapping[str, int] = {
    "load": 1,
    "gateway": 1,
    "ingest": 2,
    "captioner": 1,
    "aws": 1,
    "standin": 1,
}
Steps = Iterator[Event]


@dataclass(frozen=True)
class Part:
    """A part of a photo's way: CPU seconds by process, and its length when nothing else runs."""

    cpu_s: Mapping[str, float]
    alone_s: float
    slices: int

    @property
    def idle_s(self) -> float:
        """What of it nobody computes."""
        return max(0.0, self.alone_s - sum(self.cpu_s.values()))

    @property
    def overlaps(self) -> bool:
        """Whether its processes worked at the same time: it was shorter than their CPU."""
        return sum(self.cpu_s.values()) > self.alone_s


@dataclass(frozen=True)
class Calibration:
    """The parts of one kind of photo's way, and the slots of the two workers.

    ``to``: until its message is on the queue. ``receive``: one call that takes messages from it.
    ``tidy``: what a worker does for a photo besides its stage, while it holds the slot.
    """

    upload: Part
    to_ingest: Part
    receive_ingest: Part
    ingest: Part
    tidy_ingest: Part
    to_caption: Part
    receive_caption: Part
    caption: Part
    tidy_caption: Part
    slots: int
    background_cores: float  # used by what is there without a photo

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Calibration":
        """From the JSON that `as_json` made."""
        parts = {name: Part(**value) for name, value in entry.items() if isinstance(value, dict)}
        return cls(**parts, slots=entry["slots"], background_cores=entry["background_cores"])

    def as_json(self) -> dict[str, Any]:
        """For a result's file."""
        return asdict(self)

    @property
    def cpu_s(self) -> dict[str, float]:
        """CPU of one photo by process."""
        total: dict[str, float] = {}
        for part in self._parts():
            for name, seconds in part.cpu_s.items():
                total[name] = total.get(name, 0.0) + seconds
        return total

    def _parts(self) -> Sequence[Part]:
        return (
            self.upload,
            self.to_ingest,
            self.receive_ingest,
            self.ingest,
            self.tidy_ingest,
            self.to_caption,
            self.receive_caption,
            self.caption,
            self.tidy_caption,
        )


@dataclass
class Times:
    """When a photo came and when its captions were there, in seconds after the run's beginning."""

    came: float
    accepted: float | None = None
    ingested: float | None = None
    done: float | None = None


class Worker:
    """A worker's process: one call at a time takes from its queue what its free slots can start.

    What becomes free during such a call waits for the next one, as in ``shared.consumer``.
    """

    def __init__(
        self,
        env: Environment,
        slots: int,
        receive: Callable[[], Steps],
        handle: Callable[[Times], Steps],
    ) -> None:
        self._env = env
        self._slots = slots
        self._receive = receive
        self._handle = handle
        self._queue: deque[Times] = deque()
        self._busy = 0
        self._changed = env.event()
        env.process(self._loop())

    def send(self, photo: Times) -> None:
        """A message for it."""
        self._queue.append(photo)
        self._wake()

    def _wake(self) -> None:
        self._changed.succeed()
        self._changed = self._env.event()

    def _loop(self) -> Steps:
        while True:
            while self._busy == self._slots or not self._queue:
                yield self._changed
            free = self._slots - self._busy
            yield from self._receive()
            for _ in range(min(free, len(self._queue))):
                self._busy += 1
                self._env.process(self._work(self._queue.popleft()))

    def _work(self, photo: Times) -> Steps:
        yield from self._handle(photo)
        self._busy -= 1
        self._wake()


@dataclass
class LocalStack:
    """The stack, fed with photos at given moments."""

    calibration: Calibration
    cores: float
    env: Environment = field(default_factory=Environment)

    def __post_init__(self) -> None:
        its = self.calibration
        free = max(0.1, self.cores - its.background_cores)
        self.shared = SharedCores(self.env, free, THREADS)
        self._ingest = Worker(
            self.env, its.slots, lambda: self._part(its.receive_ingest), self._ingested
        )
        self._caption = Worker(
            self.env, its.slots, lambda: self._part(its.receive_caption), self._captioned
        )

    def run(self, moments: Sequence[float]) -> list[Times]:
        """Every photo's times, once all are done."""
        photos = [Times(moment) for moment in moments]
        for photo in photos:
            self.env.process(self._photo(photo))
        self.env.run()
        return photos

    def _photo(self, photo: Times) -> Steps:
        yield self.env.timeout(photo.came)
        yield from self._part(self.calibration.upload)
        photo.accepted = self.env.now
        yield from self._part(self.calibration.to_ingest)
        self._ingest.send(photo)

    def _ingested(self, photo: Times) -> Steps:
        yield from self._part(self.calibration.ingest)
        photo.ingested = self.env.now
        # The message leaves while its worker still tidies up.
        self.env.process(self._handed_on(photo))
        yield from self._part(self.calibration.tidy_ingest)

    def _handed_on(self, photo: Times) -> Steps:
        yield from self._part(self.calibration.to_caption)
        self._caption.send(photo)

    def _captioned(self, photo: Times) -> Steps:
        yield from self._part(self.calibration.caption)
        photo.done = self.env.now
        yield from self._part(self.calibration.tidy_caption)

    def _part(self, part: Part) -> Steps:
        for _ in range(part.slices):
            if part.overlaps:
                yield AllOf(
                    self.env,
                    [
                        self.shared.work(name, seconds / part.slices)
                        for name, seconds in part.cpu_s.items()
                    ],
                )
            else:
                yield from self._one_by_one(part)

    def _one_by_one(self, part: Part) -> Steps:
        for name, seconds in part.cpu_s.items():
            yield self.shared.work(name, seconds / part.slices)
        if part.idle_s:
            yield self.env.timeout(part.idle_s / part.slices)
