"""What no write may do, whoever makes it and whenever: checked at each change of an item."""

from typing import Any

from shared.items import from_item
from shared.records import MAX_ATTEMPTS, MOVES, ImageRecord, Status
from tests.unit.pipeline.fake_aws import Attributes
from tests.unit.pipeline.processes import Process

# What may change under another's lease: whether the message is sent, and the owner's own words.
_FREE = frozenset(
    {"sent", "check_at", "version", "updated_at"}
    | {"edited_concise", "edited_creative", "edited_alt_text", "edited_at"}
)
_EDITS = ("edited_concise", "edited_creative", "edited_alt_text", "edited_at")
_CAPTIONS = ("concise_caption", "creative_caption", "alt_text")


def check_write(
    before: Attributes | None, after: Attributes | None, *, by: Process | None, now: float
) -> None:
    """Raise ``AssertionError`` if a record may not change like this."""
    if after is None:
        return
    assert "user_id" in after, "a record came back as a mere update"
    new = from_item(after)
    check_state(new, after)
    if before is None:
        assert by is not None
        assert by.kind == "submit", "a record came back"
        assert new.status is Status.QUEUED
        return
    old = from_item(before)
    assert new.status is old.status or new.status in MOVES[old.status], (old.status, new.status)
    assert new.version >= old.version
    _check_what_stays(before, after, by)
    if by is not None:
        _check_who(old, new, before, after, by, now)


def check_state(record: ImageRecord, item: Attributes) -> None:
    """Raise ``AssertionError`` if no record may be like this."""
    assert 0 <= record.attempts_made <= MAX_ATTEMPTS
    assert (record.lease_id is None) == (record.lease_until is None)
    shard = item.get("active_shard", {}).get("S")
    if record.status.is_terminal:
        assert record.lease_id is None
        assert record.upgrade_job is None
        assert (shard is None) == (record.check_at is None)
        assert shard is None or (record.status is Status.COMPLETED and shard.startswith("upgrade"))
    else:
        assert shard is not None, "not done, and nobody looks"
        assert record.check_at is not None, "not done, and nobody looks"
        assert not shard.startswith("upgrade")
    if record.status is Status.COMPLETED:
        assert record.concise_caption
        assert record.error is None
    if record.status is Status.CAPTIONING:
        assert record.model_input is not None
    assert (record.status is Status.FAILED) == (record.error is not None)


def _check_what_stays(before: Attributes, after: Attributes, by: Process | None) -> None:
    """Captions once made are there for good, and the owner's words until asked for anew."""
    assert all(name in after for name in _CAPTIONS if name in before)
    if by is None or by.kind != "caption_again":
        assert all(name in after for name in _EDITS if name in before), "an edit was lost"
    if by is None or by.kind != "edit":
        assert all(after[name] == before[name] for name in _EDITS if name in after)


def _check_who(
    old: ImageRecord,
    new: ImageRecord,
    before: Attributes,
    after: Attributes,
    by: Process,
    now: float,
) -> None:
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    touched = changed - _FREE
    assert by.kind != "marks" or changed == {"sent", "check_at"}, "more than a mark was written"
    if not touched:
        return
    if by.kind == "worker":
        assert old.job == by.job, "a message of another job changed the record"
        assert by.lease is None or old.lease_id == by.lease, "written without the lease"
    live = old.lease_until is not None and old.lease_until > now
    if live and old.lease_id != by.lease:
        owner_takes_over = by.kind == "caption_again" and old.is_upgrading
        assert owner_takes_over, f"{touched} changed under another's lease"
    if by.kind == "worker" and new.lease_id not in {None, old.lease_id}:
        by.lease = new.lease_id
    if old.is_upgrading and new.job == old.job:
        assert new.status is not Status.FAILED, "an upgrade that failed took the captions along"


def scheduled(item: dict[str, Any]) -> bool:
    """Whether the sweeper will look at ``item``."""
    shard = item.get("active_shard", {}).get("S", "upgrade")
    return "check_at" in item and not shard.startswith("upgrade")
