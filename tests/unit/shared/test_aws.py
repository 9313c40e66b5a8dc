"""What AWS's refusals mean to us."""

import pytest
from botocore.exceptions import ClientError

from shared.aws import calls_to
from shared.errors import DependencyUnavailable


def refusal(code: str, status: int = 400) -> ClientError:
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "UpdateItem")  # type: ignore[arg-type]  # as much as is looked at


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(refusal("ThrottlingException"), id="throttled"),
        pytest.param(refusal("SomethingNew", 503), id="a fault on their side"),
        pytest.param(refusal("TransactionConflictException"), id="a transaction on the same item"),
        pytest.param(refusal("TransactionInProgressException"), id="the same transaction, begun"),
        pytest.param(TimeoutError(), id="no answer"),
    ],
)
def test_what_passes_by_itself_is_a_dependency_that_is_unavailable(error: Exception) -> None:
    with pytest.raises(DependencyUnavailable), calls_to("dynamodb"):
        raise error


def test_a_refusal_that_stays_one_is_passed_on() -> None:
    with pytest.raises(ClientError), calls_to("dynamodb"):
        raise refusal("AccessDeniedException")
