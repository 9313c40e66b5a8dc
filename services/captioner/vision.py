"""The two networks that look at a photo: a COCO detector and an ImageNet classifier.

They run on one core each call, from files whose checksums were compared before anything is loaded.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

# Since 1.29 onnxruntime reports to Microsoft from Linux too, and keeps an identifier of the user,
# unless this was set before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # noqa: TID251  no setting of ours: it is never on
import onnxruntime as ort
from PIL import Image

from shared.errors import BadSetting

MODELS_DIR = Path(__file__).parent / "models"

Floats = npt.NDArray[np.float32]

DETECTOR_SIDE = 300  # pixels
CLASSIFIER_SIDE = 224  # pixels
CLASSIFIER_SHORT_SIDE = 256  # pixels, before the centre crop
CANDIDATE_SCORE = 0.25  # boxes below it are never worth a second opinion
MAX_BOXES = 30
SAME_CLASS_IOU = 0.5
ANY_CLASS_IOU = 0.6


class BadModelFile(BadSetting):
    """A model file is missing or is not the one that was measured. The message names it."""

    def __init__(self, problem: str) -> None:
        super().__init__("CAPTIONER_LOCAL_MODELS_DIR", problem)


@dataclass(frozen=True, slots=True)
class Box:
    """A detected thing. ``top``, ``left``, ``bottom`` and ``right`` are fractions of the photo."""

    name: str
    score: float
    top: float
    left: float
    bottom: float
    right: float

    @property
    def area(self) -> float:
        """The share of the photo that the box covers, 0 to 1."""
        return max(0.0, self.bottom - self.top) * max(0.0, self.right - self.left)

    def overlap(self, other: "Box") -> float:
        """Area of intersection over area of union, 0 to 1."""
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        width = min(self.right, other.right) - max(self.left, other.left)
        if height <= 0 or width <= 0:
            return 0.0
        shared = height * width
        return shared / (self.area + other.area - shared)


@dataclass(frozen=True, slots=True)
class Sight:
    """What the networks saw: boxes, best first, and a probability for each ImageNet class."""

    boxes: tuple[Box, ...]
    probabilities: Floats


class Networks:
    """Both sessions, made once. Raises ``BadModelFile`` if a file is not the expected one."""

    def __init__(self, models_dir: Path = MODELS_DIR) -> None:
        verify_checksums(models_dir)
        options = ort.SessionOptions()
        # One thread is faster than two on these small graphs, and leaves the other cores alone.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._detector = _session(models_dir / "detector.onnx", options)
        self._classifier = _session(models_dir / "classifier.onnx", options)
        self._anchors: Floats = np.load(models_dir / "detector_anchors.npy", allow_pickle=False)
        names: dict[str, str] = json.loads((models_dir / "coco.json").read_text("utf-8"))
        self._coco = {int(number): name for number, name in names.items()}

    def look(self, photo: Image.Image) -> Sight:
        """Run both networks over an RGB photo."""
        return Sight(self.detect(photo), self.classify(photo))

    def detect(self, photo: Image.Image) -> tuple[Box, ...]:
        """Find things of the 80 COCO kinds, best first, overlapping guesses removed."""
        squashed = photo.resize((DETECTOR_SIDE, DETECTOR_SIDE), Image.Resampling.BILINEAR)
        pixels = np.asarray(squashed, np.float32)[np.newaxis] * (2 / 255) - 1
        encodings, logits = self._detector.run(None, {"x": pixels})
        scores = 1 / (1 + np.exp(-logits[0]))
        scores[:, 0] = 0  # class 0 is the background
        kinds, best = scores.argmax(1), scores.max(1)
        corners = decode_boxes(encodings[0], self._anchors)
        kept: list[Box] = []
        for index in best.argsort()[::-1]:
            if best[index] < CANDIDATE_SCORE or len(kept) == MAX_BOXES:
                break
            name = self._coco.get(int(kinds[index]))
            if name is None:
                continue
            box = Box(name, float(best[index]), *(float(edge) for edge in corners[index]))
            if not any(_duplicates(box, other) for other in kept):
                kept.append(box)
        return tuple(kept)

    def classify(self, photo: Image.Image) -> Floats:
        """Probability of each ImageNet class, the mean of two views.

        The centre crop is what the network was trained on; the whole frame, squashed, sees
        subjects near the edges.
        """
        views = (_centre(photo), photo.resize((CLASSIFIER_SIDE,) * 2, Image.Resampling.BICUBIC))
        outcome = np.mean([self._probabilities(view) for view in views], axis=0)
        return np.asarray(outcome, np.float32)

    def _probabilities(self, view: Image.Image) -> Floats:
        pixels = (np.asarray(view, np.float32) - 127) / 128
        (logits,) = self._classifier.run(None, {"x": pixels.transpose(2, 0, 1)[np.newaxis]})
        powers = np.exp(logits[0] - logits[0].max())
        return np.asarray(powers / powers.sum(), np.float32)


def verify_checksums(models_dir: Path) -> None:
    """Compare every file listed in ``SHA256SUMS``, or raise ``BadModelFile``."""
    try:
        lines = (models_dir / "SHA256SUMS").read_text("ascii").splitlines()
        for line in lines:
            expected, name = line.split(maxsplit=1)
            actual = hashlib.sha256((models_dir / name).read_bytes()).hexdigest()
            if actual != expected:
                raise BadModelFile(f"{models_dir / name} does not match its checksum in SHA256SUMS")
    except FileNotFoundError as error:
        raise BadModelFile(f"{error.filename} is missing") from error


def decode_boxes(encodings: Floats, anchors: Floats) -> Floats:
    """Corners (top, left, bottom, right), fractions clipped to 0..1, from SSD encodings.

    ``encodings`` is [n, 4] as (y, x, h, w) with the scale factors 10, 10, 5, 5 of TensorFlow's
    object detection API; ``anchors`` is [n, 4] corners.
    """
    heights = anchors[:, 2] - anchors[:, 0]
    widths = anchors[:, 3] - anchors[:, 1]
    y = encodings[:, 0] / 10 * heights + (anchors[:, 0] + anchors[:, 2]) / 2
    x = encodings[:, 1] / 10 * widths + (anchors[:, 1] + anchors[:, 3]) / 2
    half_height = np.exp(encodings[:, 2] / 5) * heights / 2
    half_width = np.exp(encodings[:, 3] / 5) * widths / 2
    corners = np.stack([y - half_height, x - half_width, y + half_height, x + half_width], axis=1)
    return np.asarray(np.clip(corners, 0, 1), np.float32)


def _duplicates(box: Box, kept: Box) -> bool:
    limit = SAME_CLASS_IOU if box.name == kept.name else ANY_CLASS_IOU
    return box.overlap(kept) > limit


def _session(path: Path, options: ort.SessionOptions) -> ort.InferenceSession:
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _centre(photo: Image.Image) -> Image.Image:
    scale = CLASSIFIER_SHORT_SIDE / min(photo.size)
    width = max(CLASSIFIER_SIDE, round(photo.width * scale))
    height = max(CLASSIFIER_SIDE, round(photo.height * scale))
    resized = photo.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
    left, top = (width - CLASSIFIER_SIDE) // 2, (height - CLASSIFIER_SIDE) // 2
    return resized.crop((left, top, left + CLASSIFIER_SIDE, top + CLASSIFIER_SIDE))
