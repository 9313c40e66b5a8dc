import pytest

from infra.local.environment import child_environment
from infra.local.layout import layout_from


@pytest.fixture
def layout(tmp_path):
    return layout_from({"PORT_BASE": "20000", "STATE_DIR": str(tmp_path)})


def test_callers_account_and_proxies_never_reach_a_process(layout):
    parent = {
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "real",
        "AWS_ENDPOINT_URL_S3": "http://elsewhere",
        "HTTPS_PROXY": "http://proxy",
        "no_proxy": "*",
        "PATH": "/bin",
    }

    environment = child_environment(layout, parent, {}, prefix="INGEST_")

    assert {name for name in environment if name.startswith("AWS_")} == {
        "AWS_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_EC2_METADATA_DISABLED",
    }
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:20002"
    assert environment["PATH"] == "/bin"
    assert not [name for name in environment if name.lower().endswith("_proxy")]


def test_variables_of_make_and_of_the_stack_do_not_leak(layout):
    parent = dict.fromkeys(
        ["MAKEFLAGS", "MAKELEVEL", "MFLAGS", "STATE_DIR", "PORT_BASE", "NAME", "INGEST"], "1"
    )

    environment = child_environment(layout, parent, {}, prefix="INGEST_")

    assert not parent.keys() & environment.keys()


def test_a_given_setting_wins_over_the_computed_one(layout):
    computed = {"GATEWAY_QUOTA_LIMIT": "60", "GATEWAY_RETENTION_DAYS": "90"}
    parent = {"GATEWAY_QUOTA_LIMIT": "1000", "GATEWAY_QUOTA_WINDOW_S": "60", "UI_X": "1"}

    environment = child_environment(layout, parent, computed, prefix="GATEWAY_")

    given = {name: value for name, value in environment.items() if name.startswith("GATEWAY_")}
    assert given == {
        "GATEWAY_QUOTA_LIMIT": "1000",
        "GATEWAY_QUOTA_WINDOW_S": "60",
        "GATEWAY_RETENTION_DAYS": "90",
    }
    assert "UI_X" not in environment


def test_a_process_without_aws_has_no_credentials(layout):
    environment = child_environment(layout, {"AWS_PROFILE": "x"}, {}, prefix="UI_", aws=False)

    assert not [name for name in environment if name.startswith("AWS_")]
