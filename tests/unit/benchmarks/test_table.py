"""The table says what the results say, to the project's disadvantage where that is so."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks import results, table
from benchmarks.figures import Figure, Result, Spread
from benchmarks.row import Row

ABOUT: dict[str, Any] = {
    "commit": {"id": "0123456789abcdef", "dirty": True},
    "machine": {"cores": 2},
    "load": {"before": 0.5, "after": 1.5},
    "date": "2026-11-22T17:00:00+00:00",
}


def nothing() -> Result:
    raise AssertionError("a table is made without measuring")


ROW = Row("thumbnail", "Thumbnail", "≤ 0.80 CPU", "pyvips", nothing)


def saved(folder: Path, *figures: Figure) -> dict[str, Any]:
    results.save("thumbnail", Result(figures, {"pyvips": "3.2.0"}), ABOUT, folder=folder)
    content = results.load("thumbnail", folder=folder)
    assert content is not None
    return content


def test_figures_come_back_from_disk_as_they_were(tmp_path: Path) -> None:
    spread = Spread(0.6, 0.7, 0.75, 0.8, 0.9, 30)
    figure = Figure("CPU", 0.75, "times", spread, at_most=0.8, peer="pyvips")

    assert saved(tmp_path, figure)["figures"] == [figure]


def test_winning_peer_is_shown_winning(tmp_path: Path) -> None:
    found = saved(tmp_path, Figure("CPU", 1.25, "times", at_most=1.5, peer="pyvips"))

    line = table.line(ROW, found)

    assert "reached; **pyvips wins** (CPU)" in line


def test_missed_limit_is_named() -> None:
    figures = [Figure("CPU", 0.9, "times", at_most=0.8), Figure("SSIM", 0.0, "", at_most=0.003)]

    assert table.verdict(figures) == "**not reached**: CPU"


def test_limit_within_the_noise_is_neither_reached_nor_missed() -> None:
    near = Figure("CPU", 0.79, "times", at_most=0.8, noise=0.05)

    assert table.verdict([near]) == "**undecided**: CPU"
    assert (
        table.verdict([near, Figure("memory", 70.0, "MB", at_most=60)])
        == "**not reached**: memory; **undecided**: CPU"
    )


def test_only_opposite_verdicts_contradict_each_other() -> None:
    def measured(*values: float) -> list[Figure]:
        return [
            Figure(f"f{number}", value, "times", at_most=1.0, noise=0.05)
            for number, value in enumerate(values)
        ]

    assert table.turned(measured(0.9, 0.9, 1.1, 1.1), measured(0.9, 1.01, 0.99, 0.9)) == ["f3"]
    assert table.turned([], measured(0.9)) == []


def test_line_names_versions_commit_and_load(tmp_path: Path) -> None:
    line = table.line(ROW, saved(tmp_path, Figure("CPU", 0.75, "times")))

    assert "pyvips 3.2.0" in line
    assert "2026-11-22, 0123456+changes, load 0.5 to 1.5" in line


def test_line_leads_to_the_plot_of_its_row(tmp_path: Path) -> None:
    line = table.line(ROW, saved(tmp_path, Figure("CPU", 0.75, "times")))

    assert line.startswith("| [`thumbnail`](../docs/images/bench/thumbnail.png)")


def test_what_is_only_told_stands_below_the_table(tmp_path: Path) -> None:
    told = Figure("CPU, project", 35.0, "ms", Spread(31.0, 34.0, 35.0, 38.0, 51.0, 30))
    found = saved(tmp_path, Figure("CPU", 0.75, "times", at_most=0.8), told)

    assert "CPU, project" not in table.line(ROW, found)
    assert (
        "| CPU, project | 35.00 ms |  | 34.00 to 38.00 | 31.00 to 51.00 | 30 |"
        in table.every_figure(ROW, found)
    )


def test_row_that_is_only_told_shows_its_first_figures(tmp_path: Path) -> None:
    line = table.line(ROW, saved(tmp_path, *(Figure(f"f{n}", 1.0, "ms") for n in range(8))))

    assert "f0: 1.00 ms<br>" in line
    assert "and 2 more |" in line


def test_missed_figures_are_shown_first_and_never_left_out(tmp_path: Path) -> None:
    kept = [Figure(f"kept {n}", 1.0, "times", at_most=1.05) for n in range(9)]
    missed = [Figure(f"missed {n}", 1.1, "times", at_most=1.05) for n in range(7)]

    line = table.line(ROW, saved(tmp_path, *kept, *missed))

    assert all(figure.label in line for figure in missed)
    assert "kept 0" not in line
    assert "and 9 more, all within their limits" in line


def test_result_is_written_a_figure_and_a_series_a_line(tmp_path: Path) -> None:
    result = Result((Figure("CPU", 0.75, "times"),), {}, {"cpu_ms": {"ours": [1.0, 2.0]}, "n": [3]})

    results.save("thumbnail", result, ABOUT, folder=tmp_path)

    lines = (tmp_path / "thumbnail.json").read_text().splitlines()
    assert '  "cpu_ms": {"ours": [1.0, 2.0]},' in lines
    assert len(lines) == 2 + len(ABOUT) + len(("name", "versions")) + 3 + 4
    loaded = results.load("thumbnail", folder=tmp_path)
    assert loaded is not None
    assert loaded["samples"] == {"cpu_ms": {"ours": [1.0, 2.0]}, "n": [3]}


def test_minutes_of_all_rows_are_told(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"{table.BEGIN}\n{table.END}\n")
    found = saved(tmp_path, Figure("CPU", 0.75, "times")) | {"seconds": 90.0}

    table.rebuild(readme, [ROW], {"thumbnail": found})

    assert "1 row took 1.5 minutes" in readme.read_text()


def test_row_never_measured_says_so() -> None:
    assert "not measured yet" in table.line(ROW, None)


def test_only_the_text_between_the_markers_is_replaced(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")

    table.rebuild(readme, [ROW], {})

    text = readme.read_text()
    assert text.startswith(f"before\n{table.BEGIN}\n| row |")
    assert text.endswith(f"{table.END}\nafter\n")
    assert "old" not in text


def test_readme_without_markers_is_left_alone(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("no table here\n")

    with pytest.raises(ValueError, match="markers"):
        table.rebuild(readme, [ROW], {})

    assert readme.read_text() == "no table here\n"
