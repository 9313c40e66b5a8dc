"""The streamed ZIP: whole for every reader, and what failed half-way is not in it."""

import io
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from shutil import which

import pytest

from services.gateway.archive import Archive

NOW = datetime(2026, 11, 22, 12, 0, 2, tzinfo=UTC)
PHOTO = bytes(range(256)) * 1000


def archive_of(*, failing: bool = False) -> bytes:
    archive = Archive()
    with archive.entry("notes.txt", modified=NOW, compressed=True) as file:
        file.write(b"note " * 1000)
    sent = archive.take()
    if failing:
        with pytest.raises(ConnectionError):
            broken_entry(archive)
        sent += archive.take()
    with archive.entry("photo.jpg", modified=NOW, compressed=False) as file:
        for at in range(0, len(PHOTO), 1000):
            file.write(PHOTO[at : at + 1000])
            sent += archive.take()
    return sent + archive.finish()


def broken_entry(archive: Archive) -> None:
    with archive.entry("broken.jpg", modified=NOW, compressed=False) as file:
        file.write(PHOTO)
        raise ConnectionError


@pytest.mark.parametrize("failing", [False, True])
def test_archive_is_whole_and_holds_what_succeeded(failing: bool) -> None:
    with zipfile.ZipFile(io.BytesIO(archive_of(failing=failing))) as read:
        assert read.testzip() is None
        assert read.namelist() == ["notes.txt", "photo.jpg"]
        assert read.read("photo.jpg") == PHOTO
        photo, note = read.getinfo("photo.jpg"), read.getinfo("notes.txt")

    assert photo.compress_size == photo.file_size == len(PHOTO)
    assert note.compress_size < note.file_size
    assert photo.date_time == (2026, 11, 22, 12, 0, 2)


@pytest.mark.skipif(which("unzip") is None, reason="unzip is not installed")
@pytest.mark.parametrize("failing", [False, True])
def test_unzip_finds_no_fault(failing: bool, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(archive_of(failing=failing))

    tested = subprocess.run(["unzip", "-t", path], capture_output=True, text=True, check=False)

    assert (tested.returncode, tested.stderr) == (0, "")


def test_nothing_taken_is_kept() -> None:
    archive = Archive()

    with archive.entry("photo.jpg", modified=NOW, compressed=False) as file:
        file.write(PHOTO)
        assert archive.take().endswith(PHOTO)
        assert archive.take() == b""


def test_archive_without_its_end_is_no_archive() -> None:
    archive = Archive()
    with archive.entry("photo.jpg", modified=NOW, compressed=False) as file:
        file.write(PHOTO)

    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(archive.take()))
