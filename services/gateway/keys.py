"""What handlers may find on the application."""

from aiohttp import web

from services.gateway.batch_reader import BatchReader
from services.gateway.budget import UploadBudget
from services.gateway.cursors import Cursors
from services.gateway.dead_letters import DeadLetters
from services.gateway.deletions import Deletions
from services.gateway.discovery import Discovery
from services.gateway.openapi_page import Pages
from services.gateway.pacing import Pacer
from services.gateway.pending_uploads import PendingUploads
from services.gateway.queues import Queues
from services.gateway.readiness import Readiness
from services.gateway.redrive import Redrives
from services.gateway.restarts import Restarts
from services.gateway.settings import Settings
from services.gateway.submissions import Submissions
from services.gateway.tally import Tally
from services.gateway.tokens import TokenVerifier
from services.gateway.transfers import Transfers
from services.gateway.upload_forms import UploadForms
from services.gateway.views import Views
from services.gateway.waiting import Poller
from shared.controls import Controls
from shared.item_store import ItemStore
from shared.object_store import ObjectStore
from shared.record_store import RecordStore
from shared.usage import UsageCounter

SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
CONTROLS: web.AppKey[Controls] = web.AppKey("controls", Controls)
ADDRESS_PACER: web.AppKey[Pacer] = web.AppKey("address_pacer", Pacer)
USER_PACER: web.AppKey[Pacer] = web.AppKey("user_pacer", Pacer)
TALLY: web.AppKey[Tally] = web.AppKey("tally", Tally)
RESTARTS: web.AppKey[Restarts] = web.AppKey("restarts", Restarts)
BATCHES: web.AppKey[BatchReader] = web.AppKey("batches", BatchReader)
FORMS: web.AppKey[UploadForms] = web.AppKey("forms", UploadForms)
PENDING_UPLOADS: web.AppKey[PendingUploads] = web.AppKey("pending_uploads", PendingUploads)
RECORDS: web.AppKey[RecordStore] = web.AppKey("records", RecordStore)
SUBMISSIONS: web.AppKey[Submissions] = web.AppKey("submissions", Submissions)
BUDGET: web.AppKey[UploadBudget] = web.AppKey("budget", UploadBudget)
VERIFIER: web.AppKey[TokenVerifier] = web.AppKey("verifier", TokenVerifier)
VIEWS: web.AppKey[Views] = web.AppKey("views", Views)
POLLER: web.AppKey[Poller] = web.AppKey("poller", Poller)
CURSORS: web.AppKey[Cursors] = web.AppKey("cursors", Cursors)
READINESS: web.AppKey[Readiness] = web.AppKey("readiness", Readiness)
DISCOVERY: web.AppKey[Discovery] = web.AppKey("discovery", Discovery)
OBJECTS: web.AppKey[ObjectStore] = web.AppKey("objects", ObjectStore)
DOWNLOADS: web.AppKey[Transfers] = web.AppKey("downloads", Transfers)
EXPORTS: web.AppKey[Transfers] = web.AppKey("exports", Transfers)
PAGES: web.AppKey[Pages] = web.AppKey("pages", Pages)
DELETIONS: web.AppKey[Deletions] = web.AppKey("deletions", Deletions)
ITEMS: web.AppKey[ItemStore] = web.AppKey("items", ItemStore)
USAGE: web.AppKey[UsageCounter] = web.AppKey("usage", UsageCounter)
QUEUES: web.AppKey[Queues] = web.AppKey("queues", Queues)
DEAD_LETTERS: web.AppKey[DeadLetters] = web.AppKey("dead_letters", DeadLetters)
REDRIVES: web.AppKey[Redrives] = web.AppKey("redrives", Redrives)
