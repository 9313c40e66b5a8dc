"""AWS's limits, as numbers with their sources, and how many photos a second each allows.

``docs/scaling.md`` says which of these were looked up where. They are defaults: an account's own
stand in its Service Quotas.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Of one account in one region."""

    bedrock_tokens_per_minute: float = 5_000_000
    rekognition_a_second: float = 50
    sqs_in_flight: float = 120_000
    table_writes: float = 4_000  # units a second of a new on-demand table
    table_writes_most: float = 40_000  # an on-demand table's quota
    key_writes: float = 1_000  # units a second of one partition key
    launch_burst: int = 100
    launches_a_second: float = 20
    service_launches_a_minute: float = 500
    tasks_of_a_service: int = 5_000
    edge_gigabits: float = 150  # a second, of a CloudFront distribution
    bucket_writes: float = 3_500  # a second and prefix


@dataclass(frozen=True)
class Photo:
    """What one photo takes of them. Tokens and writes are those of docs/costs.md."""

    input_tokens: float = 2_000
    output_tokens: float = 250
    max_tokens: float = 1_500  # CAPTIONER_BEDROCK_MAX_TOKENS
    output_weight: float = 5
    writes: float = 34
    index_writes: float = 8  # of these, to the sparse index `active`
    index_keys: int = 16
    bucket_writes: float = 4
    megabytes: float = 3

    @property
    def reserved_tokens(self) -> float:
        """Taken when the call begins."""
        return self.input_tokens + self.max_tokens

    @property
    def tokens(self) -> float:
        """Taken in the end."""
        return self.input_tokens + self.output_weight * self.output_tokens


def photos_a_second(limits: Limits, photo: Photo, *, caption_s: float) -> Mapping[str, float]:
    """The rate at which each limit is reached. ``caption_s``: of a caption message in flight."""
    return {
        "Bedrock, tokens a minute": limits.bedrock_tokens_per_minute / 60 / photo.tokens,
        "Rekognition, calls a second": limits.rekognition_a_second,
        "DynamoDB, new on-demand table": limits.table_writes / photo.writes,
        "DynamoDB, quota of a table": limits.table_writes_most / photo.writes,
        "DynamoDB, partition keys of the index": (
            limits.key_writes * photo.index_keys / photo.index_writes
        ),
        "DynamoDB, one user's partition key": (
            limits.key_writes / (photo.writes - photo.index_writes)
        ),
        "S3, writes to one prefix": limits.bucket_writes / photo.bucket_writes,
        "SQS, messages in flight": limits.sqs_in_flight / caption_s,
        "CloudFront, bandwidth": limits.edge_gigabits * 1000 / 8 / photo.megabytes,
    }
