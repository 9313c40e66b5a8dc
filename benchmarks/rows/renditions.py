"""All that ingest makes of a photo, against pyvips making the same three: CPU, memory and likeness.

pyvips has no copy without metadata that leaves the pixels alone. So it comes twice: with the
project's own copy, which is the one to beat, and by itself, encoding the original again.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contender import PROJECT, PYVIPS, Contender, contender, interleaved
from benchmarks.figures import Result, median_of, ratios
from benchmarks.pictures import small_jpeg, twelve_megapixel_jpegs
from benchmarks.row import Row
from benchmarks.similarity import ssim_to_best

_ROUNDS = 96  # ours and theirs are a few hundredths apart
_FRESH_PROCESSES = 5
_MB = 1e6
# The order in which both leave them.
_PICTURES = {"thumbnail": 1, "model input": 2}


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
            similar = {
                "project": _similarity(project, photos, folder),
                "pyvips": _similarity(pyvips, photos, folder),
            }
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
            *(
                median_of(
                    f"SSIM lost to pyvips, {picture}",
                    _lost(similar["project"][picture], similar["pyvips"][picture]),
                    "",
                    at_most=0.003,
                )
                for picture in _PICTURES
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
        {"cpu_ms": cpu, "added_mb": memory, "ssim": similar},
    )


def _similarity(child: Contender, photos: list[Path], folder: Path) -> dict[str, list[float]]:
    scores: dict[str, list[float]] = {picture: [] for picture in _PICTURES}
    for photo in photos:
        child.do("renditions", photo, save=folder / "made")
        for picture, number in _PICTURES.items():
            scores[picture].append(ssim_to_best(folder / f"made-{number}", photo))
    return scores


def _lost(ours: list[float], theirs: list[float]) -> list[float]:
    return [their - our for our, their in zip(ours, theirs, strict=True)]


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
    reach="≤ 1.00 CPU, SSIM within 0.003, ≤ 60 MB added memory",
    against="pyvips making both pictures, with the project's own stripping",
    measure=measure,
)
