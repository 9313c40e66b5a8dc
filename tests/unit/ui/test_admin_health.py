from datetime import UTC, datetime, timedelta

import pytest

from clients.admin_resources import DayUsage, ProviderHealth, Queue, Usage
from services.ui.views import admin_health, admin_words


def provider(**known):
    return ProviderHealth(name="bedrock", configured=True, circuit="closed", **known)


def days_from_now(days):
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def today(**counts):
    return Usage(days=[DayUsage(day=days_from_now(0), **counts)])


def texts(queues=None, providers=None, usage=None):
    return [each.text for each in admin_health.findings(queues, providers, usage)]


def test_nothing_wrong_is_all_well():
    queues = [Queue(name="caption", visible=900, in_flight=16, oldest_age_s=40)]

    found = admin_health.findings(queues, [provider()], today(completed=50, degraded=3))

    assert found == []
    assert admin_health.title_of(found) == ("good", "All well")


def test_dead_letters_are_the_worst_news():
    queues = [Queue(name="ingest", oldest_age_s=400), Queue(name="caption", dead_letters=1)]

    found = admin_health.findings(queues, None, None)

    assert [each.text for each in found] == [
        "Writing captions: 1 job was given up on.",
        "Preparing photos: the oldest has waited 7 min.",
    ]
    assert admin_health.title_of(found) == ("bad", "2 things need a look")
    assert found[0].section == admin_health.LETTERS


@pytest.mark.parametrize(
    ("known", "tone", "words"),
    [
        ({"circuit": "open"}, "bad", "left alone for now"),
        ({"circuit": "half_open"}, "warn", "being tried again"),
        ({"held": "over_budget"}, "bad", "budget of the day is spent"),
        ({"enabled": False, "circuit": "open"}, "note", "switched off here"),
        ({"end_of_life": days_from_now(59)}, "warn", "ends in 59 days"),
        ({"end_of_life": days_from_now(1)}, "warn", "ends in 1 day,"),
        ({"end_of_life": days_from_now(-1)}, "bad", "reached its end of life"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_troubles_of_a_provider_are_told(known, tone, words):
    found = admin_health.findings(None, [provider().model_copy(update=known)], None)

    assert [each.tone for each in found] == [tone]
    assert words in found[0].text


def test_an_end_of_life_far_away_is_no_news():
    assert texts(providers=[provider(end_of_life=days_from_now(60))]) == []


def test_a_provider_that_is_not_set_up_is_no_news():
    assert texts(providers=[ProviderHealth(name="sagemaker", circuit="open")]) == []


def test_a_day_of_stand_ins_is_an_alarm():
    assert "approximate" in texts(providers=[provider()], usage=today(completed=9, degraded=9))[0]


def test_the_local_model_alone_is_only_worth_knowing():
    local = ProviderHealth(name="local", configured=True)

    found = admin_health.findings(None, [local], today(completed=9, degraded=9))

    assert admin_health.title_of(found) == ("note", "All well, with something to know")


def test_a_few_photos_make_no_share():
    assert texts(usage=today(completed=1, degraded=1, failed=3)) == []


def test_many_failures_lead_to_their_reasons():
    found = admin_health.findings(None, None, today(completed=6, failed=4))

    assert [(each.text, each.section) for each in found] == [
        ("40.0 % of the photos of today failed.", admin_health.USAGE)
    ]


@pytest.mark.parametrize(
    ("part", "written"),
    [(1, "100 %"), (0, "0 %"), (0.9999, "> 99.9 %"), (0.0002, "< 0.1 %"), (0.985, "98.5 %")],
)
def test_only_all_of_it_is_a_hundred_percent(part, written):
    assert admin_words.share(part) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.45, "450 ms"),
        (2.44, "2.4 s"),
        (59, "59 s"),
        (185, "3 min"),
        (18000, "5 h"),
        (2e5, "2 days"),
    ],
)
def test_durations_have_one_unit(seconds, written):
    assert admin_words.duration(seconds) == written
