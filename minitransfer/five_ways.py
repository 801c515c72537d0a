"""The main experiment: few labels, five ways to use them.

========== ================================================================================
way        what it is
========== ================================================================================
head       article C's option 1: borrowed body frozen, only a new head is trained
all        option 2: everything is trained, the body starting from the borrowed weights
small_lr   article B's middle way: the body is trained at a tenth of the head's rate
scratch    the same network from fresh weights, everything trained: what transfer has to beat
random     the same network from fresh weights, body frozen: is it the body's *knowledge*?
========== ================================================================================
"""

import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version

import numpy as np

from minitransfer import data, kernels, workers, zoo
from minitransfer.train import evaluate
from minitransfer.transfer import fine_tune, replace_head

#: The ways, with the words that tables and figures use for them.
WAYS = {
    "head": "borrowed body frozen, new head trained",
    "all": "borrowed body and new head trained",
    "small_lr": "all trained, the body in small steps",
    "scratch": "fresh network, all trained",
    "random": "fresh body frozen, head trained",
}


def one_way(way: str, seed: int, labels: int, network: str = "glyph-conv") -> float:
    """Train one way on `labels` digits and return the accuracy on all test digits.

    Args:
        way: a key of `WAYS`.
        seed: chooses the labelled digits, the fresh weights and the order of the batches.
        labels: how many labelled digits, spread evenly over the ten classes.
        network: the published network to borrow from.

    Raises:
        ValueError: if the way is unknown.

    Example:
        >>> one_way("head", seed=0, labels=10) > 0.3
        True
    """
    if way not in WAYS:
        raise ValueError(f"{way!r} is not a way; there are {', '.join(WAYS)}")
    digits = data.mnist("pool").sample(labels, np.random.default_rng(seed))
    generator = np.random.default_rng([seed, labels])
    if way in ("scratch", "random"):
        build = zoo.ARCHITECTURES[zoo.read_card(network)["architecture"]]
        model = build(len(digits.classes), generator=generator)
    else:
        model = replace_head(zoo.load(network), len(digits.classes), generator=generator)
    fine_tune(
        model,
        digits,
        option="head" if way in ("head", "random") else "all",
        body_lr=1e-4 if way == "small_lr" else None,
        generator=generator,
    )
    return evaluate(model, data.mnist("test"))["accuracy"]


def five_ways(
    labels: int = 100,
    seeds: int = 3,
    network: str = "glyph-conv",
    *,
    processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> dict:
    """Train all five ways with several seeds.

    Args:
        labels: how many labelled digits each run gets.
        seeds: how many runs of each way (seeds 0, 1, …).
        network: the published network to borrow from.
        processes: how many runs side by side; the numbers do not depend on it.
        progress: called as ``progress(done, total)`` after every run.

    Returns:
        ``{"ways": {way: {"mean", "sd", "runs"}}, "labels", "seconds", "versions"}``; sd is the
        sample standard deviation over the seeds (0 for one seed).

    Example:
        >>> five_ways(labels=10, seeds=1)["ways"]["head"]["sd"]
        0.0
    """
    start = time.perf_counter()
    jobs = [(way, seed) for seed in range(seeds) for way in WAYS]
    # The long runs first, so that no process is left alone with one at the end.
    jobs.sort(key=lambda job: job[0] in ("head", "random"))
    runs = {}
    for done, (job, accuracy) in enumerate(_results(jobs, labels, network, processes), 1):
        runs[job] = accuracy
        if progress is not None:
            progress(done, len(jobs))
    ways = {}
    for way in WAYS:
        values = [runs[way, seed] for seed in range(seeds)]
        sd = statistics.stdev(values) if seeds > 1 else 0.0
        ways[way] = {"mean": statistics.fmean(values), "sd": sd, "runs": values}
    return {
        "ways": ways,
        "labels": labels,
        "seconds": round(time.perf_counter() - start, 1),
        "versions": {name: version(name) for name in ("minitransfer", "numpy", "numba")},
    }


def _results(jobs, labels, network, processes):
    """Yield (job, accuracy) as the runs end."""
    if processes == 1:
        for way, seed in jobs:
            yield (way, seed), one_way(way, seed, labels, network)
        return
    # "spawn" starts clean interpreters: a forked one would inherit locks of the kernels' threads.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, context, initializer=_start, initargs=(os.getpid(),))
    with pool, workers.ended_on_error():
        with workers.deaf_to_interrupts():  # a process is started with each of the first jobs
            futures = {
                pool.submit(one_way, way, seed, labels, network): (way, seed) for way, seed in jobs
            }
        for future in as_completed(futures):
            yield futures[future], future.result()


def _start(parent):
    workers.serve(parent)
    kernels.set_num_threads(1)  # processes side by side share the cores


def conclusion(result: dict) -> str:
    """Say in plain sentences what the numbers of `five_ways` show.

    Example:
        >>> ways = {"head": 0.93, "all": 0.92, "small_lr": 0.94, "scratch": 0.85, "random": 0.74}
        >>> ways = {way: {"mean": mean, "sd": 0.01} for way, mean in ways.items()}
        >>> print(conclusion({"ways": ways, "labels": 100}))
        With 100 labelled digits the borrowed body makes 2.1 times fewer errors than ...
    """
    ways = result["ways"]
    head, scratch, random = (ways[way]["mean"] for way in ("head", "scratch", "random"))
    gain, spread = head - scratch, max(ways["head"]["sd"], ways["scratch"]["sd"])
    labels = result["labels"]
    best = max(("head", "all", "small_lr"), key=lambda way: ways[way]["mean"])
    numbers = f"({head:.1%} against {scratch:.1%} right)"
    if gain > 2 * spread:
        times = (1 - scratch) / max(1 - head, 1e-9)
        first = (
            f"With {labels} labelled digits the borrowed body makes {times:.1f} times fewer "
            f"errors than the same network trained from scratch {numbers}"
        )
    elif gain < -2 * spread:
        first = (
            f"With {labels} labelled digits the borrowed body does worse than the same network "
            f"trained from scratch {numbers}"
        )
    else:
        first = (
            f"With {labels} labelled digits the borrowed body and the same network trained from "
            f"scratch differ by less than twice their spread {numbers}"
        )
    if head - random > 2 * max(ways["head"]["sd"], ways["random"]["sd"]):
        second = (
            f"It is what the body has learnt that helps, not its shape: frozen at random weights "
            f"it reaches only {random:.1%}"
        )
    else:
        second = f"But a body frozen at random weights does about as well ({random:.1%})"
    third = f"the best of the three ways to borrow was “{WAYS[best]}”."
    if gain > 2 * spread:
        third += (
            " This is for strokes, of which its source was made, too: less is gained from farther "
            "away, or nothing (lessons 11 and 14)."
        )
    return f"{first}. {second}; {third}"
