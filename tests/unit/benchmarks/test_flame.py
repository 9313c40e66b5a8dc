"""The picture of a photo's CPU: which stage a sample counts for, and how wide a frame is."""

from xml.etree import ElementTree

from benchmarks.flame import drawn, table
from benchmarks.profiling import Profile, counted

_LOOP = "_run_module_as_main (<frozen runpy>);Runner.run (asyncio/runners.py)"
_TASK = f"{_LOOP};IngestWorker._put (services/ingest/worker.py)"


def test_a_sample_counts_for_the_stage_whose_code_is_in_its_stack() -> None:
    counts = counted(
        [
            f"process 7:python;{_TASK};ObjectStore.put (shared/object_store.py) 3",
            f"{_LOOP};_render (services/ingest/renditions.py);Image.resize (PIL/Image.py:2) 5",
        ]
    )

    assert counts == {
        ("S3", "shared/object_store.py:ObjectStore.put"): 3,
        (
            "image operations",
            "services/ingest/renditions.py:_render",
            "PIL/Image.py:Image.resize",
        ): 5,
    }


def test_a_thread_that_waits_uses_nothing() -> None:
    waiting = ("EpollSelector.select (selectors.py)", "_worker (concurrent/futures/thread.py:81)")

    assert counted([f"{_LOOP};{leaf} 9" for leaf in waiting]) == {}


def test_frames_are_as_wide_as_their_milliseconds() -> None:
    taken = Profile(
        {"gateway": 20.0, "ingest": 60.0},
        {("gateway", "S3"): 20.0, ("ingest", "S3"): 15.0, ("ingest", "SQS"): 45.0},
    )

    picture = ElementTree.fromstring(drawn(taken, title="a <title>", full_ms=100))  # noqa: S314

    boxes = [
        (group[0].text, float(group[1].get("width", 0)) + 0.6)
        for group in picture
        if group.tag.endswith("}g")
    ]
    assert boxes == [
        ("gateway: 20.0 ms", 240),
        ("S3: 20.0 ms", 240),
        ("ingest: 60.0 ms", 720),
        ("SQS: 45.0 ms", 540),
        ("S3: 15.0 ms", 180),
    ]
    assert "| | SQS | 45.0 |" in table(taken)
