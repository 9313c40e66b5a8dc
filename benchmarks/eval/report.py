"""Sum up an evaluation: a table for people, a file for whoever wants to count again."""

import json
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Any

from benchmarks import machine
from benchmarks.eval.captioning import Captioned
from benchmarks.eval.scoring import recall, share

LEAST_RECALL = 0.75
MOST_FALSE = 0.05
RESULTS = machine.ROOT / "benchmarks/results"


def summary(provider: str, captioned: Sequence[Captioned], absent: Sequence[str]) -> dict[str, Any]:
    """All figures of a run. Shares are of the photos asked about, times in milliseconds."""
    judged = [each for each in captioned if each.photo.expected]
    times = [each.seconds * 1000 for each in captioned if each.form != "none"]
    hard = [each for each in judged if each.photo.networks_wrong]
    return {
        "provider": provider,
        "model": next((each.answer.model for each in captioned if each.answer), None),
        "photos": len(captioned),
        "absent_packages": list(absent),
        **_rates(judged),
        "networks_wrong": _rates(hard),
        "parts": {
            name: _rates([each for each in judged if _belongs(each, name)])
            for name in ("tuned", "held-out", "later", "choose", "report")
        },
        "form": dict(Counter(each.form for each in captioned)),
        "reasons": dict(Counter(each.reason for each in captioned if each.reason)),
        "p50_ms": _percentile(times, 50),
        "p95_ms": _percentile(times, 95),
        "input_tokens": sum(each.spent.input_tokens or 0 for each in captioned),
        "output_tokens": sum(each.spent.output_tokens or 0 for each in captioned),
        "cost_usd": _cost(captioned),
        "date": machine.now(),
        "commit": machine.commit(),
        "machine": machine.machine(),
    }


def _belongs(each: Captioned, name: str) -> bool:
    return name in {each.photo.part, each.photo.half}


def _rates(captioned: Sequence[Captioned]) -> dict[str, Any]:
    scores = [each.scored for each in captioned]
    return {
        "judged": len(scores),
        "recall": round(recall(scores), 4),
        "false": round(share(scores, "false"), 4),
        "abstained": round(share(scores, "abstained"), 4),
        "no_answer": round(share(scores, "no answer"), 4),
    }


def _percentile(samples: Sequence[float], percent: int) -> float | None:
    if len(samples) < 2:
        return None
    return round(statistics.quantiles(samples, n=100, method="inclusive")[percent - 1], 1)


def _cost(captioned: Sequence[Captioned]) -> float | None:
    """US dollars, or ``None`` if any answer's price is not known."""
    costs = [each.spent.cost_usd for each in captioned if each.form != "none"]
    known = [cost for cost in costs if cost is not None]
    return round(sum(known), 6) if known and len(known) == len(costs) else None


def table(figures: dict[str, Any], captioned: Sequence[Captioned], *, all_photos: bool) -> str:
    """What a person wants to see."""
    lines = [
        f"{figures['provider']} ({figures['model']}), {figures['photos']} photos",
        "",
        f"{'':16}{'photos':>8}{'recall':>9}{'false':>9}{'abstained':>11}{'no answer':>11}",
        _row("all", figures),
        _row("networks wrong", figures["networks_wrong"]),
        *(_row(name, rates) for name, rates in figures["parts"].items() if rates["judged"]),
        f"{'limit':16}{'':8}{f'>= {LEAST_RECALL}':>9}{f'<= {MOST_FALSE}':>9}",
        "",
        f"rules: {_counts(figures['form'])}",
        f"no caption because: {_counts(figures['reasons']) or 'there always was one'}",
        f"p50 {figures['p50_ms']} ms, p95 {figures['p95_ms']} ms",
        f"tokens {figures['input_tokens']} in, {figures['output_tokens']} out; "
        f"cost {'not known' if figures['cost_usd'] is None else figures['cost_usd']} USD",
    ]
    shown = [each for each in captioned if all_photos or each.scored.verdict == "false"]
    if figures["absent_packages"]:
        lines.append(f"packages that could not be had: {', '.join(figures['absent_packages'])}")
    return "\n".join([*lines, *([""] if shown else []), *map(_told, shown)])


def _row(name: str, rates: dict[str, Any]) -> str:
    return (
        f"{name:16}{rates['judged']:8}{rates['recall']:9.3f}{rates['false']:9.3f}"
        f"{rates['abstained']:11.3f}{rates['no_answer']:11.3f}"
    )


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _told(each: Captioned) -> str:
    said = each.answer.concise if each.answer else each.reason
    because = f" ({', '.join(each.scored.claims)})" if each.scored.claims else ""
    return f"{each.photo.id} {each.photo.file}: {said} -> {each.scored.verdict}{because}"


def save(provider: str, figures: dict[str, Any], captioned: Sequence[Captioned]) -> str:
    """Write the figures and every photo's verdict; gives the path, relative to the repository."""
    path = RESULTS / f"eval_{provider}.json"
    entries = [
        {
            "id": each.photo.id,
            "file": each.photo.file,
            "verdict": each.scored.verdict,
            "found": each.scored.found,
            "claims": each.scored.claims,
            "form": each.form,
            "reason": each.reason,
            "ms": round(each.seconds * 1000, 1),
            "concise": each.answer.concise if each.answer else None,
        }
        for each in captioned
    ]
    document = {**figures, "each": entries}
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return str(path.relative_to(machine.ROOT))
