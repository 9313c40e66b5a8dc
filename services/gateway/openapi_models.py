"""Bodies that handlers build by hand, described once for the document."""

from typing import Literal

from shared.api import Body


class HealthView(Body):
    """The process is up."""

    status: Literal["ok"]


class ReadyView(Body):
    """Its dependencies answer."""

    status: Literal["ready"]
    checks: dict[str, Literal["ok"]]


class VersionView(Body):
    """Which build this is."""

    version: str
    commit: str
