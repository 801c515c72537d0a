"""Optimisers and learning-rate schedules, in order of increasing complexity."""

import math
from collections.abc import Iterable

import numpy as np

from minitransfer import kernels
from minitransfer.alternatives import missing
from minitransfer.autograd import note_write


def __getattr__(name):
    raise missing("optim", name)


class Optimizer:
    """What all optimisers share: parameter groups, and state kept under each parameter's name.

    Args:
        params: parameters, or (name, parameter) pairs as from ``model.named_parameters()``, or a
            list of groups: dictionaries with "params" and any options that differ ("lr": …).
        defaults: the options of groups that do not set them.

    Attributes:
        param_groups: list of dictionaries, each with "params", "names" and the options.
        state: parameter name → what the optimiser remembers of it. A parameter without a
            gradient (a frozen one) is passed over, and its state waits for it.

    Raises:
        ValueError: if there are no parameters, or one stands in two groups.
    """

    def __init__(self, params, defaults: dict):
        self.defaults, self.param_groups, self.state = defaults, [], {}
        groups = list(params) if isinstance(params, Iterable) else [params]
        if not groups:
            raise ValueError(
                f"{type(self).__name__} was given no parameters; "
                "pass model.parameters(), and take care not to use up an iterator twice"
            )
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, group: dict) -> None:
        """Add a group of parameters with its own options.

        Args:
            group: a dictionary with "params" and the options that differ from the defaults.
        """
        unknown = set(group) - set(self.defaults) - {"params", "names", "initial_lr"}
        if unknown:
            raise ValueError(
                f"{type(self).__name__} has no option {', '.join(sorted(unknown))}; "
                f"it has {', '.join(self.defaults)}"
            )
        params = group["params"]
        params = [params] if hasattr(params, "requires_grad") else list(params)
        pairs = [p if isinstance(p, tuple) else (getattr(p, "name", ""), p) for p in params]
        known = {id(p) for other in self.param_groups for p in other["params"]}
        taken = {name for other in self.param_groups for name in other["names"]}
        names = []
        for i, (name, parameter) in enumerate(pairs):
            if not getattr(parameter, "is_leaf", False):
                raise ValueError(
                    f"{type(self).__name__}: entry {i} of a group is no parameter: {parameter!r}"
                )
            if id(parameter) in known:
                raise ValueError(f"parameter {name!r} stands in more than one place")
            known.add(id(parameter))
            if not name or name in taken:  # without a name of its own: its place
                name = f"{name}#{len(self.param_groups)}.{i}"
            taken.add(name)
            names.append(name)
        merged = {**self.defaults, **group}
        merged.update(params=[p for _, p in pairs], names=names)
        self.param_groups.append(merged)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or set them to zero."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if set_to_none:
                    parameter.gradient = None
                elif parameter.gradient is not None:
                    parameter.gradient[...] = 0

    def step(self) -> None:
        """Move every parameter that has a gradient."""
        for group in self.param_groups:
            for name, parameter in zip(group["names"], group["params"], strict=True):
                if parameter.gradient is not None:
                    self.update(parameter, group, self.state.setdefault(name, {}))
                    note_write(parameter)

    def update(self, parameter, group: dict, state: dict) -> None:
        """Move one parameter, in place; every optimiser writes its own."""
        raise TypeError(f"{type(self).__name__} has no update(); write one")

    def state_dict(self) -> dict:
        """Return the options of the groups, and the state under the parameters' names."""
        return {
            "groups": [{k: v for k, v in g.items() if k != "params"} for g in self.param_groups],
            "state": {name: dict(state) for name, state in self.state.items()},
        }

    def load_state_dict(self, state: dict) -> None:
        """Take up a state that `state_dict` returned. State is matched by parameter name, so the
        groups may be cut differently; options are taken over where the groups are the same.

        Raises:
            ValueError: if an array does not have its parameter's shape.
        """
        shapes = {
            name: p.shape
            for g in self.param_groups
            for name, p in zip(g["names"], g["params"], strict=True)
        }
        for name, entries in state["state"].items():
            for key, value in entries.items():
                expected = shapes.get(name) if isinstance(value, np.ndarray) else None
                if expected is not None and value.shape != expected:
                    raise ValueError(
                        f"optimiser state {key!r} of {name!r}: given {value.shape}, "
                        f"expected {expected}; was the layer replaced?"
                    )
        self.state = {
            name: {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in entries.items()}
            for name, entries in state["state"].items()
        }
        for own, saved in zip(self.param_groups, state["groups"], strict=False):
            if own["names"] == saved["names"]:
                own.update({k: v for k, v in saved.items() if k != "names"})


class SGD(Optimizer):
    """Gradient descent, with momentum if wanted: p ← p − lr · v, v ← momentum · v + gradient.

    Args:
        params: see `Optimizer`.
        lr: learning rate, the length of a step.
        momentum: share of the last step that is kept (Polyak 1964).
        dampening: share of the new gradient that is left out of v.
        weight_decay: added to the gradient, times the parameter.
        nesterov: look ahead along v (Sutskever et al. 2013).

    Example:
        >>> from minitransfer import nn
        >>> p = nn.Parameter([1.0])
        >>> optimizer = SGD([p], lr=0.1)
        >>> (p * p).sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 3)
        0.8
    """

    def __init__(
        self, params, lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False
    ):
        _check_options(lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum == 0 or dampening != 0):
            raise ValueError("nesterov needs momentum > 0 and dampening = 0")
        defaults = {"lr": lr, "momentum": momentum, "dampening": dampening}
        super().__init__(params, {**defaults, "weight_decay": weight_decay, "nesterov": nesterov})

    def update(self, parameter, group, state):
        momentum, gradient = group["momentum"], parameter.gradient
        buffer = None
        if momentum:
            buffer = state.get("momentum")
            if buffer is None:  # the first step is the bare gradient, as in PyTorch
                decayed = gradient + group["weight_decay"] * parameter.data
                state["momentum"] = decayed.astype(gradient.dtype, copy=False)
                scale = 1 + momentum if group["nesterov"] else 1
                parameter.data -= parameter.data.dtype.type(group["lr"] * scale) * decayed
                return
        kernels.sgd_step(
            parameter.data,
            gradient,
            buffer,
            group["lr"],
            momentum,
            group["dampening"],
            group["weight_decay"],
            group["nesterov"],
        )


class Adam(Optimizer):
    """Steps scaled by the root of the mean squared gradient (Kingma and Ba 2015).

    m and v are the decaying means of the gradient and its square, corrected for having started
    at 0; p ← p − lr · m / (√v + eps).

    Args:
        params: see `Optimizer`.
        lr: learning rate.
        betas: shares of the old m and v that are kept.
        eps: keeps the division finite.
        weight_decay: added to the gradient, times the parameter (see `AdamW` for the better way).

    Example:
        >>> from minitransfer import nn
        >>> p = nn.Parameter([1.0])
        >>> optimizer = Adam([p], lr=0.1)
        >>> (p * p).sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 3)
        0.9
    """

    decoupled = False

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        _check_options(lr=lr, eps=eps, weight_decay=weight_decay)
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"betas are shares from 0 to below 1; given {betas}")
        super().__init__(
            params, {"lr": lr, "betas": tuple(betas), "eps": eps, "weight_decay": weight_decay}
        )

    def update(self, parameter, group, state):
        if not state:
            state["step"] = 0
            state["m"] = np.zeros_like(parameter.data)
            state["v"] = np.zeros_like(parameter.data)
        state["step"] += 1
        kernels.adam_step(
            parameter.data,
            parameter.gradient,
            state["m"],
            state["v"],
            group["lr"],
            *group["betas"],
            group["eps"],
            group["weight_decay"],
            self.decoupled,
            state["step"],
        )


class AdamW(Adam):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019):
    p ← p − lr · weight_decay · p comes before the step, unscaled.

    Example:
        >>> from minitransfer import nn
        >>> AdamW([nn.Parameter([1.0])]).defaults["weight_decay"]
        0.01
    """

    decoupled = True

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, lr, betas, eps, weight_decay)


def clip_grad_norm_(parameters, max_norm: float) -> float:
    """Scale all gradients down together so that their common Euclidean norm is at most `max_norm`.

    Parameters without a gradient, frozen ones among them, do not count (Pascanu et al. 2013).

    Args:
        parameters: parameters, or a single one.
        max_norm: the largest norm to allow.

    Returns:
        The norm before.

    Example:
        >>> from minitransfer import nn
        >>> p = nn.Parameter([0.0, 0.0])
        >>> p.grad = np.array([3.0, 4.0], np.float32)
        >>> clip_grad_norm_([p], 1.0)
        5.0
        >>> [round(g, 3) for g in p.grad.tolist()]
        [0.6, 0.8]
    """
    parameters = [parameters] if hasattr(parameters, "requires_grad") else parameters
    gradients = [p.gradient for p in parameters if p.gradient is not None]
    norm = math.sqrt(sum(float(np.vdot(g, g)) for g in gradients))
    if norm > max_norm:
        for gradient in gradients:
            gradient *= max_norm / norm
    return norm


class Schedule:
    """What all schedules share: a factor on each group's first learning rate, by step number.

    Args:
        optimizer: whose learning rates to set. The first factor is applied at once.
        factor: step number (from 0) → factor.
        warmup: steps in which the factor rises from 0 to its full size, so that the first,
            noisy gradients do little harm (Goyal et al. 2017).

    Example:
        >>> from minitransfer import nn
        >>> optimizer = SGD([nn.Parameter([1.0])], lr=1.0)
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
        for group in optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        self.last_step = -1
        self.step()

    def step(self) -> None:
        """Set the learning rates of the next step; call it after ``optimizer.step()``."""
        self.last_step += 1
        factor = self.factor(self.last_step)
        if self.last_step < self.warmup:
            factor *= (self.last_step + 1) / self.warmup
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"] * factor

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
        >>> from minitransfer import nn
        >>> schedule = StepLR(SGD([nn.Parameter([1.0])], lr=1.0), step_size=1, gamma=0.5)
        >>> schedule.step()
        >>> schedule.get_last_lr()
        [0.5]
    """

    def __init__(self, optimizer, step_size, gamma=0.1, warmup=0):
        super().__init__(optimizer, lambda step: gamma ** (step // step_size), warmup)


class CosineAnnealingLR(Schedule):
    """Half a cosine from the full rate to `eta_min` in `T_max` steps (Loshchilov, Hutter 2017).

    Example:
        >>> from minitransfer import nn
        >>> schedule = CosineAnnealingLR(SGD([nn.Parameter([1.0])], lr=1.0), T_max=2)
        >>> schedule.step()
        >>> round(schedule.get_last_lr()[0], 3)
        0.5
    """

    def __init__(self, optimizer, T_max, eta_min=0.0, warmup=0):
        floor = eta_min / optimizer.param_groups[0]["lr"]

        def factor(step):
            done = min(step / T_max, 1.0)
            return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * done))

        super().__init__(optimizer, factor, warmup)


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
        >>> from minitransfer import nn
        >>> optimizer = SGD([nn.Parameter([1.0])], lr=1.0)
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


def _check_options(**options):
    for name, value in options.items():
        if not value >= 0:
            raise ValueError(f"{name} is 0 or greater; given {value}")
