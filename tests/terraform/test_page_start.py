"""The page's start on AWS: a file of Streamlit's secrets, made in memory, out of the task's own."""

import json
import os
import subprocess
import tomllib
from pathlib import Path

from tests.terraform.gate import SOURCE

_PYTHON = """#!/bin/sh
env > "$SEEN/environment"
printf '%s\\n' "$@" > "$SEEN/arguments"
"""
_GIVEN = {
    "UI_REDIRECT_URI": "https://captions.example.com/oauth2callback",
    "UI_COOKIE_SECRET": "c0ffee",
    "UI_CLIENT_ID": "client",
    "UI_CLIENT_SECRET": "of-the-client",
    "UI_GATEWAY_URL": "http://gateway.captions-prod.internal:8080",
}


def test_streamlit_gets_its_secrets_in_a_private_file_and_nowhere_else(tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(_PYTHON)
    python.chmod(0o755)
    # The script writes to its own /tmp; here, to a folder of the test.
    script = (SOURCE / "files" / "ui.sh").read_text().replace("/tmp/", f"{tmp_path}/")  # noqa: S108

    subprocess.run(
        ["sh", "-ec", script],
        env={"PATH": f"{python.parent}:{os.environ['PATH']}", "SEEN": str(tmp_path), **_GIVEN},
        check=True,
        timeout=10,
    )

    file = tmp_path / "secrets.toml"
    assert tomllib.loads(file.read_text()) == {
        "auth": {
            "redirect_uri": "https://captions.example.com/oauth2callback",
            "cookie_secret": "c0ffee",
            "client_id": "client",
            "client_secret": "of-the-client",
            "server_metadata_url": (
                "http://gateway.captions-prod.internal:8080/auth/openid-configuration"
            ),
            "expose_tokens": ["id", "access"],
        }
    }
    assert file.stat().st_mode & 0o077 == 0
    assert "of-the-client" not in (tmp_path / "environment").read_text()
    assert "c0ffee" not in (tmp_path / "environment").read_text()
    assert (tmp_path / "arguments").read_text().split()[-2:] == ["--secrets.files", str(file)]


def test_the_dashboards_document_is_json_once_its_names_are_in() -> None:
    text = (SOURCE / "files" / "dashboard.json.tftpl").read_text()
    for name in ("alarms", "queue_metrics", "running_metrics", "load_metrics"):
        text = text.replace(f"${{{name}}}", "[]")

    widgets = json.loads(text)["widgets"]

    assert len(widgets) > 10
    # Twenty-four columns, and no widget on top of another.
    cells = [
        (column, row)
        for widget in widgets
        for column in range(widget["x"], widget["x"] + widget["width"])
        for row in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(cells) == len(set(cells))
    assert max(column for column, _ in cells) == 23
