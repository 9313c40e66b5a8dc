"""``python -m benchmarks.flame PICTURE.svg``: the CPU of one 12 MP photo, service by service.

The photo's whole CPU is the width: a frame is as wide as its milliseconds, with what it calls
below it. A second name, ``--profile FILE.json``, keeps the figures, or draws them again if they are
there.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from benchmarks.machine import commit, now
from benchmarks.profiling import Profile, profile

_WIDTH = 1200.0  # pixels of ``_FULL_MS``
_ROW = 18
_HEAD = 46
_DEPTH = 11
_LEAST_MS = 0.25  # narrower frames are left out
_CHARACTER = 5.9  # pixels
_COLOURS = {"gateway": 210, "ingest": 30, "captioner": 140}  # hues


@dataclass
class _Frame:
    ms: float = 0.0
    calls: dict[str, "_Frame"] = field(default_factory=dict)


def drawn(taken: Profile, *, title: str, full_ms: float) -> str:
    """The picture as SVG. ``full_ms`` fill its width: two pictures of one scale can be compared."""
    roots = _tree(taken)
    scale = _WIDTH / full_ms
    parts: list[str] = []
    left, deepest = 0.0, 0
    for service, root in roots.items():
        for depth, x, name, frame in _placed(service, root, 0, left):
            deepest = max(deepest, depth)
            hue = _COLOURS[service]
            parts.append(_box(x * scale, depth, frame.ms * scale, name, frame.ms, hue=hue))
        left += root.ms
    height = _HEAD + (deepest + 1) * _ROW + 6
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {height}" '
        f'font-family="ui-monospace, monospace" font-size="9.8">\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n'
        f'<text x="4" y="18" font-size="15" font-weight="bold">{escape(title)}</text>\n'
        f'<text x="4" y="36">{left:.0f} ms of CPU a photo. A frame is as wide as its milliseconds; '
        f"below it is what it calls. {escape(_shares(roots))}</text>\n"
        f"{''.join(parts)}</svg>\n"
    )


def _shares(roots: dict[str, _Frame]) -> str:
    return " · ".join(f"{name} {root.ms:.0f} ms" for name, root in roots.items())


def _tree(taken: Profile) -> dict[str, _Frame]:
    roots: dict[str, _Frame] = {}
    for (service, *frames), ms in taken.stacks.items():
        frame = roots.setdefault(service, _Frame())
        frame.ms += ms
        for name in frames[:_DEPTH]:
            frame = frame.calls.setdefault(name, _Frame())
            frame.ms += ms
    return roots


def _placed(
    name: str, frame: _Frame, depth: int, left: float
) -> Iterator[tuple[int, float, str, _Frame]]:
    """Each frame with its depth and where it begins, in milliseconds; the widest calls first."""
    yield depth, left, name, frame
    for called, below in sorted(frame.calls.items(), key=lambda each: -each[1].ms):
        if below.ms >= _LEAST_MS:
            yield from _placed(called, below, depth + 1, left)
            left += below.ms


def _box(x: float, depth: int, width: float, name: str, ms: float, *, hue: int) -> str:
    y = _HEAD + depth * _ROW
    light = 62 if depth == 0 else 74 if depth == 1 else 84 + depth % 2 * 4
    label = f"{_short(name)} {ms:.1f}{' ms' if depth == 0 else ''}"
    room = int((width - 4) / _CHARACTER)
    shown = label if len(label) <= room else _short(name)[:room]
    text = f'<text x="{x + 3:.1f}" y="{y + 13}">{escape(shown)}</text>' if room >= 3 else ""
    return (
        f"<g><title>{escape(name)}: {ms:.1f} ms</title>"
        f'<rect x="{x:.1f}" y="{y}" width="{max(width - 0.6, 0.4):.1f}" height="{_ROW - 1}" '
        f'fill="hsl({hue},70%,{light}%)"/>{text}</g>\n'
    )


def _short(name: str) -> str:
    """The function without file and class; of ``f.<locals>.g``, ``g``."""
    return name.rpartition(":")[2].rpartition(".")[2]


def table(taken: Profile) -> str:
    """Milliseconds by service and stage, as Markdown."""
    lines = ["| service | stage | ms |", "|---|---|---|"]
    for service, root in _tree(taken).items():
        lines.append(f"| **{service}** | all | **{root.ms:.1f}** |")
        stages = sorted(root.calls.items(), key=lambda each: -each[1].ms)
        lines += [f"| | {stage} | {frame.ms:.1f} |" for stage, frame in stages]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> None:
    """Measure, unless it was before, and draw."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flame", description=__doc__)
    parser.add_argument("picture", type=Path, help="the SVG to write")
    parser.add_argument("--profile", type=Path, help="where the figures are kept")
    parser.add_argument("--title", default="One 12 MP photo from upload to captions")
    parser.add_argument("--full-ms", type=float, help="what fills the width; else the photo's CPU")
    given = parser.parse_args(arguments)
    if given.profile is not None and given.profile.exists():
        content = json.loads(given.profile.read_text())
        taken = Profile(content["cpu_ms"], {tuple(f): ms for f, ms in content["stacks"]})
    else:
        taken = profile()
        content = {"commit": commit(), "date": now(), "cpu_ms": taken.cpu_ms}
        content["stacks"] = [[list(f), round(ms, 4)] for f, ms in taken.stacks.items()]
        if given.profile is not None:
            given.profile.write_text(json.dumps(content))
    full_ms = given.full_ms or sum(taken.cpu_ms.values())
    given.picture.write_text(drawn(taken, title=given.title, full_ms=full_ms))
    print(table(taken))


if __name__ == "__main__":
    main(sys.argv[1:])
