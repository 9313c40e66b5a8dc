"""Points at which the gateway dies on request, for tests: as in a power cut, nothing is undone.

None is reached but by a setting that nobody has by accident, and never on AWS itself: only where
AWS is emulated on this very machine.
"""

import logging
import os
from collections.abc import Callable
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

logger = logging.getLogger(__name__)

FaultPoint = Literal["after_record"]
EXIT_FAULT = 86


def nothing_happens() -> None:
    """What comes of every point that no test has asked for."""


def death_at(point: FaultPoint | None, *, endpoint: str) -> Callable[[], None]:
    """What to call at ``point``. Raises ``ValueError`` unless ``endpoint`` is of this machine."""
    if point is None:
        return nothing_happens
    if not _is_of_this_machine(urlsplit(endpoint).hostname or ""):
        raise ValueError("GATEWAY_FAULT_POINT is only for an AWS emulated on this machine")
    return _die


def _is_of_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _die() -> None:
    logger.error("dies, as asked by GATEWAY_FAULT_POINT")
    os._exit(EXIT_FAULT)
