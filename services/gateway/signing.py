"""The process's AWS credentials, in the form that URLs are signed with."""

from typing import Any, Protocol

from aioboto3 import Session

from shared.errors import DependencyUnavailable
from shared.presign import Credentials


class CredentialSource(Protocol):
    """Where the credentials of the moment come from."""

    async def current(self) -> Credentials:
        """Raises ``DependencyUnavailable`` if there are none."""
        ...


class SessionCredentials:
    """A session's credentials, fresh at every asking: a role's change every few hours."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._source: Any = None

    async def current(self) -> Credentials:
        """The credentials and, for a role's, their end."""
        if self._source is None:
            self._source = await self._session.get_credentials()
        if self._source is None:
            raise DependencyUnavailable("credentials")
        frozen = await self._source.get_frozen_credentials()
        # botocore has no public name for it; without it URLs would claim to outlive their key.
        expiry = getattr(self._source, "_expiry_time", None)
        return Credentials(
            access_key=frozen.access_key,
            secret_key=frozen.secret_key,
            token=frozen.token,
            expires_at=expiry.timestamp() if expiry is not None else None,
        )
