"""Put the gateway together. Nothing here waits for AWS: whether it answers is for ``/readyz``."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aioboto3
from aiohttp import ClientSession, ClientTimeout, web

from services.gateway import health, keys, signin
from services.gateway.auth import authenticate
from services.gateway.budget import UploadBudget
from services.gateway.cursors import Cursors
from services.gateway.discovery import Discovery
from services.gateway.history import list_images
from services.gateway.identifiers import ImageIds
from services.gateway.images import get_image
from services.gateway.jwks import KeySet
from services.gateway.middleware import add_headers, defer_continue, observe
from services.gateway.problems import problems
from services.gateway.readiness import Readiness
from services.gateway.settings import Settings
from services.gateway.signing import SessionCredentials
from services.gateway.submissions import Submissions
from services.gateway.tokens import TokenVerifier
from services.gateway.uploads import submit_image
from services.gateway.views import Views
from services.gateway.waiting import Poller
from shared.aws import client_config, s3_config
from shared.object_store import ObjectStore
from shared.presign import Presigner
from shared.publisher import Publisher
from shared.record_store import RecordStore

# Requests are short and wait mostly for AWS; above this they queue for a connection.
CONNECTIONS = 64
SIGN_IN_TIMEOUT_S = 3
DAY_S = 24 * 3600


def create_app(settings: Settings) -> web.Application:
    """The gateway as an application, its clients made when it starts up."""
    app = web.Application(middlewares=[observe, problems, authenticate])
    app[keys.SETTINGS] = settings
    app[keys.BUDGET] = UploadBudget(
        total=settings.upload_budget_bytes, per_user=settings.uploads_per_user
    )
    app[keys.CURSORS] = Cursors(settings.signing_key.get_secret_value().encode())
    app.add_routes(health.routes)
    app.add_routes(signin.routes)
    app.router.add_post("/v1/images", submit_image, expect_handler=defer_continue)
    app.router.add_get("/v1/images", list_images)
    app.router.add_get("/v1/images/{image_id}", get_image)
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.append(_release_waits)
    app.cleanup_ctx.append(_collaborators)
    return app


async def _release_waits(app: web.Application) -> None:
    app[keys.POLLER].release()


async def _collaborators(app: web.Application) -> AsyncIterator[None]:
    settings = app[keys.SETTINGS]
    session = aioboto3.Session()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        config = client_config(connections=CONNECTIONS)
        dynamodb = await enter(session.client("dynamodb", config=config))
        sqs = await enter(session.client("sqs", config=config))
        s3 = await enter(session.client("s3", config=s3_config(connections=CONNECTIONS)))
        http = await enter(ClientSession(timeout=ClientTimeout(total=SIGN_IN_TIMEOUT_S)))

        records = RecordStore(dynamodb, settings.records_table)
        sign_in_keys = KeySet(http, settings.jwks_url)
        presigner = Presigner(
            endpoint=s3.meta.endpoint_url, region=s3.meta.region_name, bucket=settings.images_bucket
        )
        submissions = Submissions(
            records=records,
            objects=ObjectStore(s3, settings.images_bucket),
            publisher=await enter(Publisher(sqs, settings.ingest_queue_url)),
            ids=ImageIds(),
            retention=settings.retention_days * DAY_S,
        )
        stack.push_async_callback(submissions.close)

        app[keys.RECORDS] = records
        app[keys.SUBMISSIONS] = submissions
        app[keys.VERIFIER] = TokenVerifier(
            sign_in_keys, issuer=settings.cognito_issuer, client_ids=settings.cognito_client_ids
        )
        app[keys.VIEWS] = Views(presigner, SessionCredentials(session))
        app[keys.POLLER] = await enter(Poller(records))
        app[keys.DISCOVERY] = Discovery(
            http, settings.discovery_url, logout_endpoint=f"{settings.public_url}/auth/logout"
        )
        app[keys.READINESS] = Readiness(
            {
                "dynamodb": lambda: records.get("-", "-"),
                "s3": lambda: s3.head_bucket(Bucket=settings.images_bucket),
                "sqs": lambda: sqs.get_queue_attributes(
                    QueueUrl=settings.ingest_queue_url, AttributeNames=["QueueArn"]
                ),
                "jwks": sign_in_keys.check,
            }
        )
        yield
