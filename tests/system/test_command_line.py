"""``python -m clients.caption`` on a folder of photos, interrupted and run again."""

import csv
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.photos import real_picture
from tests.stack import ROOT, Stack
from tests.system.test_one_photo import User

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

PHOTOS = 30


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Thirty different photos and one file that is none."""
    photo = real_picture("china").resize((640, 427))
    for number in range(PHOTOS):
        turned = photo.rotate(number, resample=Image.Resampling.BILINEAR)
        turned.save(tmp_path / f"{number:02}.jpg", quality=90)
    (tmp_path / "notes.jpg").write_text("no photo at all")
    return tmp_path


def command(stack: Stack, user: User, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "clients.caption", str(folder), "--format", "csv", "--batch", "all"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "CAPTION_TOKEN": user.token,
            "CAPTION_GATEWAY_URL": stack["GATEWAY_URL"],
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def count(user: User) -> int:
    total: int = user.get("/v1/batches/all").json()["counts"]["total"]
    return total


def test_an_interrupted_run_goes_on_where_it_stopped_and_makes_nothing_twice(
    stack: Stack, folder: Path
) -> None:
    user = User(stack)
    first = command(stack, user, folder)
    deadline = time.monotonic() + 60
    while count(user) < PHOTOS // 3:
        assert time.monotonic() < deadline, "the first run does not get on"
    first.send_signal(signal.SIGINT)
    _, hint = first.communicate(timeout=60)
    interrupted_at = count(user)

    second = command(stack, user, folder)
    report, told = second.communicate(timeout=120)

    assert first.returncode == 130
    assert "Run the same command again" in hint
    assert interrupted_at < PHOTOS
    assert second.returncode == 0, told
    rows = list(csv.DictReader(io.StringIO(report)))
    assert len(rows) == PHOTOS + 1
    captioned = {row["image_id"] for row in rows if row["status"] == "completed"}
    assert len(captioned) == PHOTOS
    assert [Path(row["file"]).name for row in rows if row["status"] != "completed"] == ["notes.jpg"]
    assert count(user) == PHOTOS
