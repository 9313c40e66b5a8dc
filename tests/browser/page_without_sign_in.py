"""The signed-in page for a fixed person and a gateway named in the environment: the browser
tests of the page's own behaviour run it, the sign-in has a test of its own on the whole stack."""

import os

from clients.api import CaptionApi
from clients.connection import Patience
from services.ui import shell, sign_in
from services.ui.views import front

shell.prepare()
if os.environ.get("TEST_SHOW_FRONT"):
    front.show(ended=os.environ["TEST_SHOW_FRONT"] == "ended")
else:
    shell.show(
        sign_in.Person(name="ana@example.com", token="good"),
        lambda: CaptionApi(os.environ["TEST_GATEWAY_URL"], "good", patience=Patience(attempts=1)),
    )
