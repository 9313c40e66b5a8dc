"""What the tray's script would tell, for tests that play its part."""

from typing import Any

from services.ui.told import Told


def parcel(batch: str = "b", **more: Any) -> dict[str, Any]:
    """A file of a drop that is to be sent."""
    return {"batch": batch, "type": "image/jpeg", "size": 1000, **more}


def state(**parts: Any) -> dict[str, Any]:
    """The state with a drop ``b``."""
    return {"drops": [{"id": "b", "options": {}}], **parts}


def telling(**parts: Any) -> Told:
    """The same, read."""
    return Told.model_validate(state(**parts))
