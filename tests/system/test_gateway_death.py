"""A gateway that dies between DynamoDB and SQS: the photo it had not sent on is captioned."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest
import requests

from services.gateway.faults import EXIT_FAULT
from shared.records import Status
from tests.deadlines import wait_until
from tests.photos import real_photo
from tests.stack import Stack, whole_stack
from tests.system.dying import Death, Inside, Reaper
from tests.system.test_one_photo import User

COMPLETES_S = 90.0

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


@pytest.fixture
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose gateway dies at each upload, once the record is there."""
    state = tmp_path_factory.mktemp("gateway-death") / "state"
    with whole_stack(state, GATEWAY_FAULT_POINT="after_record", RESTART_PAUSE_S="0") as running:
        yield running


def test_a_photo_whose_gateway_died_before_it_was_sent_on_is_captioned(mortal: Stack) -> None:
    inside, user, reaper = Inside(mortal), User(mortal), Reaper(mortal)

    with pytest.raises(requests.ConnectionError):
        user.upload(real_photo())
    died_at = time.monotonic()
    [left] = inside.records(user.id)
    waiting = inside.waiting()

    def is_done() -> bool:
        return all(record.status.is_terminal for record in inside.records(user.id))

    wait_until(is_done, within=COMPLETES_S - (time.monotonic() - died_at), what="the photo is done")
    [record] = inside.records(user.id)
    assert reaper.deaths() == [Death("gateway-1", f"exit status {EXIT_FAULT}")]
    assert (left.status, left.sent, waiting) == (Status.QUEUED, False, 0)
    assert record.status is Status.COMPLETED
    assert record.attempts_made == 1
    assert inside.waiting(dead_letters=True) == 0
    shown = user.get("/v1/images").json()["items"]
    assert Counter(image["status"] for image in shown) == {"completed": 1}
