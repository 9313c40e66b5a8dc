"""The thumbnail alone, against pyvips ``thumbnail_buffer``: CPU, and what it looks like."""

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contender import PROJECT, PYVIPS, contender, interleaved
from benchmarks.figures import Result, median_of, ratios
from benchmarks.pictures import twelve_megapixel_jpegs
from benchmarks.row import Row
from benchmarks.similarity import ssim_to_best

_ROUNDS = 30


def measure() -> Result:
    """Both make the same 300 px JPEG of quality 80 in turn, on the same core."""
    with (
        TemporaryDirectory() as folder,
        contender(PROJECT) as project,
        contender(PYVIPS) as pyvips,
    ):
        photos = twelve_megapixel_jpegs(Path(folder))
        taken = interleaved(
            {"project": (project, "thumbnail"), "pyvips": (pyvips, "thumbnail")},
            photos,
            rounds=_ROUNDS,
        )
        loss = []
        for photo in photos:
            scores = []
            for child in (project, pyvips):
                child.do("thumbnail", photo, save=Path(folder, "made"))
                scores.append(ssim_to_best(Path(folder, "made-0"), photo))
            loss.append(scores[1] - scores[0])
        cpu = {name: [sample.cpu_s * 1000 for sample in each] for name, each in taken.items()}
        return Result(
            (
                median_of(
                    "CPU",
                    ratios(cpu["project"], cpu["pyvips"]),
                    "times",
                    at_most=0.80,
                    peer="pyvips",
                ),
                median_of("SSIM lost to pyvips", loss, "", at_most=0.003),
                median_of("CPU, project", cpu["project"], "ms"),
                median_of("CPU, pyvips", cpu["pyvips"], "ms"),
            ),
            {**project.versions, **pyvips.versions},
            {"cpu_ms": cpu},
        )


ROW = Row(
    name="thumbnail",
    title="Thumbnail of a 12 MP baseline JPEG",
    reach="≤ 0.80 CPU, SSIM within 0.003",
    against="pyvips `thumbnail_buffer`",
    measure=measure,
)
