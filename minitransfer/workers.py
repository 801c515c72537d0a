"""Processes that work for a program: they end when it ends, and leave Ctrl-C to it."""

import contextlib
import importlib
import multiprocessing
import os
import signal
import threading
import time


def serve(parent: int) -> None:
    """Make this process a worker of `parent`; to be called in it, before its first task.

    Ctrl-C reaches every process of a terminal: the parent answers it, the workers do not hear it.
    And a parent that was killed cannot end its workers, so that they watch it.

    Args:
        parent: the process number of the program that the worker works for. Where something else
            started the worker (a cluster does), nothing is done.
    """
    if _parent() != parent:
        return
    with contextlib.suppress(ValueError):  # not in the main thread, which is then not ours
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _parent() -> int:
    started_by = multiprocessing.parent_process()
    return os.getppid() if started_by is None else started_by.pid


def _end_with(parent):
    if os.name == "posix":
        while os.getppid() == parent:  # an orphan is adopted by another process
            time.sleep(0.2)
    else:  # a process of Windows keeps the number of a parent that is gone
        multiprocessing.parent_process().join()
    os._exit(1)  # from a thread no exception would end the process


_locks = []  # in the order in which a fork takes them
_taken = []  # by the fork that is under way


def free_in_forks(lock, innermost=False):
    """Have a fork wait until nobody holds this lock, and return the lock.

    A forked process has one thread. A lock that another thread held at that moment would never be
    let go of in it, and what the lock guards would stay half done.

    Args:
        lock: anything with ``acquire()`` and ``release()`` that is never given up. Where a thread
            holds one and takes another, the one that it takes second is to be registered first.
        innermost: whoever holds this one takes no other of them, whenever it is registered.
    """
    if not _locks and hasattr(os, "register_at_fork"):
        # Pools of threads have a lock of their own, as logging does. What holds one of ours may
        # ask a pool, so a fork takes those last: what was registered first.
        importlib.import_module("concurrent.futures.thread")
        os.register_at_fork(before=_take, after_in_parent=_let_go, after_in_child=_let_go)
    _locks.insert(len(_locks) if innermost else 0, lock)
    return lock


def _take():
    global _taken
    locks = [*_locks]
    for lock in locks:
        lock.acquire()
    _taken = locks  # of one fork at a time: another one waits for the first lock


def _let_go():
    for lock in reversed(_taken):
        lock.release()


@contextlib.contextmanager
def deaf_to_interrupts():
    """Start processes in this context: they do not hear Ctrl-C, not even before their first task.

    It would be answered by a traceback from each that has not come further than its imports. The
    parent hears it when the context ends.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def ended_on_error():
    """End the processes that were started in this context if it is left by an exception."""
    before = multiprocessing.active_children()
    try:
        yield
    except BaseException:
        for process in multiprocessing.active_children():
            if process not in before:
                process.terminate()
        raise


@contextlib.contextmanager
def terminated_like_interrupted():
    """Answer SIGTERM (``kill``) like Ctrl-C while the context lasts: work ends in order.

    Whatever handles Ctrl-C at that moment handles it. Where the program is not asked to (in a
    thread, or where somebody handles SIGTERM already) nothing is changed.

    Yields:
        A function that returns whether SIGTERM came.
    """
    came = False

    def handle(number, frame):
        nonlocal came
        came = True
        on_interrupt = signal.getsignal(signal.SIGINT)
        if not callable(on_interrupt):  # a shell starts what runs in the background deaf to Ctrl-C
            raise KeyboardInterrupt
        on_interrupt(signal.SIGINT, frame)

    ours = threading.current_thread() is threading.main_thread()
    ours = ours and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if ours:
        signal.signal(signal.SIGTERM, handle)
    try:
        yield lambda: came
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
