"""The networks: their files are checked, their boxes lie inside the photo."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.captioner.vision import (
    MODELS_DIR,
    BadModelFile,
    Box,
    Networks,
    decode_boxes,
    verify_checksums,
)


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks()


def test_boxes_stay_inside_the_photo_and_best_comes_first(networks: Networks) -> None:
    noise = np.random.default_rng(7).integers(0, 256, (240, 320, 3), np.uint8)

    boxes = networks.detect(Image.fromarray(noise))

    assert [box.score for box in boxes] == sorted((box.score for box in boxes), reverse=True)
    assert all(0 <= box.left <= box.right <= 1 for box in boxes)
    assert all(0 <= box.top <= box.bottom <= 1 for box in boxes)


@pytest.mark.parametrize("size", [(1, 1), (1, 1568), (1568, 3), (80, 80)])
def test_any_size_has_a_probability_for_every_class(
    networks: Networks, size: tuple[int, int]
) -> None:
    sight = networks.look(Image.new("RGB", size, "teal"))

    assert sight.probabilities.shape == (1000,)
    assert float(sight.probabilities.sum()) == pytest.approx(1, abs=1e-3)


def test_zero_encoding_is_the_anchor_itself() -> None:
    anchors = np.array([[0.1, 0.2, 0.5, 0.8]], np.float32)

    corners = decode_boxes(np.zeros((1, 4), np.float32), anchors)

    assert corners == pytest.approx(anchors)


def test_boxes_that_do_not_touch_do_not_overlap() -> None:
    left = Box("cat", 0.9, 0.0, 0.0, 1.0, 0.4)
    right = Box("cat", 0.9, 0.0, 0.6, 1.0, 1.0)

    assert left.overlap(right) == 0
    assert left.overlap(left) == pytest.approx(1)


def test_changed_model_file_is_named(tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(MODELS_DIR, models)
    (models / "detector.onnx").write_bytes(b"not a network")

    with pytest.raises(BadModelFile, match=r"detector\.onnx does not match its checksum"):
        Networks(models)


def test_missing_model_file_is_named(tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(MODELS_DIR, models)
    (models / "classifier.onnx").unlink()

    with pytest.raises(BadModelFile, match=r"classifier\.onnx is missing"):
        verify_checksums(models)


def test_looking_at_photos_reports_to_nobody_and_leaves_no_identifier(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", "import services.captioner.vision"],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        cwd=Path(__file__).parents[3],
        check=True,
        timeout=60,
    )

    assert list(tmp_path.rglob("*")) == []
