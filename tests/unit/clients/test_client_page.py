"""``docs/client.md`` says what is so."""

import inspect
import re
import zipfile
from pathlib import Path
from typing import Any

from clients.admin import AdminApi
from clients.api import CaptionApi
from tests.unit.clients.fake_api import JPEG, FakeApi, running
from tests.unit.clients.fake_rest import Rest

PAGE = (Path(__file__).parents[3] / "docs" / "client.md").read_text(encoding="utf-8")


def test_the_example_runs(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "cat.jpg").write_bytes(JPEG + b"cat")
    (tmp_path / "notes.jpg").write_text("no photo")
    names: dict[str, Any] = {}
    exec(compile(code, "docs/client.md", "exec"), names)  # noqa: S102  the page's own example

    with running(FakeApi()) as server:
        server.rest = Rest(server)
        captions = names["caption_folder"](server.url, "token", tmp_path)

    assert captions == {"cat.jpg": "=A cat", "notes.jpg": "refused: unsupported_media_type"}
    assert len(zipfile.ZipFile(tmp_path / "captions.zip").namelist()) == 1


def test_the_table_names_every_call() -> None:
    calls = {name for name, _ in inspect.getmembers(CaptionApi, inspect.isfunction)}

    told = set(re.findall(r"`(\w+)\(", PAGE.partition("## Calls")[2].partition("## What")[0]))

    assert told == {name for name in calls if not name.startswith("_")}


def test_the_operators_table_names_every_call() -> None:
    calls = {name for name, _ in inspect.getmembers(AdminApi, inspect.isfunction)}

    told = set(re.findall(r"`(\w+)\(", PAGE.partition("## For operators")[2]))

    assert told == {name for name in calls if not name.startswith("_")}
