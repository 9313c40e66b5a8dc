"""How we talk to AWS: the configuration of clients, and what their errors mean to us.

Endpoints, region and credentials are botocore's own settings; none is here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import aioboto3
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.configprovider import ConfiguredEndpointProvider
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from shared.answers import AnswerParsers
from shared.botocore_parts import HttpSession, loader
from shared.errors import DependencyUnavailable
from shared.short_calls import shorten_calls
from shared.signing import JSON_CALLS

CONNECT_TIMEOUT_S = 2
READ_TIMEOUT_S = 5
TRIES = 3  # of one call by botocore's own way, see `shared.short_calls`

# Codes of throttling and of faults on AWS's side, for the three services we call all the time:
# the "common errors" page of each one's API reference.
_PASSING_CODES = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "KmsThrottled",
        "OverLimit",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


@cache
def user_agent() -> str:
    """What we call ourselves to AWS: botocore's own words without what it adds for each call."""
    return str(get_session().user_agent())


def aws_session() -> aioboto3.Session:
    """The session that a process makes its clients with, once."""
    botocore = get_session()
    botocore.register_component("data_loader", loader())
    botocore.register_component("response_parser_factory", AnswerParsers())
    shorten_calls(botocore)
    return aioboto3.Session(botocore_session=botocore)


def client_config(
    *,
    connections: int,
    connect_timeout_s: float = CONNECT_TIMEOUT_S,
    read_timeout_s: float = READ_TIMEOUT_S,
    tries: int = TRIES,
    signature_version: str | None = JSON_CALLS,
    **others: Any,
) -> AioConfig:
    """The configuration that every client of ours is made with, once per process.

    ``connections`` is the size of the pool, to be matched to the caller's concurrency. With
    ``signature_version`` None botocore chooses, which alone heeds an API key. ``others`` are
    botocore's own options.
    """
    return AioConfig(
        http_session_cls=HttpSession,
        connect_timeout=connect_timeout_s,
        read_timeout=read_timeout_s,
        max_pool_connections=connections,
        retries={"mode": "standard", "total_max_attempts": tries},
        # botocore would put its own together twice for each call: a tenth of what a call costs.
        user_agent=user_agent(),
        # botocore 1.40 would presign with SigV2, and add a second checksum pass to every put.
        signature_version=signature_version,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        **others,
    )


def receive_config(*, poll_wait_s: float) -> AioConfig:
    """``client_config`` for the one receive that is under way at a time.

    An answer that comes later than the poll's end is not worth waiting for, and the caller itself
    tries again: what a call has leased and lost stays hidden, whoever repeats it.
    """
    return client_config(
        connections=1,
        read_timeout_s=poll_wait_s + READ_TIMEOUT_S,
        tries=1,
        parameter_validation=False,  # as `sqs_config`
    )


def sqs_config(*, connections: int) -> AioConfig:
    """``client_config`` for SQS, whose calls have one form each, written in this package alone.

    To check each entry of a batch against botocore's model was a tenth of the call.
    """
    return client_config(connections=connections, parameter_validation=False)


def s3_config(*, connections: int) -> AioConfig:
    """``client_config`` for S3, whose signature version has a name of its own.

    An endpoint that is not AWS's (an emulator's) has no host name for each bucket.
    """
    configured = ConfiguredEndpointProvider(full_config={}, scoped_config={}, client_name="s3")
    options = {
        "addressing_style": "auto" if configured.provide() is None else "path",
        # Each put's checksum is a signed header and S3 refuses a body that differs. botocore does
        # without a second SHA-256 too, but only for a checksum that it has worked out itself.
        "payload_signing_enabled": False,
    }
    # Not by `merge`, which would leave our HTTP session out.
    return client_config(connections=connections, signature_version="s3v4", s3=options)


def error_code(error: ClientError) -> str:
    """AWS's code for a refused call."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_passing(error: Exception) -> bool:
    """Whether the same call may well succeed a little later."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return error_code(error) in _PASSING_CODES or status >= 500
    return isinstance(error, NoConnectionError | HTTPClientError | TimeoutError)


@contextmanager
def calls_to(dependency: str) -> Iterator[None]:
    """Turn a passing failure of the calls inside into ``DependencyUnavailable``.

    ``dependency`` is the name that operators read: dynamodb, s3 or sqs. Any other error passes.
    """
    try:
        yield
    except (BotoCoreError, ClientError, TimeoutError) as error:
        if is_passing(error):
            raise DependencyUnavailable(dependency) from error
        raise
