"""The body of a large put, as botocore and aiohttp take it apart."""

import hashlib

import pytest

from shared.chunked_body import CHUNK, ChunkedBody

DATA = bytes(range(256)) * 1024


async def test_each_iteration_yields_all_bytes_in_chunks() -> None:
    body = ChunkedBody(DATA)
    body.read(100)

    first = [piece async for piece in body]
    second = [piece async for piece in body]

    assert b"".join(first) == b"".join(second) == DATA
    assert {len(piece) for piece in first} == {CHUNK}


def test_reads_end_with_nothing() -> None:
    body = ChunkedBody(bytearray(DATA))
    digest = hashlib.sha256()

    for piece in iter(lambda: body.read(100_000), b""):
        digest.update(piece)

    assert digest.digest() == hashlib.sha256(DATA).digest()
    assert body.tell() == len(body) == len(DATA)


@pytest.mark.parametrize(
    ("offset", "whence", "position"), [(3, 0, 3), (2, 1, 6), (-5, 2, len(DATA) - 5)]
)
def test_seeks_like_a_file(offset: int, whence: int, position: int) -> None:
    body = ChunkedBody(DATA)
    body.read(4)

    assert body.seek(offset, whence) == position

    assert body.read() == DATA[position:]
