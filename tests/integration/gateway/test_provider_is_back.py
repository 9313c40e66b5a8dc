"""Whether the first provider is back, as the reports of all captioners have it."""

from typing import Any

import pytest

from services.gateway.upgrades import QUIET_S, provider_that_is_back
from shared.provider_health import ProcessReport
from tests.integration.gateway.upgrading import provider_of


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"circuit": "open"}, id="open"),
        pytest.param({"held": "over_budget"}, id="over the day's budget"),
        pytest.param({"last_fault_at": 1000.0}, id="a fault just now"),
        pytest.param({"name": "local"}, id="nothing better than local"),
        pytest.param({"name": "sagemaker"}, id="another first provider"),
    ],
)
def test_a_provider_that_one_captioner_has_trouble_with_is_not_back(changes: Any) -> None:
    well, other = provider_of(), provider_of(**changes)
    reports = [ProcessReport(at=0, providers=(each,)) for each in (well, other)]

    assert provider_that_is_back(reports, now=1000 + QUIET_S - 1) is None


def test_a_photo_that_was_refused_just_now_says_nothing_about_the_provider() -> None:
    refusing = provider_of(last_error="refusal", last_error_at=1000.0)

    assert (
        provider_that_is_back([ProcessReport(at=0, providers=(refusing,))], now=1001) == "bedrock"
    )


def test_a_provider_is_back_when_all_captioners_have_had_no_trouble_for_a_while() -> None:
    once = provider_of(circuit="half_open", last_fault_at=1000.0)
    reports = [
        ProcessReport(at=0, providers=(each, provider_of("local")))
        for each in (once, provider_of())
    ]

    assert provider_that_is_back(reports, now=1001 + QUIET_S) == "bedrock"
    assert provider_that_is_back([], now=0) is None
    assert provider_that_is_back([ProcessReport(at=0, providers=())], now=0) is None
