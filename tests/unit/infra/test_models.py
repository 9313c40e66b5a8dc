import pytest

from infra.local.kept import keep
from infra.local.layout import UsageError, layout_from, options_from
from infra.local.models import captioner_models, check_keys
from infra.local.processes import services
from infra.local.provision import Queue, Resources
from infra.local.signin import SignIn
from services.captioner.settings import Settings as CaptionerSettings
from services.ingest.settings import Settings as IngestSettings

_EMULATOR = "http://127.0.0.1:20002"
_STANDIN = "http://127.0.0.1:20003"
_KEY = "AWS_BEARER_TOKEN_BEDROCK"
_RESOURCES = Resources(
    images_bucket="bucket",
    records_table="table",
    ingest=Queue("http://a/ingest", "http://a/ingest-dlq"),
    caption=Queue("http://a/caption", "http://a/caption-dlq"),
    sign_in=SignIn("pool", "https://issuer/pool", "http://jwks", "http://d", "ui", "secret", "api"),
    made=(),
)


@pytest.fixture
def started(tmp_path, monkeypatch):
    """What each process would find in its environment, by the process's name."""

    def start(**given):
        parent = {"PORT_BASE": "20000", "STATE_DIR": str(tmp_path), **given}
        kept, _ = keep(tmp_path)
        table = services(options_from(parent), _RESOURCES, kept, parent)
        return {process.name: dict(process.environment) for process in table}

    return start


def settings_of(settings, environment, monkeypatch):
    """The settings as the process itself reads them."""
    with monkeypatch.context() as env:
        for name, value in environment.items():
            env.setenv(name, value)
        return settings()


def endpoints(environment):
    return {
        name.removeprefix("AWS_ENDPOINT_URL"): value
        for name, value in environment.items()
        if name.startswith("AWS_ENDPOINT_URL")
    }


def test_local_models_are_asked_alone(started, monkeypatch):
    found = started()

    captioner = settings_of(CaptionerSettings, found["captioner-1"], monkeypatch)
    ingest = settings_of(IngestSettings, found["ingest-1"], monkeypatch)
    assert captioner.providers == ("local",)
    assert ingest.labels == "off"
    assert endpoints(found["captioner-1"]) == endpoints(found["ingest-1"]) == {"": _EMULATOR}
    assert "standin-1" not in found


def test_stand_in_plays_every_model_service_and_nothing_else(started, monkeypatch):
    found = started(MODELS="standin")

    captioner = settings_of(CaptionerSettings, found["captioner-1"], monkeypatch)
    ingest = settings_of(IngestSettings, found["ingest-1"], monkeypatch)
    assert captioner.providers == ("bedrock", "sagemaker", "huggingface", "local")
    assert captioner.sagemaker_endpoint == "stand-in"
    assert captioner.huggingface_token.get_secret_value() == "stand-in"
    assert captioner.huggingface_base_url == f"{_STANDIN}/v1"
    assert ingest.labels == "rekognition"
    assert endpoints(found["captioner-1"]) == {
        "": _EMULATOR,
        "_BEDROCK_RUNTIME": _STANDIN,
        "_SAGEMAKER_RUNTIME": _STANDIN,
    }
    assert endpoints(found["ingest-1"]) == {"": _EMULATOR, "_REKOGNITION": _STANDIN}
    assert endpoints(found["gateway-1"]) == {"": _EMULATOR}


def test_stand_in_is_started_first_and_has_no_credentials(started):
    found = started(MODELS="standin")

    assert next(iter(found)) == "standin-1"
    assert not [name for name in found["standin-1"] if name.startswith("AWS_")]


def test_a_given_setting_wins_over_the_models(started):
    found = started(
        MODELS="standin", CAPTIONER_PROVIDERS="huggingface", CAPTIONER_HUGGINGFACE_TOKEN="mine"
    )

    assert found["captioner-1"]["CAPTIONER_PROVIDERS"] == "huggingface"
    assert found["captioner-1"]["CAPTIONER_HUGGINGFACE_TOKEN"] == "mine"
    assert found["captioner-1"]["CAPTIONER_SAGEMAKER_ENDPOINT"] == "stand-in"


def test_bedrock_key_reaches_the_captioner_alone(started, monkeypatch):
    # As in the supervisor, whose own calls go to the emulator.
    monkeypatch.setenv("AWS_ENDPOINT_URL", _EMULATOR)

    found = started(MODELS="aws", AWS_REGION="eu-central-1", **{_KEY: "a-key"})

    captioner = found["captioner-1"]
    assert captioner["CAPTIONER_PROVIDERS"] == "bedrock,local"
    assert captioner[_KEY] == "a-key"
    assert captioner["AWS_ACCESS_KEY_ID"] == "test"
    assert captioner["AWS_REGION"] == "us-east-1"  # the emulator's
    assert endpoints(captioner) == {
        "": _EMULATOR,
        "_BEDROCK_RUNTIME": "https://bedrock-runtime.eu-central-1.amazonaws.com",
    }
    assert [name for name, environment in found.items() if _KEY in environment] == ["captioner-1"]


def test_hugging_face_needs_its_token_only(started):
    found = started(MODELS="aws", CAPTIONER_HUGGINGFACE_TOKEN="mine")

    assert found["captioner-1"]["CAPTIONER_PROVIDERS"] == "huggingface,local"
    assert endpoints(found["captioner-1"]) == {"": _EMULATOR}


def test_credentials_of_an_account_are_no_key_for_aws():
    parent = {"AWS_ACCESS_KEY_ID": "real", "AWS_SECRET_ACCESS_KEY": "real", "AWS_PROFILE": "mine"}

    with pytest.raises(UsageError, match=f"{_KEY}.*one set of them"):
        check_keys(parent)


def test_sagemaker_on_aws_is_refused():
    with pytest.raises(UsageError, match="CAPTIONER_SAGEMAKER_ENDPOINT"):
        check_keys({_KEY: "a-key", "CAPTIONER_SAGEMAKER_ENDPOINT": "captions"})


def test_impossible_region_is_refused_by_name():
    with pytest.raises(UsageError, match="AWS_REGION=the moon"):
        captioner_models(layout_from({}), "aws", {_KEY: "a-key", "AWS_REGION": "the moon"})
