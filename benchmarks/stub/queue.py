"""One queue of the stub: its messages in order, what is hidden until when, and who waits."""

import asyncio
import heapq
import itertools
import time
import uuid
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any


class Refused(Exception):
    """The caller's fault; ``code`` is the name that SQS has for it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Message:
    """A message, and where it is: ``receipt`` is that of the latest delivery."""

    body: str
    attributes: Mapping[str, Any]
    system: Mapping[str, str]
    sent_at: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    receipt: str = ""
    receive_count: int = 0
    first_received_at: float = 0.0
    hidden_until: float = 0.0
    deleted: bool = False


class Queue:
    """One queue, oldest message first."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._visible: deque[Message] = deque()
        self._hidden: list[tuple[float, int, Message]] = []  # a heap; an entry may be out of date
        self._received: dict[str, Message] = {}  # by receipt
        self._pollers: deque[asyncio.Future[None]] = deque()
        self._numbers = itertools.count()
        self._count = 0

    def put(self, message: Message, *, delay: float = 0.0) -> None:
        """Take ``message`` in, to be received ``delay`` seconds from now."""
        self._count += 1
        if delay > 0:
            self._hide(message, delay)
        else:
            self._visible.append(message)
        self._wake_one()

    async def receive(self, most: int, *, wait: float, visibility: float) -> list[Message]:
        """Up to ``most`` messages, as soon as there is one or ``wait`` seconds are over."""
        give_up_at = time.time() + wait
        while not (messages := self._take(most, visibility)):
            now = time.time()
            if now >= give_up_at:
                return []
            shown_at = self._hidden[0][0] if self._hidden else give_up_at
            await self._poll(max(0.0, min(give_up_at, shown_at) - now))
        if self._visible:
            self._wake_one()
        return messages

    def delete(self, receipt: str) -> None:
        """End a message for good. One that is gone already is no error, as with SQS."""
        message = self._received.pop(receipt, None)
        if message is None or message.deleted:
            return
        message.deleted = True
        self._count -= 1

    def change_visibility(self, receipt: str, seconds: float) -> None:
        """Hide a received message for so long from now."""
        message = self._received.get(receipt)
        if message is None:
            raise Refused("ReceiptHandleIsInvalid")
        if message.hidden_until <= time.time():
            raise Refused("MessageNotInflight")
        self._hide(message, seconds)
        self._wake_one()

    def __len__(self) -> int:
        return self._count

    def purge(self) -> None:
        """Delete every message."""
        self._visible.clear()
        self._hidden.clear()
        self._received.clear()
        self._count = 0

    def depths(self) -> tuple[int, int]:
        """How many messages can be received, and how many can't now."""
        self._show_due()
        visible = sum(not message.deleted for message in self._visible)
        return visible, self._count - visible

    def _hide(self, message: Message, seconds: float) -> None:
        message.hidden_until = time.time() + seconds
        heapq.heappush(self._hidden, (message.hidden_until, next(self._numbers), message))

    def _show_due(self) -> None:
        now = time.time()
        while self._hidden and self._hidden[0][0] <= now:
            due, _, message = heapq.heappop(self._hidden)
            if not message.deleted and message.hidden_until == due:
                message.hidden_until = 0.0
                self._visible.append(message)

    def _take(self, most: int, visibility: float) -> list[Message]:
        self._show_due()
        taken: list[Message] = []
        while self._visible and len(taken) < most:
            message = self._visible.popleft()
            if message.deleted:
                continue
            self._received.pop(message.receipt, None)
            message.receipt = f"{message.id}#{next(self._numbers)}"
            message.receive_count += 1
            message.first_received_at = message.first_received_at or time.time()
            self._received[message.receipt] = message
            self._hide(message, visibility)
            taken.append(message)
        return taken

    async def _poll(self, seconds: float) -> None:
        poller: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pollers.append(poller)
        try:
            async with asyncio.timeout(seconds):
                await poller
        except TimeoutError:
            pass
        finally:
            with suppress(ValueError):
                self._pollers.remove(poller)

    def _wake_one(self) -> None:
        while self._pollers:
            poller = self._pollers.popleft()
            if not poller.done():
                poller.set_result(None)
                return
