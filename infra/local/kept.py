"""Secrets that outlive a run: made at random once per state folder, readable by its owner only.

Keeping them keeps passwords, sessions and cursors valid when the stack is started again.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

_FILE = "secrets.json"


@dataclass(frozen=True, repr=False)
class Kept:
    """The secrets of one state folder."""

    password_seed: str
    cookie_secret: str
    signing_key: str

    def password_of(self, user: str) -> str:
        """The user's password: the same for ever in this folder, and unlike any other's.

        It meets the strictest default policy of a user pool (length, upper, lower, digit, symbol).
        """
        digest = hmac.digest(self.password_seed.encode(), user.encode(), hashlib.sha256)
        return "Aa1-" + base64.urlsafe_b64encode(digest[:15]).decode()

    @property
    def user_hash_key(self) -> str:
        """The key under which the services keep what must not name a user."""
        return hmac.digest(self.signing_key.encode(), b"user hash key", hashlib.sha256).hex()


def keep(state: Path) -> tuple[Kept, bool]:
    """The folder's secrets, and whether they were there already."""
    kept = load(state)
    if kept is not None:
        return kept, True
    made = Kept(*(secrets.token_urlsafe(32) for _ in range(3)))
    write_private(state / _FILE, json.dumps(asdict(made)))
    return made, False


def load(state: Path) -> Kept | None:
    """The folder's secrets, or ``None`` where no stack was ever started."""
    try:
        return Kept(**json.loads((state / _FILE).read_text()))
    except FileNotFoundError:
        return None


def write_private(path: Path, text: str) -> None:
    """Replace the file in one step; at no moment can anybody but its owner read it."""
    handle, name = tempfile.mkstemp(dir=path.parent)  # made with mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
