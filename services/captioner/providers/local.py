"""Captions without any service: two small networks, their evidence weighed, a sentence by template.

Approximate, and says so by its model's name. It abstains rather than guesses: what neither network
is sure of is left out, and a photo in which nothing is sure is described by its colours.
"""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from services.captioner import colours, grammar, sentences
from services.captioner.provider import CaptionAnswer, CaptionRequest, FoundLabel
from services.captioner.scene import Judge, Scene
from services.captioner.superclasses import Superclasses
from services.captioner.vision import MODELS_DIR, Networks
from shared.errors import Permanent

THREADS = 2  # the networks release the GIL and take one core each


class LocalProvider:
    """The last link of the chain. Raises ``BadModelFile`` if its files are not the right ones."""

    def __init__(self, models_dir: Path | None = None) -> None:
        where = models_dir or MODELS_DIR
        self._networks = Networks(where)
        self._judge = Judge(Superclasses.load(where))
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="local-captions")

    @property
    def name(self) -> str:
        """The contract's name."""
        return "local"

    @property
    def model(self) -> str:
        """What made the words: no language model did."""
        return "detector+template"

    def check(self, request: CaptionRequest) -> None:
        """Everything is welcome: in English, and smaller than it comes."""

    async def caption(self, request: CaptionRequest) -> CaptionAnswer:
        """Describe the photo, in English whatever language was asked for."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._describe, request)

    def close(self) -> None:
        """Wait for the photo in hand and stop the threads."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _describe(self, request: CaptionRequest) -> CaptionAnswer:
        photo = _decoded(request.image)
        palette = colours.measure(photo)
        scene = self._judge.scene(self._networks.look(photo), palette, request.labels)
        texts = sentences.write(scene, palette)
        return CaptionAnswer(
            concise=texts.concise,
            creative=texts.creative,
            alt_text=texts.alt_text,
            language="en",
            model=self.model,
            labels=_labels(scene),
        )


def _decoded(image: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(image), formats=["JPEG"]) as photo:
            return photo.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Permanent("undecodable_image", "The photo could not be decoded.") from error


def _labels(scene: Scene) -> tuple[FoundLabel, ...]:
    seen = (*scene.subjects, scene.setting) if scene.setting else scene.subjects
    return tuple(
        FoundLabel(grammar.title(subject.noun), round(min(1.0, subject.confidence), 4))
        for subject in seen
        if not subject.hinted
    )
