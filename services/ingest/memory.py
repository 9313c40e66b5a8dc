"""What decoding frees stays with the process, for the next photo.

glibc gives large blocks and the end of a heap back to the system, by limits that move with what was
freed before. So each photo of 12 MP had 20 to 27 MB of fresh pages, which the kernel clears one by
one: more than a tenth of the worker's CPU.
"""

import ctypes

# malloc.h of glibc, and https://man7.org/linux/man-pages/man3/mallopt.3.html
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_MIB = 1024**2
_KEPT_BLOCK = 32 * _MIB  # the most that glibc allows
_KEPT = 64 * _MIB  # free at the end of a heap; threads at work at once have one each


def keep_freed_memory() -> None:
    """Have malloc keep freed blocks of up to 32 MiB, but for what lies beyond 64 MiB of a heap.

    To be called before the first photo. Without glibc nothing changes.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_M_MMAP_THRESHOLD, _KEPT_BLOCK)
    mallopt(_M_TRIM_THRESHOLD, _KEPT)
