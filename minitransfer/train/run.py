"""The state of one training: where it is, what it counted, and how to go on from a file."""

import time

import numpy as np

from minitransfer.random import default_generator
from minitransfer.train.evaluation import pairs
from minitransfer.train.history import History

#: In a training of so many `steps`, the history gets this many rows.
ROUNDS = 20


class Run:
    """All that changes while a network is trained.

    A *round* is what ends with a row in the history, a look at the validation set and a
    checkpoint: an epoch, or, in a training of so many `steps`, a twentieth of it.

    Args:
        model, optimizer, loader: what is trained, by whom, with what.
        validation: Dataset, DataLoader, pair of arrays or None.
        epochs, steps: how long; one of them is None.
        patience: rounds without a better validation loss after which to stop, or None.
        metrics: name → function.
        split_seed: what the validation set was split off with, or None.

    Attributes:
        schedule: sets the learning rates, or None; made after the run, since it asks for `total`.
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
        self.validation, self.schedule = validation, None
        self.total = steps or epochs * len(loader)
        self.round_length = -(-steps // ROUNDS) if steps else len(loader)
        self.patience, self.metrics, self.split_seed = patience, metrics, split_seed
        self.step = self.batch = 0  # steps in all, and batches of this pass, that are behind us
        self.sums, self.examples = dict.fromkeys(("loss", *metrics), 0.0), 0
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

    def count(self, loss: float, outputs: np.ndarray, targets: np.ndarray) -> None:
        """Note the loss and the metrics of a step that was taken."""
        self.step += 1
        self.history.step_losses.append(loss)
        self.examples += len(targets)
        self.sums["loss"] += loss * len(targets)
        for name, metric in self.metrics.items():
            self.sums[name] += float(metric(outputs, targets)) * len(targets)

    @property
    def round_is_over(self) -> bool:
        """Whether a row is due."""
        return self.step % self.round_length == 0 or self.step == self.total

    def close_round(self, lr: float, validation: dict) -> None:
        """Write a row, and with patience keep the weights if they are the best so far."""
        passes = self.step / len(self.loader)
        epoch = int(passes) if passes.is_integer() else round(passes, 3)
        row = {"epoch": epoch, "step": self.step, "lr": lr}
        row.update({name: total / self.examples for name, total in self.sums.items()})
        row.update({f"validation_{name}": score for name, score in validation.items()})
        self.sums, self.examples = dict.fromkeys(self.sums, 0.0), 0
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
        """Return everything that decides how the training goes on, for `save_checkpoint`."""
        history = self.history
        return {
            "made_with": self._made_with(),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict() if self.schedule else None,
            "loader": self.loader.state_dict(),
            "generators": {name: g.bit_generator.state for name, g in self._generators().items()},
            "split_seed": self.split_seed,
            "step": self.step,
            "total": self.total,
            "finished": self.finished,
            "batch": self.batch,
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
            state: the state.
            path: the file it comes from, for the error.

        Raises:
            ValueError: if the state is of another model, optimiser or data; nothing is changed
                then.
        """
        self._check_made_with(state["made_with"], path)
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
        for name, generator in self._generators().items():
            generator.bit_generator.state = state["generators"][name]
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

    def _made_with(self) -> dict:
        """What has to be the same when a training is taken up again."""
        return {
            "weights": {
                name: f"{tensor.dtype} {tensor.shape}"
                for name, tensor in self.model.state_dict().items()
            },
            "trainable": [n for n, p in self.model.named_parameters() if p.requires_grad],
            "optimizer": type(self.optimizer).__name__,
            "groups": [group["names"] for group in self.optimizer.param_groups],
            "schedule": type(self.schedule).__name__,
            "batches": len(self.loader),
            "batch_size": self.loader.batch_size,
            "metrics": list(self.metrics),
            "validation": self.validation is not None,
            "patience": self.patience,
            "generators": {
                name: type(g.bit_generator).__name__ for name, g in self._generators().items()
            },
        }

    def _check_made_with(self, saved: dict, path) -> None:
        own, differences = self._made_with(), []
        for what in own:
            theirs, ours = saved.get(what), own[what]
            if isinstance(ours, dict) and isinstance(theirs, dict):
                names = [n for n in {**theirs, **ours} if theirs.get(n) != ours.get(n)]
                differences += [f"{what} {n!r}: {theirs.get(n)} / {ours.get(n)}" for n in names]
            elif theirs != ours:
                differences.append(f"{what}: {theirs} / {ours}")
        if differences:
            raise ValueError(
                f"{path} is of another training; in the file / here: {'; '.join(differences)}. "
                "Nothing was changed: resume with what the file was made with, "
                "or choose another file"
            )

    def _generators(self) -> dict[str, np.random.Generator]:
        """Every source of randomness that the training draws from, by a name of its own."""
        found = {"default": default_generator()}
        for name, loader in (("loader", self.loader), ("validation", self.validation)):
            if isinstance(getattr(loader, "generator", None), np.random.Generator):
                found[name] = loader.generator
        for name, module in self.model.named_modules():
            for key, value in vars(module).items():
                if isinstance(value, np.random.Generator):
                    found[f"{name}.{key}"] = value
        return found
