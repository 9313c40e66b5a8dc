"""The thumbnail alone, against pyvips ``thumbnail_buffer`` and sharp: CPU, and likeness."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.contender import PROJECT, PYVIPS, SHARP, Contender, contender, interleaved
from benchmarks.figures import Figure, Result, median_of, ratios
from benchmarks.machine import NotPrepared
from benchmarks.pictures import twelve_megapixel_jpegs
from benchmarks.row import Row
from benchmarks.similarity import ssim_to_best

_ROUNDS = 40
_DECODING = "project, the decoding alone"


def measure() -> Result:
    """All make the same 300 px JPEG of quality 80 in turn, on the same core."""
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        photos = twelve_megapixel_jpegs(folder)
        children = {
            "project": stack.enter_context(contender(PROJECT)),
            "pyvips": stack.enter_context(contender(PYVIPS)),
        }
        missing = start_sharp(children, stack)
        taken = interleaved(
            {
                **{name: (child, "thumbnail") for name, child in children.items()},
                _DECODING: (children["project"], "decoded_for_thumbnail"),
            },
            photos,
            rounds=_ROUNDS,
        )
        similar = {name: _similarity(child, photos, folder) for name, child in children.items()}
        versions: dict[str, str] = {}
        for child in children.values():
            versions |= child.versions
        cpu = {name: [sample.cpu_s * 1000 for sample in each] for name, each in taken.items()}
        return Result(
            (
                *_compared(cpu, similar),
                *(median_of(f"CPU, {name}", each, "ms") for name, each in cpu.items()),
            ),
            {**versions, **missing},
            {"cpu_ms": cpu, "ssim": similar},
        )


def start_sharp(children: dict[str, Contender], stack: ExitStack) -> Mapping[str, str]:
    """Add it to ``children``; where that can't be, what the table says in place of its version."""
    try:
        children["sharp"] = stack.enter_context(contender(SHARP))
    except NotPrepared as error:
        print(f"  sharp is not measured: {error}", file=sys.stderr)
        return {"sharp": f"not measured: {error}"}
    return {}


def _similarity(child: Contender, photos: Sequence[Path], folder: Path) -> list[float]:
    scores = []
    for photo in photos:
        child.do("thumbnail", photo, save=folder / "made")
        scores.append(ssim_to_best(folder / "made-0", photo))
    return scores


def _compared(
    cpu: Mapping[str, Sequence[float]], similar: Mapping[str, Sequence[float]]
) -> list[Figure]:
    figures = []
    for peer in cpu:
        if peer in {"project", _DECODING}:
            continue
        times = ratios(cpu["project"], cpu[peer])
        pairs = zip(similar[peer], similar["project"], strict=True)
        lost = [theirs - ours for theirs, ours in pairs]
        figures += [
            median_of(f"CPU to {peer}", times, "times", at_most=0.80, peer=peer),
            median_of(f"SSIM lost to {peer}", lost, "", at_most=0.003),
        ]
    return figures


ROW = Row(
    name="thumbnail",
    title="Thumbnail of a 12 MP baseline JPEG",
    reach="≤ 0.80 CPU, SSIM within 0.003",
    against="pyvips `thumbnail_buffer`, sharp",
    measure=measure,
)
