import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from scripts.rolled_out import DEADLINE_S, TakenBack, main, unfinished, wait

NEW = {"gateway": f"sha256:{'1' * 64}", "collector": f"sha256:{'2' * 64}"}
OLD = {"gateway": f"sha256:{'0' * 64}", "collector": f"sha256:{'2' * 64}"}


_regions = iter(boto3.Session().get_available_regions("ecs"))


@pytest.fixture
def ecs(aws: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A region of the test's own: clusters of one name are other clusters there."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", next(_regions))
    client = boto3.Session().client("ecs")
    client.create_cluster(clusterName="captions-prod")
    return client


def served(ecs: Any, digests: dict[str, str], name: str = "captions-prod-gateway") -> None:
    registry = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/captions-prod"
    ecs.register_task_definition(
        family=name,
        containerDefinitions=[
            {"name": key, "image": f"{registry}/{key}@{digest}", "memory": 64}
            for key, digest in digests.items()
        ],
    )
    ecs.create_service(
        cluster="captions-prod", serviceName=name, taskDefinition=name, desiredCount=2
    )


def healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_ECS_SERVICE_RUNNING", "2")


def test_services_with_the_releases_images_and_all_their_tasks_are_done(ecs, monkeypatch):
    healthy(monkeypatch)
    for number in range(12):  # more than may be described at once
        served(ecs, NEW, f"captions-prod-{number}")

    assert unfinished(ecs, "captions-prod", NEW) == []


def test_a_service_that_still_starts_tasks_is_waited_for(ecs, monkeypatch):
    served(ecs, NEW)

    assert unfinished(ecs, "captions-prod", NEW) == ["captions-prod-gateway"]


def test_a_stable_service_with_its_former_image_was_taken_back(ecs, monkeypatch):
    healthy(monkeypatch)
    served(ecs, OLD)

    with pytest.raises(TakenBack, match=r"captions-prod-gateway runs .*@sha256:0000"):
        unfinished(ecs, "captions-prod", NEW)


def test_a_deployment_that_ecs_gave_up_is_reported_with_its_reason(ecs, monkeypatch):
    served(ecs, NEW)
    describe = ecs.describe_services

    def failed(**arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = describe(**arguments)
        for service in answer["services"]:
            service["deployments"][0] |= {
                "rolloutState": "FAILED",
                "rolloutStateReason": "tasks failed to start",
            }
        return answer

    monkeypatch.setattr(ecs, "describe_services", failed)

    with pytest.raises(TakenBack, match="captions-prod-gateway: tasks failed to start"):
        unfinished(ecs, "captions-prod", NEW)


def test_waiting_ends_with_the_last_service_or_at_the_deadline(ecs, monkeypatch):
    served(ecs, NEW)
    now = 0.0

    def pause(seconds: float) -> None:
        nonlocal now
        now += 30 * seconds

    with pytest.raises(TimeoutError, match="captions-prod-gateway"):
        wait(ecs, "captions-prod", NEW, pause=pause, clock=lambda: now)
    assert now == pytest.approx(DEADLINE_S)


def test_a_cluster_without_services_is_no_release(ecs):
    with pytest.raises(TakenBack, match="no service"):
        unfinished(ecs, "captions-prod", NEW)


def test_the_command_reads_the_file_that_terraform_was_given(
    ecs, monkeypatch, tmp_path: Path, capsys
):
    healthy(monkeypatch)
    served(ecs, NEW)
    release = tmp_path / "release.tfvars.json"

    release.write_text(json.dumps({"image_digests": NEW, "release": {}}))
    assert main(["captions-prod", str(release)]) == 0

    release.write_text(json.dumps({"image_digests": OLD}))
    assert main(["captions-prod", str(release)]) == 1
    assert "FAILED: captions-prod-gateway runs" in capsys.readouterr().err
