"""What an error of SageMaker's InvokeEndpoint means to the chain.

Its errors: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
)

from services.captioner.provider import (
    Misconfigured,
    ProviderError,
    Refused,
    Throttled,
    Unavailable,
)
from shared.aws import error_code

UNKNOWN_ENDPOINT = "unknown_endpoint"

_THROTTLING = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException"})
# What a container says of one photo: it can't read it, or finds it too large.
_OF_THE_PHOTO = frozenset({400, 413, 422})


def failure_of(error: Exception) -> ProviderError:
    """The failure that an exception of the AWS client, or of reading its answer, stands for."""
    if isinstance(error, ClientError):
        return _of_service(error)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return Misconfigured("no_credentials")
    is_late = isinstance(error, TimeoutError | ConnectTimeoutError | ReadTimeoutError)
    return Unavailable("timeout" if is_late else "connection")


def is_of_container(error: Exception) -> bool:
    """Whether the container ran and failed: on a serverless endpoint, that time is paid too."""
    return isinstance(error, ClientError) and error_code(error) == "ModelError"


def _of_service(error: ClientError) -> ProviderError:
    code = error_code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if is_of_container(error):
        return _of_container(error)
    if code in _THROTTLING:
        return Throttled("throttled")
    if code == "ModelNotReadyException":  # with status 429, as if it were throttling
        return Unavailable("cold_start")
    if status >= 500:
        return Unavailable("server_error")
    return Misconfigured(_lasting(code, status, str(error.response["Error"].get("Message"))))


def _lasting(code: str, status: int, message: str) -> str:
    if status in {401, 403}:
        return "access_denied"
    is_about_the_name = code == "ValidationError" and "not found" in message
    return UNKNOWN_ENDPOINT if is_about_the_name else "bad_request"


def _of_container(error: ClientError) -> ProviderError:
    status = error.response.get("OriginalStatusCode")
    if not isinstance(status, int) or status >= 500:
        return Unavailable("model_error")
    if status == 429:
        return Throttled("throttled")
    if status in _OF_THE_PHOTO:
        return Refused("photo_rejected")
    return Misconfigured("model_rejects_request")
