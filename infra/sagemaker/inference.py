"""What runs inside the SageMaker container: a photo goes in, one English sentence comes out.

Follows the contract of AWS's inference toolkit for PyTorch (``model_fn``, ``input_fn``,
``predict_fn``, ``output_fn``): https://github.com/aws/sagemaker-inference-toolkit
A photo that can't be read is the caller's fault (400) and never takes the container down.
"""

import io
import json
import os
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import (
    AutoConfig,
    AutoTokenizer,
    BlipForConditionalGeneration,
    BlipImageProcessor,
    VisionEncoderDecoderModel,
    ViTImageProcessor,
)

HUB_MODEL = "CAPTION_HUB_MODEL"  # shown to users, and loaded if the folder holds no model
HUB_REVISION = "CAPTION_HUB_REVISION"  # a commit: what is served changes only with it
MAX_NEW_TOKENS = "CAPTION_MAX_NEW_TOKENS"
MAX_PIXELS = "CAPTION_MAX_PIXELS"

JSON_TYPE = "application/json"
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG"}
DEFAULT_MAX_NEW_TOKENS = 30  # about twenty words; a sentence of these models has about ten
DEFAULT_MAX_PIXELS = 16_000_000  # ours have at most 1568 x 1568; a bomb has billions
BEAMS = 3  # sentences tried side by side, as in BLIP's own examples of captions


@dataclass(frozen=True)
class Captioner:
    """A loaded model with what goes before and after it."""

    name: str
    network: Any
    image_processor: Any
    tokenizer: Any
    max_new_tokens: int


def model_fn(model_dir: str) -> Captioner:
    """Load the model in the folder, or on the hub the one that the environment names.

    Its ``config.json`` tells which kind it is: BLIP, or ViT-GPT2 as a vision encoder-decoder.
    Raises ``ValueError`` for any other.
    """
    source, revision = _source(Path(model_dir))
    kind = AutoConfig.from_pretrained(source, revision=revision).model_type
    if kind not in _CLASSES:
        raise ValueError(f"a model of the kind {kind}, and not one of {', '.join(_CLASSES)}")
    network, image_processor = _CLASSES[kind]
    return Captioner(
        name=_name(source, kind),
        network=network.from_pretrained(source, revision=revision).eval().to(_device()),
        image_processor=image_processor.from_pretrained(source, revision=revision),
        tokenizer=AutoTokenizer.from_pretrained(source, revision=revision),
        max_new_tokens=int(os.environ.get(MAX_NEW_TOKENS, DEFAULT_MAX_NEW_TOKENS)),
    )


def input_fn(body: bytes, content_type: str) -> Image.Image:
    """The photo in the request's body, decoded."""
    expected = FORMATS.get(content_type.partition(";")[0].strip().lower())
    if expected is None:
        raise refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"not one of {', '.join(FORMATS)}")
    limit = int(os.environ.get(MAX_PIXELS, DEFAULT_MAX_PIXELS))
    try:
        with Image.open(io.BytesIO(body), formats=[expected]) as photo:
            is_small = photo.width * photo.height <= limit
            decoded = photo.convert("RGB") if is_small else None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise refusal(HTTPStatus.BAD_REQUEST, "the body is not a photo of its type") from error
    if decoded is None:
        raise refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {limit} pixels")
    return decoded


def predict_fn(photo: Image.Image, captioner: Captioner) -> dict[str, Any]:
    """Describe one photo; ``duration_ms`` is the model's time alone."""
    began = time.perf_counter()
    pixels = captioner.image_processor(images=photo, return_tensors="pt").pixel_values
    with torch.inference_mode():
        tokens = captioner.network.generate(
            pixel_values=pixels.to(captioner.network.device),
            max_new_tokens=captioner.max_new_tokens,
            num_beams=BEAMS,
        )
    caption = captioner.tokenizer.decode(tokens[0], skip_special_tokens=True)
    return {
        "caption": caption.strip(),
        "model": captioner.name,
        "duration_ms": round((time.perf_counter() - began) * 1000),
    }


def output_fn(prediction: dict[str, Any], accept: str) -> str:
    """The answer as JSON, which is all there is."""
    accepted = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    if not accepted & {JSON_TYPE, "application/*", "*/*"}:
        raise refusal(HTTPStatus.NOT_ACCEPTABLE, f"only {JSON_TYPE}")
    return json.dumps(prediction)


def refusal(status: HTTPStatus, text: str) -> Exception:
    """An exception that the toolkit answers with this status; for any other it says 500."""
    try:
        from sagemaker_inference.errors import GenericInferenceToolkitError  # noqa: PLC0415
    except ImportError:  # outside the container
        return ValueError(text)
    answered: Exception = GenericInferenceToolkitError(int(status), text)
    return answered


_CLASSES: dict[str, tuple[Any, Any]] = {
    "blip": (BlipForConditionalGeneration, BlipImageProcessor),
    "vision-encoder-decoder": (VisionEncoderDecoderModel, ViTImageProcessor),
}


def _source(folder: Path) -> tuple[str, str | None]:
    if folder.joinpath("config.json").exists():
        return str(folder), None
    hub = os.environ.get(HUB_MODEL)
    if not hub:
        raise ValueError(f"no config.json in the model's folder, and {HUB_MODEL} is not set")
    return hub, os.environ.get(HUB_REVISION)


def _name(source: str, kind: str) -> str:
    """What users are shown: a name on the hub, never a path."""
    return os.environ.get(HUB_MODEL) or (kind if Path(source).is_dir() else source)


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"
