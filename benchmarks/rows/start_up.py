"""How long each service takes to start, and how much memory it holds while it has nothing to do."""

from collections import defaultdict
from importlib import metadata

from benchmarks.figures import Figure, Result, median_of
from benchmarks.row import Row
from benchmarks.starting import Start, start, table

_ROUNDS = 7
_IDLE_ROUNDS = 3  # memory hardly differs from one to the next, the time to be ready does
_IDLE_S = 5.0  # so that what runs once after the start has run
# Seconds, and MB. The page's memory and all of the sweeper are told, not judged.
_READY = {"gateway": 1.5, "ingest": 2.0, "captioner": 4.0, "ui": 5.0}
_IDLE = {"gateway": 90.0, "ingest": 110.0, "captioner": 260.0}
_PACKAGES = ("aiohttp", "aioboto3", "pydantic", "onnxruntime", "streamlit")


def measure() -> Result:
    """Every process of ``make up``, one at a time and in turn, with nothing but emulated AWS.

    Files are in the system's cache. Ready is what ``make up`` takes for it: 200 from ``/readyz``,
    of the page from Streamlit's own check. CPU seconds are the process's own up to then.
    """
    starts: dict[str, list[Start]] = defaultdict(list)
    with table(MODELS="local") as processes:
        for process in processes:  # the first start reads the files and compiles the modules
            start(process, idle_s=0)
        for number in range(_ROUNDS):
            idle_s = _IDLE_S if number < _IDLE_ROUNDS else 0
            for process in processes:
                starts[process.service].append(start(process, idle_s=idle_s))
    return Result(
        tuple(figure for service, each in starts.items() for figure in _figures(service, each)),
        {name: metadata.version(name) for name in _PACKAGES},
        {service: [vars(one) for one in each] for service, each in starts.items()},
    )


def _figures(service: str, starts: list[Start]) -> list[Figure]:
    ready, idle = _READY.get(service), _IDLE.get(service)
    rested = starts[:_IDLE_ROUNDS]
    return [
        median_of(f"{service}: start to ready", [it.ready_s for it in starts], "s", at_most=ready),
        median_of(f"{service}: CPU until then", [it.cpu_s for it in starts], "s"),
        median_of(f"{service}: idle memory", [it.resident_mb for it in rested], "MB", at_most=idle),
        median_of(f"{service}: its share of it", [it.own_mb for it in rested], "MB"),
    ]


ROW = Row(
    name="start_up",
    title="Start and idle memory of each service",
    reach="gateway 1.5 s, 90 MB; ingest 2 s, 110 MB; captioner 4 s, 260 MB; page 5 s",
    against="the limits",
    measure=measure,
)
