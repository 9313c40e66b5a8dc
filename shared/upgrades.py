"""Degraded captions that wait for better ones: which do, and where in the index they are found."""

import zlib

from shared.contracts import CaptionOptions
from shared.records import Provider

UPGRADE_SHARDS = 4
UPGRADE_TRIES = 3  # of one photo; then its captions are left as they are
# Approximate by design, wherever it stands in a chain.
LOCAL_PROVIDER = "local"


def may_be_upgraded(provider: Provider, options: CaptionOptions, *, first: str) -> bool:
    """Whether a chain that asks ``first`` first could do better than ``provider`` did.

    Where the local one is first, nothing is better; and whoever prefers another provider has what
    was asked for.
    """
    has_better = first not in {LOCAL_PROVIDER, provider.name}
    return provider.degraded and has_better and options.provider in {None, first}


def upgrade_shard(image_id: str) -> str:
    """The partition of the sparse index in which degraded captions wait.

    ``check_at`` is there since when they wait, and no sweep for what is due looks into it.
    """
    return upgrade_shard_name(zlib.crc32(image_id.encode()) % UPGRADE_SHARDS)


def upgrade_shard_name(number: int) -> str:
    """The partition key of shard ``number`` of those that wait."""
    return f"upgrade#{number}"
