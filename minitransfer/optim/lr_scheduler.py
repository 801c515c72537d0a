"""Learning-rate schedules: how long the steps are, from the first to the last."""

import math

from minitransfer import autograd
from minitransfer.not_covered import not_covered
from minitransfer.optim.optimizers import Optimizer


def __getattr__(name):
    raise not_covered("lr_scheduler", name)


class Schedule:
    """What all schedules share: a factor on each group's first learning rate, by step number.

    A rate that somebody else changed counts: one set by hand is gone on from, and several
    schedules of one optimiser multiply. (`LambdaLR` and `OneCycleLR` set theirs all the same.)

    Args:
        optimizer: whose learning rates to set. The first factor is applied at once, to the rates
            of that moment.
        factor: step number (from 0) → factor; or a list of such functions, one for each group.
        warmup: steps in which the factor rises from 0 to its full size, so that the first,
            noisy gradients do little harm (Goyal et al. 2017).
        last_epoch: number of the last step, where a schedule goes on from there; -1 from the
            beginning.

    Example:
        >>> from minitransfer import nn, optim
        >>> optimizer = optim.SGD([nn.Parameter([1.0])], lr=1.0)
        >>> schedule = Schedule(optimizer, lambda step: 1 / (1 + step), warmup=2)
        >>> rates = []
        >>> for _ in range(4):
        ...     rates.append(round(optimizer.param_groups[0]["lr"], 2))
        ...     schedule.step()
        >>> rates
        [0.5, 0.5, 0.33, 0.25]
    """

    def __init__(self, optimizer: Optimizer, factor, warmup: int = 0, last_epoch: int = -1):
        check_optimizer(type(self).__name__, optimizer)
        self.optimizer, self.factor, self.warmup = optimizer, factor, warmup
        self.last_step = last_epoch
        #: The rate that each group's schedule started from, and the one that it set last.
        self._first, self._last = [], []
        if last_epoch != -1:
            self._first = [group["initial_lr"] for group in optimizer.param_groups]
            self._last = [group["lr"] for group in optimizer.param_groups]
        self.step()

    @property
    def last_epoch(self) -> int:
        """Number of the last step; PyTorch's name of it."""
        return self.last_step

    def step(self, epoch=None) -> None:
        """Set the learning rates of the next step; call it after ``optimizer.step()``.

        Raises:
            ValueError: if a step number is given, which PyTorch once took.
        """
        if epoch is not None:
            raise ValueError("step() counts by itself; leave the argument out")
        if (trace := autograd.trace_here()) is not None:
            trace.refuse("it steps a schedule; call schedule.step() after the step")
        self.last_step += 1
        for i, group in enumerate(self.optimizer.param_groups):
            group["lr"] = self._next(i, group)
        self._last = [group["lr"] for group in self.optimizer.param_groups]

    def _next(self, i: int, group: dict) -> float:
        """Return the next rate of group `i`."""
        if i >= len(self._first):  # a group that is new
            group.setdefault("initial_lr", group["lr"])
            self._first.append(group["lr"])
        elif group["lr"] != self._last[i]:
            self._first[i] = self._rescaled(i, group["lr"])
        return self.rate(self._first[i], self.last_step, i) * self._rise(self.last_step)

    def _rescaled(self, i: int, now: float) -> float:
        """Return the first rate from which the last step would have led to the rate of now."""
        before = self.last_step - 1
        rise = self._rise(before)
        low = self.rate(0.0, before, i) * rise  # what is there whatever the first rate
        scale = self.rate(1.0, before, i) * rise - low
        return (now - low) / scale if scale else now

    def _rise(self, step: int) -> float:
        return (step + 1) / self.warmup if step < self.warmup else 1.0

    def rate(self, first: float, step: int, group: int = 0) -> float:
        """Return the learning rate at `step` of a group whose first one was `first`."""
        return first * self._factor(step, group)

    def _factor(self, step, group):
        of_group = isinstance(self.factor, (list, tuple))
        return (self.factor[group] if of_group else self.factor)(step)

    def get_last_lr(self) -> list[float]:
        """Return the learning rate of each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict:
        """Return how many steps were taken, and from which rates to which."""
        return {"last_step": self.last_step, "first": [*self._first], "last": [*self._last]}

    def load_state_dict(self, state_dict: dict) -> None:
        """Go on after the steps that were taken."""
        groups = self.optimizer.param_groups
        first = state_dict.get("first") or [g.get("initial_lr", g["lr"]) for g in groups]
        self.last_step, self._first = state_dict["last_step"], list(first)[: len(groups)]
        for i, group in enumerate(groups[: len(self._first)]):
            rise = self._rise(self.last_step)
            group["lr"] = self.rate(self._first[i], self.last_step, i) * rise
        for group, last in zip(groups, state_dict.get("last", ()), strict=False):
            group["lr"] = last
        self._last = [group["lr"] for group in groups]


class LambdaLR(Schedule):
    """The first rate times any function of the step.

    Args:
        optimizer: whose learning rates to set.
        lr_lambda: step number (from 0) → factor; or a list of such functions, one for each group.
        last_epoch: see `Schedule`.

    Example:
        >>> from minitransfer import nn, optim
        >>> optimizer = optim.SGD([nn.Parameter([1.0])], lr=1.0)
        >>> schedule = LambdaLR(optimizer, lambda step: 0.5**step)
        >>> schedule.step()
        >>> schedule.get_last_lr()
        [0.5]
    """

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        groups = len(check_optimizer("LambdaLR", optimizer).param_groups)
        if isinstance(lr_lambda, (list, tuple)) and len(lr_lambda) != groups:
            raise ValueError(f"LambdaLR: {len(lr_lambda)} functions for {groups} groups")
        super().__init__(optimizer, lr_lambda, last_epoch=last_epoch)

    def _next(self, i, group):
        # As in PyTorch this one knows its first rate and no other: it multiplies with nobody.
        first = group.setdefault("initial_lr", group["lr"])
        self._first[i:] = [first, *self._first[i + 1 :]]
        return self.rate(first, self.last_step, i)


class StepLR(Schedule):
    """The rate times `gamma` after every `step_size` steps.

    Example:
        >>> from minitransfer import nn, optim
        >>> schedule = StepLR(optim.SGD([nn.Parameter([1.0])], lr=1.0), step_size=1, gamma=0.5)
        >>> schedule.step()
        >>> schedule.get_last_lr()
        [0.5]
    """

    def __init__(self, optimizer, step_size, gamma=0.1, last_epoch=-1, *, warmup=0):
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, lambda step: gamma ** (step // step_size), warmup, last_epoch)


class MultiStepLR(Schedule):
    """The rate times `gamma` at every step that `milestones` names.

    Example:
        >>> from minitransfer import nn, optim
        >>> optimizer = optim.SGD([nn.Parameter([1.0])], lr=1.0)
        >>> schedule = MultiStepLR(optimizer, milestones=[1, 3], gamma=0.5)
        >>> schedule.step()
        >>> schedule.get_last_lr()
        [0.5]
    """

    def __init__(self, optimizer, milestones, gamma=0.1, last_epoch=-1, *, warmup=0):
        self.milestones = passed = sorted(milestones)
        self.gamma = gamma
        super().__init__(
            optimizer, lambda step: gamma ** sum(m <= step for m in passed), warmup, last_epoch
        )


class ExponentialLR(Schedule):
    """The rate times `gamma` at every step.

    Example:
        >>> from minitransfer import nn, optim
        >>> schedule = ExponentialLR(optim.SGD([nn.Parameter([1.0])], lr=1.0), gamma=0.5)
        >>> schedule.step()
        >>> schedule.get_last_lr()
        [0.5]
    """

    def __init__(self, optimizer, gamma, last_epoch=-1, *, warmup=0):
        self.gamma = gamma
        super().__init__(optimizer, lambda step: gamma**step, warmup, last_epoch)


class LinearLR(Schedule):
    """The rate times a factor that goes straight from `start_factor` to `end_factor`.

    Example:
        >>> from minitransfer import nn, optim
        >>> optimizer = optim.SGD([nn.Parameter([1.0])], lr=1.0)
        >>> schedule = LinearLR(optimizer, start_factor=0.5, total_iters=2)
        >>> schedule.step()
        >>> schedule.get_last_lr()
        [0.75]
    """

    def __init__(self, optimizer, start_factor=1 / 3, end_factor=1.0, total_iters=5, last_epoch=-1):
        if not 0 < start_factor <= 1:
            raise ValueError(f"LinearLR: start_factor is {start_factor}; expected above 0, up to 1")
        rise = end_factor - start_factor
        super().__init__(
            optimizer,
            lambda step: start_factor + rise * min(step / total_iters, 1.0),
            last_epoch=last_epoch,
        )


class CosineAnnealingLR(Schedule):
    """Half a cosine from the full rate to `eta_min` in `T_max` steps (Loshchilov, Hutter 2017).

    After `T_max` steps the rate stays at `eta_min`.

    Example:
        >>> from minitransfer import nn, optim
        >>> schedule = CosineAnnealingLR(optim.SGD([nn.Parameter([1.0])], lr=1.0), T_max=2)
        >>> schedule.step()
        >>> round(schedule.get_last_lr()[0], 3)
        0.5
    """

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1, *, warmup=0):
        self.eta_min = eta_min
        super().__init__(
            optimizer,
            lambda step: (1 + math.cos(math.pi * min(step / T_max, 1.0))) / 2,
            warmup,
            last_epoch,
        )

    def rate(self, first, step, group=0):
        return self.eta_min + (first - self.eta_min) * self._factor(step, group)


class OneCycleLR(Schedule):
    """Up to `max_lr` and down again, both along half a cosine (Smith and Topin 2018).

    Args:
        optimizer: whose learning rates to set; `max_lr` takes the place of theirs.
        max_lr: the highest rate, or a list with one for each group.
        total_steps: length of the cycle; or else
        epochs, steps_per_epoch: its two factors.
        pct_start: share of the steps that rise.
        anneal_strategy: "cos", or "linear" for straight lines.
        cycle_momentum: whether the momentum (of Adam, its first beta) goes the other way, from
            `max_momentum` to `base_momentum` and back; passed over where an optimiser has none.
        base_momentum, max_momentum: its lowest and highest value.
        div_factor: max_lr / the first rate.
        final_div_factor: the first rate / the last rate.
        three_phase: only False is covered.
        last_epoch: see `Schedule`.

    Example:
        >>> from minitransfer import nn, optim
        >>> optimizer = optim.SGD([nn.Parameter([1.0])], lr=1.0, momentum=0.9)
        >>> schedule = OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
        >>> round(schedule.get_last_lr()[0], 3), optimizer.param_groups[0]["momentum"]
        (0.04, 0.95)
    """

    def __init__(
        self,
        optimizer,
        max_lr,
        total_steps=None,
        epochs=None,
        steps_per_epoch=None,
        pct_start=0.3,
        anneal_strategy="cos",
        cycle_momentum=True,
        base_momentum=0.85,
        max_momentum=0.95,
        div_factor=25.0,
        final_div_factor=1e4,
        three_phase=False,
        last_epoch=-1,
    ):
        groups = check_optimizer("OneCycleLR", optimizer).param_groups
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR: give total_steps=, or epochs= and steps_per_epoch=")
            total_steps = epochs * steps_per_epoch
        if anneal_strategy not in ("cos", "linear") or three_phase:
            raise ValueError(
                f"OneCycleLR: anneal_strategy={anneal_strategy!r}, three_phase={three_phase}; "
                '"cos" and "linear", and two phases, are covered'
            )
        rates = max_lr if isinstance(max_lr, (list, tuple)) else [max_lr] * len(groups)
        if len(rates) != len(groups):
            raise ValueError(f"OneCycleLR: {len(rates)} rates for {len(groups)} groups")
        first = 1 / div_factor
        last = first / final_div_factor
        peak = max(pct_start * total_steps - 1, 1e-9)

        def between(start, end, share):
            share = min(share, 1.0)
            if anneal_strategy == "linear":
                return start + (end - start) * share
            return end + (start - end) * 0.5 * (1 + math.cos(math.pi * share))

        def along(step, start, top, end):
            if step <= peak:
                return between(start, top, step / peak)
            return between(top, end, (step - peak) / max(total_steps - 1 - peak, 1e-9))

        if cycle_momentum:
            self.momentum = lambda step: along(step, max_momentum, base_momentum, max_momentum)
        else:
            self.momentum = None
        if last_epoch == -1:
            for group, rate in zip(groups, rates, strict=True):
                group["initial_lr"] = group["lr"] = rate
        super().__init__(
            optimizer, lambda step: along(step, first, 1.0, last), last_epoch=last_epoch
        )

    def _next(self, i, group):
        # As in PyTorch this one sets the rate, whatever others made of it meanwhile.
        if i >= len(self._first):
            return super()._next(i, group)
        return self.rate(self._first[i], self.last_step, i)

    def step(self, epoch=None):
        super().step(epoch)
        if self.momentum is None:
            return
        for group in self.optimizer.param_groups:
            if "betas" in group:
                group["betas"] = (self.momentum(self.last_step), *group["betas"][1:])
            elif group.get("momentum"):
                group["momentum"] = self.momentum(self.last_step)


class ReduceLROnPlateau:
    """The rate times `factor` when a number has not become better for `patience` steps.

    Args:
        optimizer: whose learning rates to set.
        mode: "min" where smaller is better, "max" where larger is.
        factor: below 1.
        patience: steps without a better number that are let pass.
        threshold: how much better counts: a share of the best number, or with
            ``threshold_mode="abs"`` an amount.
        threshold_mode: "rel" or "abs".
        cooldown: steps after a change in which nothing is counted.
        min_lr: no rate goes below, a number or a list with one for each group.
        eps: a change that is not larger is not made.

    Example:
        >>> from minitransfer import nn, optim
        >>> optimizer = optim.SGD([nn.Parameter([1.0])], lr=1.0)
        >>> schedule = ReduceLROnPlateau(optimizer, patience=0)
        >>> for loss in (3.0, 2.0, 2.0):
        ...     schedule.step(loss)
        >>> schedule.get_last_lr()
        [0.1]
    """

    def __init__(
        self,
        optimizer,
        mode="min",
        factor=0.1,
        patience=10,
        threshold=1e-4,
        threshold_mode="rel",
        cooldown=0,
        min_lr=0,
        eps=1e-8,
    ):
        groups = check_optimizer("ReduceLROnPlateau", optimizer).param_groups
        if not factor < 1:
            raise ValueError(f"ReduceLROnPlateau: factor is {factor}; expected below 1")
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(
                f"ReduceLROnPlateau: mode={mode!r}, threshold_mode={threshold_mode!r}; expected "
                '"min" or "max", "rel" or "abs"'
            )
        self.optimizer, self.mode, self.factor = optimizer, mode, factor
        self.patience, self.threshold, self.threshold_mode = patience, threshold, threshold_mode
        self.cooldown, self.eps = cooldown, eps
        self.min_lrs = list(min_lr) if isinstance(min_lr, (list, tuple)) else [min_lr] * len(groups)
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0

    def step(self, metrics) -> None:
        """Look at a number, as the loss on validation data, and lower the rates if it stays.

        Args:
            metrics: a number, or a tensor of one.
        """
        now = float(metrics)
        self.last_epoch += 1
        if self._better(now):
            self.best, self.num_bad_epochs = now, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for group, lowest in zip(self.optimizer.param_groups, self.min_lrs, strict=False):
                new = max(group["lr"] * self.factor, lowest)
                if group["lr"] - new > self.eps:
                    group["lr"] = new
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def _better(self, now):
        margin = self.threshold
        if self.threshold_mode == "rel":
            margin *= abs(self.best) if math.isfinite(self.best) else 0
        return now < self.best - margin if self.mode == "min" else now > self.best + margin

    def get_last_lr(self) -> list[float]:
        """Return the learning rate of each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict:
        """Return the best number so far, and what is counted."""
        names = ("best", "num_bad_epochs", "cooldown_counter", "last_epoch")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state_dict: dict) -> None:
        """Go on from there."""
        self.__dict__.update(state_dict)


def check_optimizer(schedule: str, optimizer) -> Optimizer:
    """Return the optimiser, after a look whether it is one.

    Raises:
        TypeError: says what was given.

    Example:
        >>> check_optimizer("StepLR", 0.1)
        Traceback (most recent call last):
            ...
        TypeError: StepLR takes an optimiser, as optim.SGD(model.parameters()); given float
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"{schedule} takes an optimiser, as optim.SGD(model.parameters()); given "
            f"{type(optimizer).__name__}"
        )
    return optimizer
