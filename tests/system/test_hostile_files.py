"""Files that were collected because they break decoders, sent to the whole stack as a user would.

A sample in ``make test``, all of them with ``SOAK`` set (``make soak``). `test_formats`
takes all, but only through the decoders of ingest.
"""

import math
import os
import re
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass
from subprocess import CalledProcessError, TimeoutExpired

import pytest

from infra.local.ownership import recorded
from shared.media import HEAD_BYTES, media_type_of
from tests.photos import real_photo
from tests.stack import Stack
from tests.system.formats_report import COMPLETED, GOOD_EVERY, documented, fetch, pictures
from tests.system.test_one_photo import User

UNSUPPORTED = "unsupported_media_type"
EMPTY = "empty_image"
SOAK = bool(os.environ.get("SOAK"))
FILES = 60
OF_THEM_REFUSED = 10
FILES_PER_USER = 50  # within the quota
GOOD_S = 15.0  # alone it takes one; the largest file keeps a core busy for several

pytestmark = [pytest.mark.system, pytest.mark.timeout(3000 if SOAK else 400)]


@dataclass(frozen=True)
class Hostile:
    """A file, and what `docs/formats.md` says becomes of it: ``COMPLETED`` or a failure's code."""

    name: str
    data: bytes
    result: str


@pytest.fixture(scope="module")
def hostile() -> list[Hostile]:
    """All accepted ones that fail, some that don't, some that the gateway does not take."""
    try:
        archives = fetch()
    except (CalledProcessError, TimeoutExpired, OSError) as error:
        pytest.skip(f"the source packages can't be had: {type(error).__name__}")
    failing = documented_failures()
    found = [
        Hostile(name, data, result_of(name, data, failing)) for name, data in pictures(archives)
    ]
    failed = [file for file in found if file.result not in {COMPLETED, UNSUPPORTED, EMPTY}]
    assert len(failed) == len(failing)
    if SOAK:
        return found
    refused = spread([file for file in found if file.result == UNSUPPORTED], OF_THEM_REFUSED)
    good = [file for file in found if file.result == COMPLETED]
    chosen = [*failed, *refused, *spread(good, FILES - len(failed) - len(refused))]
    # Mixed, but the same each time.
    return [chosen[at * 23 % FILES] for at in range(FILES)]


def documented_failures() -> dict[str, str]:
    """Code by name, of the accepted formats that failed."""
    lines = [line for line in documented().splitlines() if line.startswith("- `")]
    names = [re.findall("`([^`]+)`", line) for line in lines]
    return {name: code for code, *rest in names for name in rest}


def result_of(name: str, data: bytes, failing: dict[str, str]) -> str:
    """What should become of a file, by its name in the archive."""
    if not data:
        return EMPTY
    if media_type_of(data[:HEAD_BYTES]) is None:
        return UNSUPPORTED
    return failing.get(name.split("/", 1)[1], COMPLETED)


def spread(files: list[Hostile], count: int) -> list[Hostile]:
    """So many of ``files``, taken at equal distances."""
    return [files[at * len(files) // count] for at in range(count)]


def workers(stack: Stack) -> dict[str, int]:
    """The living workers' process ids."""
    found = recorded(stack.state / "run")
    return {o.name: o.pid for o in found if o.alive and o.name.startswith(("ingest", "captioner"))}


def seconds_for(user: User, photo: bytes) -> float:
    """How long a good photo takes from here to its captions."""
    began = time.monotonic()
    assert user.finished(user.upload(photo))["status"] == "completed"
    return time.monotonic() - began


def test_hostile_files_end_as_documented_and_delay_no_good_photo(
    stack: Stack, hostile: list[Hostile], capsys: pytest.CaptureFixture[str]
) -> None:
    senders = [User(stack) for _ in range(math.ceil(len(hostile) / FILES_PER_USER))]
    before = workers(stack)
    usual = seconds_for(User(stack), real_photo("flower"))
    good = []
    sent = []

    for number, file in enumerate(hostile, start=1):
        sender = senders[(number - 1) // FILES_PER_USER]
        sent.append((file, sender, sender.upload(file.data, file.name)))
        if number % GOOD_EVERY == 0:
            # Of another user each time: the same photo of the same one would come from the cache.
            photo = real_photo(("china", "coffee", "chelsea")[number // GOOD_EVERY % 3])
            good.append(seconds_for(User(stack), photo))

    ended: Counter[str] = Counter()
    for file, sender, answer in sent:
        if answer.status_code == 202:
            image = sender.finished(answer)
            result = image["error"]["code"] if image["status"] == "failed" else image["status"]
        else:
            result = answer.json()["code"]
        assert result == file.result, file.name
        ended[result] += 1
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(hostile)} files: {dict(ended)}; a good photo usually in {usual:.1f} s, "
            f"among them in {statistics.median(good):.1f} s, at most {max(good):.1f} s\n"
        )
    assert max(good) < GOOD_S
    assert workers(stack) == before
