"""Terraform's own judgement of infra/terraform: its form, its references, its tests."""

import pytest

from tests.terraform.gate import CHECK, SOURCE, needs_check, needs_terraform, run

pytestmark = [pytest.mark.timeout(900)]


@needs_terraform
def test_files_have_terraforms_own_form() -> None:
    answer = run("terraform", "fmt", "-check", "-recursive", "-diff", SOURCE)

    assert answer.returncode == 0, answer.stdout


@needs_check
def test_the_root_is_valid_and_passes_its_own_tests() -> None:
    answer = run(CHECK, SOURCE, "validate", "test")

    assert answer.returncode == 0, answer.stdout
    assert "0 failed" in answer.stdout


@needs_check
def test_the_root_of_the_states_bucket_is_valid() -> None:
    answer = run(CHECK, SOURCE / "bootstrap", "validate")

    assert answer.returncode == 0, answer.stdout


def test_no_file_asks_to_be_two() -> None:
    files = [path for path in SOURCE.rglob("*") if path.suffix in {".tf", ".hcl", ".tftpl", ".sh"}]

    long = {path.name for path in files if len(path.read_text().splitlines()) > 300}

    assert files
    assert not long
