"""The worker's end of one decoding process: start it, hand it a picture, never believe it.

The process may be taken over by the picture that it decodes. So what it answers is parsed as JSON
of known fields and bounded lengths, and it holds nothing that is worth having: no credentials, no
sockets, no environment of the worker.
"""

import asyncio
import contextlib
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from services.ingest.confined import READY
from services.ingest.renditions import Cleaned, Prepared, Rendition
from shared.errors import FailureCode, Permanent, Transient
from shared.media import MediaType

_ROOT = Path(__file__).parents[2]
# What is left to a decoder. glibc otherwise keeps an arena for each thread of a codec.
_ENVIRONMENT = {"PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}
_START_S = 60.0  # seconds; importing takes half of one, on a machine with nothing else to do
_PIPE_BYTES = 1024 * 1024
_MAX_ORIGINAL = 512 * 1024**2  # a TIFF of 50 megapixels and several bytes each, made anew
_MAX_RENDITION = 16 * 1024**2


@dataclass(frozen=True)
class Confinement:
    """What a decoding process may take for one picture."""

    limit_s: float = 20.0
    memory_mb: int = 1024


class _Size(BaseModel):
    bytes: int = Field(ge=0, le=_MAX_ORIGINAL)
    width: int = Field(ge=1)
    height: int = Field(ge=1)


class _Refusal(BaseModel):
    code: FailureCode
    detail: str = Field(max_length=300)


class _Renditions(BaseModel):
    renditions: tuple[_Size, _Size, _Size]


_REPLY: TypeAdapter[_Refusal | _Renditions] = TypeAdapter(
    Annotated[_Refusal | _Renditions, Field(union_mode="left_to_right")]
)


class Crashed(Exception):
    """The process died on the picture, or answered what no decoder answers."""


class ConfinedDecoder:
    """One decoding process, warm: it takes any number of pictures, one at a time."""

    def __init__(self, process: Process, confinement: Confinement) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("the process has no pipes")
        self._process = process
        self._to, self._from = process.stdin, process.stdout
        self._confinement = confinement
        self._at_work = False

    @classmethod
    async def start(cls, confinement: Confinement, *, pixels: int) -> Self:
        """Start a process that takes pictures of up to ``pixels``, and wait until it is ready.

        Raises ``Transient`` if it doesn't get so: no picture is to blame.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.ingest.confined",
            str(confinement.memory_mb),
            str(pixels),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=_ENVIRONMENT,
            # Ctrl-C in a terminal reaches the whole group; the worker wants to drain first.
            start_new_session=True,
            limit=_PIPE_BYTES,
        )
        decoder = cls(process, confinement)
        ready = False
        try:
            async with asyncio.timeout(_START_S):
                ready = await decoder._from.readline() == READY
        except TimeoutError:
            pass
        finally:
            if not ready:
                await decoder.kill()
        if not ready:
            raise Transient("the decoding process did not start")
        return decoder

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def usable(self) -> bool:
        """Whether it can take another picture: it lives, and isn't in the middle of one."""
        return self._process.returncode is None and not self._at_work

    async def render(self, cleaned: Cleaned) -> Prepared:
        """The three renditions of ``cleaned``.

        Raises Permanent as `renditions.render` does, ``TimeoutError`` and ``Crashed``. Only if it
        is ``usable`` afterwards can the process take another one; else it must be killed.
        """
        request = {
            "type": cleaned.media_type.name,
            "bytes": len(cleaned.data),
            "limit_s": self._confinement.limit_s,
        }
        self._at_work = True
        try:
            async with asyncio.timeout(self._confinement.limit_s):
                self._to.write(json.dumps(request).encode() + b"\n")
                self._to.write(cleaned.data)
                await self._to.drain()
                reply = _REPLY.validate_json(await self._from.readuntil())
                made = await self._renditions(reply, cleaned)
        except (
            ConnectionError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            ValidationError,
        ) as error:
            raise Crashed from error
        self._at_work = False
        if isinstance(made, _Refusal):
            raise Permanent(made.code, made.detail)
        return made

    async def _renditions(
        self, reply: _Refusal | _Renditions, cleaned: Cleaned
    ) -> _Refusal | Prepared:
        if isinstance(reply, _Refusal):
            return reply
        original, thumbnail, model = reply.renditions
        if max(thumbnail.bytes, model.bytes) > _MAX_RENDITION:
            raise Crashed
        body = await self._from.readexactly(original.bytes) if original.bytes else cleaned.data
        return Prepared(
            original=Rendition(cleaned.media_type, body, original.width, original.height),
            thumbnail=await self._jpeg(thumbnail),
            model=await self._jpeg(model),
        )

    async def _jpeg(self, size: _Size) -> Rendition:
        data = await self._from.readexactly(size.bytes)
        return Rendition(MediaType.JPEG, data, size.width, size.height)

    async def kill(self) -> str:
        """End the process now, whatever it does; how it ended: ``SIGKILL``, ``exit 1`` …"""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        code = await asyncio.shield(self._process.wait())
        self._to.close()
        return signal.Signals(-code).name if code < 0 else f"exit {code}"
