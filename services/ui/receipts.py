"""The receipt of a deletion of everything, as text to keep."""

from clients.resources import Deletion


def text_of(receipt: Deletion) -> str:
    """All that the gateway tells, with times as it has them: a receipt is in nobody's time zone."""
    gone = receipt.deleted
    return "\n".join(
        (
            "Deletion of all photos and captions",
            f"Receipt:          {receipt.deletion_id}",
            f"Requested:        {receipt.requested_at}",
            f"Completed:        {receipt.completed_at or 'not yet'}",
            f"Records deleted:  {gone.records}",
            f"Files deleted:    {gone.objects}",
            f"Their versions:   {gone.object_versions}",
        )
    )
