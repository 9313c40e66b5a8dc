"""Before a stack starts and after it: the lock, the ports, and stopping what is left.

Only the standard library is used, so that ``make down`` works where nothing is installed.
"""

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator

from infra.local import ownership
from infra.local.layout import LOOPBACK, SUPERVISOR, Layout, UsageError

_AWS = "aws-1"
_SERVICE_GRACE = 20.0  # seconds, as the supervisor gives
_AWS_GRACE = 10.0  # seconds for the emulator to write its state
_SUPERVISOR_GRACE = 45.0  # seconds: above the sum of both


@contextlib.contextmanager
def locked(layout: Layout) -> Iterator[bool]:
    """Try to hold the state folder, made if need be; yield whether it worked.

    The system releases the lock however its holder ends, so a held one means a running stack.
    """
    for folder in (layout.state, layout.run, layout.log):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(layout.run / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held = False
    else:
        held = True
    try:
        yield held
    finally:
        os.close(handle)


def down(layout: Layout) -> int:
    """Stop what was started in this folder, by its own pid files. Nothing to stop is no error."""
    if not layout.run.exists():
        print(f"Nothing was running in {layout.state}")
        return 0
    stopped = _stop_supervisor(layout)
    leftovers = stop_leftovers(layout)
    if leftovers:
        print(f"Stopped what was left: {', '.join(leftovers)}")
    elif stopped:
        print("Stopped")
    else:
        print(f"Nothing was running in {layout.state}")
    return 0


def _stop_supervisor(layout: Layout) -> bool:
    """Stop the running stack by way of its supervisor; say whether there was one."""
    supervisor = ownership.find(layout.run, SUPERVISOR)
    if supervisor is None:
        return False
    ownership.stop(layout.run, [supervisor], grace=_SUPERVISOR_GRACE)
    return True


def stop_leftovers(layout: Layout) -> list[str]:
    """Stop what a killed supervisor left behind; give the names of what still lived."""
    found = [each for each in ownership.recorded(layout.run) if each.name != SUPERVISOR]
    services = [each for each in found if each.name != _AWS]
    ownership.stop(layout.run, services, grace=_SERVICE_GRACE)
    # Last, so that the services can still release what they hold.
    ownership.stop(layout.run, [each for each in found if each.name == _AWS], grace=_AWS_GRACE)
    ownership.stop_strays(layout.state, [each.pid for each in found])
    ownership.forget(layout.run, SUPERVISOR)
    for path in (layout.stack_env, layout.ready):
        path.unlink(missing_ok=True)
    return [each.name for each in found if each.alive]


def check_ports(layout: Layout) -> None:
    """Raise ``UsageError`` that names the first port that something else listens on."""
    for service, port in layout.ports.items():
        if _is_taken(port):
            raise UsageError(
                f"port {port} (for {service}) is in use by another program. "
                "Choose other ports, and a folder of their own: "
                "make up PORT_BASE=20000 STATE_DIR=.local-20000"
            )


def _is_taken(port: int) -> bool:
    with socket.socket() as listener:
        # Without it, connections that were just closed would count as taken.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return True
    # A browser tries ::1 first for ``localhost``: a listener there would take our visitors.
    with socket.socket(socket.AF_INET6) as visitor:
        visitor.settimeout(0.5)
        return visitor.connect_ex(("::1", port)) == 0
