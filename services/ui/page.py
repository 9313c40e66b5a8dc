"""What Streamlit runs for each visit, click and change; ``app.py`` starts it.

Nobody sees more than the front page without having signed in.
"""

import functools

from clients.api import CaptionApi
from clients.connection import Patience
from services.ui import shell, sign_in
from services.ui.settings import Settings
from services.ui.views import front


@functools.cache
def _settings() -> Settings:
    return Settings()


def main() -> None:
    """One run of the script."""
    settings = _settings()
    shell.prepare()
    if sign_in.is_leaving():
        return
    person = sign_in.current()
    if not isinstance(person, sign_in.Person):
        front.show(ended=isinstance(person, sign_in.Ended))
        return
    shell.show(
        person,
        lambda: CaptionApi(
            settings.gateway,
            person.token,
            # One attempt: a page that waited would stand still, and errands.py has a patience of
            # its own that tells the page about it.
            patience=Patience(attempts=1, timeout=settings.request_timeout_s),
        ),
    )


main()
