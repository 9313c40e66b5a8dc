import io

from clients.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_nothing_is_written_where_nobody_watches() -> None:
    stream = io.StringIO()

    progress = Progress(stream, 3)
    progress.show(1, "handed in")
    progress.close()

    assert stream.getvalue() == ""


def test_a_shorter_line_leaves_nothing_of_a_longer_one() -> None:
    stream = Terminal()

    progress = Progress(stream, 2)
    progress.show(1, "handed in, at length")
    progress.show(2, "captioned")

    first, second = stream.getvalue().split("\r")[1:]
    assert first.startswith("[###############")
    assert second.rstrip().endswith("2 of 2 captioned")
    assert len(second) == len(first)


def test_closing_wipes_the_line() -> None:
    stream = Terminal()

    progress = Progress(stream, 2)
    progress.show(2, "captioned")
    progress.close()

    assert stream.getvalue().split("\r")[-2].strip() == ""
    assert stream.getvalue().endswith("\r")
