"""How the captions of each day came about: by whom, how fast, and for how much."""

from collections import Counter
from collections.abc import Callable, Sequence

from clients.admin_resources import DayUsage
from services.ui.views import admin_charts as charts
from services.ui.views import admin_days as by_day
from services.ui.views import admin_words as words

_FALLBACKS = charts.Series("Second choice", charts.BLUE)
_DEGRADED = charts.Series("Approximate", charts.ORANGE)
_HALF = charts.Series("Half of them", charts.TEAL)
_MOST = charts.Series("19 of 20", charts.PURPLE)
# By provider, so that one keeps its colour whichever others there are.
_COLOURS = {
    "bedrock": charts.TEAL,
    "sagemaker": charts.PURPLE,
    "huggingface": charts.ORANGE,
    "local": charts.GRAY,
}


def show_stand_ins(days: Sequence[DayUsage]) -> None:
    """How many captions were not written by the first provider."""
    done = sum(day.completed for day in days)
    degraded = sum(day.degraded for day in days)
    said = f"{_share(degraded, done)} of the captions are marked approximate."
    chart = charts.Chart(
        key="stand-ins",
        title="Captions by stand-ins",
        words=said if done else "Nothing was captioned.",
        rows=[
            by_day.row(day, _percent(count, day.completed), series.name)
            for day in days
            for series, count in ((_FALLBACKS, day.fallbacks), (_DEGRADED, day.degraded))
        ],
        numbers=by_day.numbers(
            "Captions by stand-ins",
            days,
            {
                "Captioned": lambda day: f"{day.completed:,}",
                _FALLBACKS.name: lambda day: _share(day.fallbacks, day.completed),
                _DEGRADED.name: lambda day: _share(day.degraded, day.completed),
            },
        ),
        spec=charts.over_days((_FALLBACKS, _DEGRADED), "% of captions") if done else None,
    )
    charts.show(chart)


def show_speed(days: Sequence[DayUsage]) -> None:
    """How long photos took from being handed in to their captions."""
    known = [day for day in days if day.p50_ms is not None and day.p95_ms is not None]
    slowest = max((day.p95_ms or 0 for day in known), default=0)
    said = f"19 of 20 within {words.duration(slowest / 1000)}, even on the slowest day."
    chart = charts.Chart(
        key="speed",
        title="From photo to captions",
        words=said if known else "Nothing was captioned.",
        rows=[
            by_day.row(day, (waited or 0) / 1000, series.name)
            for day in known
            for series, waited in ((_HALF, day.p50_ms), (_MOST, day.p95_ms))
        ],
        numbers=by_day.numbers(
            "From photo to captions",
            known,
            {
                f"{_HALF.name} within": lambda day: words.duration((day.p50_ms or 0) / 1000),
                f"{_MOST.name} within": lambda day: words.duration((day.p95_ms or 0) / 1000),
            },
        ),
        spec=charts.over_days((_HALF, _MOST), "seconds") if known else None,
    )
    charts.show(chart)


def show_cost(days: Sequence[DayUsage]) -> None:
    """What the providers charged."""
    totals: Counter[str] = Counter()
    for day in days:
        totals.update(day.cost_usd_by_provider)
    names = [name for name, _ in totals.most_common() if totals[name] > 0]
    series = tuple(
        charts.Series(words.provider(name), _COLOURS.get(name, charts.BLUE)) for name in names
    )
    total = sum(day.cost_usd for day in days)
    done = sum(day.completed for day in days)
    each = f", {words.dollars(total / done)} a photo" if done else ""
    said = f"{words.dollars(total)} in {words.count(len(days), 'day')}{each}."
    chart = charts.Chart(
        key="cost",
        title="Cost a day",
        words=said if total else "Nothing was spent.",
        rows=by_day.stack(
            days, series, lambda day: [day.cost_usd_by_provider.get(name, 0) for name in names]
        ),
        numbers=by_day.numbers(
            "Cost a day",
            days,
            {words.provider(name): _cost_of(name) for name in names}
            | {"Together": lambda day: words.dollars(day.cost_usd)},
        ),
        spec=charts.stacked(series, "$") if total else None,
    )
    charts.show(chart)


def _cost_of(name: str) -> Callable[[DayUsage], str]:
    return lambda day: words.dollars(day.cost_usd_by_provider.get(name, 0))


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def _share(part: int, whole: int) -> str:
    return words.share(part / whole) if whole else "-"
