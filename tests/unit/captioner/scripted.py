"""Providers that fail as they are told to, and chains of them."""

import asyncio
from dataclasses import dataclass, field

from services.captioner.breaker import Breaker
from services.captioner.chain import Captioned, FallbackChain
from services.captioner.provider import CaptionAnswer, CaptionRequest, Spent, Unsupported
from services.captioner.trying import Link

REQUEST = CaptionRequest(image=b"jpg")


@dataclass
class Scripted:
    """A provider that fails as it is told to, in that order, and then answers."""

    name: str
    failures: list[Exception] = field(default_factory=list)
    always: Exception | None = None
    hangs: bool = False
    bad_check: Exception | None = None
    concise: str = "A cat sleeping on a mat"
    asked: int = 0

    @property
    def model(self) -> str:
        return f"{self.name}-model"

    def check(self, request: CaptionRequest) -> None:
        if self.bad_check is not None:
            raise self.bad_check
        if request.language not in {"en", "de"}:
            raise Unsupported("language")

    async def caption(self, request: CaptionRequest) -> CaptionAnswer:
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.always is not None:
            raise self.always
        if self.failures:
            raise self.failures.pop(0)
        return CaptionAnswer(
            concise=self.concise,
            creative="A cat sleeps on a mat while the afternoon passes by.",
            alt_text="A cat sleeping on a striped mat by the window",
            language="en",
            model=self.model,
            spent=Spent(100, 20, 0.001),
        )


def link(provider: Scripted, timeout: float = 5, breaker: Breaker | None = None) -> Link:
    return Link(provider, timeout, breaker or Breaker(failures=5, cooldown=30))


def chain(*providers: Scripted, last: Scripted | None = None) -> FallbackChain:
    links = [link(provider) for provider in providers]
    return FallbackChain([*links, Link(last or Scripted("local"), 5)])


def told(captioned: Captioned) -> list[tuple[str, str, str | None]]:
    return [(a.provider, a.outcome, a.reason) for a in captioned.provider.attempts]
