"""Everything the services need in AWS, made where it is missing.

Run twice, it changes nothing and answers the same names and ids. Endpoint and credentials are
botocore's own settings, so that it serves any emulator.
"""

import json
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from infra.local.layout import IMAGES_BUCKET, RECORDS_TABLE
from infra.local.signin import SignIn, provision_sign_in

_VISIBILITY_S = 60
_KEPT_S = 4 * 86_400
_DEAD_LETTERS_KEPT_S = 14 * 86_400
_MAX_RECEIVES = 20  # the record's own count of attempts decides earlier
_ARCHIVE_AFTER_DAYS = 60
_ARCHIVE_ABOVE_BYTES = 1024 * 1024
# DynamoDB's clean-up is late by up to two days; the objects must not outlive the records.
_RETENTION_SLACK_DAYS = 2


@dataclass(frozen=True)
class Queue:
    """One queue and where its dead letters go."""

    url: str
    dead_letters_url: str


@dataclass(frozen=True)
class Resources:
    """What is there now. ``made`` lists what was missing before."""

    images_bucket: str
    records_table: str
    ingest: Queue
    caption: Queue
    sign_in: SignIn
    made: tuple[str, ...]


def provision(
    session: boto3.Session, *, ui_url: str, retention_days: int, passwords: dict[str, str]
) -> Resources:
    """Make what is missing. Raise botocore's errors if the endpoint doesn't answer."""
    config = Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 3})
    s3, dynamodb, sqs, cognito = (
        session.client(name, config=config) for name in ("s3", "dynamodb", "sqs", "cognito-idp")
    )
    made = []
    if _bucket(s3, ui_url, retention_days):
        made.append("bucket")
    if _table(dynamodb):
        made.append("table")
    before = len(sqs.list_queues().get("QueueUrls", []))
    ingest, caption = _queue(sqs, "ingest"), _queue(sqs, "caption")
    if before == 0:
        made.append("queues")
    sign_in, pool_made = provision_sign_in(
        cognito, endpoint=cognito.meta.endpoint_url, ui_url=ui_url, passwords=passwords
    )
    if pool_made:
        made.append("users")
    return Resources(
        images_bucket=IMAGES_BUCKET,
        records_table=RECORDS_TABLE,
        ingest=ingest,
        caption=caption,
        sign_in=sign_in,
        made=tuple(made),
    )


def _bucket(s3: Any, ui_url: str, retention_days: int) -> bool:
    names = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    missing = IMAGES_BUCKET not in names
    if missing:
        s3.create_bucket(Bucket=IMAGES_BUCKET)
    s3.put_bucket_versioning(Bucket=IMAGES_BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_encryption(
        Bucket=IMAGES_BUCKET,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    s3.put_public_access_block(
        Bucket=IMAGES_BUCKET,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_cors(
        Bucket=IMAGES_BUCKET,
        CORSConfiguration={
            "CORSRules": [
                {"AllowedMethods": ["POST"], "AllowedOrigins": [ui_url], "AllowedHeaders": ["*"]}
            ]
        },
    )
    s3.put_bucket_lifecycle_configuration(
        Bucket=IMAGES_BUCKET, LifecycleConfiguration={"Rules": lifecycle_rules(retention_days)}
    )
    return missing


def lifecycle_rules(retention_days: int) -> list[dict[str, Any]]:
    """The bucket's lifecycle for photos kept ``retention_days`` days."""
    expire_after = max(1, retention_days - _RETENTION_SLACK_DAYS)
    rules: list[dict[str, Any]] = [
        {"ID": "incoming", "Filter": {"Prefix": "incoming/"}, "Expiration": {"Days": 1}},
        {"ID": "images", "Filter": {"Prefix": "images/"}, "Expiration": {"Days": expire_after}},
        {
            "ID": "leftovers",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        },
    ]
    # S3 refuses an expiration that does not come after the transition.
    if expire_after > _ARCHIVE_AFTER_DAYS:
        size = {"Prefix": "images/", "ObjectSizeGreaterThan": _ARCHIVE_ABOVE_BYTES}
        archive = {"Days": _ARCHIVE_AFTER_DAYS, "StorageClass": "GLACIER_IR"}
        rules.append({"ID": "archive", "Filter": {"And": size}, "Transitions": [archive]})
    return [{**rule, "Status": "Enabled"} for rule in rules]


def _table(dynamodb: Any) -> bool:
    missing = RECORDS_TABLE not in dynamodb.list_tables()["TableNames"]
    if missing:
        _create_table(dynamodb)
        dynamodb.get_waiter("table_exists").wait(
            TableName=RECORDS_TABLE, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
    # Asking again for a TTL that is on is an error in AWS.
    ttl = dynamodb.describe_time_to_live(TableName=RECORDS_TABLE)["TimeToLiveDescription"]
    if ttl["TimeToLiveStatus"] == "DISABLED":
        dynamodb.update_time_to_live(
            TableName=RECORDS_TABLE,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"},
        )
    dynamodb.update_continuous_backups(
        TableName=RECORDS_TABLE,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    return missing


def _create_table(dynamodb: Any) -> None:
    types = {"PK": "S", "SK": "S", "active_shard": "S", "check_at": "N"}
    dynamodb.create_table(
        TableName=RECORDS_TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind} for name, kind in types.items()
        ],
        KeySchema=_key("PK", "SK"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": "active",
                "KeySchema": _key("active_shard", "check_at"),
                # Whoever reads the index reads the item too before acting on it, so keys are
                # enough, and a change of status costs no write to the index.
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )


def _key(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def _queue(sqs: Any, name: str) -> Queue:
    dead_letters = _ensure_queue(
        sqs, f"{name}-dlq", {"MessageRetentionPeriod": _DEAD_LETTERS_KEPT_S}
    )
    arn = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])
    redrive = {
        "deadLetterTargetArn": arn["Attributes"]["QueueArn"],
        "maxReceiveCount": _MAX_RECEIVES,
    }
    url = _ensure_queue(
        sqs,
        name,
        {
            "VisibilityTimeout": _VISIBILITY_S,
            "MessageRetentionPeriod": _KEPT_S,
            "RedrivePolicy": json.dumps(redrive),
        },
    )
    return Queue(url=url, dead_letters_url=dead_letters)


def _ensure_queue(sqs: Any, name: str, attributes: dict[str, object]) -> str:
    texts = {key: str(value) for key, value in attributes.items()}
    try:
        made = sqs.get_queue_url(QueueName=name)
        sqs.set_queue_attributes(QueueUrl=made["QueueUrl"], Attributes=texts)
    except sqs.exceptions.QueueDoesNotExist:
        made = sqs.create_queue(QueueName=name, Attributes=texts)
    # The emulator keeps the address, port and all, under which a queue was first made.
    path = made["QueueUrl"].split("/", 3)[3]
    return f"{sqs.meta.endpoint_url}/{path}"
