"""A history of many photos, and which of them its page shows."""

from typing import Any

from streamlit.testing.v1 import AppTest

from tests.unit.ui.fake_client import FakeClient
from tests.unit.ui.one_run import drawn
from tests.unit.ui.samples import completed


def full(count: int) -> FakeClient:
    client = FakeClient()
    for n in range(count):
        client.add(completed(f"{n:02}"))
    return client


def grid(test: AppTest) -> dict[str, Any]:
    [found] = [data for data in drawn(test) if "tiles" in data]
    return found


def tiles(test: AppTest) -> list[str]:
    return [tile["id"] for tile in grid(test)["tiles"]]


def ids(newest: int, oldest: int) -> list[str]:
    return [f"{n:02}" for n in range(newest, oldest - 1, -1)]
