"""The state of one training run: where it is, what it counted, and how to go on from a file."""

import os
import time
from dataclasses import dataclass, field

import numpy as np

from minitransfer.random import default_generator
from minitransfer.train.evaluation import LossOfAll, pairs
from minitransfer.train.identity import check_identity
from minitransfer.train.resuming import check_fits

#: In a run of so many `steps`, the history gets this many rows.
REPORTS = 20


@dataclass(frozen=True)
class Monitor:
    """What is watched and kept while a network is trained, for `fit` and the recipes on it.

    Args:
        patience: stop when the validation loss has not improved for so many epochs (twentieths,
            with `steps`), and bring back the weights and buffers with which it was smallest.
        checkpoint: file to keep the run in: written at the start, after every epoch (twentieth,
            with `steps`), on Ctrl-C and on SIGTERM. An unfinished run is not overwritten.
        resume: go on from `checkpoint` if that file exists. Call with the same arguments; only
            `epochs` and `steps` may grow. Another loss, rate, schedule, `clip_norm`, network or
            data is refused. Random choices of your own functions are yours to save, those of
            layers and loaders are taken care of.
        progress: whether to show a bar with the time left, on the error stream; or the words to
            show it with.
        command: what the run was asked for with, in words of your own; a checkpoint of another
            command is refused.

    Raises:
        ValueError: if `patience` is not a whole number of 1 or more, or there is no file to
            resume from.

    Example:
        >>> Monitor(patience=3)
        Monitor(patience=3, checkpoint=None, resume=False, progress=False, command='')
    """

    patience: int | None = None
    checkpoint: str | os.PathLike | None = None
    resume: bool = False
    progress: bool | str = False
    command: str = ""

    def __post_init__(self):
        check_count("patience", self.patience)
        if self.resume and self.checkpoint is None:
            raise ValueError("resume=True needs to know from which file; give checkpoint= as well")


def check_count(name: str, value) -> None:
    """Refuse a count that is neither None nor a whole number of 1 or more.

    Raises:
        ValueError: says which count it is.

    Example:
        >>> check_count("epochs", 2.5)
        Traceback (most recent call last):
            ...
        ValueError: epochs is a whole number of 1 or more; given 2.5
    """
    if value is not None and (not isinstance(value, (int, np.integer)) or value < 1):
        raise ValueError(f"{name} is a whole number of 1 or more; given {value!r}")


@dataclass
class History:
    """How a training run went.

    Attributes:
        rows: one dictionary for each epoch (or each twentieth of `steps`): "epoch" (how many times
            the data was gone through), "step", "lr" (the largest of all groups, at the last step),
            "loss" (put together from the batches as in `evaluate`) and the metrics on the training
            data, and, where there was a validation set, "validation_loss" and so on.
        step_losses: the loss of every batch.
        best: the row with the smallest validation loss, or None.
        stopped_early: whether patience ran out.
        seconds: time that it took, including what went before a resume.

    Example:
        >>> history = History(rows=[{"loss": 0.5}, {"loss": 0.25}])
        >>> history["loss"]
        [0.5, 0.25]
    """

    rows: list[dict] = field(default_factory=list)
    step_losses: list[float] = field(default_factory=list)
    best: dict | None = None
    stopped_early: bool = False
    seconds: float = field(default=0.0, compare=False)

    def __getitem__(self, column: str) -> list:
        """Return one entry of all rows, as for a curve."""
        if self.rows and column not in self.rows[0]:
            raise KeyError(f"the history has no {column!r}; it has {', '.join(self.rows[0])}")
        return [row[column] for row in self.rows]

    def last_scores(self) -> str:
        """Return the newest row in a few words: the scores on the validation set if there is one.

        Example:
            >>> History([{"epoch": 1, "lr": 0.1, "loss": 0.25, "mae": 2.0}]).last_scores()
            'loss 0.250, mae 2.000'
        """
        row = self.rows[-1] if self.rows else {}
        prefix = "validation_" if "validation_loss" in row else ""
        scores = [k for k in row if k.startswith(prefix) and k not in ("epoch", "step", "lr")]
        texts = [f"{name.removeprefix(prefix)} {row[name]:.3f}" for name in scores]
        return prefix.replace("_", " ") + ", ".join(texts)

    def __add__(self, later: "History") -> "History":
        """Return the history of this run and of a `later` one that went on from its weights.

        Epochs, steps and seconds go on counting; `best` and `stopped_early` are the later run's,
        since they speak of the weights that one ends with.
        """
        last = self.rows[-1] if self.rows else {"epoch": 0, "step": 0}
        rows = [
            {**row, "epoch": row["epoch"] + last["epoch"], "step": row["step"] + last["step"]}
            for row in later.rows
        ]
        return History(
            rows=self.rows + rows,
            step_losses=self.step_losses + later.step_losses,
            best=later.best and rows[later.rows.index(later.best)],
            stopped_early=later.stopped_early,
            seconds=self.seconds + later.seconds,
        )

    def __len__(self):
        return len(self.rows)

    def __repr__(self):
        if not self.rows:
            return "History: nothing yet"
        last = (
            f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in self.rows[-1].items()
        )
        return f"History: {', '.join(last)}" + (", stopped early" if self.stopped_early else "")


class Run:
    """All that changes while a network is trained.

    A *report* is a row in the history, with a look at the validation set and a checkpoint. It is
    due after every epoch, or, in a run of so many `steps`, after every twentieth of it.

    Args:
        model, optimizer, loader: what is trained, by whom, with what.
        validation: a DataLoader or None.
        epochs, steps: how long; one of them is None.
        patience: reports without a better validation loss after which to stop, or None.
        metrics: name → function.
        split_seed: what the validation set was split off with, or None.

    Attributes:
        schedule: sets the learning rates, or None; made after the run, since it asks for `total`.
        identity: what the run is, for its checkpoints, or None if it has none; made last.
        total: steps in all.
        step: steps that were taken.
        history: see `History`.
    """

    def __init__(
        self,
        model,
        optimizer,
        loader,
        *,
        validation,
        epochs,
        steps,
        patience,
        metrics,
        split_seed,
    ):
        self.model, self.optimizer, self.loader = model, optimizer, loader
        self.validation, self.schedule, self.identity = validation, None, None
        self.total = steps or epochs * len(loader)
        self.report_interval = -(-steps // REPORTS) if steps else len(loader)  # in steps
        self.patience, self.metrics, self.split_seed = patience, metrics, split_seed
        self.step = self.batch = 0  # steps in all, and batches of this pass, that are behind us
        self.losses, self.sums, self.examples = LossOfAll(), dict.fromkeys(metrics, 0.0), 0
        self.best_state, self.waited = None, 0
        self.history = History()
        self._started, self._pass = time.monotonic(), None

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.step >= self.total or self.history.stopped_early

    def next_batch(self):
        """Return the next (inputs, targets); the data is gone through again and again."""
        if self._pass is None:
            self._pass = pairs(self.loader)
        batch = next(self._pass)
        self.batch += 1
        if self.batch == len(self.loader):
            self.batch, self._pass = 0, None
        return batch

    def count(self, loss: float, count, outputs: np.ndarray, targets: np.ndarray) -> None:
        """Note the loss, with what it is a mean over, and the metrics of a step that was taken."""
        self.step += 1
        self.history.step_losses.append(loss)
        self.losses.add(loss, count)
        self.examples += len(targets)
        for name, metric in self.metrics.items():
            self.sums[name] += float(metric(outputs, targets)) * len(targets)

    @property
    def report_due(self) -> bool:
        """Whether a row is due."""
        return self.step % self.report_interval == 0 or self.step == self.total

    def report(self, lr: float, validation: dict) -> None:
        """Write a row, and with patience keep the weights if they are the best so far."""
        passes = self.step / len(self.loader)
        epoch = int(passes) if passes.is_integer() else round(passes, 3)
        row = {"epoch": epoch, "step": self.step, "lr": lr, "loss": self.losses.value}
        row.update({name: total / self.examples for name, total in self.sums.items()})
        row.update({f"validation_{name}": score for name, score in validation.items()})
        self.losses, self.sums, self.examples = LossOfAll(), dict.fromkeys(self.sums, 0.0), 0
        self.history.rows.append(row)
        if not validation:
            return
        self.waited += 1
        best = self.history.best
        if best is None or row["validation_loss"] < best["validation_loss"]:
            self.history.best, self.waited = row, 0
            if self.patience is not None:  # copied: state_dict shares its numbers with the model
                self.best_state = {
                    name: tensor.array.copy() for name, tensor in self.model.state_dict().items()
                }
        if self.patience is not None and self.waited >= self.patience:
            self.history.stopped_early = True

    def end(self) -> None:
        """Stop the clock, and bring the best weights and buffers back if patience kept them."""
        self.history.seconds = self._seconds()
        self._started = time.monotonic()
        if self.best_state is not None:
            self.model.load_state_dict(self.best_state)

    # To and from a file

    def state_dict(self) -> dict:
        """Return everything that decides how the run goes on, for `save_checkpoint`."""
        history = self.history
        return {
            "made_with": self.identity,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict() if self.schedule else None,
            "loader": self.loader.state_dict(),
            "generators": {name: g.bit_generator.state for name, g in self.generators().items()},
            "split_seed": self.split_seed,
            "step": self.step,
            "total": self.total,
            "finished": self.finished,
            "batch": self.batch,
            "losses": {**vars(self.losses)},
            "sums": self.sums,
            "examples": self.examples,
            "rows": history.rows,
            "step_losses": np.array(history.step_losses, np.float64),
            "best": history.best,
            "best_state": self.best_state,
            "waited": self.waited,
            "stopped_early": history.stopped_early,
            "seconds": self._seconds(),
        }

    def load_state_dict(self, state: dict, path) -> None:
        """Go on from what `state_dict` returned, to the bit.

        Args:
            state: the state, as `saved_run` let it through.
            path: the file it comes from, for the error.

        Raises:
            ValueError: if the state is of another run (see `identity`), or has taken more steps
                than this one is to take; nothing is changed then.
        """
        same_length = state["total"] == self.total
        check_identity(state["made_with"], self.identity, same_length, path)
        if state["step"] > self.total:
            raise ValueError(
                f"{path} holds a training run at step {state['step']}, and this one is to end "
                f"after {self.total}: steps cannot be taken back. Nothing was changed: ask for "
                "more, delete the file or choose another"
            )
        check_fits(state, self, path)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.schedule:
            self.schedule.load_state_dict(state["schedule"])
        self.step, self.batch = state["step"], state["batch"]
        if self.batch:  # within a pass: start it again in the same order, and skip what was seen
            self.loader.load_state_dict(state["loader"])
            self._pass = pairs(self.loader)
            for _ in range(self.batch):
                next(self._pass)
        for name, generator in self.generators().items():
            generator.bit_generator.state = state["generators"][name]
        self.losses = LossOfAll(**state["losses"])
        self.sums, self.examples = state["sums"], state["examples"]
        self.best_state, self.waited = state["best_state"], state["waited"]
        self.history = History(
            rows=state["rows"],
            step_losses=state["step_losses"].tolist(),
            best=state["best"],
            stopped_early=state["stopped_early"],
            seconds=state["seconds"],
        )

    def _seconds(self) -> float:
        return self.history.seconds + time.monotonic() - self._started

    def generators(self) -> dict[str, np.random.Generator]:
        """Every source of randomness that the run draws from, by a name of its own."""
        found = {"default": default_generator()}
        for name, loader in (("loader", self.loader), ("validation", self.validation)):
            if isinstance(getattr(loader, "generator", None), np.random.Generator):
                found[name] = loader.generator
        for name, module in self.model.named_modules():
            for key, value in vars(module).items():
                if isinstance(value, np.random.Generator):
                    found[f"{name}.{key}"] = value
        return found
