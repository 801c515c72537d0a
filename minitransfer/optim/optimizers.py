"""Optimisers, in order of increasing complexity. More of them stand in `optim.adaptive`.

Args common to all:
    params: see `Optimizer`.
    lr: learning rate, the length of a step.
    weight_decay: added to the gradient, times the parameter.
    maximize: whether to go uphill.
    foreach, fused, capturable, differentiable: how PyTorch computes; taken, and without effect,
        except that ``differentiable=True`` is refused.
"""

import math
import numbers
from collections.abc import Iterable

import numpy as np

from minitransfer import autograd, kernels
from minitransfer.autograd import enable_grad, increment_version
from minitransfer.nn.state import LoadResult
from minitransfer.not_covered import check_default, what_was_given
from minitransfer.tensor import Tensor


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

    #: What an optimiser keeps of each parameter once it has moved it; the keys of its state.
    remembers: tuple[str, ...] = ()
    #: What it keeps besides if its options ask for it.
    may_remember: tuple[str, ...] = ()

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
            if not isinstance(parameter, Tensor) or not parameter.is_leaf:
                raise ValueError(
                    f"{type(self).__name__}: entry {i} of a group is not a parameter; given "
                    f"{what_was_given(parameter)}. Pass model.parameters(), and no result of a "
                    "computation"
                )
            if id(parameter) in known:
                raise ValueError(
                    f"{type(self).__name__}: parameter {name or i!r} stands in more than one "
                    "place; it would be stepped twice. Leave it out of one group"
                )
            known.add(id(parameter))
            if not name or name in taken:  # without a name of its own: its place
                name = f"{name}#{len(self.param_groups)}.{i}"
            taken.add(name)
            names.append(name)
        merged = {**self.defaults, **group}
        check_options(
            type(self).__name__, **{name: merged[name] for name in _NOT_NEGATIVE if name in merged}
        )
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

    def step(self, closure=None):
        """Move every parameter that has a gradient.

        Args:
            closure: computes the loss and its gradients anew, and returns the loss; or None.

        Returns:
            What `closure` returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        trace = autograd.trace_here()
        if trace is None:
            self._move_all()
        else:
            with trace.optimizer(self):
                self._move_all()
        return loss

    def _move_all(self) -> None:
        for group in self.param_groups:
            uphill = group.get("maximize")
            for name, parameter in zip(group["names"], group["params"], strict=True):
                if (gradient := parameter.gradient) is not None:
                    gradient = -gradient if uphill else gradient
                    self.update(parameter, gradient, group, self.state.setdefault(name, {}))
                    increment_version(parameter)

    def update(self, parameter, gradient: np.ndarray, group: dict, state: dict) -> None:
        """Move one parameter, in place; every optimiser writes its own."""
        raise TypeError(f"{type(self).__name__} has no update(); write one")

    def state_dict(self) -> dict:
        """Return the options of the groups, and the state under the parameters' names."""
        return {
            "groups": [{k: v for k, v in g.items() if k != "params"} for g in self.param_groups],
            "state": {name: dict(state) for name, state in self.state.items()},
        }

    def load_state_dict(self, state: dict) -> LoadResult:
        """Take up a state that `state_dict` returned. State is matched by parameter name, so the
        groups may be cut differently; options are taken over where the groups are the same.

        Returns:
            The names of the parameters that found nothing in the state, as frozen ones do not,
            and of what the state holds for parameters that are not here; it waits for them.

        Raises:
            ValueError: if an array does not have its parameter's shape, the state is that of
                another kind of optimiser, or it holds nothing for any of the parameters, because
                they are called otherwise. Nothing is taken up then.
        """
        shapes = {
            name: p.shape
            for g in self.param_groups
            for name, p in zip(g["names"], g["params"], strict=True)
        }
        for name, entries in state["state"].items():
            if not set(entries) <= {*self.remembers, *self.may_remember}:
                keeps = ", ".join(self.remembers + self.may_remember)
                raise ValueError(
                    f"{type(self).__name__} keeps {keeps} of a parameter; the state of {name!r} "
                    f"holds {', '.join(entries)}: it comes from another kind of optimiser"
                )
            for key, value in entries.items():
                expected = shapes.get(name) if isinstance(value, np.ndarray) else None
                if expected is not None and value.shape != expected:
                    raise ValueError(
                        f"optimiser state {key!r} of {name!r}: given {value.shape}, "
                        f"expected {expected}; was the layer replaced?"
                    )
        found = LoadResult(
            [name for name in shapes if name not in state["state"]],
            [name for name in state["state"] if name not in shapes],
        )
        if state["state"] and len(found.missing_keys) == len(shapes):
            raise ValueError(
                f"{type(self).__name__}: the state is of parameters called "
                f"{', '.join(found.unexpected_keys)}; here they are called {', '.join(shapes)}, so "
                "none of it would be used. Was the network put into another one? Then rename the "
                "keys of state['state'], or begin without a state"
            )
        self.state = {
            name: {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in entries.items()}
            for name, entries in state["state"].items()
        }
        for own, saved in zip(self.param_groups, state["groups"], strict=False):
            if own["names"] == list(saved["names"]):
                own.update({k: v for k, v in saved.items() if k != "names"})
        return found


class SGD(Optimizer):
    """Gradient descent, with momentum if wanted: p ← p − lr · v, v ← momentum · v + gradient.

    Args:
        params: see `Optimizer`.
        lr: learning rate, the length of a step.
        momentum: share of the last step that is kept (Polyak 1964).
        dampening: share of the new gradient that is left out of v.
        weight_decay: added to the gradient, times the parameter.
        nesterov: look ahead along v (Sutskever et al. 2013).
        maximize, foreach, differentiable, fused: see above.

    Example:
        >>> from minitransfer import nn
        >>> p = nn.Parameter([1.0])
        >>> optimizer = SGD([p], lr=0.1)
        >>> (p * p).sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 3)
        0.8
    """

    may_remember = ("momentum",)

    def __init__(
        self,
        params,
        lr=1e-3,
        momentum=0.0,
        dampening=0.0,
        weight_decay=0.0,
        nesterov=False,
        *,
        maximize=False,
        foreach=None,
        differentiable=False,
        fused=None,
    ):
        check_options("SGD", differentiable, lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum == 0 or dampening != 0):
            raise ValueError("nesterov needs momentum > 0 and dampening = 0")
        defaults = {"lr": lr, "momentum": momentum, "dampening": dampening, "maximize": maximize}
        super().__init__(params, {**defaults, "weight_decay": weight_decay, "nesterov": nesterov})

    def update(self, parameter, gradient, group, state):
        momentum, dampening, buffer = group["momentum"], group["dampening"], None
        if momentum:
            buffer = state.get("momentum")
            if buffer is None:  # the first step is the bare gradient, as in PyTorch
                buffer, dampening = np.zeros_like(parameter.array), 0.0
                state["momentum"] = buffer
        kernels.sgd_step(
            parameter.array,
            gradient,
            buffer,
            group["lr"],
            momentum,
            dampening,
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
        amsgrad: divide by the root of the largest v so far (Reddi, Kale and Kumar 2018).
        decoupled_weight_decay: what `AdamW` does.
        maximize, foreach, capturable, differentiable, fused: see above.

    Example:
        >>> from minitransfer import nn
        >>> p = nn.Parameter([1.0])
        >>> optimizer = Adam([p], lr=0.1)
        >>> (p * p).sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 3)
        0.9
    """

    remembers, may_remember = ("step", "m", "v"), ("largest_v",)
    decoupled = False

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0.0,
        amsgrad=False,
        *,
        foreach=None,
        maximize=False,
        capturable=False,
        differentiable=False,
        fused=None,
        decoupled_weight_decay=False,
    ):
        name = type(self).__name__
        check_options(name, differentiable, lr=lr, eps=eps, weight_decay=weight_decay)
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"betas are shares from 0 to below 1; given {betas}")
        defaults = {"lr": lr, "betas": tuple(betas), "eps": eps, "weight_decay": weight_decay}
        self.decoupled = self.decoupled or decoupled_weight_decay
        super().__init__(params, {**defaults, "amsgrad": amsgrad, "maximize": maximize})

    def update(self, parameter, gradient, group, state):
        if not state:
            state["step"] = 0
            state["m"] = np.zeros_like(parameter.array)
            state["v"] = np.zeros_like(parameter.array)
        state["step"] += 1
        if group.get("amsgrad"):
            self._step_with_largest(parameter.array, gradient, group, state)
            return
        kernels.adam_step(
            parameter.array,
            gradient,
            state["m"],
            state["v"],
            group["lr"],
            *group["betas"],
            group["eps"],
            group["weight_decay"],
            self.decoupled,
            state["step"],
        )

    def _step_with_largest(self, p, gradient, group, state):
        """As the kernel's step, divided by the root of the largest v so far."""
        lr, (beta1, beta2), decay = group["lr"], group["betas"], group["weight_decay"]
        if decay and self.decoupled:
            p *= 1 - lr * decay
        elif decay:
            gradient = gradient + decay * p
        largest = state.setdefault("largest_v", np.zeros_like(p))
        state["m"] += (1 - beta1) * (gradient - state["m"])
        state["v"] += (1 - beta2) * (gradient * gradient - state["v"])
        np.maximum(largest, state["v"], out=largest)
        rate = lr / (1 - beta1 ** state["step"])
        root = np.sqrt(largest) / math.sqrt(1 - beta2 ** state["step"])
        p -= (rate * state["m"] / (root + group["eps"])).astype(p.dtype, copy=False)


class AdamW(Adam):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019):
    p ← p − lr · weight_decay · p comes before the step, unscaled.

    Example:
        >>> from minitransfer import nn
        >>> AdamW([nn.Parameter([1.0])]).defaults["weight_decay"]
        0.01
    """

    decoupled = True

    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=1e-2,
        amsgrad=False,
        *,
        maximize=False,
        foreach=None,
        capturable=False,
        differentiable=False,
        fused=None,
    ):
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad,
            maximize=maximize, differentiable=differentiable,
        )  # fmt: skip


#: Options of which negative values, NaN and texts make no sense, whatever the optimiser.
_NOT_NEGATIVE = ("lr", "momentum", "weight_decay", "eps")


def check_options(optimizer, differentiable=False, **options):
    """Refuse numbers below 0, what is not a number, and what no optimiser here can do.

    Raises:
        ValueError: names the option and the number.
        TypeError: if an option is not a number.

    Example:
        >>> check_options("SGD", lr=-0.1)
        Traceback (most recent call last):
            ...
        ValueError: lr is 0 or greater; given -0.1
    """
    if differentiable:
        hint = "derivatives of derivatives are not covered"
        check_default(optimizer, hint, differentiable=(differentiable, False))
    for name, value in options.items():
        if not isinstance(value, numbers.Real):
            raise TypeError(
                f"{name} is a number; given {value!r}, which is of type {type(value).__name__}"
            )
        if not value >= 0:
            raise ValueError(f"{name} is 0 or greater; given {value}")
