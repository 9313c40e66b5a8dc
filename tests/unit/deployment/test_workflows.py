"""The workflows say what the rest of the project says: targets, images, variables, outputs."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FILES = {path.stem: path for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}
TERRAFORM = ROOT / "infra" / "terraform"
COLLECTOR = {"collector"}  # AWS's own image: copied, not built

CI, CD = (yaml.safe_load(FILES[name].read_text()) for name in ("ci", "cd"))
both = pytest.mark.parametrize("workflow", [CI, CD], ids=["ci", "cd"])


def steps(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


def scripts(workflow: dict[str, Any]) -> str:
    return "\n".join(step["run"] for step in steps(workflow) if "run" in step)


def terraform(pattern: str) -> str:
    return "".join(path.read_text() for path in sorted(TERRAFORM.glob(pattern)))


def images_that_run() -> set[str]:
    return set(re.findall(r'^ +image += "(\w+)"$', terraform("services.tf"), re.MULTILINE))


@pytest.mark.parametrize("path", FILES.values(), ids=FILES.keys())
def test_every_action_is_pinned_by_its_commit_and_names_its_version(path):
    lines = re.findall(r"^.*\buses:.*$", path.read_text(), re.MULTILINE)

    loose = [each for each in lines if not re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", each)]

    assert lines
    assert loose == []


def test_an_action_is_of_one_commit_everywhere():
    pins = re.findall(r"uses: (\S+)@(.*)", "".join(path.read_text() for path in FILES.values()))

    assert len(set(pins)) == len({action for action, _ in pins})


@both
def test_every_job_has_an_end_and_names_its_rights(workflow):
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert 0 < job["timeout-minutes"] <= 120, name
        rights = job["permissions"]
        assert set(rights) <= {"actions", "contents", "id-token"}, name
        assert {what for what, how in rights.items() if how == "write"} <= {"id-token"}, name


@both
def test_runs_of_one_branch_or_environment_wait_for_each_other(workflow):
    assert "${{" in workflow["concurrency"]["group"]
    assert "cancel-in-progress" in workflow["concurrency"]


def test_a_deployment_is_never_cut_off():
    assert CD["concurrency"]["cancel-in-progress"] is False


@both
def test_no_script_is_written_by_whoever_names_a_branch(workflow):
    assert "${{" not in scripts(workflow)


@pytest.mark.parametrize("path", FILES.values(), ids=FILES.keys())
def test_no_secret_is_kept_at_github(path):
    assert not re.search(r"\bsecrets\.|aws-secret-access-key", path.read_text())


@both
def test_a_checkout_leaves_no_token_behind(workflow):
    checkouts = [each for each in steps(workflow) if "actions/checkout@" in each.get("uses", "")]

    assert checkouts
    assert all(each["with"]["persist-credentials"] is False for each in checkouts)


@both
def test_what_is_called_exists(workflow):
    called = scripts(workflow)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    made = set(re.findall(r"\bmake ([a-z-]+)", called))
    modules = set(re.findall(r"python -m scripts\.(\w+)", called))

    assert made
    assert made <= targets
    assert modules
    assert all((ROOT / "scripts" / f"{module}.py").exists() for module in modules)


@both
def test_files_whose_hash_is_taken_exist(workflow):
    named = re.findall(r"'([\w./-]+\.txt)'", str(workflow).replace("\\", ""))

    assert all((ROOT / file).exists() for file in named)
    assert bool(named) is (workflow is CI)


def test_ci_runs_what_a_developer_runs():
    lines = [line.strip() for line in scripts(CI).splitlines()]

    assert {".ci/run", "make test-browser", "make test-images", "make test-terraform"} <= {*lines}
    assert {"make test-sagemaker", "make soak", "docker compose config --quiet"} <= {*lines}
    assert CI[True].keys() >= {"pull_request", "push", "schedule"}  # YAML's `on` is a truth


def test_ci_keeps_what_a_failure_left():
    for name, job in CI["jobs"].items():
        kept = [step for step in job["steps"] if "upload-artifact@" in step.get("uses", "")]
        assert [step["if"] for step in kept] == ["failure()"], name
        assert "reports/" in kept[0]["with"]["path"], name
    assert CI["env"]["PYTEST_ADDOPTS"] == "--junitxml=reports/junit.xml"


def test_the_images_built_are_those_that_terraform_runs():
    built = set(CD["jobs"]["build"]["strategy"]["matrix"]["service"])
    repositories = re.search(
        r'aws_ecr_repository" "this" \{\s+for_each = toset\((\[.*\])\)', terraform("main.tf")
    )
    assert repositories is not None

    assert built == images_that_run()
    assert built == {path.parent.name for path in (ROOT / "services").glob("*/Dockerfile")}
    assert built | COLLECTOR == set(yaml.safe_load(repositories[1]))
    assert f"length == {len(built | COLLECTOR)}" in scripts(CD)


def test_images_go_where_terraform_made_a_place_for_them():
    project = re.search(
        r'variable "project" \{[^}]*default\s+= "(\w+)"', terraform("variables*.tf")
    )
    assert project is not None

    assert CD["env"]["NAME"].startswith(f"{project[1]}-${{{{")
    assert 'name       = "${var.project}-${var.environment}"' in terraform("main.tf")
    assert '"${local.name}/${each.key}"' in terraform("main.tf")
    assert '-t "$registry/$NAME/$SERVICE:$GITHUB_SHA"' in scripts(CD)


def test_an_image_has_an_sbom_and_its_provenance_and_is_for_fargates_platform():
    [build] = re.findall(r"docker buildx build.*(?:\\\n.*)+", scripts(CD))

    for option in ("--sbom=true", "--provenance=mode=max", "--platform linux/amd64", "--push"):
        assert option in build


def test_terraform_is_given_variables_that_it_has_and_asked_for_outputs_that_it_has():
    said = scripts(CD)
    [document] = re.findall(r"'\{(image_digests: .*)\}' \\", said)
    given = set(re.findall(r"(?:^|, )(image_digests|release|\w+): [\[{(]", document))
    asked = set(re.findall(r"terraform -chdir=infra/terraform output -\w+ (\w+)", said))
    fields = set(re.findall(r"jq -r \.(\w+) <<< \"\$sign_in\"", said))
    outputs = terraform("outputs.tf")

    assert given == {"image_digests", "release"}
    assert given <= set(re.findall(r'variable "(\w+)"', terraform("variables*.tf")))
    assert asked == {"page_url", "sign_in"}
    assert asked <= set(re.findall(r'output "(\w+)"', outputs))
    assert fields == {"pool_id", "programs_client_id", "hosted_url"}
    assert fields <= set(re.findall(r"^ +(\w+) +=", outputs, re.MULTILINE))


@pytest.mark.parametrize(
    "environment", CD[True]["workflow_dispatch"]["inputs"]["environment"]["options"]
)
def test_each_environment_has_its_variables(environment):
    assert (TERRAFORM / "environments" / f"{environment}.tfvars").exists()


def test_nothing_is_applied_that_nobody_could_have_read():
    jobs = CD["jobs"]
    deploying = [name for name, job in jobs.items() if "AWS_DEPLOY_ROLE_ARN" in str(job)]
    guarded = [
        name
        for name, job in jobs.items()
        if "environment" in job and not job["environment"].endswith("-plan")
    ]

    assert deploying == guarded == ["apply"]
    assert jobs["apply"]["needs"] == "plan"
    assert "terraform apply -lock-timeout=5m deploy.tfplan" in scripts(CD)
    [plan] = [step for step in jobs["plan"]["steps"] if "upload-artifact@" in step.get("uses", "")]
    assert plan["with"]["path"] == "planned/"
    assert "> ../../planned/plan.txt" in scripts(CD)
    # The file itself has secrets in it.
    assert not re.search(r"planned/\S*\.tfplan", scripts(CD))


def test_a_release_that_does_not_work_is_replaced_by_the_one_that_did():
    names = [step.get("name") for step in CD["jobs"]["apply"]["steps"]]
    by_name = {step.get("name"): step for step in CD["jobs"]["apply"]["steps"]}
    judged = ["ECS runs these images", "Smoke test, from outside", "Remember what works"]

    assert [name for name in names if name in judged] == judged
    assert names.index("Go back to what worked") > names.index("Remember what works")
    back = by_name["Go back to what worked"]
    assert back["if"] == "failure() && steps.applied.outcome == 'success'"
    assert "current.tfvars.json" in back["run"]
    assert "current.tfvars.json" in by_name["Remember what works"]["run"]


def test_terraform_is_of_one_version_that_the_root_admits():
    versions = {
        step["with"]["terraform_version"]
        for step in [*steps(CI), *steps(CD)]
        if "setup-terraform@" in step.get("uses", "")
    }
    needed = re.search(r'required_version = ">= (\d+)\.(\d+)"', terraform("versions.tf"))
    assert needed is not None

    [version] = versions
    assert tuple(map(int, version.split(".")))[:2] >= (int(needed[1]), int(needed[2]))


def test_the_handbook_names_every_variable_that_the_deployment_reads():
    read = set(re.findall(r"\$\{\{ vars\.(\w+)", FILES["cd"].read_text()))

    assert read
    assert {name for name in read if f"`{name}`" not in terraform("README.md")} == set()
