"""The command line, and one real round between two processes."""

import io
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.__main__ import ROWS, main
from benchmarks.contender import PROJECT, contender, interleaved
from tests.photos import real_photo


def test_unknown_name_is_refused_with_the_names_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["thumbnial"]) == 2

    told = capsys.readouterr().err
    assert "thumbnial" in told
    assert all(row.name in told for row in ROWS)


def test_contender_measures_and_leaves_its_picture(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(real_photo())

    with contender(PROJECT) as child:
        sample = child.do("thumbnail", photo, save=tmp_path / "made")

    with Image.open(io.BytesIO((tmp_path / "made-0").read_bytes())) as made:
        assert made.size == (300, 200)
    assert sample.cpu_s > 0
    assert sample.wall_s > 0
    assert sample.added_bytes >= 0


def test_every_round_has_a_sample_of_everyone(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(real_photo())

    with contender(PROJECT) as child:
        turns = {"one": (child, "thumbnail"), "two": (child, "renditions")}
        samples = interleaved(turns, [photo], rounds=3)

    assert {name: len(each) for name, each in samples.items()} == {"one": 3, "two": 3}


def test_contender_that_dies_is_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "photo.jpg"
    broken.write_bytes(b"no picture")

    with contender(PROJECT) as child, pytest.raises(ChildProcessError, match="ended"):
        child.do("thumbnail", broken)
