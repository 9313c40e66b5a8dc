"""Forms for direct uploads, each for a new image and signed with the credentials of the moment."""

from dataclasses import dataclass

from services.gateway.identifiers import ImageIds
from services.gateway.signing import CredentialSource
from shared.object_store import upload_key
from shared.presign import PostForm, Presigner


@dataclass(frozen=True, slots=True)
class UploadForms:
    """Makes forms."""

    ids: ImageIds
    presigner: Presigner
    credentials: CredentialSource

    async def form(
        self, user_id: str, *, content_type: str, length_max: int
    ) -> tuple[str, PostForm]:
        """A new id, and the form for up to ``length_max`` bytes of its image.

        Raises ``DependencyUnavailable`` if there are no credentials.
        """
        image_id = self.ids.new()
        form = self.presigner.post_form(
            upload_key(user_id, image_id),
            await self.credentials.current(),
            content_type=content_type,
            length_max=length_max,
        )
        return image_id, form
