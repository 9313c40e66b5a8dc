"""How operators see the providers, and how they take one out of the chain."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.captioner.overseeing import Oversight
from shared.item_store import ItemStore
from shared.latency import BUCKETS
from shared.provider_health import ProcessReport, ProviderReport, write_report
from shared.usage import UsageCounter
from tests.integration.gateway.conftest import Gateway, Serve


@pytest.fixture
async def operated(serve: Serve) -> Gateway:
    """A gateway with a table of its own."""
    return await serve()


def admin(gateway: Gateway) -> dict[str, str]:
    return {"Authorization": f"Bearer {gateway.token(**{'cognito:groups': ['admins']})}"}


async def providers(gateway: Gateway) -> list[dict[str, Any]]:
    answer = await gateway.http.get("/v1/admin/providers", headers=admin(gateway))
    return list((await answer.json())["providers"])


async def switched(gateway: Gateway, name: str, body: Any) -> tuple[int, dict[str, Any]]:
    answer = await gateway.http.patch(
        f"/v1/admin/providers/{name}", headers=admin(gateway), json=body
    )
    return answer.status, await answer.json()


def items_of(gateway: Gateway) -> ItemStore:
    return ItemStore(gateway.aws.dynamodb, gateway.settings.records_table)


async def test_providers_are_merged_over_processes(operated: Gateway) -> None:
    items = items_of(operated)
    now = datetime.now(UTC).timestamp()
    fast, slow = [0] * BUCKETS, [0] * BUCKETS
    fast[6], slow[12] = 9, 1
    for process, circuit, latency, failed in (("a", "closed", fast, 0), ("b", "open", slow, 10)):
        report = ProviderReport(
            name="bedrock",
            model="m",
            circuit=circuit,
            tries=sum(latency) + failed,
            answered=sum(latency),
            latency=tuple(latency),
            last_error="throttled" if failed else None,
            last_error_at=now if failed else None,
        )
        await write_report(items, process, ProcessReport(at=now, providers=(report,)))
    gone = ProviderReport(
        name="sagemaker", model="m", circuit="closed", tries=0, answered=0, latency=tuple(fast)
    )
    await write_report(items, "c", ProcessReport(at=now - 1000, providers=(gone,)))
    async with UsageCounter(items, "captioner") as usage:
        usage.add_cost("bedrock", 0.0012)
        usage.add_cost("bedrock", 0.0003)

    listed = await providers(operated)

    assert [each["name"] for each in listed] == ["bedrock", "sagemaker", "huggingface", "local"]
    assert listed[0]["configured"]
    assert listed[0]["circuit"] == "open"
    assert listed[0]["success_rate"] == 0.5
    assert 300 < listed[0]["p50_ms"] <= 500
    assert 3000 < listed[0]["p95_ms"] <= 5000
    assert listed[0]["last_error"] == "throttled"
    assert listed[0]["cost_usd_24h"] == pytest.approx(0.0015)
    assert (listed[1]["configured"], listed[1]["circuit"]) == (False, None)


async def test_provider_that_is_switched_off_is_not_asked_until_it_is_on_again(
    operated: Gateway,
) -> None:
    assert await switched(operated, "bedrock", {"enabled": False}) == (
        200,
        {"name": "bedrock", "enabled": False},
    )

    async with Oversight(items_of(operated), budget=None) as oversight:
        assert oversight.held("bedrock") == "switched_off"
        assert oversight.held("sagemaker") is None
    assert {each["name"]: each["enabled"] for each in await providers(operated)} == {
        "bedrock": False,
        "sagemaker": True,
        "huggingface": True,
        "local": True,
    }

    await switched(operated, "bedrock", {"enabled": True})
    async with Oversight(items_of(operated), budget=None) as oversight:
        assert oversight.held("bedrock") is None


async def test_unknown_provider_is_not_found(operated: Gateway) -> None:
    status, body = await switched(operated, "cache", {"enabled": False})

    assert (status, body["code"]) == (404, "not_found")


@pytest.mark.parametrize("body", [{}, {"enabled": "no"}, {"enabled": None}, {"off": True}], ids=str)
async def test_switch_says_which_field_is_wrong(operated: Gateway, body: Any) -> None:
    status, problem = await switched(operated, "bedrock", body)

    assert status == 422
    assert problem["errors"]
