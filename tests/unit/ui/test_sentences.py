from typing import get_args

import pytest

from clients.problems import Refused
from clients.resources import Failure
from services.ui import sentences
from shared.errors import FailureCode

UNKNOWN = sentences.failure(None)


@pytest.mark.parametrize("code", get_args(FailureCode))
def test_every_failure_has_a_sentence_of_its_own_and_no_code_in_it(code):
    sentence = sentences.failure(Failure(code=code))

    assert sentence != UNKNOWN
    assert "_" not in sentence


def test_code_from_the_future_has_a_sentence_too():
    assert sentences.failure(Failure(code="too_purple")) == UNKNOWN


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "later"), (20.0, "in 1 minute"), (600.0, "in 10 minutes"), (7200.0, "in 2 hours")],
)
def test_waiting_time_is_told_in_words(seconds, words):
    refused = Refused("quota_exceeded", 429, "", retry_after=seconds)

    assert sentences.refusal(refused).endswith(f"again {words}.")
