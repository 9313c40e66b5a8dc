"""What handlers may find on the application."""

from aiohttp import web

from services.gateway.budget import UploadBudget
from services.gateway.cursors import Cursors
from services.gateway.discovery import Discovery
from services.gateway.readiness import Readiness
from services.gateway.settings import Settings
from services.gateway.submissions import Submissions
from services.gateway.tokens import TokenVerifier
from services.gateway.views import Views
from services.gateway.waiting import Poller
from shared.record_store import RecordStore

SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
RECORDS: web.AppKey[RecordStore] = web.AppKey("records", RecordStore)
SUBMISSIONS: web.AppKey[Submissions] = web.AppKey("submissions", Submissions)
BUDGET: web.AppKey[UploadBudget] = web.AppKey("budget", UploadBudget)
VERIFIER: web.AppKey[TokenVerifier] = web.AppKey("verifier", TokenVerifier)
VIEWS: web.AppKey[Views] = web.AppKey("views", Views)
POLLER: web.AppKey[Poller] = web.AppKey("poller", Poller)
CURSORS: web.AppKey[Cursors] = web.AppKey("cursors", Cursors)
READINESS: web.AppKey[Readiness] = web.AppKey("readiness", Readiness)
DISCOVERY: web.AppKey[Discovery] = web.AppKey("discovery", Discovery)
