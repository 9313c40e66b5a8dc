"""Whether the gate bites: a copy of infra/terraform is broken, and a certain test has to turn red.

Slow, so with SOAK=1 only. What a mutation replaces has to be there, or it would prove nothing.
"""

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.terraform.gate import SOURCE, needs_check, run

pytestmark = [
    needs_check,
    pytest.mark.skipif(os.environ.get("SOAK") != "1", reason="slow: SOAK=1"),
    pytest.mark.timeout(900),
]

_VALID = "test_gate.py::test_the_root_is_valid_and_passes_its_own_tests"


@dataclass(frozen=True)
class Mutation:
    """``pattern`` in ``file`` is replaced; ``red`` is the test that must not let it through."""

    file: str
    pattern: str
    replacement: str
    red: str
    says: str  # in the output of the test, or it failed for a reason of its own


_MUTATIONS = {
    "required argument dropped": Mutation(
        "modules/service/task.tf", r"  family +=.*\n", "", _VALID, "Missing required argument"
    ),
    "argument misspelt": Mutation(
        "main.tf", r"billing_mode ", "biling_mode ", _VALID, "Unsupported argument"
    ),
    "action widened": Mutation(
        "permissions.tf",
        r'"dynamodb:GetItem" +=',
        '"dynamodb:*" =',
        "test_production.py::test_no_role_has_an_action_by_pattern_or_a_resource_without_bounds",
        "Each action by its whole name",
    ),
    "action added": Mutation(
        "permissions.tf",
        r'("s3:PutObject" += \[local\.images\])',
        r'\1, "s3:PutObjectAcl" = [local.images]',
        _VALID,
        "ingest",
    ),
    "resource widened": Mutation(
        "permissions.tf",
        r'"kms:Decrypt" = \[aws_kms_key\.this\["data"\]\.arn\] }',
        '"kms:Decrypt" = ["*"] }',
        "test_production.py::test_no_role_has_an_action_by_pattern_or_a_resource_without_bounds",
        "kms:Decrypt",
    ),
    "encryption off": Mutation(
        "main.tf",
        r"(server_side_encryption \{\n +enabled +=) true",
        r"\1 false",
        "test_production.py::test_records_are_encrypted_recoverable_and_protected",
        "AssertionError",
    ),
    "public access on": Mutation(
        "modules/photos/main.tf",
        r"(block_public_acls +=) true",
        r"\1 false",
        "test_production.py::test_photos_are_private_encrypted_and_versioned",
        "AssertionError",
    ),
    "alarm removed": Mutation(
        "alarms.tf",
        r"(?s)    server-errors = \{.*?    table-throttles = \{",
        "    table-throttles = {",
        "test_alarms.py::test_every_alarm_has_its_threshold_and_rings",
        "server-errors",
    ),
    "redrive removed": Mutation(
        "modules/queue/main.tf",
        r"(?s)  redrive_policy = jsonencode\(.*?\}\)\n",
        "",
        _VALID,
        "Error",
    ),
    "log retention dropped": Mutation(
        "modules/service/task.tf",
        r"  retention_in_days.*\n",
        "",
        "test_production.py::test_logs_are_kept_thirty_days_under_a_key",
        "AssertionError",
    ),
    "scaling bound changed": Mutation(
        "environments/prod.tfvars",
        r"max = 10",
        "max = 8",
        "test_production.py::test_services_scale_between_two_and_ten_tasks",
        "AssertionError",
    ),
    "TLS lowered": Mutation(
        "modules/edge/main.tf",
        r'"TLSv1\.2_2021"',
        '"TLSv1"',
        "test_front.py::test_tls_is_1_2_at_least_everywhere",
        "AssertionError",
    ),
    "private answers cached": Mutation(
        "modules/edge/main.tf",
        r"(?s)(for_each = var\.private_paths.*?cache_policy_id +=) local\.caching_disabled",
        r"\1 local.caching_optimized",
        "test_front.py::test_only_static_files_are_ever_cached",
        "/v1/*",
    ),
}


@pytest.mark.parametrize("mutation", _MUTATIONS.values(), ids=_MUTATIONS.keys())
def test_mutation_turns_a_test_red(mutation: Mutation, tmp_path: Path) -> None:
    copy = tmp_path / "terraform"
    shutil.copytree(SOURCE, copy)
    file = copy / mutation.file
    broken, count = re.subn(mutation.pattern, mutation.replacement, file.read_text(), count=1)
    assert count == 1, "nothing to break"
    file.write_text(broken)

    answer = run(
        sys.executable,
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/terraform/{mutation.red}"),
        TERRAFORM_SOURCE=str(copy),
    )

    assert answer.returncode == 1, answer.stdout
    assert mutation.says in answer.stdout
