"""What a process does not load before somebody needs it: it would pay for that at every start."""

import subprocess
import sys

import pytest

from tests.named import ROOT

NOT_BEFORE_IT_IS_ASKED_FOR = {
    "services.gateway": ("services.gateway.openapi", "PIL", "numpy"),
    "services.gateway.sweeper": ("services.gateway.app", "PIL", "numpy"),
    "services.ingest": ("numpy", "onnxruntime"),
    "services.captioner": ("services.captioner.providers.huggingface", "huggingface_hub"),
}
OF_ANY = ("opentelemetry.exporter.otlp", "s3transfer", "moto", "streamlit", "pandas")


@pytest.mark.parametrize("program", NOT_BEFORE_IT_IS_ASKED_FOR)
def test_what_is_rarely_needed_is_not_imported_at_start(program: str) -> None:
    entry = program if program.endswith("sweeper") else f"{program}.__main__"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, {entry}; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=25,
    )
    imported = set(done.stdout.split())

    assert program in imported
    assert imported.isdisjoint((*OF_ANY, *NOT_BEFORE_IT_IS_ASKED_FOR[program]))
