"""A captioner whose settings can't work stops at once, with one line that names the setting."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.workers.captioner import HASH_KEY

ROOT = Path(__file__).parents[3]
SETTINGS = {
    "CAPTIONER_IMAGES_BUCKET": "b",
    "CAPTIONER_RECORDS_TABLE": "t",
    "CAPTIONER_QUEUE_URL": "q",
    "CAPTIONER_DLQ_URL": "d",
    "CAPTIONER_USER_HASH_KEY": HASH_KEY,
}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"PROVIDERS": "sagemaker"}, "CAPTIONER_PROVIDERS"),
        (
            {"PROVIDERS": "huggingface,local", "HUGGINGFACE_TOKEN": "not-one"},
            "CAPTIONER_HUGGINGFACE_TOKEN",
        ),
        ({"PROVIDERS": "local", "LOCAL_MODELS_DIR": "/nowhere"}, "CAPTIONER_LOCAL_MODELS_DIR"),
        ({"CONCURRENCY": "many"}, "CAPTIONER_CONCURRENCY"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_setting_that_cannot_work_is_named(aws: str, settings: dict[str, str], named: str) -> None:
    variables = SETTINGS | {f"CAPTIONER_{name}": value for name, value in settings.items()}

    ended = subprocess.run(
        [sys.executable, "-m", "services.captioner"],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert ended.returncode == 2
    assert [line["setting"] for line in lines if line["event"] == "bad setting"] == [named]
    assert ended.stderr == ""
    assert "not-one" not in ended.stdout
