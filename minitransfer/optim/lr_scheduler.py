"""Learning-rate schedules: how long the steps are, from the first to the last."""

import math

from minitransfer.not_covered import not_covered
from minitransfer.optim.optimizers import Optimizer


def __getattr__(name):
    raise not_covered("lr_scheduler", name)


class Schedule:
    """What all schedules share: a factor on each group's first learning rate, by step number.

    Args:
        optimizer: whose learning rates to set. The first factor is applied at once.
        factor: step number (from 0) → factor.
        warmup: steps in which the factor rises from 0 to its full size, so that the first,
            noisy gradients do little harm (Goyal et al. 2017).

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

    def __init__(self, optimizer: Optimizer, factor, warmup: int = 0):
        self.optimizer, self.factor, self.warmup = optimizer, factor, warmup
        self.last_step = -1
        self.step()

    def step(self) -> None:
        """Set the learning rates of the next step; call it after ``optimizer.step()``."""
        self.last_step += 1
        warming = self.last_step < self.warmup
        rise = (self.last_step + 1) / self.warmup if warming else 1.0
        for group in self.optimizer.param_groups:
            first = group.setdefault("initial_lr", group["lr"])  # the group may be a new one
            group["lr"] = self.rate(first, self.last_step) * rise

    def rate(self, first: float, step: int) -> float:
        """Return the learning rate at `step` of a group whose first one was `first`."""
        return first * self.factor(step)

    def get_last_lr(self) -> list[float]:
        """Return the learning rate of each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict:
        """Return how many steps were taken."""
        return {"last_step": self.last_step}

    def load_state_dict(self, state: dict) -> None:
        """Go on after the steps that were taken."""
        self.last_step = state["last_step"] - 1
        self.step()


class StepLR(Schedule):
    """The rate times `gamma` after every `step_size` steps.

    Example:
        >>> from minitransfer import nn, optim
        >>> schedule = StepLR(optim.SGD([nn.Parameter([1.0])], lr=1.0), step_size=1, gamma=0.5)
        >>> schedule.step()
        >>> schedule.get_last_lr()
        [0.5]
    """

    def __init__(self, optimizer, step_size, gamma=0.1, warmup=0):
        super().__init__(optimizer, lambda step: gamma ** (step // step_size), warmup)


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

    def __init__(self, optimizer, T_max, eta_min=0.0, warmup=0):
        self.eta_min = eta_min
        super().__init__(
            optimizer, lambda step: (1 + math.cos(math.pi * min(step / T_max, 1.0))) / 2, warmup
        )

    def rate(self, first, step):
        return self.eta_min + (first - self.eta_min) * self.factor(step)


class OneCycleLR(Schedule):
    """Up to `max_lr` and down again, both along half a cosine (Smith and Topin 2018).

    Args:
        optimizer: whose learning rates to set; `max_lr` takes the place of theirs.
        max_lr: the highest rate.
        total_steps: length of the cycle.
        pct_start: share of the steps that rise.
        div_factor: max_lr / the first rate.
        final_div_factor: the first rate / the last rate.

    Example:
        >>> from minitransfer import nn, optim
        >>> optimizer = optim.SGD([nn.Parameter([1.0])], lr=1.0)
        >>> schedule = OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
        >>> round(schedule.get_last_lr()[0], 3)
        0.04
    """

    def __init__(
        self,
        optimizer,
        max_lr,
        total_steps,
        pct_start=0.3,
        div_factor=25.0,
        final_div_factor=1e4,
    ):
        first = 1 / div_factor
        last = first / final_div_factor
        peak = max(pct_start * total_steps - 1, 1e-9)

        def between(start, end, share):
            return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))

        def factor(step):
            if step <= peak:
                return between(first, 1.0, step / peak)
            return between(1.0, last, (step - peak) / max(total_steps - 1 - peak, 1e-9))

        for group in optimizer.param_groups:
            group["initial_lr"] = max_lr
        super().__init__(optimizer, factor)
