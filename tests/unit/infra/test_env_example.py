import importlib
from pathlib import Path

import pytest

from infra.local.layout import ROOT

_SERVICES = [path.parent.name for path in sorted(Path(ROOT, "services").glob("*/settings.py"))]


@pytest.mark.parametrize("service", _SERVICES)
def test_every_setting_is_in_the_example(service):
    settings = importlib.import_module(f"services.{service}.settings").Settings
    prefix = settings.model_config["env_prefix"]

    lines = ROOT.joinpath(".env.example").read_text().splitlines()
    listed = {line.removeprefix("# ").partition("=")[0] for line in lines}

    assert {f"{prefix}{name}".upper() for name in settings.model_fields} <= listed
