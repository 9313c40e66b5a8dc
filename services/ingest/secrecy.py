"""The worker's environment, credentials and all, kept from the decoders that it starts.

They run as the same user, who could otherwise read it in ``/proc`` or attach to the worker.
"""

import ctypes
import sys

_PR_SET_DUMPABLE = 4


def hide_from_own_processes() -> None:
    """Make this process opaque to others of its user (prctl(2)); on Linux only.

    It then leaves no core dump, and a profiler has to run as root.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
