import tomllib

import pytest

from infra.local import written
from infra.local.kept import keep, load
from infra.local.layout import layout_from
from infra.local.provision import Queue, Resources
from infra.local.signin import SignIn

_KEYS = """
GATEWAY_URL UI_URL AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION IMAGES_BUCKET
RECORDS_TABLE INGEST_QUEUE_URL INGEST_DLQ_URL CAPTION_QUEUE_URL CAPTION_DLQ_URL COGNITO_ISSUER
COGNITO_JWKS_URL UI_CLIENT_ID API_CLIENT_ID LOCAL_USER LOCAL_PASSWORD LOCAL_ADMIN
LOCAL_ADMIN_PASSWORD STANDIN_URL
"""
_RESOURCES = Resources(
    images_bucket="bucket",
    records_table="table",
    ingest=Queue("http://a/ingest", "http://a/ingest-dlq"),
    caption=Queue("http://a/caption", "http://a/caption-dlq"),
    sign_in=SignIn("pool", "https://issuer/pool", "http://jwks", "http://d", "ui", "secret", "api"),
    made=(),
)


@pytest.fixture
def layout(tmp_path):
    return layout_from({"PORT_BASE": "20000", "STATE_DIR": str(tmp_path)})


def test_stack_env_has_exactly_the_promised_keys(layout):
    kept, _ = keep(layout.state)

    written.write_all(layout, _RESOURCES, kept)

    lines = layout.stack_env.read_text().splitlines()
    assert [line.partition("=")[0] for line in lines] == _KEYS.split()
    assert written.read(layout.stack_env)["STANDIN_URL"] == ""


def test_stack_env_says_where_the_stand_in_is(tmp_path):
    layout = layout_from({"PORT_BASE": "20000", "STATE_DIR": str(tmp_path), "MODELS": "standin"})
    kept, _ = keep(layout.state)

    written.write_all(layout, _RESOURCES, kept)

    assert written.read(layout.stack_env)["STANDIN_URL"] == "http://127.0.0.1:20003"


def test_only_the_owner_reads_what_is_written(layout):
    kept, _ = keep(layout.state)

    written.write_all(layout, _RESOURCES, kept)

    assert {path.stat().st_mode & 0o777 for path in layout.state.iterdir()} == {0o600}


def test_streamlit_signs_in_by_way_of_the_gateway(layout):
    kept, _ = keep(layout.state)

    written.write_all(layout, _RESOURCES, kept)

    auth = tomllib.loads(layout.streamlit_secrets.read_text())["auth"]
    assert auth["server_metadata_url"] == "http://127.0.0.1:20000/auth/openid-configuration"
    assert auth["redirect_uri"] == "http://localhost:20001/oauth2callback"
    assert auth["expose_tokens"] == ["id", "access"]
    assert auth["client_secret"] == "secret"


def test_secrets_are_kept_from_run_to_run(tmp_path):
    first, known = keep(tmp_path)
    second, known_then = keep(tmp_path)

    assert (known, known_then) == (False, True)
    assert first == second == load(tmp_path)
    assert first.password_of("ana") == second.password_of("ana") != first.password_of("bob")


def test_secrets_do_not_show_in_a_log(tmp_path):
    kept, _ = keep(tmp_path)

    assert kept.signing_key not in repr(kept)
