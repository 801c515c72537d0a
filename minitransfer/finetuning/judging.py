"""Which of the networks to keep, and how good it is: the facts that the report tells."""

from dataclasses import dataclass, field

import numpy as np

from minitransfer.finetuning import bodies, learning, measuring
from minitransfer.finetuning.job import Candidate, Job
from minitransfer.finetuning.reading import ready_to_run
from minitransfer.finetuning.training import head_answers
from minitransfer.train import fit_temperature, reliability, softmax
from minitransfer.transfer import Familiarity, strip_head

#: Of more training pictures than this, the features of a tuned body are not computed once more.
KNOWN = 300

#: Share of the pictures that an interval around a predicted value is to hold.
HELD = 0.9

#: Pictures shown of those that are wrong, and of those that it is least sure of.
SHOWN = 6


@dataclass
class Judged:
    """What was found in the end.

    Attributes:
        chosen: name of the candidate that is kept.
        why: sentences that say so.
        candidate: the candidate.
        temperature: of its probabilities; None for values.
        half_width: half of the interval that holds `HELD` of the validation values; None for
            classes.
        familiarity: what it knows.
        outputs: for the test pictures: logits, or values in the units of the task.
        scores: name of the score → who ("network", "scratch", "simple") → value and interval.
        gains: name of the comparison → value and interval of the difference.
        reliability, before: for classes, with and without the temperature.
        unknown: share of test pictures that look unknown.
        examples: what to show, most telling first.
        without_duplicates: the score without test pictures that others resemble; None if none do.
        instead: the network from scratch, to be kept too, if it is surely better on the validation
            pictures; else None. Its gain "borrowed" is by how much.
    """

    chosen: str
    why: list
    candidate: Candidate
    outputs: np.ndarray
    familiarity: Familiarity
    temperature: float | None = None
    half_width: float | None = None
    scores: dict = field(default_factory=dict)
    gains: dict = field(default_factory=dict)
    reliability: object = None
    before: object = None
    unknown: float = 0.0
    examples: list = field(default_factory=list)
    without_duplicates: dict | None = None
    instead: "Judged | None" = None


def judge(job: Job) -> Judged:
    """Choose by the validation pictures, and look at the test pictures once."""
    for candidate in job.candidates.values():
        if candidate.validation is None:  # it was interrupted, and stands where it stood
            candidate.validation = _asked(job, candidate, job.validation)[1]
    chosen, why = choose(job)
    candidate = job.candidates[chosen]
    known, validation, test = _features(job, chosen, candidate)
    head = learning.head_of(candidate.network)
    outputs = job.task.turned_back(head_answers(head, test))
    judged = Judged(
        chosen,
        why,
        candidate,
        outputs,
        Familiarity.of(known, validation, generator=job.rng("known")),
    )
    judged.unknown = float(judged.familiarity.is_unknown(test).mean())
    if job.task.classes is None:
        _judge_values(job, judged)
    else:
        _judge_classes(job, judged)
    judged.instead = _instead(job, judged)
    return judged


def _instead(job, judged) -> Judged | None:
    """The network from scratch, if the pictures that one chooses by speak for it."""
    if job.scratch is None:
        return None
    y, task = job.validation.y, job.task
    both = judged.candidate.validation, job.scratch["validation"]
    if task.classes is None:
        gain = measuring.difference(*(np.abs(task.turned_back(outputs) - y) for outputs in both))
    else:
        borrowed, own = (outputs.argmax(1) == y for outputs in both)
        gain = measuring.balanced_difference(own, borrowed, y)
    if gain["low"] <= 0:
        return None
    network, factor = job.scratch["network"], job.scratch["factor"]
    body = ready_to_run(strip_head(network))
    rows = np.sort(job.rng("known").permutation(len(job.training))[:KNOWN])
    known, validation = (
        learning.answers(body, bodies.shrunk(pixels, factor))
        for pixels in (job.training.pixels[rows], job.validation.pixels)
    )
    made = Judged(
        "scratch",
        [],
        Candidate(network, job.scratch["rows"], job.scratch["validation"]),
        job.scratch["outputs"],
        Familiarity.of(known, validation, generator=job.rng("known")),
        scores={name: {"network": who["scratch"]} for name, who in judged.scores.items()},
        gains={"borrowed": gain},
    )
    _calibrate(job, made)
    return made


def _calibrate(job, judged) -> None:
    """Find out by the validation pictures how far what it says may be believed."""
    outputs, y = judged.candidate.validation, job.validation.y
    if job.task.classes is not None:
        judged.temperature = fit_temperature(outputs, y)
        return
    residuals = np.sort(np.abs(job.task.turned_back(outputs) - y))
    rank = min(int(np.ceil((len(residuals) + 1) * HELD)), len(residuals))
    judged.half_width = float(residuals[rank - 1])


def choose(job: Job) -> tuple[str, list]:
    """Return the name of the candidate that validation prefers, and why, in sentences."""
    why = list(job.skipped_options)
    option, both = job.settings.option, job.candidates
    if len(both) == 1:
        if option == "head":
            why.append("Only the head was trained, as asked for.")
        return next(iter(both)), why
    if both["all"].about:
        why.append(both["all"].about + ".")
    gain, loss = _preference(job)
    preferred = gain["value"] > 0 or (gain["value"] == 0 and loss > 0)
    if option == "auto":
        chosen = "all" if preferred else "head"
        kept = f"{'It' if preferred else 'The head alone'} was kept"
        if gain["value"] == 0:
            kept += ", for its smaller loss on them"
    else:
        chosen, kept = "all", "It was kept, as asked for"
    sure = "" if gain["low"] > 0 or gain["high"] < 0 else (
        "; the interval holds 0, so the two may well be equally good"
    )  # fmt: skip
    why.append(
        f"Training everything changed the {_score_name(job)} on the {len(job.validation):,} "
        f"validation pictures by {_change(job, gain)}. {kept}{sure}."
    )
    return chosen, why


def _preference(job):
    """How much better everything is than the head alone on validation, and by the loss."""
    y, task = job.validation.y, job.task
    head, everything = (job.candidates[name].validation for name in ("head", "all"))
    if task.classes is None:
        errors = [np.abs(task.turned_back(outputs) - y) for outputs in (head, everything)]
        gain = measuring.difference(*errors)
        return gain, gain["value"]
    gain = measuring.balanced_difference(everything.argmax(1) == y, head.argmax(1) == y, y)
    losses = [-np.log(softmax(o)[np.arange(len(y)), y] + 1e-12).mean() for o in (head, everything)]
    return gain, losses[0] - losses[1]


def _score_name(job) -> str:
    return "mean absolute error" if job.task.classes is None else "balanced accuracy"


def _change(job, gain) -> str:
    return less(gain) if job.task.classes is None else points(gain)


def points(gain) -> str:
    """Say a difference of shares.

    Example:
        >>> points({"value": 0.031, "low": -0.01, "high": 0.07})
        '+3.1 points (95 % interval −1.0 to +7.0)'
    """
    # + 0.0 turns what was rounded to −0 into 0.
    value, low, high = (round(100 * gain[key], 1) + 0.0 for key in ("value", "low", "high"))
    return f"{value:+.1f} points (95 % interval {low:+.1f} to {high:+.1f})".replace("-", "−")


def less(gain) -> str:
    """Say by how much an error changed, of which something was gained.

    Example:
        >>> less({"value": 0.5, "low": -0.25, "high": 1.25})
        '−0.5 (95 % interval −1.25 to +0.25)'
    """
    value, low, high = (measuring.written(-gain[key], 3, "+") for key in ("value", "high", "low"))
    return f"{value} (95 % interval {low} to {high})"


def _asked(job, candidate, part):
    """Return features and outputs of a candidate for pictures, whatever was trained of it."""
    body = ready_to_run(strip_head(candidate.network))
    features = learning.answers(body, part.pixels)
    return features, head_answers(learning.head_of(candidate.network), features)


def _features(job, chosen, candidate):
    """Features of known pictures, of validation and of test, of the body that was chosen."""
    if chosen == "head":
        training = job.training.features
        known = training if training.ndim == 2 else training[:, 0]
        return known, job.validation.features, job.test.features

    def compute():
        body = ready_to_run(strip_head(candidate.network))
        rows = np.sort(job.rng("known").permutation(len(job.training))[:KNOWN])
        return {
            "known": learning.answers(body, job.training.pixels[rows]),
            "validation": learning.answers(body, job.validation.pixels),
            "test": learning.answers(body, job.test.pixels),
        }

    found = compute() if job.interrupted else job.work.stage("all-features", compute)
    return found["known"], found["validation"], found["test"]


def _judge_classes(job, judged) -> None:
    y, logits = job.test.y, judged.outputs
    _calibrate(job, judged)
    probabilities = softmax(logits, judged.temperature)
    answers = logits.argmax(1)
    right = {"network": answers == y}
    if job.scratch is not None:
        right["scratch"] = job.scratch["outputs"].argmax(1) == y
    common = np.bincount(job.training.y, minlength=len(job.task.classes)).argmax()
    right["simple"] = y == common
    judged.scores = {
        "accuracy": {who: measuring.counted(r) for who, r in right.items()},
        "balanced accuracy": {who: measuring.balanced(r, y) for who, r in right.items()},
    }
    # The commonest class may be most of the pictures: there every class has to count alike.
    judged.gains = {"simple": measuring.balanced_difference(right["network"], right["simple"], y)}
    if "scratch" in right:
        judged.gains["scratch"] = measuring.difference(right["network"], right["scratch"])
    judged.reliability = reliability(probabilities, y)
    judged.before = reliability(softmax(logits), y)
    surest = probabilities.max(1)
    wrong = np.flatnonzero(answers != y)
    wrong = wrong[np.argsort(-surest[wrong], kind="stable")][:SHOWN]
    unsure = [i for i in np.argsort(surest, kind="stable") if i not in wrong][:SHOWN]
    judged.examples = [
        {
            "row": int(i),
            "kind": kind,
            "truth": job.task.classes[y[i]],
            "answer": job.task.classes[answers[i]],
            "sure": float(surest[i]),
            "target": int(answers[i]),
        }
        for kind, rows in (("wrong", wrong), ("unsure", unsure))
        for i in rows
    ]
    alone = _alone(job)
    if alone is not None and alone.any():
        judged.without_duplicates = measuring.counted(right["network"][alone])


def _judge_values(job, judged) -> None:
    y, values = job.test.y, judged.outputs
    _calibrate(job, judged)
    said = {"network": values}
    if job.scratch is not None:
        said["scratch"] = job.task.turned_back(job.scratch["outputs"])
    said["simple"] = np.full(len(y), job.task.mean)
    errors = {who: np.abs(v - y) for who, v in said.items()}
    judged.scores = {
        "mean absolute error": {
            who: measuring.drawn(lambda rows, e=e: e[rows].mean(), len(y))
            for who, e in errors.items()
        },
        "R²": {who: measuring.explained(v, y) for who, v in said.items()},
    }
    judged.gains = {
        who: measuring.difference(e, errors["network"])
        for who, e in errors.items()
        if who != "network"
    }
    worst = np.argsort(-errors["network"], kind="stable")[:SHOWN]
    judged.examples = [
        {
            "row": int(i),
            "kind": "wrong",
            "truth": measuring.written(y[i], 4),
            "answer": measuring.written(values[i], 4),
            "sure": None,
            "target": 0,
        }
        for i in worst
    ]
    alone = _alone(job)
    if alone is not None and alone.sum() > 1:
        judged.without_duplicates = measuring.drawn(
            lambda rows: errors["network"][alone][rows].mean(), int(alone.sum())
        )


def _alone(job):
    """Which test pictures have no near-duplicate in the other parts; None if all are alone."""
    doubled = job.duplicates.judged_by
    return (
        np.array([path not in doubled for path in job.test.collection.paths]) if doubled else None
    )
