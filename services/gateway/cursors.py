"""Cursors of the history: opaque, signed, good only for the user and filters they were made for."""

import base64
import binascii
import hashlib
import hmac
import json

from services.gateway.identifiers import parse_image_id

_MAC_BYTES = 16  # HMAC-SHA256 truncated to 128 bits, as RFC 2104 (section 5) allows
_MAX_LENGTH = 128  # characters; ours have 70


class InvalidCursor(Exception):
    """Forged, damaged, or made for somebody or something else."""


class Cursors:
    """Turns the id of a page's last image into a cursor and back."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, position: str, *, scope: tuple[str | None, ...]) -> str:
        """A cursor for ``position``. ``scope`` is the user's id and the filters of the listing."""
        sealed = position.encode() + self._mac(position, scope)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, cursor: str, *, scope: tuple[str | None, ...]) -> str:
        """The position in ``cursor``. Raises ``InvalidCursor`` unless sealed for ``scope``."""
        if len(cursor) > _MAX_LENGTH or not cursor.isascii():
            raise InvalidCursor
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
            position = sealed[:-_MAC_BYTES].decode("ascii")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise InvalidCursor from error
        genuine = hmac.compare_digest(sealed[-_MAC_BYTES:], self._mac(position, scope))
        if not genuine or parse_image_id(position) is None:
            raise InvalidCursor
        return position

    def _mac(self, position: str, scope: tuple[str | None, ...]) -> bytes:
        text = json.dumps(["cursor.v1", position, *scope])
        return hmac.digest(self._key, text.encode(), hashlib.sha256)[:_MAC_BYTES]
