"""One run of a view without a browser, and what is on the page after it."""

import json
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

_SCRIPT = Path(__file__).parent / "one_view.py"


def opened(
    view: str, client: object, *, address: dict[str, str] | None = None, **state: Any
) -> AppTest:
    """``view`` on ``client``, under ``address``, with ``state`` in its session."""
    test = AppTest.from_file(_SCRIPT, default_timeout=20)
    for name, value in {"view": view, "fake": client, **state}.items():
        test.session_state[name] = value
    for name, value in (address or {}).items():
        test.query_params[name] = value
    return test.run()


def drawn(test: AppTest) -> list[dict[str, Any]]:
    """What our own components were given."""
    return [json.loads(element.proto.json) for element in test.get("bidi_component")]


def said(test: AppTest) -> str:
    """What is written on the page, a line for each element."""
    kinds = (test.title, test.subheader, test.markdown, test.info, test.warning, test.text)
    return "\n".join(element.value for kind in kinds for element in kind)


def labels(test: AppTest) -> list[str]:
    return [button.label for button in test.button]


def button(test: AppTest, label: str) -> Any:
    [found] = [one for one in test.button if one.label == label]
    return found


def press(test: AppTest, label: str) -> None:
    button(test, label).click().run()
