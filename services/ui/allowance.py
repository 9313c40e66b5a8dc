"""How many captions somebody has left and when they come back, in words."""

from clients.resources import Quota
from services.ui.times import when


def left(quota: Quota) -> str:
    """``"42 of 60 captions left"``."""
    return f"{quota.remaining} of {quota.limit} captions left"


def share(quota: Quota) -> float:
    """What is left, from 0 to 1."""
    return min(1.0, max(0.0, quota.remaining / quota.limit)) if quota.limit > 0 else 0.0


def refill(quota: Quota) -> str:
    """When used ones come back: the quota is a bucket that fills evenly over its window."""
    pace = _pace(quota.window_s / max(1, quota.limit))
    if quota.remaining >= quota.limit:
        return f"Each photo takes one. Used ones come back by themselves, {pace}."
    full = when(quota.resets_at)
    return f"Each photo takes one. They come back by themselves, {pace}: all of them by {full}."


def _pace(seconds: float) -> str:
    if seconds < 50:
        return f"{round(60 / seconds)} a minute"
    minutes = round(seconds / 60)
    if minutes < 60:
        return "one a minute" if minutes <= 1 else f"one every {minutes} minutes"
    hours = round(seconds / 3600)
    return "one an hour" if hours <= 1 else f"one every {hours} hours"
