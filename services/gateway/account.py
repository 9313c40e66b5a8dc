"""``GET /v1/me``: who is asking, what is left of the quota, and how many images there are."""

import time
from datetime import UTC, datetime

from aiohttp import web

from services.gateway.auth import IDENTITY
from services.gateway.keys import CONTROLS, RECORDS, SETTINGS, TALLY
from services.gateway.quota import tell
from shared.api import AccountView, QuotaView
from shared.controls import Bucket
from shared.records import timestamp


async def get_me(request: web.Request) -> web.Response:
    """The caller's account."""
    identity, settings = request[IDENTITY], request.app[SETTINGS]
    bucket = await request.app[CONTROLS].bucket(identity.user_id)
    tell(request, bucket)
    epoch = (await request.app[RECORDS].standing(identity.user_id)).epoch
    images, complete = await request.app[TALLY].images(identity.user_id, epoch=epoch)
    view = AccountView(
        user_id=identity.user_id,
        groups=sorted(identity.groups),
        quota=_quota(bucket),
        images=images,
        images_complete=complete,
        retention_days=settings.retention_days,
    )
    return web.Response(text=view.model_dump_json(), content_type="application/json")


def _quota(bucket: Bucket) -> QuotaView:
    full_at = datetime.fromtimestamp(time.time() + bucket.resets_in, UTC)
    return QuotaView(
        limit=bucket.limit,
        window_s=round(bucket.window),
        remaining=bucket.remaining,
        resets_at=timestamp(full_at),
    )
