"""Faults by command: what each stand-in does instead of answering, and to which of its calls.

Which calls are hit follows from their number alone: a rate gives the same pattern each time.
"""

import math
from fractions import Fraction
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

ServiceName = Literal["bedrock", "sagemaker", "huggingface", "rekognition"]
Mode = Literal[
    "none",
    "throttle",
    "error",
    "timeout",
    "slow",
    "bad_json",
    "refusal",
    "retired",
    "disconnect",
]

SERVICES: tuple[ServiceName, ...] = get_args(ServiceName)

# Milliseconds, where the command names none: longer than any client of ours waits for an answer,
# and a body that takes a while.
_DELAYS = {"timeout": 120_000, "slow": 5_000}


class Fault(BaseModel):
    """What happens to a share ``rate`` of the calls; the others are answered at once.

    ``delay_ms`` passes before the answer, whatever the mode; with ``slow`` it is the time that
    the body takes. ``code`` chooses among the failures that a mode has, by the service's own
    names. ``text`` is what the model says in place of an answer of its own, and ``reasoning`` puts
    some thinking before it; both go with the modes that answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Mode = "none"
    rate: Annotated[float, Field(ge=0, le=1)] = 1.0
    delay_ms: Annotated[int | None, Field(ge=0, le=600_000)] = None
    code: str | None = None
    text: Annotated[str | None, Field(max_length=1_000_000)] = None
    reasoning: bool = False

    @property
    def delay(self) -> float:
        """Seconds."""
        chosen = _DELAYS.get(self.mode, 0) if self.delay_ms is None else self.delay_ms
        return chosen / 1000


HEALTHY = Fault()


class Command(BaseModel):
    """The body of ``PUT /_faults``. A service that it doesn't name keeps what it has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bedrock: Fault | None = None
    sagemaker: Fault | None = None
    huggingface: Fault | None = None
    rekognition: Fault | None = None


class BadCommand(Exception):
    """The command can't be obeyed; the text is a sentence for whoever sent it."""


# Per service and mode, the values that ``code`` may have; the first is the one without a code.
Codes = dict[ServiceName, dict[Mode, tuple[str, ...]]]


class Faults:
    """The faults in force, and how many calls each has seen."""

    def __init__(self, codes: Codes) -> None:
        self._codes = codes
        self._current = dict.fromkeys(SERVICES, HEALTHY)
        self._seen = dict.fromkeys(SERVICES, 0)

    def command(self, body: bytes) -> None:
        """Obey one command whole, or raise ``BadCommand`` and change nothing."""
        try:
            command = Command.model_validate_json(body)
        except ValidationError as error:
            raise BadCommand(_sentence(error)) from None
        wanted = {name: fault for name in SERVICES if (fault := getattr(command, name)) is not None}
        for name, fault in wanted.items():
            self._check(name, fault)
        for name, fault in wanted.items():
            self._current[name] = fault
            self._seen[name] = 0

    def clear(self) -> None:
        """All services work again."""
        self._current = dict.fromkeys(SERVICES, HEALTHY)
        self._seen = dict.fromkeys(SERVICES, 0)

    def current(self) -> dict[ServiceName, Fault]:
        """The faults in force, by service."""
        return dict(self._current)

    def next(self, service: ServiceName) -> Fault:
        """What happens to the next call: with a rate of a third, to the 3rd, the 6th and so on."""
        fault = self._current[service]
        self._seen[service] += 1
        # Through text: as a binary fraction, 0.1 would drift.
        rate = Fraction(str(fault.rate))
        seen = self._seen[service]
        is_hit = math.floor(seen * rate) > math.floor((seen - 1) * rate)
        return fault if is_hit else HEALTHY

    def _check(self, service: ServiceName, fault: Fault) -> None:
        known = self._codes[service].get(fault.mode, ())
        if fault.code is not None and fault.code not in known:
            choice = f"one of {', '.join(known)}" if known else "not for this mode"
            raise BadCommand(f"{service}.code: with mode {fault.mode} it is {choice}.")
        if fault.text is not None and fault.mode not in {"none", "slow"}:
            raise BadCommand(f"{service}.text: it goes with mode none or slow only.")


def _sentence(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)
    parts = [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in found]
    return "; ".join(parts) + "."
