"""Fair times: the competitors take turns, long enough for the clock, and the median counts.

What is counted is the processor's time, not the wall clock's: everybody runs on one thread, and so
a program that shares the machine takes no time from either. Only where a case has several threads
it is the wall clock's.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from minitransfer import kernels

try:
    import torch
except ImportError:
    torch = None

SLOW_TURNS = 3
"""How often a competitor is called that takes longer than the time meant for all its calls."""


@dataclass
class Case:
    """One thing to measure.

    Attributes:
        group: heading under which it stands in the table.
        name: what is measured.
        calls: competitors by name, "minitransfer" among them; each does the same work.
        operations: floating-point operations of a call, 0 where that says nothing.
        bar: the ratio to the fastest peer that the project wants to reach, 0 if none.
        beside: competitors that are shown, but that the bar is not for.
        unit, units: what a call does, for rates ("images", 128).
        threads: how many threads everybody has.
    """

    group: str
    name: str
    calls: dict[str, Callable]
    operations: float = 0.0
    bar: float = 0.0
    beside: tuple[str, ...] = ()
    unit: str = ""
    units: float = 1.0
    threads: int = 1
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def peers(self):
        """The competitors other than this library."""
        return [name for name in self.seconds if name != "minitransfer"]

    @property
    def rivals(self):
        """The peers that the bar is for."""
        return [name for name in self.peers if name not in self.beside]

    def ratio(self, peer):
        """How many times as fast as `peer` this library is."""
        return self.seconds[peer] / self.seconds["minitransfer"]


def measure(case, seconds=1.0):
    """Fill in ``case.seconds``: the median time of a call, in seconds, for each competitor.

    Each has `seconds` on average, and this library five turns at least. Who needs longer than
    `seconds` for a single call has `SLOW_TURNS`, and the others do not wait for more.
    """
    with _threads(case.threads) as clock:
        case.seconds = _medians(case, seconds, clock)
    return case


def _medians(case, seconds, clock):
    repeats, times = {}, {}
    for name, call in case.calls.items():
        if name not in case.beside:  # those have been tried when they were made
            call()  # compiles, and warms the caches
        once = max(_time(call, 1, clock), 1e-7)
        repeats[name] = max(1, int(2e-3 / once))
        times[name] = [once] if once > seconds else []
    slow = {name for name in times if times[name]}
    left = seconds * (len(times) - len(slow))
    turns = SLOW_TURNS if "minitransfer" in slow else 5
    while left > 0 or len(times["minitransfer"]) < turns:
        for name, call in case.calls.items():
            if name in slow and len(times[name]) >= SLOW_TURNS:
                continue
            took = _time(call, repeats[name], clock)
            times[name].append(took / repeats[name])
            if name not in slow:
                left -= took
    return {name: float(np.median(values)) for name, values in times.items()}


@contextlib.contextmanager
def _threads(count):
    """Give everybody so many threads, and yield the clock to read."""
    before = kernels.get_num_threads(), torch.get_num_threads() if torch else 1
    _set_threads(count, count)
    try:
        yield time.process_time if count == 1 else time.perf_counter
    finally:
        _set_threads(*before)


def _set_threads(ours, theirs):
    kernels.set_num_threads(ours)
    if torch:
        torch.set_num_threads(theirs)


def _time(call, repeats, clock):
    start = clock()
    for _ in range(repeats):
        call()
    return clock() - start
