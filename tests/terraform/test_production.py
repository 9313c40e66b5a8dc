"""What production is going to have, by the plan of prod.tfvars."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from infra.local.provision import lifecycle_rules
from tests.terraform.gate import Plan, needs_check

pytestmark = [needs_check, pytest.mark.timeout(300)]

_SERVICES = ("gateway", "sweeper", "reconciler", "ui", "ingest", "captioner")
_SCALED = ("gateway", "ui", "ingest", "captioner")


def test_services_scale_between_two_and_ten_tasks(production: Plan) -> None:
    targets = production.of("aws_appautoscaling_target")

    bounds = {
        address.split('"')[1]: (each["min_capacity"], each["max_capacity"])
        for address, each in targets.items()
    }

    assert bounds == dict.fromkeys(_SCALED, (2, 10))


def test_people_facing_services_follow_load_and_workers_their_backlog(production: Plan) -> None:
    policies = production.of("aws_appautoscaling_policy")

    targets = {
        (address.split('"')[1], each["name"].rsplit("-", 1)[1]): each[
            "target_tracking_scaling_policy_configuration"
        ][0]["target_value"]
        for address, each in policies.items()
    }

    assert targets == {
        ("gateway", "ECSServiceAverageCPUUtilization"): 60,
        ("gateway", "ECSServiceAverageMemoryUtilization"): 70,
        ("ui", "ECSServiceAverageCPUUtilization"): 60,
        ("ui", "ECSServiceAverageMemoryUtilization"): 70,
        ("ingest", "backlog"): 48,
        ("ingest", "busy"): 2.4,
        ("captioner", "backlog"): 72,
        ("captioner", "busy"): 7.2,
    }


def test_a_bad_release_is_rolled_back_and_nothing_runs_on_spare_capacity(production: Plan) -> None:
    services = production.of("aws_ecs_service")

    assert len(services) == len(_SERVICES) - 1
    for service in services.values():
        assert service["deployment_circuit_breaker"] == [{"enable": True, "rollback": True}]
        (strategy,) = service["capacity_provider_strategy"]
        assert strategy["capacity_provider"] == "FARGATE"
        assert service["network_configuration"][0]["assign_public_ip"] is False


def test_tasks_have_half_a_core_and_ingest_two_gigabytes(production: Plan) -> None:
    tasks = production.of("aws_ecs_task_definition")

    sizes = {
        address.split('"')[1]: (each["cpu"], each["memory"]) for address, each in tasks.items()
    }

    assert sizes == {**dict.fromkeys(_SERVICES, ("512", "1024")), "ingest": ("512", "2048")}


def test_the_nightly_comparison_runs_by_the_clock(production: Plan) -> None:
    schedule = production.one("aws_scheduler_schedule")

    assert schedule["schedule_expression"] == "cron(0 3 * * ? *)"
    assert schedule["schedule_expression_timezone"] == "UTC"


def _local_form(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of the plan as infra/local/provision.py writes it."""
    (given,) = rule["filter"]
    form: dict[str, Any] = {"ID": rule["id"], "Status": rule["status"]}
    if given["and"]:
        both = given["and"][0]
        form["Filter"] = {
            "And": {
                "Prefix": both["prefix"],
                "ObjectSizeGreaterThan": both["object_size_greater_than"],
            }
        }
    else:
        form["Filter"] = {"Prefix": given["prefix"]}
    for expiration in rule["expiration"]:
        form["Expiration"] = {"Days": expiration["days"]}
    for noncurrent in rule["noncurrent_version_expiration"]:
        form["NoncurrentVersionExpiration"] = {"NoncurrentDays": noncurrent["noncurrent_days"]}
    for abort in rule["abort_incomplete_multipart_upload"]:
        form["AbortIncompleteMultipartUpload"] = {
            "DaysAfterInitiation": abort["days_after_initiation"]
        }
    if rule["transition"]:
        form["Transitions"] = [
            {"Days": each["days"], "StorageClass": each["storage_class"]}
            for each in rule["transition"]
        ]
    return form


def test_photos_live_as_long_as_on_the_local_stack(production: Plan) -> None:
    rules = production.one("aws_s3_bucket_lifecycle_configuration", "module.photos")["rule"]

    forms = {rule["id"]: _local_form(rule) for rule in rules if rule["id"] != "markers"}
    (markers,) = [rule for rule in rules if rule["id"] == "markers"]

    assert forms == {rule["ID"]: rule for rule in lifecycle_rules(90)}
    assert forms["images"]["Expiration"] == {"Days": 88}
    assert forms["archive"]["Transitions"] == [{"Days": 60, "StorageClass": "GLACIER_IR"}]
    assert markers["expiration"][0]["expired_object_delete_marker"] is True


def test_photos_are_private_encrypted_and_versioned(production: Plan) -> None:
    within = "module.photos"
    encryption = production.one("aws_s3_bucket_server_side_encryption_configuration", within)
    (rule,) = encryption["rule"]
    (default,) = rule["apply_server_side_encryption_by_default"]
    (versioning,) = production.one("aws_s3_bucket_versioning", within)["versioning_configuration"]
    blocks = production.of("aws_s3_bucket_public_access_block")

    assert (default["sse_algorithm"], rule["bucket_key_enabled"]) == ("aws:kms", True)
    assert versioning["status"] == "Enabled"
    assert len(blocks) == 2
    assert all(
        block[name] is True
        for block in blocks.values()
        for name in (
            "block_public_acls",
            "block_public_policy",
            "ignore_public_acls",
            "restrict_public_buckets",
        )
    )
    (cors,) = production.one("aws_s3_bucket_cors_configuration")["cors_rule"]
    assert cors["allowed_methods"] == ["POST"]
    assert cors["allowed_origins"] == ["https://captions.example.com"]


def test_records_are_encrypted_recoverable_and_protected(production: Plan) -> None:
    table = production.one("aws_dynamodb_table")

    assert table["billing_mode"] == "PAY_PER_REQUEST"
    assert table["server_side_encryption"][0]["enabled"] is True
    assert table["point_in_time_recovery"] == [{"enabled": True, "recovery_period_in_days": 7}]
    assert table["ttl"] == [{"enabled": True, "attribute_name": "ttl"}]
    assert table["deletion_protection_enabled"] is True
    (index,) = table["global_secondary_index"]
    assert (index["name"], index["projection_type"]) == ("active", "KEYS_ONLY")


def test_keys_rotate(production: Plan) -> None:
    keys = production.of("aws_kms_key").values()

    assert len(keys) == 3
    assert all(key["enable_key_rotation"] is True for key in keys)


def test_logs_are_kept_thirty_days_under_a_key(production: Plan) -> None:
    groups = production.of("aws_cloudwatch_log_group").values()

    assert len(groups) == len(_SERVICES) + 2  # metrics and refused connections
    assert {group["retention_in_days"] for group in groups} == {30}


def test_messages_wait_four_days_and_dead_letters_fourteen(production: Plan) -> None:
    queues = {each["name"]: each for each in production.of("aws_sqs_queue").values()}

    kept = {name: each["message_retention_seconds"] / 86_400 for name, each in queues.items()}

    assert kept == {
        "captions-prod-ingest": 4,
        "captions-prod-ingest-dlq": 14,
        "captions-prod-caption": 4,
        "captions-prod-caption-dlq": 14,
    }
    assert all(each["sqs_managed_sse_enabled"] is True for each in queues.values())
    # After how many receives they die is known after an apply only: tests/roles.tftest.hcl.
    assert len(production.of("aws_sqs_queue_redrive_allow_policy")) == 2


_ACTION = re.compile(r"^[a-z0-9-]+:[A-Za-z]+$")
# Fences and keys' own policies: "*" is the key itself, or bounded by a condition on the account.
_NOT_ROLES = ("data.aws_iam_policy_document.key", "data.aws_iam_policy_document.endpoint")
_WITHOUT_RESOURCES = {
    "cloudwatch:GetMetricData",
    "ecr:GetAuthorizationToken",
    "rekognition:DetectLabels",
    "xray:PutTraceSegments",
}


def _statements(plan: Plan) -> list[Mapping[str, Any]]:
    return [
        statement
        for address, document in plan.of("aws_iam_policy_document").items()
        if not any(name in address for name in _NOT_ROLES)
        for statement in document["statement"]
        if statement["effect"] != "Deny"
    ]


def test_no_role_has_an_action_by_pattern_or_a_resource_without_bounds(production: Plan) -> None:
    statements = _statements(production)

    assert len(statements) > 80
    assert all(_ACTION.match(action) for each in statements for action in each["actions"])
    assert {
        action
        for each in statements
        if "*" in (each.get("resources") or ())
        for action in each["actions"]
    } == _WITHOUT_RESOURCES


def test_transaction_search_and_the_audit_trail_are_on(production: Plan) -> None:
    trail = production.one("aws_cloudtrail")

    assert production.one("aws_xray_trace_segment_destination")["destination"] == "CloudWatchLogs"
    assert len(production.of("aws_cloudwatch_log_resource_policy")) == 1
    assert trail["is_multi_region_trail"] is True
    assert trail["enable_log_file_validation"] is True
