"""How every plot here looks, and where it goes.

Runs in `.venv-bench`, which has matplotlib and none of our packages: of ours, only what needs the
standard library alone is imported beside it. As in ``python -m benchmarks.plots``.
"""

import io
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot
from PIL import Image

from benchmarks.machine import ROOT

_FOLDER = ROOT / "docs/images"
_DPI = 80
_SHADES = 128
# Legible beside each other, also in grey.
BLUE, GREEN, ORANGE, GREY = "#1f6f8b", "#6b8e23", "#b3541e", "#8a8a8a"


def begun() -> Any:
    """matplotlib's ``pyplot``, with our look set."""
    pyplot.rcParams.update(
        {"font.size": 9, "axes.grid": True, "grid.alpha": 0.3, "savefig.facecolor": "white"}
    )
    return pyplot


def save(figure: Any, file: str) -> None:
    """Write ``figure`` to docs/images/``file`` and forget it."""
    path = _FOLDER / file
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=_DPI)
    # A third of the size; and without the version of matplotlib, the same result is the same file.
    Image.open(drawn).convert("RGB").quantize(_SHADES).save(path, optimize=True)
    pyplot.close(figure)
