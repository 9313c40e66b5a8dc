"""The script's look at a file agrees with the gateway's own, on an empty page."""

import pytest

from services.ui.components.sources import source
from services.ui.photo_files import EMPTY, MAX_BYTES, NOT_A_PHOTO, megabytes, rules
from shared.media import media_type_of
from tests.browser.conftest import OpenContext

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

LOOK = """async ([script, rules, heads]) => {
  const text = `${script}\\nexport { checked };`;
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const { checked } = await import(url);
  return Promise.all(heads.map(([hex, size]) => {
    const bytes = new Uint8Array(Math.max(size, hex.length / 2));
    hex.match(/../g)?.forEach((two, at) => { bytes[at] = parseInt(two, 16); });
    return checked(new File([bytes], "file"), rules);
  }));
}"""
HEADS = [
    b"\xff\xd8\xff\xe0" + bytes(20),
    b"\x89PNG\r\n\x1a\n" + bytes(20),
    b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    b"GIF89a" + bytes(20),
    b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
    b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf",
    b"MM\x00*" + bytes(20),
    b"II*\x00" + bytes(20),
    b"hello",
    b"RIFF\x00\x00\x00\x00WAVEfmt ",
    b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isommp42",
    # A brand that stands after the box's end is none of the file's.
    b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00isomheic",
]


async def test_types_are_told_as_the_gateway_tells_them(open_context: OpenContext) -> None:
    page = await (await open_context()).new_page()

    looks = await page.evaluate(
        LOOK, [source("tray_check.js"), rules(), [[head.hex(), 0] for head in HEADS]]
    )

    expected = [media_type_of(head) for head in HEADS]
    assert [look.get("type") for look in looks] == [
        found.content_type if found else None for found in expected
    ]
    refused = [look["problem"] for look in looks if "problem" in look]
    assert set(refused) == {NOT_A_PHOTO}


async def test_size_is_looked_at_before_anything_is_sent(open_context: OpenContext) -> None:
    page = await (await open_context()).new_page()
    jpeg = "ffd8ffe0"

    files = [["", 0], [jpeg, MAX_BYTES], [jpeg, MAX_BYTES + 200_000]]
    empty, largest, too_large = await page.evaluate(LOOK, [source("tray_check.js"), rules(), files])

    assert empty == {"problem": EMPTY}
    assert largest == {"type": "image/jpeg"}
    assert f"This photo has {megabytes(MAX_BYTES + 200_000)}" in too_large["problem"]
