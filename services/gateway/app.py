"""Put the gateway together. Nothing here waits for AWS: whether it answers is for ``/readyz``."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from aiohttp import ClientSession, ClientTimeout, web

from services.gateway import admin, health, keys, openapi_pages, signin
from services.gateway.account import get_me
from services.gateway.admin_access import admins_only
from services.gateway.auth import authenticate
from services.gateway.batch_reader import BatchReader
from services.gateway.batches import get_batch
from services.gateway.budget import UploadBudget
from services.gateway.cors import allow_origin, preflight
from services.gateway.cursors import Cursors
from services.gateway.dead_letters import DeadLetters
from services.gateway.deletion import delete_all, delete_image, get_deletion
from services.gateway.deletions import deletions_on
from services.gateway.direct_uploads import begin_upload, complete_upload
from services.gateway.discovery import Discovery
from services.gateway.downloads import DOWNLOADS_AT_ONCE, DOWNLOADS_PER_USER, download_image
from services.gateway.edits import edit_image
from services.gateway.export_parts import get_export
from services.gateway.exports import EXPORTS_AT_ONCE, EXPORTS_PER_USER, export, export_part
from services.gateway.faults import death_at
from services.gateway.history import list_images
from services.gateway.idempotency import IdempotencyKeys
from services.gateway.identifiers import ImageIds
from services.gateway.images import get_image
from services.gateway.jwks import KeySet
from services.gateway.middleware import add_headers, observe
from services.gateway.pacing import Pacer
from services.gateway.pending_uploads import PendingUploads
from services.gateway.problems import problems
from services.gateway.queues import Queue, Queues, metrics_client
from services.gateway.quota import add_quota_headers, refuse_exceeded
from services.gateway.ratelimit import pace_addresses, pace_users
from services.gateway.readiness import Readiness
from services.gateway.recaption import caption_again, retry_image
from services.gateway.redrive import Redrives
from services.gateway.restarts import Restarts
from services.gateway.settings import Settings
from services.gateway.signing import SessionCredentials
from services.gateway.submissions import Submissions
from services.gateway.tally import Tally
from services.gateway.tokens import TokenVerifier
from services.gateway.transfers import Transfers
from services.gateway.upload_forms import UploadForms
from services.gateway.uploads import submit_image
from services.gateway.usage import count_requests
from services.gateway.views import Views
from services.gateway.waiting import Poller
from shared.admin_api import QueueName
from shared.aws import aws_session, client_config, s3_config
from shared.control_items import LIFETIME_SLACK_S, ControlItems
from shared.controls import Controls
from shared.item_store import ItemStore
from shared.object_store import ObjectStore
from shared.presign import Presigner
from shared.publisher import Publisher
from shared.record_store import RecordStore
from shared.records import Status
from shared.sent_marks import SentMarks
from shared.usage import UsageCounter

# Requests are short and wait mostly for AWS; above this they queue for a connection.
CONNECTIONS = 64
SIGN_IN_TIMEOUT_S = 3
DAY_S = 24 * 3600


def create_app(settings: Settings) -> web.Application:
    """The gateway as an application, its clients made when it starts up."""
    app = web.Application(
        middlewares=[
            observe,
            count_requests,
            preflight,
            problems,
            pace_addresses,
            authenticate,
            pace_users,
            admins_only,
            refuse_exceeded,
        ]
    )
    app[keys.SETTINGS] = settings
    app[keys.BUDGET] = UploadBudget(
        total=settings.upload_budget_bytes,
        per_user=settings.uploads_per_user,
        wait=settings.upload_wait_s,
    )
    app[keys.ADDRESS_PACER] = Pacer(
        per_minute=settings.address_requests_per_minute, burst=settings.request_burst_s
    )
    app[keys.USER_PACER] = Pacer(
        per_minute=settings.requests_per_minute, burst=settings.request_burst_s
    )
    app[keys.CURSORS] = Cursors(settings.signing_key.get_secret_value().encode())
    app[keys.DOWNLOADS] = Transfers(total=DOWNLOADS_AT_ONCE, per_user=DOWNLOADS_PER_USER)
    app[keys.EXPORTS] = Transfers(total=EXPORTS_AT_ONCE, per_user=EXPORTS_PER_USER)
    app.add_routes(health.routes)
    app.add_routes(signin.routes)
    app.add_routes(openapi_pages.routes)
    app.add_routes(admin.routes)
    app.router.add_post("/v1/images", submit_image)
    app.router.add_get("/v1/images", list_images)
    app.router.add_get("/v1/images/{image_id}", get_image)
    app.router.add_patch("/v1/images/{image_id}", edit_image)
    app.router.add_post("/v1/images/{image_id}/captions", caption_again)
    app.router.add_post("/v1/images/{image_id}/retry", retry_image)
    app.router.add_get("/v1/batches/{batch}", get_batch)
    app.router.add_post("/v1/uploads", begin_upload)
    app.router.add_post("/v1/uploads/{upload_id}/complete", complete_upload)
    app.router.add_get("/v1/images/{image_id}/download", download_image)
    app.router.add_delete("/v1/images/{image_id}", delete_image)
    app.router.add_get("/v1/me/export", export)
    app.router.add_get("/v1/me/exports/{export_id}", get_export)
    app.router.add_get("/v1/me/exports/{export_id}/parts/{part:[0-9]{1,5}}", export_part)
    app.router.add_delete("/v1/me/data", delete_all)
    app.router.add_get("/v1/me/data/deletions/{deletion_id}", get_deletion)
    app.router.add_get("/v1/me", get_me)
    app.on_response_prepare.append(add_headers)
    app.on_response_prepare.append(add_quota_headers)
    app.on_response_prepare.append(allow_origin)
    app.on_startup.append(openapi_pages.prepare)
    app.on_shutdown.append(_release_waits)
    app.cleanup_ctx.append(_collaborators)
    return app


async def _release_waits(app: web.Application) -> None:
    app[keys.POLLER].release()


def _queues(settings: Settings) -> dict[QueueName, Queue]:
    return {
        "ingest": Queue("ingest", settings.ingest_queue_url, settings.ingest_dlq_url),
        "caption": Queue("caption", settings.caption_queue_url, settings.caption_dlq_url),
    }


async def _collaborators(app: web.Application) -> AsyncIterator[None]:
    settings = app[keys.SETTINGS]
    session = aws_session()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        config = client_config(connections=CONNECTIONS)
        dynamodb = await enter(session.client("dynamodb", config=config))
        sqs = await enter(session.client("sqs", config=config))
        s3 = await enter(session.client("s3", config=s3_config(connections=CONNECTIONS)))
        http = await enter(ClientSession(timeout=ClientTimeout(total=SIGN_IN_TIMEOUT_S)))

        items = ItemStore(dynamodb, settings.records_table)
        control = ControlItems(items, settings.user_hash_key.get_secret_value().encode())
        records = RecordStore(dynamodb, settings.records_table, control=control)
        sign_in_keys = KeySet(http, settings.jwks_url)
        presigner = Presigner(
            endpoint=s3.meta.endpoint_url, region=s3.meta.region_name, bucket=settings.images_bucket
        )
        objects = ObjectStore(s3, settings.images_bucket)
        controls = Controls(
            dynamodb,
            settings.records_table,
            hash_key=settings.user_hash_key.get_secret_value().encode(),
            limit=settings.quota_limit,
            window=settings.quota_window_s,
            lifetime=settings.retention_days * DAY_S + LIFETIME_SLACK_S,
        )
        to_ingest = await enter(Publisher(sqs, settings.ingest_queue_url))
        to_captioner = await enter(Publisher(sqs, settings.caption_queue_url))
        ids, credentials = ImageIds(), SessionCredentials(session)
        submissions = Submissions(
            keys=IdempotencyKeys(items),
            controls=controls,
            records=records,
            objects=objects,
            publisher=to_ingest,
            marks=await enter(SentMarks(items, records)),
            ids=ids,
            retention=settings.retention_days * DAY_S,
            after_record=death_at(settings.fault_point, endpoint=dynamodb.meta.endpoint_url),
        )
        stack.push_async_callback(submissions.close)
        deletions = deletions_on(
            items, control, records, objects, retention=settings.retention_days * DAY_S
        )
        stack.push_async_callback(deletions.close)

        queues = Queues(sqs, await enter(metrics_client(session)), _queues(settings))
        redrives = Redrives(sqs, queues)
        stack.push_async_callback(redrives.close)
        app[keys.ITEMS] = items
        app[keys.USAGE] = await enter(UsageCounter(items, "gateway"))
        app[keys.QUEUES] = queues
        app[keys.REDRIVES] = redrives
        app[keys.DEAD_LETTERS] = DeadLetters(
            sqs, hash_key=settings.user_hash_key.get_secret_value().encode()
        )
        app[keys.RECORDS] = records
        app[keys.CONTROLS] = controls
        app[keys.TALLY] = Tally(items)
        app[keys.OBJECTS] = objects
        app[keys.DELETIONS] = deletions
        app[keys.SUBMISSIONS] = submissions
        app[keys.VERIFIER] = TokenVerifier(
            sign_in_keys, issuer=settings.cognito_issuer, client_ids=settings.cognito_client_ids
        )
        app[keys.VIEWS] = Views(presigner, credentials)
        app[keys.RESTARTS] = Restarts(
            records, objects, {Status.QUEUED: to_ingest, Status.CAPTIONING: to_captioner}
        )
        app[keys.BATCHES] = BatchReader(dynamodb, settings.records_table, control)
        app[keys.FORMS] = UploadForms(ids, presigner, credentials)
        app[keys.PENDING_UPLOADS] = PendingUploads(
            items, records, objects, controls, retention=settings.retention_days * DAY_S
        )
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
