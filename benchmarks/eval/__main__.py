"""``python -m benchmarks.eval``: how good are a provider's captions, on photos of known content?

Ends with status 1 if fewer than 40 photos could be had, and 2 if the provider is not configured. A
figure that misses its limit is a result and no error.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from typing import get_args

from benchmarks.eval import report
from benchmarks.eval.captioning import Captioned, NotConfigured, caption_all
from benchmarks.eval.photos import KINDS, Gathered, gather
from services.captioner.settings import ProviderName

LEAST_PHOTOS = 40
STEP = 25  # photos between two signs of life


def main(arguments: Sequence[str]) -> int:
    """Run the command and give its exit status."""
    options = _parser().parse_args(arguments)
    gathered = gather(options.photos, kinds=options.packages)
    if options.half:
        kept = {photo: path for photo, path in gathered.paths.items() if photo.half == options.half}
        gathered = Gathered(kept, gathered.absent)
    try:
        captioned = asyncio.run(_caption(options.provider, gathered, options.language))
    except NotConfigured:
        print(f"{options.provider} has no settings here: see .env.example", file=sys.stderr)
        return 2
    if not captioned:
        print("no photos", file=sys.stderr)
        return 1
    summary = report.summary(options.provider, captioned, gathered.absent)
    print(report.table(summary, captioned, all_photos=options.all))
    if not options.dry:
        print(f"\nEvery photo: {report.save(options.provider, summary, captioned)}")
    enough = len(captioned) >= LEAST_PHOTOS or bool(options.photos) or bool(options.half)
    return 0 if enough else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.eval", description=__doc__)
    parser.add_argument("--provider", choices=get_args(ProviderName), default="local")
    parser.add_argument("--photos", default="", help="a folder, or a list like photos.jsonl")
    parser.add_argument("--packages", nargs="+", choices=KINDS, default=("pypi", "npm"))
    parser.add_argument("--half", choices=("choose", "report"), help="only this half of the photos")
    parser.add_argument("--language", default="en")
    parser.add_argument(
        "--all", action="store_true", help="print every photo, not only the bad ones"
    )
    parser.add_argument("--dry", action="store_true", help="write no file")
    return parser


async def _caption(provider: ProviderName, gathered: Gathered, language: str) -> list[Captioned]:
    captioned: list[Captioned] = []
    photos = gathered.paths.items()
    async for each in caption_all(provider, photos, language=language):
        captioned.append(each)
        if len(captioned) % STEP == 0:
            print(f"  {len(captioned)} of {len(photos)} photos", file=sys.stderr, flush=True)
    return captioned


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
