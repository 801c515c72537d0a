"""How large the caches of this processor are, as far as the system tells.

Only how work is cut depends on it, never the order of a sum: results do not.
"""

import ctypes
import sys
from functools import cache
from pathlib import Path

LINE = 64
"""Bytes that a cache fetches at once; some Arm processors have lines of 128, two of these."""
DEFAULT = 512 << 10
"""Bytes of a second-level cache that is not known; few processors have less."""


@cache
def second_level():
    """Return the bytes of a core's second-level cache.

    Read from the system on Linux and macOS; `DEFAULT` where it does not say.

    Example:
        >>> second_level() >= 128 << 10
        True
    """
    try:
        size = _of_macos() if sys.platform == "darwin" else _of_linux(Path("/sys/devices/system"))
    except (OSError, ValueError, KeyError, AttributeError):
        size = 0
    return size if size >= 128 << 10 else DEFAULT


def _of_linux(system):
    """The size as the kernel gives it, "1024K"; 0 where there is no such file."""
    for index in system.glob("cpu/cpu0/cache/index*"):
        if (index / "level").read_text().strip() == "2":
            text = (index / "size").read_text().strip()
            return int(text[:-1]) << {"K": 10, "M": 20}[text[-1]]
    return 0


def _of_macos():
    """That of a fast core where there are two kinds; several cores share it."""
    ask = ctypes.CDLL(None).sysctlbyname
    for name in (b"hw.perflevel0.l2cachesize", b"hw.l2cachesize"):
        size, length = ctypes.c_uint64(), ctypes.c_size_t(8)
        if ask(name, ctypes.byref(size), ctypes.byref(length), None, ctypes.c_size_t(0)) == 0:
            return size.value
    return 0
