import io
import socket
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import requests
import uvicorn
from starlette.applications import Starlette

from clients.problems import Unreachable
from services.ui import downloads
from services.ui.tickets import Tickets
from tests.deadlines import until


@dataclass
class Sent:
    """A file that says whether it was closed; ``fault`` is raised after its pieces."""

    content: list[bytes] = field(default_factory=lambda: [b"one ", b"two"])
    name: str = "captions.zip"
    content_type: str = "application/zip"
    size: int | None = None
    fault: Exception | None = None
    closed: threading.Event = field(default_factory=threading.Event)

    def pieces(self) -> Iterator[bytes]:
        yield from self.content
        if self.fault is not None:
            raise self.fault

    def close(self) -> None:
        self.closed.set()


class Endless(Sent):
    def pieces(self) -> Iterator[bytes]:
        while not self.closed.is_set():
            yield bytes(64 * 1024)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Our route alone, on a port of its own."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        config = uvicorn.Config(Starlette(routes=downloads.ROUTES), log_level="critical")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)


def get(address: str, **options: object) -> requests.Response:
    return requests.request("GET", address, timeout=10, **options)


def test_file_comes_whole_under_its_name_and_is_kept_nowhere(server):
    file = Sent(size=7)

    answer = get(server + downloads.ticket(file))

    assert answer.content == b"one two"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="captions.zip"'
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Length"] == "7"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert file.closed.wait(5)


def test_ticket_is_good_once(server):
    address = server + downloads.ticket(Sent())
    get(address)

    again = get(address)

    assert again.status_code == 404
    assert "This download is no longer here" in again.text
    assert "Content-Disposition" not in again.headers


def test_unknown_ticket_gets_a_sentence(server):
    answer = get(server + "/files/nothing")

    assert answer.status_code == 404
    assert "choose it again" in answer.text


def test_looking_at_the_headers_does_not_use_a_ticket_up(server):
    address = server + downloads.ticket(Sent())

    assert requests.head(address, timeout=10).status_code == 405
    assert get(address).content == b"one two"


def test_file_that_breaks_off_never_looks_whole(server):
    file = Sent(fault=Unreachable("ChunkedEncodingError"))

    with pytest.raises(requests.RequestException):
        get(server + downloads.ticket(file))

    assert file.closed.wait(5)


async def test_browser_that_goes_away_hangs_up_on_the_gateway(server):
    file = Endless()
    with get(server + downloads.ticket(file), stream=True) as answer:
        assert next(answer.iter_content(1024))

    await until(file.closed.is_set)


def test_many_slow_files_at_once_all_come(server):
    released = threading.Event()

    class Slow(Sent):
        def pieces(self) -> Iterator[bytes]:
            released.wait(10)
            yield b"late"

    files = [Slow() for _ in range(20)]
    answers = [get(server + downloads.ticket(file), stream=True) for file in files[:10]]
    released.set()

    assert [answer.content for answer in answers] == [b"late"] * 10


async def test_stored_file_is_sent_and_removed(server):
    file = tempfile.NamedTemporaryFile(suffix=".csv")  # noqa: SIM115 - closed by the server
    file.write("a,é\n".encode() * 50_000)

    answer = get(server + downloads.ticket(downloads.Stored(file, "a.csv", "text/csv")))

    assert answer.content == "a,é\n".encode() * 50_000
    assert answer.headers["Content-Length"] == str(5 * 50_000)
    await until(lambda: file.closed)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a b.jpg", 'attachment; filename="a b.jpg"'),
        ("Café.jpg", "attachment; filename=\"Caf_.jpg\"; filename*=UTF-8''Caf%C3%A9.jpg"),
        ('a"b%41.jpg', "attachment; filename=\"a_b_41.jpg\"; filename*=UTF-8''a%22b%2541.jpg"),
        ("../../etc/passwd", 'attachment; filename="etcpasswd"'),
        ("a\r\nSet-Cookie: b", 'attachment; filename="aSet-Cookie: b"'),
        ("photo\u202egpj.exe", 'attachment; filename="photogpj.exe"'),
        ("", 'attachment; filename="download"'),
    ],
    ids=["plain", "accent", "quote", "path", "line-break", "right-to-left", "empty"],
)
def test_name_is_told_safely(name, header):
    assert downloads.attachment(name) == header


def test_names_are_long_and_never_the_same():
    tickets = Tickets()
    names = {tickets.issue(Sent(), lifetime=60) for _ in range(50)}

    assert len(names) == 50
    assert min(map(len, names)) >= 43


def test_file_nobody_fetches_in_time_is_closed():
    now = [0.0]
    tickets, file = Tickets(clock=lambda: now[0]), Sent()
    name = tickets.issue(file, lifetime=60)
    now[0] = 60.0

    assert tickets.redeem(name) is None
    assert file.closed.is_set()


async def test_file_nobody_asks_for_is_closed_by_itself():
    tickets, file, other = Tickets(), Sent(), Sent()

    tickets.issue(other, lifetime=60)
    tickets.issue(file, lifetime=0.05)

    await until(file.closed.is_set)
    assert not other.closed.is_set()
    tickets.sweep()


def test_the_longest_waiting_is_let_go_when_there_are_too_many():
    tickets = Tickets(most=2)
    files = [Sent() for _ in range(3)]

    names = [tickets.issue(file, lifetime=60) for file in files]

    assert [file.closed.is_set() for file in files] == [True, False, False]
    assert [tickets.redeem(name) for name in names] == [None, files[1], files[2]]


def test_redeemed_file_is_left_to_who_took_it():
    now = [0.0]
    tickets, file = Tickets(clock=lambda: now[0]), Sent()
    assert tickets.redeem(tickets.issue(file, lifetime=60)) is file
    now[0] = 100.0

    tickets.sweep()

    assert not file.closed.is_set()


def test_empty_stored_file_has_no_length():
    stored = downloads.Stored(io.BytesIO(), "empty.csv", "text/csv")

    assert (stored.size, list(stored.pieces())) == (0, [])


def test_ticket_names_no_file_in_the_log(server, caplog):
    address = downloads.ticket(Sent(fault=Unreachable("ReadTimeout")))

    with pytest.raises(requests.RequestException):
        get(server + address)

    assert "download_broken_off" in caplog.text
    assert address.rsplit("/", 1)[1] not in caplog.text
