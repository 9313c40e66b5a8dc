"""Every test picture of Pillow and pillow-heif through ingest's decoders: what became of each.

``python -m tests.system.formats_report`` prints one JSON object, ``--write`` makes the table of
``docs/formats.md`` from it. The pictures come out of the two source packages, fetched once into
``.cache/`` and checked against the hashes here before anything in them is run or read.
"""

import asyncio
import json
import subprocess
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from services.ingest.budget import PixelBudget
from services.ingest.confined_decoder import Confinement
from services.ingest.decode import Limits
from services.ingest.decoders import Decoders
from services.ingest.renditions import Prepared
from shared.errors import Permanent
from shared.media import HEAD_BYTES, media_type_of
from tests.photos import real_photo

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "formats"
DOCUMENT = ROOT / "docs" / "formats.md"
SOURCES = {
    "pillow==13.0.0": "cdcd1ba258178f7356d74170c9a81ba4eab6a5d55748bc402a5a2a6fe6be3510",
    "pillow-heif==1.8.1": "521ebffb8a181d56c3904e5a61f20903edee0d9d3275967b8fb345f866215c06",
}
GOOD_EVERY = 20
PATIENCE_S = 60.0  # the largest, 32 megapixels of HEIC, takes 7 s of a core
COMPLETED = "completed"
_NOT_PICTURES = frozenset({".txt", ".md", ".py", ".pdf", ".zip", ".lut", ".gpl", ".json"})
_START, _END = "<!-- table -->", "<!-- end -->"
_FETCH_S = 600.0


@dataclass(frozen=True)
class Outcome:
    """``format`` by content, else the file name's ending; ``result`` a failure's code if it
    isn't ``COMPLETED``.
    """

    name: str
    format: str
    accepted: bool
    result: str
    seconds: float


@dataclass(frozen=True)
class Run:
    """``good`` are the seconds that a good photo took after each ``GOOD_EVERY`` files."""

    outcomes: list[Outcome]
    good: list[float]


def fetch() -> list[Path]:
    """The two source packages. Raises ``CalledProcessError`` or ``TimeoutExpired``."""
    archives = [CACHE / f"{name.replace('-', '_').replace('==', '-')}.tar.gz" for name in SOURCES]
    if not all(archive.exists() for archive in archives):
        CACHE.mkdir(parents=True, exist_ok=True)
        CACHE.joinpath(".gitignore").write_text("*\n")
        wanted = CACHE / "sources.txt"
        wanted.write_text("".join(f"{k} --hash=sha256:{v}\n" for k, v in SOURCES.items()))
        # What it takes to build them may come ready-made; building that too takes minutes.
        pip = [sys.executable, "-m", "pip", "download", "-qq", "--require-hashes", "--no-deps"]
        subprocess.run(
            [*pip, "--no-binary", "pillow,pillow-heif", "-r", wanted, "-d", CACHE],
            check=True,
            timeout=_FETCH_S,
        )
    return archives


def pictures(archives: list[Path]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every test picture, in the archives' order."""
    for archive in archives:
        with tarfile.open(archive) as files:
            for member in files:
                path = PurePosixPath(member.name)
                if member.isfile() and "images" in path.parts[:-1]:
                    file = files.extractfile(member)
                    if file is not None and path.suffix not in _NOT_PICTURES:
                        yield member.name, file.read()


async def run(archives: list[Path]) -> Run:
    """One file after the other, as a worker takes them, but with the patience of a busy machine."""
    decoders = Decoders(
        2,
        limits=Limits(),
        confinement=Confinement(limit_s=PATIENCE_S),
        budget=PixelBudget(100_000_000),
        overrun=_thread_given_up,
    )
    outcomes: list[Outcome] = []
    good: list[float] = []
    async with aclosing(decoders):
        for name, data in pictures(archives):
            outcomes.append(await _outcome(decoders, name, data))
            if len(outcomes) % GOOD_EVERY == 0:
                began = time.monotonic()
                _check(await decoders.prepare(real_photo()))
                good.append(time.monotonic() - began)
    return Run(outcomes, good)


async def _outcome(decoders: Decoders, name: str, data: bytes) -> Outcome:
    media_type = media_type_of(data[:HEAD_BYTES])
    began = time.monotonic()
    try:
        _check(await decoders.prepare(data))
        result = COMPLETED
    except Permanent as refused:
        result = refused.code
    ending = PurePosixPath(name).suffix.removeprefix(".") or "none"
    return Outcome(
        name=name.split("/", 1)[1],
        format=media_type.name if media_type else ending,
        accepted=media_type is not None,
        result=result,
        seconds=time.monotonic() - began,
    )


def _check(prepared: Prepared) -> None:
    for rendition, edge in ((prepared.thumbnail, 300), (prepared.model, 1568)):
        assert rendition.data.startswith(b"\xff\xd8\xff")
        assert rendition.data.endswith(b"\xff\xd9")
        assert 1 <= max(rendition.width, rendition.height) <= edge
    assert prepared.original.data


def _thread_given_up() -> None:
    raise AssertionError("a picture held a thread of the worker for longer than it may")


def table(outcomes: list[Outcome]) -> str:
    """Markdown: the outcomes by format, and by name what is accepted and yet failed."""
    codes = [COMPLETED, "undecodable_image", "image_too_many_pixels", "unsupported_media_type"]
    lines = [f"| format | files | {' | '.join(f'`{code}`' for code in codes)} |"]
    lines.append("|---|" + "--:|" * (1 + len(codes)))
    accepted = [outcome for outcome in outcomes if outcome.accepted]
    lines += [
        _row(format_, [outcome for outcome in accepted if outcome.format == format_], codes)
        for format_ in sorted({outcome.format for outcome in accepted})
    ]
    others = [outcome for outcome in outcomes if not outcome.accepted]
    endings = sorted({f".{outcome.format}" for outcome in others})
    lines.append(_row(f"anything else ({', '.join(endings)})", others, codes))
    lines.append(_row("**all**", outcomes, codes))
    lines += ["", "Accepted formats that failed:", ""]
    for code in codes[1:]:
        names = sorted(f"`{outcome.name}`" for outcome in accepted if outcome.result == code)
        if names:
            lines.append(f"- `{code}` ({len(names)}): {', '.join(names)}")
    return "\n".join(lines)


def _row(title: str, outcomes: list[Outcome], codes: list[str]) -> str:
    counts = Counter(outcome.result for outcome in outcomes)
    cells = [str(len(outcomes)), *(str(counts[code] or "") for code in codes)]
    return f"| {title} | {' | '.join(cells)} |"


def documented() -> str:
    """The table as the document has it."""
    return DOCUMENT.read_text().split(_START)[1].split(_END)[0].strip()


def _write(outcomes: list[Outcome]) -> None:
    before, rest = DOCUMENT.read_text().split(_START)
    after = rest.split(_END)[1]
    DOCUMENT.write_text(f"{before}{_START}\n{table(outcomes)}\n{_END}{after}")


def main(arguments: list[str]) -> None:
    """Run, then print or write."""
    made = asyncio.run(run(fetch()))
    if "--write" in arguments:
        _write(made.outcomes)
    else:
        sys.stdout.write(json.dumps(asdict(made)))


if __name__ == "__main__":
    main(sys.argv[1:])
