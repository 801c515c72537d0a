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
def sizes():
    """Return the bytes of a core's data caches by level, as far as the system says them.

    Read from the system on Linux and macOS; nothing elsewhere.

    Example:
        >>> all(level in (1, 2, 3, 4) for level in sizes())
        True
    """
    try:
        if sys.platform == "darwin":
            return _of_macos()
        return _of_linux(Path("/sys/devices/system"))
    except (OSError, ValueError, KeyError, AttributeError):
        return {}


@cache
def second_level():
    """Return the bytes of a core's second-level cache, `DEFAULT` where the system does not say.

    Example:
        >>> second_level() >= 128 << 10
        True
    """
    size = sizes().get(2, 0)
    return size if size >= 128 << 10 else DEFAULT


def _of_linux(system):
    """The sizes as the kernel gives them, "1024K"."""
    found = {}
    for index in sorted(system.glob("cpu/cpu0/cache/index*")):
        kind = index / "type"
        if not kind.exists() or kind.read_text().strip() != "Instruction":
            text = (index / "size").read_text().strip()
            size = int(text[:-1]) << {"K": 10, "M": 20}[text[-1]]
            found[int((index / "level").read_text())] = size
    return found


def _of_macos():
    """Those of a fast core where there are two kinds; several cores share the second level."""
    ask, found = ctypes.CDLL(None).sysctlbyname, {}
    for level, name in ((1, "l1dcachesize"), (2, "l2cachesize"), (3, "l3cachesize")):
        for prefix in ("hw.perflevel0.", "hw."):
            size, length = ctypes.c_uint64(), ctypes.c_size_t(8)
            full = f"{prefix}{name}".encode()
            failed = ask(full, ctypes.byref(size), ctypes.byref(length), None, ctypes.c_size_t(0))
            if not failed and size.value:
                found.setdefault(level, size.value)
    return found
