"""A clock that goes when a test says so."""


class Clock:
    """``now`` is in seconds."""

    now = 0.0

    def __call__(self) -> float:
        return self.now
