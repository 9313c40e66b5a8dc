"""No sequence of deliveries, crashes, deletions and retries reaches a state that should not be.

Hypothesis chooses what happens next, call by call: any process may be overtaken by the others
between two of its calls to AWS, or die before or after one. STATE_MACHINE_EXAMPLES=n runs longer.
"""

import os
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shared.contracts import Message
from shared.errors import DependencyUnavailable, Postponed, StaleRecord, Transient
from shared.records import ImageRecord, Status
from tests.unit.pipeline.fake_aws import Envelope, FakeQueue
from tests.unit.pipeline.pipeline import HOLD_S, OUTCOMES, Outcome, Pipeline
from tests.unit.pipeline.processes import MANY, Crash, Fate, Kind, Machine, Process
from tests.unit.pipeline.rules import scheduled

EXAMPLES = int(os.environ.get("STATE_MACHINE_EXAMPLES", "60"))
USERS = ("ana", "bob")
IMAGES = 3
ROUNDS = 60  # of 16 minutes, until everything that was left undone is done

which = st.integers(0, 30)
# Mostly a process comes to its end; else it stops somewhere, or dies there.
how_far = st.one_of(st.just(MANY), st.just(MANY), st.integers(0, 25))
mid_job = st.integers(2, 6)  # calls: the claim, and not yet the end
fates = st.sampled_from(Fate)
asked: st.SearchStrategy[Kind] = st.sampled_from(["retry", "caption_again", "edit"])
ends: st.SearchStrategy[Outcome | None] = st.sampled_from([None, "permanent", "degraded", "ok"])
outcomes = st.one_of(st.sampled_from(["ok", "degraded"]), st.sampled_from(OUTCOMES))
EXPECTED = (Crash, Postponed, StaleRecord, Transient, DependencyUnavailable)


class Photos(RuleBasedStateMachine):
    """Photos of two users on their way."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = Machine()
        self.pipeline = Pipeline()
        self.machine.run(self.pipeline.report_providers())
        self.running: list[Process] = []
        self.held: dict[Process, tuple[FakeQueue, Envelope]] = {}

    # What owners and programs do.

    @precondition(lambda self: len(self.pipeline.image_items()) < IMAGES)
    @rule(user=st.sampled_from(USERS), calls=how_far, then=fates)
    def submit(self, user: str, calls: int, then: Fate) -> None:
        self.start("submit", self.pipeline.submit(user), calls, then)

    @precondition(lambda self: self.pipeline.image_items())
    @rule(what=asked, n=which, calls=how_far, then=fates)
    def ask(self, what: Kind, n: int, calls: int, then: Fate) -> None:
        self.start(what, self.pipeline.ask(what, self.image(n)), calls, then)

    @precondition(lambda self: self.pipeline.image_items())
    @rule(everything=st.booleans(), n=which, calls=how_far, then=fates)
    def delete(self, everything: bool, n: int, calls: int, then: Fate) -> None:
        image = self.image(n)
        work = (
            self.pipeline.delete_all(image.user_id) if everything else self.pipeline.delete(image)
        )
        self.start("delete", work, calls, then)

    # What queues and workers do.

    @precondition(lambda self: self.waiting())
    @rule(n=which, outcome=outcomes, calls=how_far, then=fates)
    def deliver(self, n: int, outcome: Outcome, calls: int, then: Fate) -> None:
        waiting = self.waiting()
        held = waiting[n % len(waiting)]
        self.work(held[1].message, outcome, calls, then, held=held)

    @precondition(lambda self: self.pipeline.ingest.sent)
    @rule(n=which, outcome=outcomes, calls=how_far, then=fates)
    def deliver_what_was_sent_before(
        self, n: int, outcome: Outcome, calls: int, then: Fate
    ) -> None:
        self.work(self.sent(n), outcome, calls, then)

    @precondition(lambda self: self.waiting())
    @rule(lesser=st.booleans())
    def all_is_well_for_a_while(self, lesser: bool) -> None:
        """Else few photos would come far enough for anything to happen to them."""
        outcome: Outcome = "degraded" if lesser else "ok"
        for _ in range(2):  # the messages of the first stage bring about those of the second
            for held in self.waiting():
                self.work(held[1].message, outcome, MANY, Fate.DONE, held=held)

    @precondition(lambda self: self.waiting())
    @rule(
        n=which,
        calls=mid_job,
        outcome=outcomes,
        seconds=st.sampled_from([61, 0]),
        others=mid_job,
    )
    def one_worker_overtakes_another(
        self, n: int, calls: int, outcome: Outcome, seconds: int, others: int
    ) -> None:
        """One message, two deliveries, with or without the lease run out in between."""
        waiting = self.waiting()
        held = waiting[n % len(waiting)]
        slow = self.work(held[1].message, outcome, calls, Fate.DONE, held=held)
        self.tick(seconds)
        self.work(held[1].message, "ok", others, Fate.DONE)
        if slow in self.running:
            self.machine.go_on(slow, MANY)
            self.tidy_up()

    @precondition(lambda self: self.waiting())
    @rule(n=which)
    def lose(self, n: int) -> None:
        waiting = self.waiting()
        queue, envelope = waiting[n % len(waiting)]
        queue.envelopes.remove(envelope)

    # What goes on by itself.

    @precondition(lambda self: self.pipeline.ingest.sent)
    @rule(calls=how_far, then=fates)
    def mark(self, calls: int, then: Fate) -> None:
        self.start("marks", self.pipeline.mark(), calls, then)

    @precondition(lambda self: self.pipeline.image_items())
    @rule(calls=how_far, then=fates)
    def sweep(self, calls: int, then: Fate) -> None:
        self.start("sweeper", self.pipeline.sweep(), calls, then)

    @precondition(lambda self: self.pipeline.waits_for_upgrade())
    @rule(calls=how_far, then=fates, outcome=ends)
    def upgrade(self, calls: int, then: Fate, outcome: Outcome | None) -> None:
        self.tick(6)  # the pace of upgrades
        self.start("upgrade", self.pipeline.upgrade(), calls, then)
        if outcome is not None:
            for held in self.waiting():
                self.work(held[1].message, outcome, MANY, Fate.DONE, held=held)

    @precondition(lambda self: self.running)
    @rule(n=which, calls=how_far, then=fates)
    def go_on(self, n: int, calls: int, then: Fate) -> None:
        process = self.running[n % len(self.running)]
        self.machine.go_on(process, calls, then)
        self.tidy_up()

    @precondition(lambda self: self.pipeline.made)
    @rule(seconds=st.sampled_from([1, 31, 61, 901, 3601, 6 * 3601]))
    def tick(self, seconds: int) -> None:
        self.pipeline.clock.now += seconds
        for process in self.running:
            if process.began < self.pipeline.clock() - HOLD_S:
                self.machine.kill(process)
        self.tidy_up()

    # What holds at any time: what each write may do is checked as it is made, in `rules`.

    @invariant()
    def nobody_waits_for_nothing(self) -> None:
        for item in self.pipeline.image_items():
            assert Status(item["status"]["S"]).is_terminal or scheduled(item)

    def teardown(self) -> None:
        """Whatever happened: with no message left and every worker dead, all comes to an end."""
        try:
            for process in self.running:
                self.machine.kill(process)
            self.tidy_up()
            self.come_to_rest()
            self.check_rest()
        finally:
            self.machine.close()

    def come_to_rest(self) -> None:
        for queue in (self.pipeline.ingest, self.pipeline.caption):
            queue.envelopes.clear()
        for _ in range(ROUNDS):
            if not any(map(scheduled, self.pipeline.dynamodb.items.values())):
                return
            self.pipeline.clock.now += 16 * 60
            self.start("sweeper", self.pipeline.sweep(), MANY, Fate.DONE)
            while waiting := self.waiting():
                queue, envelope = waiting[0]
                held = (queue, envelope)
                self.work(envelope.message, "ok", MANY, Fate.DONE, held=held)
                assert envelope not in queue.envelopes, "a message that is never settled"
        raise AssertionError("something is never done")

    def check_rest(self) -> None:
        bucket = self.pipeline.s3.keys
        for record in self.pipeline.images():
            assert record.status.is_terminal
            assert record.image_id not in self.pipeline.buried, "a deleted image is there"
            assert record.epoch >= self.pipeline.epoch_of(record.user_id), "it was erased"
            stored = (record.original, record.thumbnail, record.model_input)
            assert bucket >= {image.key for image in stored if image is not None}
        known = {(record.user_id, record.image_id) for record in self.pipeline.images()}
        # A failed photo may have kept what a worker that died had stored of it.
        owners = {tuple(key.split("/")[1:3]) for key in bucket if key.startswith("images/")}
        assert owners <= known, "objects that belong to nobody"

    # How it is driven.

    def start(self, kind: Kind, work: Coroutine[Any, Any, None], calls: int, then: Fate) -> Process:
        return self.drive(Process(kind, self.pipeline.clock()), work, calls, then)

    def work(
        self,
        message: Message,
        outcome: Outcome,
        calls: int,
        then: Fate,
        held: tuple[FakeQueue, Envelope] | None = None,
    ) -> Process:
        process = Process("worker", self.pipeline.clock(), job=message.job)
        if held is not None:
            held[1].in_flight = True
            self.held[process] = held
        return self.drive(process, self.pipeline.worker(message, outcome), calls, then)

    def drive(
        self, process: Process, work: Coroutine[Any, Any, None], calls: int, then: Fate
    ) -> Process:
        self.running.append(process)
        self.machine.start(process, work)
        self.machine.go_on(process, calls, then)
        self.tidy_up()
        return process

    def tidy_up(self) -> None:
        """See to what is over: a message whose worker came to a good end is settled."""
        for violation in self.pipeline.violations:
            raise violation
        for process in [each for each in self.running if each.is_over]:
            self.running.remove(process)
            assert process.task is not None
            error = None if process.task.cancelled() else process.task.exception()
            if error is not None and not isinstance(error, EXPECTED):
                raise error
            queue, envelope = self.held.pop(process, (None, None))
            if queue is not None and envelope is not None:
                envelope.in_flight = False
                if error is None and not process.task.cancelled() and envelope in queue.envelopes:
                    queue.envelopes.remove(envelope)

    def images(self) -> list[ImageRecord]:
        return self.pipeline.images()

    def image(self, n: int) -> ImageRecord:
        images = self.images()
        return images[n % len(images)]

    def sent(self, n: int) -> Message:
        sent = [*self.pipeline.caption.sent, *self.pipeline.ingest.sent]
        return sent[n % len(sent)]

    def waiting(self) -> list[tuple[FakeQueue, Envelope]]:
        return [
            (queue, envelope)
            for queue in (self.pipeline.caption, self.pipeline.ingest)
            for envelope in queue.envelopes
            if not envelope.in_flight
        ]


@pytest.mark.timeout(60 + EXAMPLES * 5)
class TestPhotos(Photos.TestCase):  # type: ignore[misc, valid-type]
    settings = settings(
        max_examples=EXAMPLES,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
