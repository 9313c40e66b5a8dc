"""What Hypothesis has seen once happens again: else it can't shrink, and takes us for flaky."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.pipeline import test_state_machine as machine
from tests.unit.pipeline.processes import Fate, Machine, Process


def test_same_choices_bring_about_the_same_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, Fate]] = []
    answer = Machine._answer  # noqa: SLF001

    def noted(runs: Machine, process: Process, fate: Fate) -> None:
        calls.append((process.kind, fate))
        answer(runs, process, fate)

    monkeypatch.setattr(Machine, "_answer", noted)

    def run() -> list[tuple[str, Fate]]:
        calls.clear()
        run_state_machine_as_test(
            machine.Photos,
            settings=settings(
                machine.TestPhotos.settings, max_examples=60, derandomize=True, database=None
            ),
        )
        return list(calls)

    first, second = run(), run()

    assert first
    assert first == second
