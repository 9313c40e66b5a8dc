"""Folders with tiny models, for the tests that have torch; the others are skipped before."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def blip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a BLIP."""
    from tests.sagemaker.checkpoints import save_blip  # noqa: PLC0415  where torch is installed

    folder = tmp_path_factory.mktemp("blip")
    save_blip(folder)
    return folder


@pytest.fixture(scope="session")
def vit_gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ViT-GPT2."""
    from tests.sagemaker.checkpoints import save_vit_gpt2  # noqa: PLC0415  where torch is installed

    folder = tmp_path_factory.mktemp("vit-gpt2")
    save_vit_gpt2(folder)
    return folder
