"""What is wrong just now and where on the page to look: the first thing an operator reads."""

from clients.admin_resources import ProviderHealth, Queue, Usage
from services.ui.components.findings import Finding
from services.ui.components.panel import Tone
from services.ui.views import admin_words as words

# Keys of the page's sections.
QUEUES = "operations-queues"
USAGE = "operations-usage"
PROVIDERS = "operations-providers"
LETTERS = "operations-letters"

OLD_S = 300.0  # a message that waits longer than this is more than a busy moment
VERY_OLD_S = 1800.0
ENDING_DAYS = 60  # before a model's end of life, enough to move to another one
_MANY = 5  # photos of a day that make a share of it mean something
_FAILING = 0.2  # of a day's photos
_ORDER: tuple[Tone, ...] = ("bad", "warn", "note")


def findings(
    queues: list[Queue] | None, providers: list[ProviderHealth] | None, usage: Usage | None
) -> list[Finding]:
    """Everything worth knowing, the worst first; empty if all is well."""
    found = [
        *_of_queues(queues or []),
        *_of_providers(providers or []),
        *_of_today(usage, providers or []),
    ]
    return sorted(found, key=lambda each: _ORDER.index(each.tone))


def title_of(found: list[Finding]) -> tuple[Tone, str]:
    """The line above them."""
    troubles = [each for each in found if each.tone in {"bad", "warn"}]
    if not troubles:
        return ("note", "All well, with something to know") if found else ("good", "All well")
    needs = "needs" if len(troubles) == 1 else "need"
    return troubles[0].tone, f"{words.count(len(troubles), 'thing')} {needs} a look"


def _of_queues(queues: list[Queue]) -> list[Finding]:
    found = []
    for queue in queues:
        name = words.queue(queue.name)
        if queue.dead_letters:
            jobs = words.count(queue.dead_letters, "job")
            were = "was" if queue.dead_letters == 1 else "were"
            text = f"{name}: {jobs} {were} given up on."
            found.append(Finding("bad", text, "See the dead letters", LETTERS))
        age = queue.oldest_age_s or 0
        if age > OLD_S:
            text = f"{name}: the oldest has waited {words.duration(age)}."
            tone: Tone = "bad" if age > VERY_OLD_S else "warn"
            found.append(Finding(tone, text, "See the queues", QUEUES))
    return found


def _of_providers(providers: list[ProviderHealth]) -> list[Finding]:
    return [
        Finding(tone, f"{words.provider(provider.name)}: {text}", "See the providers", PROVIDERS)
        for provider in providers
        if provider.configured
        for tone, text in troubles_of(provider)
    ]


def troubles_of(provider: ProviderHealth) -> list[tuple[Tone, str]]:
    """What is wrong with a configured provider, in sentences."""
    found: list[tuple[Tone, str]] = []
    if not provider.enabled:
        return [("note", "switched off here, and not asked for captions.")]
    if provider.held == "over_budget":
        found.append(("bad", "the budget of the day is spent; asked again after midnight UTC."))
    if provider.circuit == "open":
        found.append(("bad", "keeps failing and is left alone for now; others step in."))
    elif provider.circuit == "half_open":
        found.append(("warn", "failed, and is being tried again."))
    left, end = words.days_left(provider.end_of_life), words.full_day(provider.end_of_life)
    if left is not None and left < 0:
        found.append(("bad", f"its model reached its end of life on {end}."))
    elif left is not None and left < ENDING_DAYS:
        days = words.count(left, "day")
        found.append(("warn", f"its model ends in {days}, on {end}."))
    return found


def _of_today(usage: Usage | None, providers: list[ProviderHealth]) -> list[Finding]:
    if usage is None or not usage.days:
        return []
    today = usage.days[0]
    found = []
    if today.completed >= _MANY and today.degraded >= today.completed:
        only_local = [each.name for each in providers if each.configured] == ["local"]
        text = (
            "Only the local model is set up: every caption is approximate."
            if only_local
            else "Every caption of today is approximate: the first provider wrote none of them."
        )
        tone: Tone = "note" if only_local else "bad"
        found.append(Finding(tone, text, "See the providers", PROVIDERS))
    ended = today.completed + today.failed
    if ended >= _MANY and today.failed > _FAILING * ended:
        text = f"{words.share(today.failed / ended)} of the photos of today failed."
        found.append(Finding("warn", text, "See why", USAGE))
    return found
