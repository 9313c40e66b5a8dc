import socket
import subprocess
import sys

import pytest

from infra.local import ownership
from infra.local.layout import UsageError, layout_from
from infra.local.preflight import check_ports, locked, stop_leftovers


@pytest.fixture
def layout(tmp_path):
    return layout_from({"PORT_BASE": "20000", "STATE_DIR": str(tmp_path)})


def test_folder_has_one_holder_at_a_time(layout):
    with locked(layout) as first, locked(layout) as second:
        assert (first, second) == (True, False)

    with locked(layout) as again:
        assert again


def test_leftovers_are_stopped_and_named(layout):
    with (
        locked(layout),
        subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
        ) as left,
    ):
        ownership.record(layout.run, "ingest-1", left.pid)

        names = stop_leftovers(layout)

        assert names == ["ingest-1"]
        assert left.wait(5) != 0


def test_port_of_another_program_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        layout = layout_from({"PORT_BASE": str(port), "STATE_DIR": str(tmp_path)})

        with pytest.raises(UsageError, match=f"port {port}.*gateway.*PORT_BASE"):
            check_ports(layout)
