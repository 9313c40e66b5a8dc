"""All that ingest makes of a photo, against pyvips making the same three: CPU and memory.

pyvips has no copy without metadata that leaves the pixels alone. So it comes twice: with the
project's own copy, which is the one to beat, and by itself, encoding the original again.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contender import PROJECT, PYVIPS, contender, interleaved
from benchmarks.figures import Result, median_of, ratios
from benchmarks.pictures import small_jpeg, twelve_megapixel_jpegs
from benchmarks.row import Row

_ROUNDS = 24
_FRESH_PROCESSES = 5
_MB = 1e6


def measure() -> Result:
    """CPU in turn on the same core; memory in fresh processes, because allocators keep theirs."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        photos = twelve_megapixel_jpegs(folder)
        with contender(PROJECT) as project, contender(PYVIPS) as pyvips:
            taken = interleaved(
                {
                    "project": (project, "renditions"),
                    "pyvips": (pyvips, "renditions"),
                    "pyvips_alone": (pyvips, "renditions_alone"),
                },
                photos,
                rounds=_ROUNDS,
            )
            versions = {**project.versions, **pyvips.versions}
        memory = {
            "project": _added_memory(PROJECT, photos, folder),
            "pyvips": _added_memory(PYVIPS, photos, folder),
        }
    cpu = {name: [sample.cpu_s * 1000 for sample in each] for name, each in taken.items()}
    return Result(
        (
            median_of(
                "CPU", ratios(cpu["project"], cpu["pyvips"]), "times", at_most=1.00, peer="pyvips"
            ),
            median_of("memory added", memory["project"], "MB", at_most=60),
            median_of("memory added, pyvips", memory["pyvips"], "MB"),
            median_of(
                "CPU to pyvips alone",
                ratios(cpu["project"], cpu["pyvips_alone"]),
                "times",
                peer="pyvips alone",
            ),
            median_of("CPU, project", cpu["project"], "ms"),
            median_of("CPU, pyvips", cpu["pyvips"], "ms"),
        ),
        versions,
        {"cpu_ms": cpu, "added_mb": memory},
    )


def _added_memory(module: str, photos: list[Path], folder: Path) -> list[float]:
    small = folder / "small.jpg"
    small.write_bytes(small_jpeg())
    added = []
    for number in range(_FRESH_PROCESSES):
        with contender(module) as child:
            child.do("renditions", small)  # code and codecs are loaded before the measurement
            sample = child.do("renditions", photos[number % len(photos)])
            added.append(sample.added_bytes / _MB)
    return added


ROW = Row(
    name="renditions",
    title="Thumbnail, model input and stripped original of a 12 MP JPEG",
    reach="≤ 1.00 CPU, ≤ 60 MB added memory",
    against="pyvips making both pictures, with the project's own stripping",
    measure=measure,
)
