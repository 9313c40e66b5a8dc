"""What development is going to have, by the plan of dev.tfvars: the same, but cheap."""

import pytest

from tests.terraform.gate import Plan, needs_check

pytestmark = [needs_check, pytest.mark.timeout(300)]


def test_nothing_is_paid_for_the_network_by_the_hour(development: Plan) -> None:
    assert not development.of("aws_nat_gateway")
    assert not development.of("aws_vpc_endpoint")
    assert not [
        each for each in development.of("aws_vpc") if not each.startswith("module.network.data.")
    ]


def test_workers_run_on_spare_capacity_and_the_rest_does_not(development: Plan) -> None:
    services = development.of("aws_ecs_service")

    providers = {
        address.split('"')[1]: each["capacity_provider_strategy"][0]["capacity_provider"]
        for address, each in services.items()
    }

    assert providers == {
        "gateway": "FARGATE",
        "ui": "FARGATE",
        "sweeper": "FARGATE",
        "ingest": "FARGATE_SPOT",
        "captioner": "FARGATE_SPOT",
    }


def test_tasks_are_few(development: Plan) -> None:
    targets = development.of("aws_appautoscaling_target").values()

    assert {(each["min_capacity"], each["max_capacity"]) for each in targets} == {(1, 3)}


def test_data_may_be_deleted_and_are_encrypted_all_the_same(development: Plan) -> None:
    table = development.one("aws_dynamodb_table")
    bucket = development.one("aws_s3_bucket", "module.photos")

    assert table["deletion_protection_enabled"] is False
    assert table["server_side_encryption"][0]["enabled"] is True
    assert bucket["force_destroy"] is True


def test_short_retention_needs_no_archive(development: Plan) -> None:
    rules = development.one("aws_s3_bucket_lifecycle_configuration", "module.photos")["rule"]

    assert {rule["id"] for rule in rules} == {"incoming", "images", "leftovers", "markers"}
    assert {rule["id"]: rule["expiration"] for rule in rules}["images"][0]["days"] == 12


def test_the_alarms_are_those_of_production(production: Plan, development: Plan) -> None:
    def names(plan: Plan, environment: str) -> set[str]:
        return {
            alarm["alarm_name"].removeprefix(f"captions-{environment}-")
            for alarm in plan.of("aws_cloudwatch_metric_alarm").values()
        }

    assert names(development, "dev") == names(production, "prod")
