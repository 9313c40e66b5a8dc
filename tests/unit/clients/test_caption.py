import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from clients import caption
from tests.unit.clients.fake_api import JPEG, FakeApi, Fault, running

ROOT = Path(__file__).parents[3]


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with running(FakeApi()) as api:
        yield api


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(30):
        folder.joinpath(f"{number:02d}.jpg").write_bytes(JPEG + bytes([number]))
    return folder


def run(server: FakeApi, *arguments: str | Path) -> tuple[int, str]:
    """The command in this process: its exit code and what it told on the error stream."""
    errors = io.StringIO()
    environ = {"CAPTION_GATEWAY_URL": server.url, "CAPTION_TOKEN": "token"}
    code = caption.main([str(each) for each in arguments], environ, errors)
    return code, errors.getvalue()


def test_a_folder_is_captioned(
    server: FakeApi, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = run(server, folder, "--format", "json")

    rows = json.loads(capsys.readouterr().out)
    assert code == caption.DONE
    assert [Path(row["file"]).name for row in rows] == [f"{n:02d}.jpg" for n in range(30)]
    assert {row["status"] for row in rows} == {"completed"}
    assert rows[0]["concise"] == "=A cat"


def test_waiting_reads_the_list_and_not_each_image(server: FakeApi, folder: Path) -> None:
    run(server, folder)

    assert server.requests.count("GET /v1/images") == len(server.requests) - 30
    assert server.requests.count("GET /v1/images") <= 3


def test_the_same_command_again_makes_nothing_new(server: FakeApi, folder: Path) -> None:
    run(server, folder, "--batch", "b")
    run(server, folder, "--batch", "b")

    assert len(server.images) == 30


@pytest.mark.parametrize(
    "other", [("--style", "x"), ("--batch", "b"), ("--no-labels",), ("--keep-exif",)]
)
def test_other_options_are_other_images(
    server: FakeApi, folder: Path, other: Sequence[str]
) -> None:
    run(server, folder / "00.jpg")
    run(server, folder / "00.jpg", *other)

    assert len(server.images) == 2


def test_a_bad_file_is_reported_and_the_rest_done(server: FakeApi, folder: Path) -> None:
    folder.joinpath("05.jpg").write_text("not a photo")
    missing = folder / "missing.jpg"

    code, told = run(server, folder, missing)
    strict, _ = run(server, folder, missing, "--strict")

    assert code == caption.DONE
    assert strict == caption.BAD_FILES
    assert len(server.images) == 29
    assert "05.jpg: unsupported_media_type" in told
    assert "missing.jpg: unreadable_file" in told


def test_no_cell_of_the_table_starts_a_formula(
    server: FakeApi, folder: Path, tmp_path: Path
) -> None:
    run(server, folder / "00.jpg", "--format", "csv", "--output", tmp_path / "out.csv")

    (row,) = csv.DictReader((tmp_path / "out.csv").read_text().splitlines())
    assert row["concise"] == "'=A cat"


@pytest.mark.parametrize(
    ("options", "taken_at", "camera"),
    [((), "", ""), (("--keep-exif",), "2024-05-01T18:30:09", "'=Camera")],
)
def test_date_and_camera_are_in_the_table_of_who_asks(
    server: FakeApi,
    folder: Path,
    tmp_path: Path,
    options: Sequence[str],
    taken_at: str,
    camera: str,
) -> None:
    table = ("--format", "csv", "--output", tmp_path / "out.csv")

    run(server, folder / "00.jpg", *table, *options)

    (row,) = csv.DictReader((tmp_path / "out.csv").read_text().splitlines())
    assert (row["taken_at"], row["camera"]) == (taken_at, camera)


def test_a_short_wait_for_quota_is_waited(server: FakeApi, folder: Path) -> None:
    server.faults = [Fault(429, "quota_exceeded", 1)]

    code, _ = run(server, folder / "00.jpg")

    assert code == caption.DONE
    assert len(server.images) == 1


def test_a_long_wait_for_quota_is_told_and_ends_the_sending(server: FakeApi, folder: Path) -> None:
    server.faults = [Fault(429, "quota_exceeded", 1800)] * 30

    code, told = run(server, folder, "--jobs", "1")

    assert code == caption.UNFINISHED
    assert len(server.requests) == 1
    assert "Try again in 30 min" in told
    assert "same command again" in told


def test_a_refused_token_ends_the_sending(server: FakeApi, folder: Path) -> None:
    server.faults = [Fault(401, "invalid_token")] * 30

    code, told = run(server, folder, "--jobs", "1")

    assert code == caption.UNFINISHED
    assert len(server.requests) == 1
    assert "invalid_token" in told


def test_without_waiting_it_leaves_once_all_is_handed_in(server: FakeApi, folder: Path) -> None:
    server.status = "captioning"

    code, _ = run(server, folder, "--no-wait")

    assert code == caption.DONE
    assert server.requests == ["POST /v1/images"] * 30


def test_without_an_address_or_a_token_it_says_what_it_needs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        caption.main([str(folder)], {})

    assert caught.value.code == 2
    assert "CAPTION_TOKEN" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--token-file", "--output"])
def test_a_file_that_cannot_be_used_is_told_before_anything_is_sent(
    server: FakeApi, folder: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(server, folder, option, folder / "no" / "such")

    assert "No such file" in capsys.readouterr().err
    assert server.requests == []


def test_interrupted_half_way_and_run_again_there_are_no_duplicates(
    server: FakeApi, folder: Path
) -> None:
    server.delay_s = 0.1
    command = [sys.executable, "-m", "clients.caption", str(folder)]
    environ = os.environ | {"CAPTION_GATEWAY_URL": server.url, "CAPTION_TOKEN": "token"}

    first = subprocess.Popen(
        command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 30
    while len(server.images) < 10 and time.monotonic() < deadline:
        time.sleep(0.01)
    first.send_signal(signal.SIGINT)
    _, told = first.communicate(timeout=10)
    reached = len(server.images)
    again = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=50, check=False
    )

    assert first.returncode == caption.INTERRUPTED
    assert "same command again" in told
    assert "Traceback" not in told
    assert 10 <= reached < 30
    assert again.returncode == caption.DONE, again.stderr
    assert len(server.images) == 30
