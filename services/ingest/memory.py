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
# The most that glibc allows. What is larger, as 50 MP are, is given back when it is freed.
_KEPT_BLOCK = 32 * _MIB
_KEPT = 64 * _MIB  # free at the end of a heap; there is one for each decode at once


def keep_freed_memory() -> None:
    """Have malloc keep blocks of up to 32 MiB; at most 64 MiB of them for each decode at once.

    To be called before the first photo. Without glibc nothing changes.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(_M_MMAP_THRESHOLD, _KEPT_BLOCK)
    mallopt(_M_TRIM_THRESHOLD, _KEPT)
