"""How many threads the kernels use."""

import os

_count = None


def default_threads():
    """Return the threads used unless told otherwise: the processor cores this process may use."""
    named = os.environ.get("MINITRANSFER_NUM_THREADS")
    if named:
        if not named.isdecimal() or int(named) < 1:
            raise ValueError(f"MINITRANSFER_NUM_THREADS is {named!r}; set it to 1 or more")
        return int(named)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def get_num_threads():
    """Return the number of threads that large kernels use.

    Example:
        >>> get_num_threads() >= 1
        True
    """
    global _count
    if _count is None:
        _count = default_threads()
    return _count


def set_num_threads(n):
    """Let large kernels use `n` threads. Results have the same bits whatever the number.

    Args:
        n: one or more.

    Raises:
        ValueError: if `n` is not a positive whole number.

    Example:
        >>> set_num_threads(1)
        >>> get_num_threads()
        1
    """
    global _count
    if n != int(n) or n < 1:
        raise ValueError(f"the number of threads must be 1 or more, not {n!r}")
    _count = int(n)
