"""What Hypothesis has seen once happens again: else it can't shrink, and takes us for flaky."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.pipeline.processes import Fate, Machine, Process
from tests.unit.pipeline.test_state_machine import Photos

EXAMPLES = 60


def test_same_choices_bring_about_the_same_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, Fate]] = []
    answer = Machine._answer  # noqa: SLF001

    def noted(machine: Machine, process: Process, fate: Fate) -> None:
        calls.append((process.kind, fate))
        answer(machine, process, fate)

    monkeypatch.setattr(Machine, "_answer", noted)

    def run() -> list[tuple[str, Fate]]:
        calls.clear()
        run_state_machine_as_test(
            Photos,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=40,
                derandomize=True,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        return list(calls)

    first, second = run(), run()

    assert first
    assert first == second
