"""``python -m clients.caption photos/*.jpg``: hand photos in, wait, and write their captions.

Run again after a Ctrl-C, a lost connection or a used-up quota, it goes on where it stopped: for a
day, no photo is handed in twice with the same options.

Exit codes: 0 done, bad files reported · 1 the same with bad files and ``--strict`` · 2 wrong
arguments · 3 some are unfinished, run it again · 130 interrupted, run it again.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from clients.api import CaptionApi
from clients.following import follow
from clients.problems import ApiError
from clients.progress import Progress
from clients.reports import FORMATS, Row, row_of
from clients.sending import Sender, Sent

if TYPE_CHECKING:
    from clients.resources import Image

DONE, BAD_FILES, UNFINISHED, INTERRUPTED = 0, 1, 3, 130
_AGAIN = "Run the same command again to go on: nothing is handed in twice.\n"
_JOBS_MAX = 6  # the gateway takes no more of one user at once


class Run:
    """One run of the command over ``files``."""

    def __init__(self, api: CaptionApi, files: Sequence[Path], progress: Progress) -> None:
        self._api = api
        self._files = files
        self._progress = progress
        self._sent: dict[Path, Sent] = {}
        self._images: dict[str, Image] = {}
        self.unfinished = False

    def send(self, options: Mapping[str, str], *, jobs: int) -> None:
        """Hand in all files."""
        self._progress.show(0, "handed in")
        for sent in Sender(self._api, options, jobs=jobs).send(self._files):
            self._sent[sent.file] = sent
            if sent.image is not None:
                self._images[sent.image.image_id] = sent.image
            self.unfinished = self.unfinished or sent.again
            self._progress.show(len(self._sent), "handed in")

    def wait(self, batch: str | None) -> None:
        """Wait until all that was handed in is captioned or has failed."""
        settled = 0
        self._progress.show(settled, "captioned")
        for image in follow(self._api, dict(self._images), batch=batch):
            self._images[image.image_id] = image
            settled += 1
            self._progress.show(settled, "captioned")

    def rows(self) -> list[Row]:
        """What is known of each file, in the order they were named."""
        return [self._row(file) for file in self._files]

    def _row(self, file: Path) -> Row:
        sent = self._sent.get(file)
        if sent is None:
            return Row(str(file))
        if sent.image is None:
            return Row(str(file), error=sent.problem, detail=sent.detail)
        return row_of(str(file), self._images[sent.image.image_id])


def main(argv: Sequence[str], environ: Mapping[str, str], errors: TextIO = sys.stderr) -> int:
    """Run the command; returns its exit code."""
    parser = _parser()
    asked = parser.parse_args(argv)
    gateway = asked.gateway or environ.get("CAPTION_GATEWAY_URL")
    try:
        files = _files(asked.files)
        token = _token(asked.token_file, environ)
        if asked.output is not None:
            asked.output.touch()  # better refused now than after all the waiting
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}")
    if not gateway or not token:
        parser.error(
            "needs the gateway's address (--gateway or CAPTION_GATEWAY_URL) and a token "
            "(--token-file or CAPTION_TOKEN)"
        )
    progress = Progress(errors, len(files))
    with CaptionApi(gateway, token) as api:
        run = Run(api, files, progress)
        try:
            run.send(_options(asked), jobs=asked.jobs)
            if asked.wait:
                run.wait(asked.batch)
        except KeyboardInterrupt:
            progress.close()
            errors.write(f"Interrupted. {_AGAIN}")
            return INTERRUPTED
        except ApiError as error:
            run.unfinished = True
            progress.close()
            errors.write(f"The gateway: {error}\n")
    progress.close()
    rows = run.rows()
    _write(FORMATS[asked.format](rows), asked.output)
    return _conclude(run, rows, errors, strict=asked.strict)


def _conclude(run: Run, rows: Sequence[Row], errors: TextIO, *, strict: bool) -> int:
    bad = [row for row in rows if row.error is not None]
    errors.writelines(f"{row.file}: {row.error}: {row.detail}\n" for row in bad)
    if run.unfinished:
        errors.write(_AGAIN)
        return UNFINISHED
    return BAD_FILES if bad and strict else DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="caption", description="Captions for photos.")
    parser.add_argument("files", nargs="+", type=Path, help="photos, or folders of them")
    parser.add_argument("--gateway", help="its address; else CAPTION_GATEWAY_URL")
    parser.add_argument("--token-file", type=Path, help="a file with a token; else CAPTION_TOKEN")
    parser.add_argument("--jobs", type=_jobs, default=4, help="uploads at once (default 4)")
    parser.add_argument(
        "--wait",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="wait for the captions (default), or leave once all is handed in",
    )
    parser.add_argument("--format", choices=sorted(FORMATS), default="text")
    parser.add_argument("--output", type=Path, help="a file; else standard output")
    parser.add_argument("--language", help="of the captions, as a BCP 47 tag")
    parser.add_argument("--style", help="advice to the caption model")
    parser.add_argument("--labels", action=argparse.BooleanOptionalAction, default=None)
    parser.add_argument(
        "--keep-exif",
        action="store_true",
        help="keep the date taken and the camera; never the place",
    )
    parser.add_argument("--batch", help="a name to group the photos by")
    parser.add_argument("--strict", action="store_true", help="exit 1 if any file was bad")
    return parser


def _jobs(text: str) -> int:
    jobs = int(text)
    if not 1 <= jobs <= _JOBS_MAX:
        raise argparse.ArgumentTypeError(f"from 1 to {_JOBS_MAX}")
    return jobs


def _files(named: Sequence[Path]) -> list[Path]:
    """The files named, and those in the folders named; each once."""
    files: dict[Path, None] = {}
    for path in named:
        inside = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else []
        visible = [each for each in inside if not each.name.startswith(".")]
        files |= dict.fromkeys(visible if path.is_dir() else [path])
    return list(files)


def _token(file: Path | None, environ: Mapping[str, str]) -> str:
    return (file.read_text() if file else environ.get("CAPTION_TOKEN", "")).strip()


def _options(asked: argparse.Namespace) -> dict[str, str]:
    labels = None if asked.labels is None else str(asked.labels).lower()
    given = {
        "language": asked.language,
        "style": asked.style,
        "labels": labels,
        "batch": asked.batch,
        "keep_exif": "true" if asked.keep_exif else None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))  # noqa: TID251  read here and nowhere else
