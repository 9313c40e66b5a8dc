"""``python -m scripts.rolled_out captions-prod release.tfvars.json``: does ECS run these images?

Terraform is done once ECS has accepted a task definition. Whether its tasks get healthy is seen
minutes later, and a release whose tasks don't is taken back by the circuit breaker: then a service
is stable too, with the images it had before. Hence the comparison by digest. Exit code 1 if a
service was taken back or is not done in time.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3

DEADLINE_S = 25 * 60.0  # ECS takes a release back after 3 failed tasks, of ten tasks after 5
PAUSE_S = 10.0
_PAGE = 10  # services that may be described at once


class TakenBack(Exception):
    """A service runs, or is going back to, another image."""


def wait(
    ecs: Any,
    cluster: str,
    digests: Mapping[str, str],
    *,
    pause: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Return when every service of the cluster runs ``digests``.

    Raises ``TakenBack`` as soon as one does not any more, ``TimeoutError`` after ``DEADLINE_S``.
    """
    until = clock() + DEADLINE_S
    while waiting := unfinished(ecs, cluster, digests):
        print(f"waiting for {', '.join(waiting)}", flush=True)
        if clock() >= until:
            raise TimeoutError(f"not done after {DEADLINE_S / 60:.0f} minutes: {waiting}")
        pause(PAUSE_S)


def unfinished(ecs: Any, cluster: str, digests: Mapping[str, str]) -> list[str]:
    """The services that are still replacing tasks. Raises ``TakenBack``."""
    waiting = []
    for service in _services(ecs, cluster):
        name = service["serviceName"]
        [primary] = [each for each in service["deployments"] if each["status"] == "PRIMARY"]
        if primary["rolloutState"] == "FAILED":
            raise TakenBack(f"{name}: {primary.get('rolloutStateReason', 'failed')}")
        for image in _images(ecs, primary["taskDefinition"]):
            repository, _, digest = image.partition("@")
            if digest != digests.get(repository.rpartition("/")[2]):
                raise TakenBack(f"{name} runs {image}")
        if primary["rolloutState"] != "COMPLETED":
            waiting.append(name)
    return waiting


def _services(ecs: Any, cluster: str) -> Iterator[dict[str, Any]]:
    pages = ecs.get_paginator("list_services").paginate(cluster=cluster)
    names = [arn for page in pages for arn in page["serviceArns"]]
    if not names:
        raise TakenBack(f"no service in {cluster}")
    for start in range(0, len(names), _PAGE):
        answer = ecs.describe_services(cluster=cluster, services=names[start : start + _PAGE])
        yield from answer["services"]


def _images(ecs: Any, task_definition: str) -> list[str]:
    answer = ecs.describe_task_definition(taskDefinition=task_definition)
    return [each["image"] for each in answer["taskDefinition"]["containerDefinitions"]]


def main(argv: Sequence[str]) -> int:
    """Wait for a release; the exit code."""
    parser = argparse.ArgumentParser(prog="rolled_out", description="Does ECS run a release?")
    parser.add_argument("cluster", help="project and environment, such as captions-prod")
    parser.add_argument("release", type=Path, help="the file with image_digests")
    asked = parser.parse_args(argv)
    digests = json.loads(asked.release.read_text())["image_digests"]
    try:
        wait(boto3.Session().client("ecs"), asked.cluster, digests)
    except (TakenBack, TimeoutError) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    print("all services run the release")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
