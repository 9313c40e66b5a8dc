"""How each captioner finds its providers: ``PROVIDERS``, ``{process}``, for the admin page.

A report is a snapshot that replaces the one before it; one that grows old is of a process gone.
"""

import time
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.aws import calls_to
from shared.item_store import ItemStore
from shared.items import plain, to_attribute

WINDOW_S = 3600.0  # what a report counts: the tries of the last hour
IDLE_REPORT_S = 60.0  # how often a captioner with nothing to tell says that it is there
STALE_S = 150.0  # a process silent for longer is gone
LIFETIME_S = 24 * 3600  # for the table's clean-up

Circuit = Literal["closed", "open", "half_open"]

_PARTITION = "PROVIDERS"


class ProviderReport(BaseModel):
    """One provider as one process sees it.

    ``latency`` has the counts per bucket of ``shared.latency`` of the ``answered`` tries.
    ``last_error`` is the kind of the latest failure and ``last_error_at`` when it was, in Unix
    seconds, whenever that was; ``last_fault_at`` is the latest that was the provider's own and not
    the photo's. ``held`` says why it may not be asked. ``end_of_life`` is the last day of its
    model, YYYY-MM-DD.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    model: str
    circuit: Circuit
    tries: int
    answered: int
    latency: tuple[int, ...]
    last_error: str | None = None
    last_error_at: float | None = None
    last_fault_at: float | None = None
    held: str | None = None
    end_of_life: str | None = None


class ProcessReport(BaseModel):
    """All providers of one process's chain, in its order, at a moment (Unix seconds)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: float
    providers: tuple[ProviderReport, ...]


async def write_report(items: ItemStore, process: str, report: ProcessReport) -> None:
    """Store ``report`` in place of the process's last one. Raises ``DependencyUnavailable``."""
    with calls_to("dynamodb"):
        # Nobody else writes this item: there is no condition to state.
        await items.dynamodb.put_item(
            TableName=items.table,
            Item={
                "PK": {"S": _PARTITION},
                "SK": {"S": process},
                "at": to_attribute(report.at),
                "providers": to_attribute([p.model_dump() for p in report.providers]),
                "ttl": to_attribute(int(report.at + LIFETIME_S)),
            },
        )


async def live_reports(items: ItemStore) -> list[ProcessReport]:
    """The reports of the captioners that are running. Raises ``DependencyUnavailable``."""
    with calls_to("dynamodb"):
        response = await items.dynamodb.query(
            TableName=items.table,
            KeyConditionExpression="PK = :providers",
            ExpressionAttributeValues={":providers": {"S": _PARTITION}},
        )
    reports = [ProcessReport.model_validate(plain(item)) for item in response["Items"]]
    return [report for report in reports if report.at > time.time() - STALE_S]
