"""The model of one machine, and the generator that loads the real one."""

import io
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
import simpy
from PIL import Image

from benchmarks.load.generator import arrivals, made_different
from benchmarks.simulate.cores import SharedCores
from benchmarks.simulate.machine_model import Calibration, LocalStack, Part
from tests.photos import real_photo


def test_cores_are_shared_by_processes_and_each_has_its_threads_only() -> None:
    ends = _done_on_two_cores([("one", 1.0), ("one", 1.0), ("other", 1.0), ("pool", 1.0)] * 2)

    # Half a core for each of four threads until `pool` is done, then a core for each of two.
    assert max(ends[3], ends[7]) == pytest.approx(2.0, abs=0.05)
    assert ends[6] == pytest.approx(3.0, abs=0.05)
    # The other core is of no use to it: it has one thread.
    assert ends[5] == pytest.approx(5.0, abs=0.05)


def test_who_computes_little_is_not_kept_waiting_by_who_computes_all_the_time() -> None:
    ends = _done_on_two_cores([("one", 1.0), ("pool", 1.0), ("pool", 1.0), ("other", 0.01)])

    assert ends[3] < 0.05
    assert max(ends) == pytest.approx(3.01 / 2, abs=0.3)


def _done_on_two_cores(work: Sequence[tuple[str, float]]) -> list[float]:
    """When each is done, all being there at the beginning."""
    env = simpy.Environment()
    shared = SharedCores(env, 2, {"one": 1, "other": 1, "pool": 2})
    ends = [0.0] * len(work)

    def job(number: int, process: str, seconds: float) -> Iterator[simpy.Event]:
        yield shared.work(process, seconds)
        ends[number] = env.now

    for number, (process, seconds) in enumerate(work):
        env.process(job(number, process, seconds))
    env.run()
    assert shared.used == pytest.approx(sum(seconds for _, seconds in work))
    return ends


def _calibration(*, slots: int = 4) -> Calibration:
    wait = Part({}, 0.1, 1)
    return Calibration(
        upload=Part({"gateway": 0.02, "aws": 0.01}, 0.05, 5),
        to_ingest=wait,
        receive_ingest=Part({}, 0.02, 1),
        ingest=Part({"ingest": 0.06, "aws": 0.04}, 0.2, 8),
        tidy_ingest=wait,
        to_caption=wait,
        receive_caption=Part({}, 0.02, 1),
        caption=Part({"captioner": 0.03, "aws": 0.02}, 0.4, 6),
        tidy_caption=wait,
        slots=slots,
        background_cores=0.0,
    )


def test_photo_alone_on_the_machine_takes_what_it_was_calibrated_with() -> None:
    (photo,) = LocalStack(_calibration(), 2).run([1.0])

    assert photo.done is not None
    assert photo.done - photo.came == pytest.approx(0.05 + 0.12 + 0.2 + 0.12 + 0.4)


def test_machine_does_no_more_than_its_slots_allow() -> None:
    photos = LocalStack(_calibration(slots=2), 2).run([each / 20 for each in range(400)])

    ends = sorted(photo.done for photo in photos if photo.done is not None)
    assert len(ends) == 400
    # Two slots, each held for the caption and for tidying up, and free for one receive at least.
    assert 2 / 0.54 < 200 / (ends[300] - ends[100]) <= 2 / 0.52 * 1.02


def test_machine_does_no_more_than_its_cores_allow() -> None:
    stack = LocalStack(_calibration(slots=100), 1)

    photos = stack.run([each / 20 for each in range(400)])

    assert max(photo.done or 0.0 for photo in photos) == pytest.approx(400 * 0.18, rel=0.02)
    assert stack.shared.used == pytest.approx(400 * 0.18)


def test_uploads_of_the_generator_are_a_poisson_process() -> None:
    moments = arrivals(rate=50, seconds=200, seed=1)
    gaps = [after - before for before, after in pairwise(moments)]
    mean = sum(gaps) / len(gaps)

    assert (
        moments == arrivals(rate=50, seconds=200, seed=1) != arrivals(rate=50, seconds=200, seed=2)
    )
    assert mean == pytest.approx(1 / 50, rel=0.05)
    # As spread as it is long, which a steady pace is not.
    assert (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5 == pytest.approx(
        mean, rel=0.1
    )


def test_generator_sends_other_bytes_each_time_and_the_same_pixels() -> None:
    photo = real_photo()

    one, other = made_different(photo, 1), made_different(photo, 2)

    assert one != other
    with Image.open(io.BytesIO(one)) as changed, Image.open(io.BytesIO(photo)) as original:
        assert changed.tobytes() == original.tobytes()
