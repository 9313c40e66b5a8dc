import io
import json

import pytest

from infra.local.console import Console, parse, short, wrapped


@pytest.mark.parametrize("line", ["plain", "{broken", "[1]", ""])
def test_what_is_no_record_is_none(line):
    assert parse(line) is None


def test_record_is_shown_short():
    record = parse(json.dumps({"time": "t", "level": "info", "event": "ready", "health_port": 9}))

    assert short(record) == "ready health_port=9"


def test_level_shows_only_where_it_matters():
    assert short({"level": "warning", "event": "slow", "trace_id": "x"}) == "WARNING slow"


def test_plain_line_is_shown_as_it_came():
    assert short(wrapped("ui", "  You can now view")) == "  You can now view"


def test_no_colours_where_there_is_no_terminal():
    stream = io.StringIO()

    Console(stream, colour=False).show("ui-1", {"event": "boom", "level": "error"})

    assert stream.getvalue() == "ui-1        | ERROR boom\n"


def test_each_process_has_a_colour_of_its_own():
    stream = io.StringIO()
    console = Console(stream, colour=True)

    for name in ("ui-1", "ingest-1", "ui-1"):
        console.show(name, {"event": "x"})

    first, other, again = stream.getvalue().splitlines()
    assert first == again
    assert first[:5] != other[:5]


def test_closed_terminal_stops_nothing():
    stream = io.StringIO()
    stream.close()
    console = Console(stream, colour=False)

    console.say("one")
    console.say("two")
