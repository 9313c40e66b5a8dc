import base64
import json
import os
import subprocess
from dataclasses import replace

import boto3
import pytest

from infra.local import tokens, written
from infra.local.environment import aws_environment
from infra.local.kept import keep
from infra.local.layout import LOCAL_ADMIN, LOCAL_USER, ROOT, UsageError, layout_from
from infra.local.processes import emulator
from infra.local.provision import provision
from tests.deadlines import wait_until
from tests.integration.local_stack_driver import answers, free_port_base

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(
        not ROOT.joinpath(".venv-aws").exists(), reason="no .venv-aws: `make test` makes it"
    ),
]


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    state = tmp_path_factory.mktemp("stack")
    layout = layout_from({"PORT_BASE": str(free_port_base()), "STATE_DIR": str(state)})
    process = emulator(layout, os.environ)
    running = subprocess.Popen(process.argv, env=process.environment)
    wait_until(lambda: answers(layout.aws_url + process.health_path))
    yield layout
    running.terminate()
    running.wait(10)


@pytest.fixture
def session(layout, monkeypatch):
    for name, value in aws_environment(layout.aws_url).items():
        monkeypatch.setenv(name, value)
    return boto3.Session()


@pytest.fixture
def kept(layout):
    return keep(layout.state)[0]


@pytest.fixture
def resources(layout, session, kept):
    passwords = {user: kept.password_of(user) for user in (LOCAL_USER, LOCAL_ADMIN)}
    return provision(session, ui_url=layout.ui_url, retention_days=90, passwords=passwords)


def claims_of(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def test_provisioning_twice_gives_the_same_and_makes_nothing(layout, session, kept, resources):
    passwords = {user: kept.password_of(user) for user in (LOCAL_USER, LOCAL_ADMIN)}

    again = provision(session, ui_url=layout.ui_url, retention_days=90, passwords=passwords)

    assert again == replace(resources, made=())


def test_bucket_is_versioned_encrypted_closed_and_cleans_up(session, resources, layout):
    s3 = session.client("s3")
    bucket = {"Bucket": resources.images_bucket}

    lifecycle = s3.get_bucket_lifecycle_configuration(**bucket)["Rules"]
    encryption = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]
    [cors] = s3.get_bucket_cors(**bucket)["CORSRules"]

    assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"].values())
    assert "AES256" in str(encryption)
    assert {rule["ID"] for rule in lifecycle} == {"incoming", "images", "leftovers", "archive"}
    assert (cors["AllowedMethods"], cors["AllowedOrigins"]) == (["POST"], [layout.ui_url])


def test_table_has_its_sparse_index_ttl_and_recovery(session, resources):
    dynamodb = session.client("dynamodb")
    name = {"TableName": resources.records_table}

    table = dynamodb.describe_table(**name)["Table"]
    ttl = dynamodb.describe_time_to_live(**name)["TimeToLiveDescription"]
    backups = dynamodb.describe_continuous_backups(**name)["ContinuousBackupsDescription"]

    [index] = table["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "active"
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["active_shard", "check_at"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "ttl")
    recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    assert recovery == "ENABLED"


def test_queues_give_up_after_twenty_receives(session, resources):
    sqs = session.client("sqs")

    for queue in (resources.ingest, resources.caption):
        attributes = sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["All"])
        dead = sqs.get_queue_attributes(QueueUrl=queue.dead_letters_url, AttributeNames=["All"])
        redrive = json.loads(attributes["Attributes"]["RedrivePolicy"])
        assert int(redrive["maxReceiveCount"]) == 20
        assert redrive["deadLetterTargetArn"] == dead["Attributes"]["QueueArn"]
        assert attributes["Attributes"]["VisibilityTimeout"] == "60"
        assert attributes["Attributes"]["MessageRetentionPeriod"] == "345600"
        assert dead["Attributes"]["MessageRetentionPeriod"] == "1209600"


def test_queue_addresses_are_those_of_the_running_emulator(layout, resources):
    for queue in (resources.ingest, resources.caption):
        assert queue.url.startswith(f"{layout.aws_url}/")
        assert queue.dead_letters_url.startswith(f"{layout.aws_url}/")


def test_token_names_its_client_and_lives_twelve_hours(layout, resources, kept):
    written.write_all(layout, resources, kept)

    claims = claims_of(tokens.token_for(layout, "ana", admin=False))

    assert claims["token_use"] == "access"
    assert claims["client_id"] == resources.sign_in.api_client_id
    assert claims["iss"] == resources.sign_in.issuer
    assert claims["exp"] - claims["iat"] == 12 * 3600
    assert "cognito:groups" not in claims


def test_same_name_is_the_same_user(layout, resources, kept):
    written.write_all(layout, resources, kept)

    first, again, other = (
        claims_of(tokens.token_for(layout, name, admin=False))["sub"]
        for name in ("bob", "bob", "eve")
    )

    assert first == again != other


def test_admin_is_in_the_group(layout, resources, kept):
    written.write_all(layout, resources, kept)

    claims = claims_of(tokens.token_for(layout, "root", admin=True))

    assert claims["cognito:groups"] == ["admins"]


def test_ready_made_users_sign_in_with_the_passwords_in_stack_env(layout, session, resources, kept):
    written.write_all(layout, resources, kept)
    values = written.read(layout.stack_env)

    for user in ("LOCAL_USER", "LOCAL_ADMIN"):
        password = "LOCAL_PASSWORD" if user == "LOCAL_USER" else "LOCAL_ADMIN_PASSWORD"
        answer = session.client("cognito-idp").admin_initiate_auth(
            UserPoolId=resources.sign_in.pool_id,
            ClientId=values["API_CLIENT_ID"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": values[user], "PASSWORD": values[password]},
        )
        groups = claims_of(answer["AuthenticationResult"]["AccessToken"]).get("cognito:groups")
        assert groups == (["admins"] if user == "LOCAL_ADMIN" else None)


@pytest.mark.parametrize("name", ["", "a b", "-x", "a" * 65, "ä"])
def test_impossible_name_is_refused(layout, name):
    with pytest.raises(UsageError, match="NAME"):
        tokens.token_for(layout, name, admin=False)
