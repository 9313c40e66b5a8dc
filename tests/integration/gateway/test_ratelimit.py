"""The request rate limit over HTTP: per address before the token, per user after it."""

from typing import Any

import pytest

from tests.integration.gateway.conftest import Gateway, Serve

HEADER = "CloudFront-Viewer-Address"


async def get(gateway: Gateway, **headers: str) -> tuple[int, dict[str, Any]]:
    response = await gateway.http.get("/v1/images", headers=gateway.auth() | headers)
    body = await response.json()
    if response.status == 429:
        assert int(response.headers["Retry-After"]) >= 1
        assert body["retryable"]
    return response.status, body


async def test_user_who_reads_too_often_is_refused_and_others_are_not(serve: Serve) -> None:
    gateway = await serve(requests_per_minute=6, request_burst_s=20)

    statuses = [(await get(gateway))[0] for _ in range(3)]
    _, refused = await get(gateway)

    assert statuses == [200, 200, 429]
    assert refused["code"] == "rate_limited"
    assert (await get(gateway.as_somebody()))[0] == 200


async def test_address_is_refused_before_its_token_is_looked_at(serve: Serve) -> None:
    gateway = await serve(address_requests_per_minute=6, request_burst_s=20)
    headers = {"Authorization": "Bearer nonsense"}

    statuses = [(await gateway.http.get("/v1/images", headers=headers)).status for _ in range(3)]

    assert statuses == [401, 401, 429]
    assert (await gateway.http.get("/version")).status == 429
    assert gateway.issuer.fetches == 0


async def test_probes_are_never_refused(serve: Serve) -> None:
    gateway = await serve(address_requests_per_minute=1)

    statuses = [(await gateway.http.get("/healthz")).status for _ in range(5)]

    assert statuses == [200] * 5


async def test_address_in_a_header_counts_only_where_it_is_trusted(serve: Serve) -> None:
    trusting = await serve(
        address_requests_per_minute=1, request_burst_s=1, trusted_address_header=HEADER
    )
    wary = await serve(address_requests_per_minute=1, request_burst_s=1)

    for gateway, second in ((trusting, 200), (wary, 429)):
        assert (await get(gateway, **{HEADER: "198.51.100.1:1111"}))[0] == 200
        assert (await get(gateway, **{HEADER: "198.51.100.2:1111"}))[0] == second
        assert (await get(gateway, **{HEADER: "198.51.100.1:2222"}))[0] == 429


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        pytest.param("2001:db8:0:1::1:443", "2001:db8:0:1::2:443", True, id="one-network"),
        pytest.param("2001:db8:0:1::1:443", "2001:db8:0:2::1:443", False, id="two-networks"),
        pytest.param("[2001:db8:0:1::1]:443", "2001:db8:0:1::1:80", True, id="brackets"),
        pytest.param("::ffff:198.51.100.9:443", "198.51.100.9:443", True, id="mapped"),
        pytest.param("nonsense", "more:nonsense", True, id="nonsense-is-the-peer"),
    ],
)
async def test_ipv6_clients_are_told_apart_by_network(
    serve: Serve, first: str, second: str, same: bool
) -> None:
    gateway = await serve(
        address_requests_per_minute=1, request_burst_s=1, trusted_address_header=HEADER
    )

    await get(gateway, **{HEADER: first})
    status, _ = await get(gateway, **{HEADER: second})

    assert (status == 429) is same
