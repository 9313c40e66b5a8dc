"""The tables of docs/scaling.md, made from the results and from nothing else."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine

PAGE = machine.ROOT / "docs/scaling.md"
_MARKED = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end of table -->)", re.DOTALL)

Result = Mapping[str, Any]


def rebuild(sweep: Result, compared: Result, page: Path = PAGE) -> None:
    """Replace each table of ``page``. Raises KeyError for one that nobody makes."""

    def remade(match: re.Match[str]) -> str:
        return match[1] + _TABLES[match[2]](sweep, compared) + match[3]

    page.write_text(_MARKED.sub(remade, page.read_text()))


def _validation(_: Result, compared: Result) -> str:
    rows = []
    for run in compared["runs"]:
        measured, simulated, off = run["measured"], run["simulated"], run["off"]
        cells = [run["photo"], f"{run['rate']:g}", str(run["sent"])]
        cells += [
            f"{measured[key]:.2f} / {simulated[key]:.2f} ({off[key]:+.0%})"
            for key in ("photos_a_second", "p50_s", "p95_s")
        ]
        rows.append([*cells, f"{run['others_cores']:.2f}", "yes" if run["within"] else "**no**"])
    return _table(
        "photo | came a second | photos | done a second | p50, s | p95, s | cores used by others "
        "| within 15 %",
        rows,
    )


def _calibration(_: Result, compared: Result) -> str:
    rows = [
        [
            name,
            *(f"{1000 * entry['cpu_s'][process]:.0f}" for process in _PROCESSES),
            f"{entry['capacity']['photos_a_second']:.1f}, {entry['capacity']['bound_by']}",
        ]
        for name, entry in compared["photos"].items()
    ]
    return _table(f"photo | {' | '.join(_PROCESSES)} | at most a second, bound by", rows)


def _bounds(sweep: Result, _: Result) -> str:
    rows = [[name, _number(rate)] for name, rate in sweep["bounds"].items()]
    return _table("used up | at photos a second", rows)


def _sweep(sweep: Result, _: Result) -> str:
    rows = []
    for row in sweep["sweep"]:
        run, enough = row["deployed"], row["raised"]
        rows.append(
            [
                f"{row['rate']:,}",
                row["reached"][0] if row["reached"] else "nothing",
                _number(run["done_a_second"]),
                _number(run["waiting_end"]),
                _seconds(run["wait_p95"]),
                f"{max(0.0, run['degraded']):.0%}",
                f"{max(0.0, run['unlabelled']):.0%}",
                _number(run["dollars_an_hour"]),
                _seconds(enough["wait_p95"]),
                _number(enough["dollars_an_hour"]),
            ]
        )
    return _table(
        "come a second | binds first | done a second | waiting after 2 h | p95 wait "
        "| captioned locally | without Rekognition | $ an hour | p95 wait, raised "
        "| $ an hour, raised",
        rows,
    )


def _needs(sweep: Result, _: Result) -> str:
    rows = []
    for row in sweep["sweep"]:
        needs = row["needs"]
        rows.append(
            [
                f"{row['rate']:,}",
                " / ".join(
                    f"{needs['tasks'][name]:,}" for name in ("gateway", "ingest", "captioner")
                ),
                f"{needs['vcpus']:,.0f}",
                f"{needs['tokens_per_minute'] / 1e6:,.1f} M",
                f"{needs['rekognition_a_second']:,.0f}",
                f"{needs['table_writes']:,.0f}",
                f"{needs['in_flight']:,.0f}",
                f"{needs['gigabits']:,.1f}",
                "; ".join(row["reached"]) or "nothing",
            ]
        )
    return _table(
        "photos a second | tasks of gateway / ingest / captioner | vCPUs | Bedrock tokens a minute "
        "| Rekognition a second | table writes a second | caption messages in flight | Gbit/s in "
        "| to be raised",
        rows,
    )


def _agreement(sweep: Result, _: Result) -> str:
    rows = []
    for row in sweep["agreement"]:
        events, fluid = row["events"], row["fluid"]
        rows.append(
            [
                str(row["rate"]),
                *(
                    f"{_number(events[key])} / {_number(fluid[key])}"
                    for key in ("done_a_second", "wait_p95", "waiting_most", "dollars_an_hour")
                ),
                f"{events['tasks_most']['captioner']} / {fluid['tasks_most']['captioner']}",
            ]
        )
    return _table(
        "come a second | done a second | p95 wait, s | most waiting | $ an hour | captioners", rows
    )


def _runs(name: str) -> Callable[[Result, Result], str]:
    def made(sweep: Result, _: Result) -> str:
        rows = [
            [
                {"before": "backlog only", "now": "backlog and busy"}[run["policy"]],
                run["scale_in"],
                _number(run["rate"]),
                str(run["swing"]["captioner"]),
                f"{run['tasks_mean']['captioner']:.1f}",
                _seconds(run["wait_p50"]),
                _seconds(run["wait_p95"]),
                _number(run["waiting_most"]),
                _number(run["dollars_an_hour"]),
            ]
            for run in sweep[name]
        ]
        return _table(
            "policy | scale-in | photos a second | swing | captioners, mean | p50 wait | p95 wait "
            "| most waiting | $ an hour",
            rows,
        )

    return made


def _busy(sweep: Result, _: Result) -> str:
    rows = [
        [
            "no such policy" if row["busy"] is None else f"{row['busy']:g}",
            str(row["swing"]),
            _seconds(row["wait_p95"]),
            f"{row['dollars_1000']:.2f}",
        ]
        for row in sweep["busy"]
    ]
    return _table("busy share | swing, worst | p95 wait, worst | $ for 1,000", rows)


def _slots(sweep: Result, _: Result) -> str:
    rows = [
        [
            str(row["slots"]),
            f"{row['task_a_second']:.1f}",
            f"{row['ten_a_second']:.0f}",
            f"{row['cpu_share']:.0%}",
            str(row["backlog_per_task"]),
        ]
        for row in sweep["slots"]
    ]
    return _table(
        "at once | a task, a second | ten tasks | CPU of a task | backlog of a task", rows
    )


_PROCESSES = ("gateway", "ingest", "captioner", "aws", "standin", "load")
_TABLES: Mapping[str, Callable[[Result, Result], str]] = {
    "validation": _validation,
    "calibration": _calibration,
    "bounds": _bounds,
    "sweep": _sweep,
    "needs": _needs,
    "agreement": _agreement,
    "steady": _runs("steady"),
    "burst": _runs("burst"),
    "busy": _busy,
    "slots": _slots,
}


def _table(header: str, rows: Sequence[Sequence[str]]) -> str:
    line = "|".join("---" for _ in header.split("|"))
    body = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return f"| {header} |\n|{line}|\n{body}"


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 or value == 0 else f"{value:.2f}"


def _seconds(value: float) -> str:
    return f"{value / 60:,.0f} min" if value >= 600 else f"{value:,.0f} s"
