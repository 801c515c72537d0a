"""The training: a head, everything if there is time, a network from scratch, and fewer labels."""

import time

import numpy as np

from minitransfer.finetuning import bodies, learning
from minitransfer.finetuning.job import Candidate, Job
from minitransfer.finetuning.learning import Task
from minitransfer.progress import progress_bar
from minitransfer.train import Monitor, predict
from minitransfer.transfer import steps_for, unfreeze

#: Shares of the labels that the head learns from, to see whether more would help; and how often
#: the smaller ones are drawn.
LABEL_SHARES, LABEL_DRAWS = (0.25, 0.5, 1.0), 5

#: Share of the time left that full fine-tuning is planned for: a step that was measured alone may
#: take longer when other programs run.
MARGIN = 0.85

#: Passes over the pictures in full fine-tuning of a large network, if there is time for more.
MOST_PASSES = 10


def train_head(job: Job) -> None:
    """Train a head on the features: option 1."""
    network = job.fresh_network()
    head = learning.head_of(network)
    candidate = Candidate(network)
    x, y = job.seen(np.arange(len(job.training)))

    def compute():
        job.candidates["head"] = candidate  # from here on there is something to keep
        history = learning.learn_head(
            head, x, y, job.task, job.rng("head"), job.monitor("head", "the head")
        )
        return {"weight": head.weight, "bias": head.bias, "rows": history.rows}

    found = job.work.stage("head", compute)
    head.weight.array[...], head.bias.array[...] = found["weight"], found["bias"]
    candidate.rows = found["rows"]
    candidate.validation = head_answers(head, job.validation.features)
    job.candidates["head"] = candidate


def train_all(job: Job) -> None:
    """Train everything, from the head that was found on, if there is time for it: option 2."""
    begun = job.work.has("plan")
    plan = job.work.stage("plan", lambda: _plan(job))
    if plan["said"] and not begun:
        job.say(plan["said"] + ".")
    if not plan["steps"]:
        job.skipped_options.append(plan["said"] + ".")
        return
    network = unfreeze(job.fresh_network())
    if job.settings.option != "all":  # that begins with a fresh head, the others with this one
        network.load_state_dict(job.candidates["head"].network.state_dict())
    candidate = Candidate(network, about=plan["said"])

    def compute():
        job.candidates["all"] = candidate
        history = learning.learn_all(
            network,
            job.training.pixels,
            job.training.y,
            job.task,
            job.rng("all"),
            steps=plan["steps"],
            batch_size=plan["batch_size"],
            change=job.change,
            monitor=job.monitor("all", "everything"),
            validation=job.watched() if plan["watch"] else None,
        )
        return {"model": network.state_dict(), "rows": history.rows}

    found = job.work.stage("all", compute)
    network.load_state_dict(found["model"])
    candidate.rows = found["rows"]
    candidate.validation = job.work.stage(
        "all-validation", lambda: {"outputs": learning.answers(network, job.validation.pixels)}
    )["outputs"]
    job.candidates["all"] = candidate


def _plan(job) -> dict:
    """How many steps full fine-tuning gets: what the recipe says, or what there is time for."""
    n = len(job.training)
    small = job.body.size <= 32
    batch_size = min(64 if small else learning.LARGE_BATCH, n)
    per_pass = -(-n // batch_size)
    steps = steps_for(n) if small else MOST_PASSES * per_pass
    if job.settings.epochs is not None:
        steps = job.settings.epochs * per_pass
    seconds = _seconds_per_step(job, batch_size)
    affordable = int(MARGIN * max(job.seconds_left, 0) / seconds)
    said = ""
    if affordable < steps:
        needed = f"{steps} steps of {batch_size} pictures at {seconds:.2g} s each"
        minutes = job.settings.minutes
        granted = "the minute granted" if minutes == 1 else f"the {minutes:g} minutes granted"
        if affordable < per_pass and job.settings.option == "auto":
            said = (
                f"Training everything would take {_time(steps * seconds)} ({needed}), and what is "
                f"left of {granted} does not suffice for one pass over the pictures: only the head "
                "was trained. More time: --minutes"
            )
            steps = 0
        else:
            said = (
                f"Training everything as long as usual would take {_time(steps * seconds)} "
                f"({needed}); shortened to {max(affordable, per_pass)} steps for {granted}. More "
                "time: --minutes"
            )
            steps = max(affordable, per_pass)
    watch = small or len(job.validation) * 20 < 0.3 * steps * batch_size
    return {"steps": steps, "batch_size": batch_size, "said": said, "watch": watch}


def _seconds_per_step(job, batch_size) -> float:
    """Measure a step of full fine-tuning; the one before it compiles the kernels."""
    network = unfreeze(job.fresh_network())
    taken = []
    for _ in range(2):
        begin = time.perf_counter()
        learning.learn_all(
            network,
            job.training.pixels[:batch_size],
            job.training.y[:batch_size],
            job.task,
            np.random.default_rng(0),
            steps=1,
            batch_size=batch_size,
            change=None,
            monitor=Monitor(),
        )
        taken.append(time.perf_counter() - begin)
    return max(taken[-1], 1e-4)


def train_scratch(job: Job) -> None:
    """Train a network that borrows nothing, on the same pictures: what the borrowing is worth."""
    rng = job.rng("scratch")
    network, factor = bodies.from_scratch(job.body, job.task.outputs, rng)

    def compute():
        history = learning.learn_from_scratch(
            network,
            bodies.shrunk(job.training.pixels, factor),
            job.training.y,
            job.task,
            rng,
            steps=steps_for(len(job.training)),
            change=job.change,
            monitor=job.monitor("scratch", "from scratch"),
        )
        outputs, validation = (
            learning.answers(network, bodies.shrunk(part.pixels, factor))
            for part in (job.test, job.validation)
        )
        return {
            "outputs": outputs,
            "validation": validation,
            "rows": history.rows,
            "model": network.state_dict(),
        }

    job.scratch = job.work.stage("from-scratch", compute)
    network.load_state_dict(job.scratch["model"])
    job.scratch["network"], job.scratch["factor"] = network, factor
    job.scratch["what"] = (
        "the same network with random weights"
        if factor == 1 and job.body.size <= 32
        else f"a small convolutional network with random weights, {job.body.size // factor}×"
        f"{job.body.size // factor} dots"
    )


def vary_labels(job: Job) -> None:
    """Train the head with fewer labels, to see whether more would help."""
    job.labels = job.work.stage("labels", lambda: {"rows": _varied(job)})["rows"]


def _varied(job) -> list:
    rows = []
    with progress_bar("with fewer labels", 1 + 2 * LABEL_DRAWS, wanted=job.progress) as show:
        for share in LABEL_SHARES:
            for draw in range(LABEL_DRAWS if share < 1 else 1):
                rng = job.rng(f"labels {share} {draw}")
                some = _some(job.training.y, share, job.whole.classes is not None, rng)
                network = job.fresh_network()
                head = learning.head_of(network)
                x, y = job.seen(some)
                task = Task.of(job.training.y[some], job.whole.classes)
                learning.learn_head(head, x, y, task, rng)
                outputs = task.turned_back(head_answers(head, job.test.features))
                rows.append({"count": len(some), "score": _score(outputs, job.test.y, job.task)})
                show(len(rows))
    return rows


def _some(y, share, labels, rng) -> np.ndarray:
    """Rows of a share of the pictures, of each class as many as its share, one at the least."""
    if share == 1:
        return np.arange(len(y))
    if not labels:
        return np.sort(rng.permutation(len(y))[: max(2, round(share * len(y)))])
    chosen = []
    for label in np.unique(y):
        rows = rng.permutation(np.flatnonzero(y == label))
        chosen.append(rows[: max(1, round(share * len(rows)))])
    return np.sort(np.concatenate(chosen))


def _score(outputs, y, task) -> float:
    if task.classes is None:
        return float(np.abs(outputs - y).mean())
    return float((outputs.argmax(1) == y).mean())


def head_answers(head, features) -> np.ndarray:
    """Return a head's outputs for features (N, …); of pictures seen twice, for the first view."""
    features = features if features.ndim == 2 else features[:, 0]
    return predict(head, features, batch_size=learning.AT_ONCE)


def _time(seconds) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} minutes"
