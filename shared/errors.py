"""Failures the whole system agrees on, and who acts on each.

* JobError
  x Transient   worth another attempt: the consumer gives the message back, later
  x Permanent   no attempt will help: the record is marked failed, with a code its owner reads
  x Postponed   not this delivery's turn: the message comes back later, no attempt is counted
* Malformed     the message itself can't be understood: the consumer dead-letters it at once
* StaleRecord   somebody else moved the record first: there is nothing left to do here
* DependencyUnavailable   AWS did not answer in time: the gateway says 503, workers back off
* BadSetting   a setting that reads well can't work: the process stops with a line that names it
"""

from typing import Literal

# The contract's codes for a failed image (api.md, "Read one image").
FailureCode = Literal[
    "undecodable_image",
    "unsupported_media_type",
    "image_too_large",
    "image_too_many_pixels",
    "providers_exhausted",
    "timed_out",
    "internal_error",
]


class JobError(Exception):
    """Base class for failures that decide what happens to a job."""


class Transient(JobError):
    """An attempt failed for a reason that may pass; try again, after ``retry_after`` seconds at
    the earliest. ``code`` is what the record says if this was the last attempt.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        code: FailureCode = "internal_error",
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.code: FailureCode = code


class Permanent(JobError):
    """The input can never succeed. ``detail`` is a sentence for the photo's owner."""

    def __init__(self, code: FailureCode, detail: str) -> None:
        super().__init__(detail)
        self.code: FailureCode = code
        self.detail = detail


class Postponed(JobError):
    """Another worker holds the lease; look again in ``delay`` seconds."""

    def __init__(self, delay: float) -> None:
        super().__init__("another worker holds this job")
        self.delay = delay


class Malformed(Exception):
    """A message that no version of this code can act on. ``reason`` holds no user content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StaleRecord(Exception):
    """The record is gone, or no longer in the state this caller read."""


class DependencyUnavailable(Exception):
    """A service we depend on is down, throttling or too slow. ``dependency`` names it."""

    def __init__(self, dependency: str) -> None:
        super().__init__(f"{dependency} is unavailable")
        self.dependency = dependency


class BadSetting(Exception):
    """What ``setting`` says can't work. ``problem`` is a sentence; it never holds a secret."""

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(problem)
        self.setting = setting
