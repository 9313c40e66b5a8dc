"""What every entry point does once: read settings, log as JSON, trace, turn signals into a stop."""

import asyncio
import logging
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.errors import BadSetting
from shared.metrics import start_metrics
from shared.telemetry import log_as_json, start_tracing

logger = logging.getLogger(__name__)

EXIT_BAD_SETTINGS = 2
# A collector that does not answer must not use up the time that the platform gives us to stop.
_LAST_EXPORT_S = 2.0


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


T = TypeVar("T")
# A list in one variable: "a,b,c".
CommaSeparated = Annotated[tuple[T, ...], NoDecode, BeforeValidator(_split)]


class ProcessSettings(BaseSettings):
    """What every process reads, whichever service it is. The names are OpenTelemetry's own."""

    model_config = SettingsConfigDict(frozen=True)

    log_level: str = Field(default="INFO", validation_alias="LOG_LEVEL")
    otlp_endpoint: str | None = Field(default=None, validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    trace_ratio: float = Field(
        default=1.0,
        ge=0,
        le=1,
        validation_alias="OTEL_TRACES_SAMPLER_ARG",
        description="share of new traces that is recorded",
    )


S = TypeVar("S", bound=BaseSettings)


def run(
    service: str,
    settings_type: type[S],
    serve: Callable[[S, asyncio.Event], Awaitable[None]],
) -> None:
    """Run ``serve(settings, stop)`` until it returns; SIGTERM and SIGINT set ``stop``.

    A missing or wrong setting ends the process with status 2 and a line that names it.
    """
    log_as_json(service, "INFO")
    process = _read(ProcessSettings)
    settings = _read(settings_type)
    log_as_json(service, process.log_level.upper())
    export = process.otlp_endpoint is not None
    traces = start_tracing(service, export=export, ratio=process.trace_ratio)
    meters = start_metrics(service, export=export)
    try:
        asyncio.run(_until_stopped(settings, serve))
    except BadSetting as error:
        logger.error("bad setting", extra={"setting": error.setting, "problem": str(error)})
        sys.exit(EXIT_BAD_SETTINGS)
    finally:
        _end(traces.shutdown, meters.shutdown)


def _end(*shutdowns: Callable[[], None]) -> None:
    """Export what is left, but not for long: the exporters' own patience is ten seconds each."""
    threads = [threading.Thread(target=shutdown, daemon=True) for shutdown in shutdowns]
    for thread in threads:
        thread.start()
    give_up_at = time.monotonic() + _LAST_EXPORT_S
    for thread in threads:
        thread.join(max(0.0, give_up_at - time.monotonic()))


async def _until_stopped(settings: S, serve: Callable[[S, asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    await serve(settings, stop)
    logger.info("stopped")


def _read(settings_type: type[S]) -> S:
    try:
        return settings_type()
    except ValidationError as error:
        prefix = settings_type.model_config.get("env_prefix", "")
        for fault in error.errors(include_url=False, include_input=False):
            name = f"{prefix}{'_'.join(map(str, fault['loc']))}".upper()
            logger.error("bad setting", extra={"setting": name, "problem": fault["msg"]})
        sys.exit(EXIT_BAD_SETTINGS)
