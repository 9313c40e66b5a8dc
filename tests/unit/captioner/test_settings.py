"""Settings that contradict each other, or name nothing, are told before the first photo."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from services.captioner.settings import Settings

REQUIRED = {
    "IMAGES_BUCKET": "b",
    "RECORDS_TABLE": "t",
    "QUEUE_URL": "q",
    "DLQ_URL": "d",
    "USER_HASH_KEY": "h" * 32,
}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``read(PROVIDERS="local")``: the settings of an environment."""

    def settings(**variables: str) -> Settings:
        for name, value in (REQUIRED | variables).items():
            monkeypatch.setenv(f"CAPTIONER_{name}", value)
        return Settings()

    return settings


def faults(error: ValidationError) -> list[str]:
    return ["_".join(map(str, fault["loc"])) for fault in error.errors()]


@pytest.mark.parametrize(
    "name",
    [
        "bedrock_model",
        "bedrock_input_usd",
        "sagemaker_endpoint",
        "sagemaker_usd_per_second",
        "huggingface_token",
        "huggingface_token_secret",
        "huggingface_base_url",
        "local_models_dir",
        "daily_budget_usd",
        "bedrock_end_of_life",
    ],
)
def test_what_is_left_empty_is_none(read: Any, name: str) -> None:
    assert getattr(read(**{name.upper(): ""}), name) is None


def test_region_prefix_may_be_empty(read: Any) -> None:
    assert read(BEDROCK_REGION_PREFIX="").bedrock_region_prefix == ""


@pytest.mark.parametrize("providers", ["local", "bedrock", "huggingface,bedrock,local"])
def test_providers_come_in_any_order_with_the_local_one_last(read: Any, providers: str) -> None:
    assert ",".join(read(PROVIDERS=providers).providers) == providers


@pytest.mark.parametrize(
    ("variables", "setting"),
    [
        pytest.param({"PROVIDERS": ""}, "providers", id="no provider"),
        pytest.param({"PROVIDERS": "bedrock,bedrock"}, "providers", id="one twice"),
        pytest.param({"PROVIDERS": "local,bedrock"}, "providers", id="one that is never asked"),
        pytest.param(
            {"CHAIN_DEADLINE_S": "20"}, "chain_deadline_s", id="no timeout is ever a provider's"
        ),
        pytest.param(
            {"BEDROCK_TIMEOUT_S": "110"}, "chain_deadline_s", id="nor with the default deadline"
        ),
        pytest.param(
            {"CHAIN_DEADLINE_S": "150", "LOCAL_TIMEOUT_S": "90"},
            "chain_deadline_s",
            id="longer than a job is held",
        ),
        pytest.param(
            {"DAILY_BUDGET_USD": "5", "PROVIDERS": "bedrock"},
            "daily_budget_usd",
            id="budget that no price holds",
        ),
        pytest.param(
            {"DAILY_BUDGET_USD": "5", "PROVIDERS": "huggingface", "HUGGINGFACE_TOKEN": "hf_x"},
            "daily_budget_usd",
            id="budget that another's price does not hold",
        ),
    ],
)
def test_contradiction_names_its_setting(
    read: Any, variables: dict[str, str], setting: str
) -> None:
    with pytest.raises(ValidationError) as raised:
        read(**variables)

    assert faults(raised.value) == [setting]


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"DAILY_BUDGET_USD": "0"}, id="nothing may be spent"),
        pytest.param({"DAILY_BUDGET_USD": "5", "PROVIDERS": "huggingface,local"}, id="not there"),
        pytest.param(
            {"DAILY_BUDGET_USD": "5", "BEDROCK_INPUT_USD": "1", "BEDROCK_OUTPUT_USD": "5"},
            id="prices are known",
        ),
    ],
)
def test_budget_needs_prices_only_of_those_who_charge(read: Any, variables: dict[str, str]) -> None:
    assert read(**variables).daily_budget_usd is not None


def test_ends_of_life_are_days(read: Any) -> None:
    settings = read(BEDROCK_END_OF_LIFE="2027-03-31", SAGEMAKER_END_OF_LIFE="")

    assert settings.ends_of_life == {"bedrock": date(2027, 3, 31)}


@pytest.mark.parametrize("day", ["2027-02-30", "31.03.2027", "1800000000", "2027-03-31T00:00"])
def test_an_end_of_life_that_is_no_day_is_refused(read: Any, day: str) -> None:
    with pytest.raises(ValidationError) as raised:
        read(HUGGINGFACE_END_OF_LIFE=day)

    assert faults(raised.value)[0].startswith("huggingface_end_of_life")


def test_no_secret_is_shown(read: Any) -> None:
    shown = repr(read(HUGGINGFACE_TOKEN="hf_secret"))

    assert "hf_secret" not in shown
    assert REQUIRED["USER_HASH_KEY"] not in shown
