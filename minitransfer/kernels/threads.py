"""What a process gives to its kernels: several threads, and the memory that others have freed.

Threads come as chunks taken in turn, a pool, and no waiting in a loop.

Kernels release the interpreter's lock, so ordinary Python threads run side by side. The work is
cut into chunks whose ends depend on its size alone; a thread takes some of the next ones when it
has done its last. What a chunk computes does not depend on who computes it, nor on which others he
computes, so the bits of a result are the same at any number of threads.

The caller works too, and never waits for a helper that has not begun: several Python threads may
call kernels at once, even from inside the pool. A thread without work sleeps; it does not spin and
takes nothing from other programs.
"""

import contextlib
import ctypes
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

LEAST = 4
"""Chunks below which one thread does it all. On a busy machine a helper may fall asleep over its
chunk; where there are a few, the caller has done the others meanwhile and waits for one only."""

_KEEP = 1 << 30
"""Bytes of freed memory that stay with the process for the next step. Where more is free at the
end of the heap, glibc gives all of it back."""

_lock = threading.Lock()
_count = None
_pool = None
_helper = threading.local()

_core_of_this_thread = None
if sys.platform.startswith("linux"):
    _core_of_this_thread = getattr(ctypes.CDLL(None), "sched_getcpu", None)


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
    """Return the number of threads that large kernels use."""
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
        >>> before = get_num_threads()
        >>> set_num_threads(1)
        >>> get_num_threads()
        1
        >>> set_num_threads(before)
    """
    global _count, _pool
    if n != int(n) or n < 1:
        raise ValueError(f"the number of threads must be 1 or more, not {n!r}")
    with _lock:
        if int(n) != _count:
            _count, old, _pool = int(n), _pool, None
            if old is not None:
                old.shutdown(wait=False)


def parallel_for(count, chunk, work, *arguments, finest=None):
    """Call ``work(*arguments, first, last)`` for all of ``range(count)``, by all threads.

    Args:
        count: how many indices there are.
        chunk: indices in a chunk (the last may be shorter), the least that is worth a turn: a
            tenth of a millisecond, say. A thread takes several at a time while much is left. With
            one thread, or fewer than `LEAST` chunks, `work` is called once, in this thread.
        work: a function of the arguments, the first index and the one behind the last; it may run
            in any thread and must not depend on which chunks were done before.
        finest: what a turn takes at least, where it may be less than a chunk.

    Example:
        >>> parallel_for(5, 9, print, "from and to:")
        from and to: 0 5
    """
    chunks = -(-count // chunk)
    threads = min(get_num_threads(), chunks) if chunks >= LEAST else 1
    if threads < 2:
        work(*arguments, 0, count)
        return
    turns = _turns(count, finest or chunk, threads)
    turn = threading.Lock()

    def take_turns():
        while True:
            with turn:
                ends = next(turns, None)
            if ends is None:
                return
            work(*arguments, *ends)

    cores = _other_cores()

    def help_out():
        _stay_on(cores)
        take_turns()

    futures = _helpers(help_out, threads - 1)
    try:
        take_turns()
    finally:
        for future in futures:
            if not future.cancel():  # it has begun, so it will end by itself
                future.result()


def _turns(count, finest, threads):
    """Yield the ends of what threads take in turn: half of a thread's share of what is left.

    So there are few turns, and nobody waits long for the last one, even where another program
    takes a core from a helper (guided self-scheduling: Polychronopoulos and Kuck 1987).

    Example:
        >>> list(_turns(20, 2, 2))
        [(0, 4), (4, 8), (8, 10), (10, 12), (12, 14), (14, 16), (16, 18), (18, 20)]
        >>> list(_turns(5, 2, 2))
        [(0, 2), (2, 4), (4, 5)]
    """
    first = 0
    while first < count:
        share = (count - first) // (2 * threads) // finest * finest
        last = min(first + max(share, finest), count)
        yield first, last
        first = last


def _other_cores():
    """The cores this thread may use except the one it is on; None where nobody can say."""
    if _core_of_this_thread is None:
        return None
    return os.sched_getaffinity(0) - {_core_of_this_thread()}


def _stay_on(cores):
    """Let the system put this helper on none but these cores, if there are any.

    Left to itself, it may put a helper on its caller's core where another program is busy on the
    other one: two here and one there, or one here and two there. It sees no difference, but the
    first is no faster than one thread.
    """
    if cores and cores != getattr(_helper, "cores", None):
        with contextlib.suppress(OSError):  # a core that was taken from the process meanwhile
            os.sched_setaffinity(0, cores)
        _helper.cores = cores


def _helpers(task, count):
    """Ask `count` helpers to do the task; none once the main script has ended.

    Threads of the user's own and functions of ``atexit`` may go on then, but Python's pools take
    no more work: the caller does all of it.
    """
    global _pool
    futures = []
    with _lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(max(get_num_threads() - 1, 1), "minitransfer")
        try:
            for _ in range(count):
                futures.append(_pool.submit(task))
        except RuntimeError as error:  # said before anything is queued, so no chunk is lost
            if "cannot schedule new futures" not in str(error):
                raise
    return futures


def _forget_pool():
    """In a forked child the parent's threads do not exist."""
    global _pool, _lock
    _pool, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


def keep_freed_memory():
    """Ask glibc to keep freed memory, for the whole process; return whether it was asked.

    Every step of a training run makes and frees the same large arrays. The C library of Linux
    gives memory of such sizes back to the system and asks for it again at the next step, and the
    system clears it, page by page, on first use: a third of a training step of the conv net.

    `train.fit` and `train.predict` do this at their start. Glibc is left alone where the
    environment says already what it should do (``MALLOC_…_THRESHOLD_`` or ``GLIBC_TUNABLES``), and
    so are other C libraries.
    """
    decided = any(n.startswith("MALLOC_") or n == "GLIBC_TUNABLES" for n in os.environ)
    if decided or not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl, for one, has none
    if mallopt is None:
        return False
    # Their numbers in malloc.h. No array is mapped by itself: pages of its own are new pages each
    # time, and by its size alone (`M_MMAP_THRESHOLD`) glibc keeps an array of 32 megabytes at most.
    trim_threshold, mmap_max = -1, -4
    return bool(mallopt(mmap_max, 0) and mallopt(trim_threshold, _KEEP))
