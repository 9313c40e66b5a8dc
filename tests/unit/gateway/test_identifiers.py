"""Image ids are UUIDs of version 7 that only ever grow."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.identifiers import ImageIds, parse_image_id

TIMES = st.lists(st.floats(min_value=0, max_value=2**47 / 1000), min_size=1, max_size=20)


@given(TIMES)
def test_ids_grow_whatever_the_clock_does(times: list[float]) -> None:
    ticks = iter(times)
    ids = ImageIds(clock=lambda: next(ticks))

    made = [ids.new() for _ in times]

    assert made == sorted(set(made))


@given(st.floats(min_value=0, max_value=2**47 / 1000))
def test_id_has_the_layout_of_rfc_9562(now: float) -> None:
    made = uuid.UUID(ImageIds(clock=lambda: now).new())

    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == int(now * 1000)


def test_ten_thousand_ids_of_one_millisecond_grow() -> None:
    ids = ImageIds(clock=lambda: 1_790_000_000.0)

    made = [ids.new() for _ in range(10_000)]

    assert made == sorted(set(made))


def test_only_canonical_uuids_are_image_ids() -> None:
    made = ImageIds().new()

    assert parse_image_id(made) == made
    assert parse_image_id(made.upper()) == made
    for wrong in (
        "",
        "x",
        made[:-1],
        made + "0",
        made + "\n",
        made.replace("-", ""),
        f"{{{made}}}",
    ):
        assert parse_image_id(wrong) is None
