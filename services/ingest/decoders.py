"""An upload to its renditions, with each decoder kept where it can do no harm.

A picture that hangs or crashes its decoder fails by itself: nobody else's is lost or late by more
than the start of a process.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from services.ingest.budget import PixelBudget
from services.ingest.confined_decoder import ConfinedDecoder, Confinement, Crashed
from services.ingest.decode import DamageIsPermanent, Limits, allow, pixels_of
from services.ingest.decode_threads import DecodeThreads, Overrun
from services.ingest.lanes import may_run_in_thread, weight
from services.ingest.renditions import Cleaned, Prepared, clean, render
from shared.errors import Permanent

logger = logging.getLogger(__name__)


class Decoders:
    """Threads for what is common and quick, up to as many processes for all else.

    Processes are started when one is first needed and kept. ``overrun`` is called when a thread
    had to be given up: the worker should then end, and be started anew.
    """

    def __init__(
        self,
        count: int,
        *,
        limits: Limits,
        confinement: Confinement,
        budget: PixelBudget,
        overrun: Callable[[], None],
    ) -> None:
        self._limits = limits
        self._confinement = confinement
        self._budget = budget
        self._threads = DecodeThreads(count, limit_s=confinement.limit_s, overrun=overrun)
        self._slots = asyncio.Semaphore(count)
        self._idle: list[ConfinedDecoder] = []

    async def prepare(self, data: bytes) -> Prepared:
        """All three renditions of an upload.

        Raises Permanent: ``image_too_large``, ``unsupported_media_type``, ``image_too_many_pixels``
        or ``undecodable_image``, with a sentence for the owner.
        """
        cleaned, pixels, in_thread = await self._inspected(data)
        share = weight(cleaned.media_type, pixels)
        if in_thread:
            async with self._budget.reserve(share):
                return await self._in_thread(cleaned)
        async with self._slots, self._budget.reserve(share):
            return await self._confined(cleaned)

    async def aclose(self) -> None:
        """End the processes."""
        await asyncio.gather(*(decoder.kill() for decoder in self._idle))
        self._idle.clear()

    async def _inspected(self, data: bytes) -> tuple[Cleaned, int, bool]:
        try:
            return await self._threads.run(partial(_inspect, data, self._limits))
        except Overrun as error:
            raise _too_slow("headers") from error

    async def _in_thread(self, cleaned: Cleaned) -> Prepared:
        work = partial(render, cleaned.data, cleaned.media_type, limits=self._limits)
        try:
            return await self._threads.run(work)
        except Overrun as error:
            raise _too_slow("thread") from error

    async def _confined(self, cleaned: Cleaned) -> Prepared:
        try:
            return await self._render(await self._idle_or_new(), cleaned)
        except Crashed:
            # Perhaps of what an earlier picture did to it, or by somebody else's hand.
            logger.info("decoding again in a new process")
        try:
            return await self._render(await self._new(), cleaned)
        except Crashed as error:
            raise Permanent(
                "undecodable_image",
                "This picture can't be read: our decoder gave up on it. Please send it as a JPEG.",
            ) from error

    async def _render(self, decoder: ConfinedDecoder, cleaned: Cleaned) -> Prepared:
        """Have ``decoder`` render; it is kept for the next picture if it is fit for one."""
        try:
            return await decoder.render(cleaned)
        except TimeoutError as error:
            raise _too_slow("process") from error
        finally:
            if decoder.usable:
                self._idle.append(decoder)
            else:
                how = await decoder.kill()
                logger.warning("decoding process ended", extra={"how": how})

    async def _idle_or_new(self) -> ConfinedDecoder:
        while self._idle:
            decoder = self._idle.pop()
            if decoder.usable:
                return decoder
            await decoder.kill()
        return await self._new()

    async def _new(self) -> ConfinedDecoder:
        return await ConfinedDecoder.start(self._confinement, pixels=self._limits.pixels)


def _inspect(data: bytes, limits: Limits) -> tuple[Cleaned, int, bool]:
    """The upload without metadata, its pixels, and whether a thread may decode it."""
    cleaned = clean(data, limits=limits)
    pixels = pixels_of(cleaned.data, cleaned.media_type)
    allow(pixels, limits)
    with DamageIsPermanent():
        return cleaned, pixels, may_run_in_thread(cleaned.data, cleaned.media_type, pixels)


def _too_slow(where: str) -> Permanent:
    logger.warning("decode took too long", extra={"where": where})
    return Permanent(
        "undecodable_image", "This picture takes too long to read. Please send it as a JPEG."
    )
