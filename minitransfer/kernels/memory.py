"""Where memory comes from: every step of a training makes and frees the same large arrays.

The C library of Linux gives memory of such sizes back to the system, and asks for it again at the
next step: the system clears it, page by page, on first use. That was a third of a training step of
the conv net. So before a training the library is asked to keep some of what was freed.
"""

import ctypes
import os
import sys

_KEEP = 256 << 20
"""Bytes of freed memory that stay with the process for the next step."""
_LARGE = 32 << 20
"""Bytes from which an array has pages of its own all the same; glibc allows no more."""


def keep_freed_memory():
    """Ask glibc to keep freed memory, for the whole process; return whether it was asked.

    `train.fit` does this at its start. Glibc is left alone where the environment says already what
    it should do (``MALLOC_…_THRESHOLD_`` or ``GLIBC_TUNABLES``), and so are other C libraries.
    """
    decided = any(n.startswith("MALLOC_") or n == "GLIBC_TUNABLES" for n in os.environ)
    if decided or not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl, for one, has none
    if mallopt is None:
        return False
    trim_threshold, mmap_threshold = -1, -3  # their numbers in malloc.h
    return bool(mallopt(mmap_threshold, _LARGE) and mallopt(trim_threshold, _KEEP))
