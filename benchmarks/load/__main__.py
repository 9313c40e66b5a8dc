"""``python -m benchmarks.load --rate 4 --seconds 60 --url http://127.0.0.1:8080``: open-loop load.

Prints one JSON object: photos a second, and seconds from the upload's beginning to the 202 and to
captions. The token comes from the variable TOKEN (``TOKEN=$(make -s token NAME=load)``).
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import machine
from benchmarks.figures import percentile
from benchmarks.load.generator import Outcome, Plan, run
from benchmarks.pictures import small_jpeg, twelve_megapixel_jpegs

PERCENTS = (50, 95, 99)
_USAGE_ERROR = 2


def main(arguments: Sequence[str]) -> int:
    """Run the load and print what came of it; 1 if a photo was refused, failed or never done."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--url", required=True, help="of the gateway")
    parser.add_argument("--rate", type=float, required=True, help="photos a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1, help="of the moments of upload")
    parser.add_argument("--photo", default="small", help="small, 12mp, or the path of a JPEG")
    parser.add_argument("--json", type=Path, help="write the result, photo by photo, here too")
    given = parser.parse_args(arguments)
    if "TOKEN" not in os.environ:
        print("TOKEN is not set: TOKEN=$(make -s token NAME=load)", file=sys.stderr)
        return _USAGE_ERROR
    plan = Plan(
        url=given.url,
        token=os.environ["TOKEN"],
        photo=photo_of(given.photo),
        rate=given.rate,
        seconds=given.seconds,
        seed=given.seed,
    )
    before = machine.load()
    outcome = asyncio.run(run(plan))
    about = {
        "commit": machine.commit(),
        "machine": machine.machine(),
        "load": {"before": before, "after": machine.load()},
        "date": machine.now(),
        "photo_bytes": len(plan.photo),
    }
    told = {**about, **summary(plan, outcome)}
    print(json.dumps(told, indent=1))
    if given.json:
        photos = [vars(photo) for photo in outcome.photos]
        given.json.write_text(json.dumps({**told, "photos": photos}) + "\n")
    return 0 if told["photos"]["completed"] == told["photos"]["sent"] else 1


def photo_of(name: str) -> bytes:
    """The bytes of a photo: one of 200 KB, one of 12 megapixels, or a file."""
    if name == "small":
        return small_jpeg()
    if name == "12mp":
        with TemporaryDirectory() as folder:
            return twelve_megapixel_jpegs(Path(folder))[0].read_bytes()
    return Path(name).read_bytes()


def summary(plan: Plan, outcome: Outcome) -> dict[str, Any]:
    """Rates, percentiles and the generator's own part of the load."""
    photos = outcome.photos
    accepted = [photo.accepted_s for photo in photos if photo.accepted_s is not None]
    done = [photo.done_s for photo in photos if photo.done_s is not None]
    ended = [photo.at + photo.done_s for photo in photos if photo.done_s is not None]
    return {
        "rate": plan.rate,
        "seconds": plan.seconds,
        "seed": plan.seed,
        "photos": {
            "sent": len(photos),
            "accepted": len(accepted),
            "completed": len(done),
            "refused": sum(photo.status == "refused" for photo in photos),
            "failed": sum(photo.status == "failed" for photo in photos),
        },
        # Of those that ended while photos still came: what ran dry afterwards is no throughput.
        "completed_a_second": sum(end <= plan.seconds for end in ended) / plan.seconds,
        "accepted_s": percentiles(accepted),
        "captions_s": percentiles(done),
        "generator": {
            "cpu_ms_a_photo": 1000 * outcome.cpu_s / max(1, len(photos)),
            "latest_upload_late_s": outcome.late_s,
        },
    }


def percentiles(samples: Sequence[float]) -> dict[str, float]:
    """Seconds by percentile, none of no samples."""
    return {f"p{percent}": percentile(samples, percent) for percent in PERCENTS} if samples else {}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
