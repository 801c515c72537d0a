"""Optimisers with a rate for each number, from before Adam: Adagrad, RMSprop, Adadelta.

Each divides by the root of a sum or mean of squared gradients. They are written with NumPy, as they
are read more often than used; `Adam` has a kernel of its own. What the arguments have in common
stands in `optim.optimizers`.
"""

import numpy as np

from minitransfer.optim.optimizers import Optimizer, check_options


class Adagrad(Optimizer):
    """Steps divided by the root of the sum of all squared gradients (Duchi, Hazan, Singer 2011).

    Args:
        params: see `Optimizer`.
        lr: learning rate.
        lr_decay: the rate is divided by 1 + steps · lr_decay.
        weight_decay: added to the gradient, times the parameter.
        initial_accumulator_value: what the sum starts from.
        eps: keeps the division finite.

    Example:
        >>> from minitransfer import nn
        >>> p = nn.Parameter([1.0])
        >>> optimizer = Adagrad([p], lr=0.1)
        >>> (p * p).sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 3)
        0.9
    """

    remembers = ("step", "sum")

    def __init__(
        self,
        params,
        lr=1e-2,
        lr_decay=0.0,
        weight_decay=0.0,
        initial_accumulator_value=0.0,
        eps=1e-10,
        foreach=None,
        *,
        maximize=False,
        differentiable=False,
        fused=None,
    ):
        start = initial_accumulator_value
        options = {"lr": lr, "lr_decay": lr_decay, "weight_decay": weight_decay, "eps": eps}
        check_options("Adagrad", differentiable, initial_accumulator_value=start, **options)
        options.update(initial_accumulator_value=start, maximize=maximize)
        super().__init__(params, options)

    def update(self, parameter, gradient, group, state):
        p = parameter.array
        if not state:
            state["step"] = 0
            state["sum"] = np.full_like(p, group["initial_accumulator_value"])
        rate = group["lr"] / (1 + state["step"] * group["lr_decay"])
        state["step"] += 1
        gradient = _with_decay(gradient, p, group)
        state["sum"] += gradient * gradient
        p -= rate * gradient / (np.sqrt(state["sum"]) + group["eps"])


class RMSprop(Optimizer):
    """Steps divided by the root of the mean squared gradient (Tieleman and Hinton 2012).

    Args:
        params: see `Optimizer`.
        lr: learning rate.
        alpha: share of the old mean that is kept.
        eps: keeps the division finite.
        weight_decay: added to the gradient, times the parameter.
        momentum: share of the last step that is kept.
        centered: divide by the standard deviation instead, the mean gradient taken off.

    Example:
        >>> from minitransfer import nn
        >>> p = nn.Parameter([1.0])
        >>> optimizer = RMSprop([p], lr=0.01)
        >>> (p * p).sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 3)
        0.9
    """

    remembers, may_remember = ("square",), ("mean", "momentum")

    def __init__(
        self,
        params,
        lr=1e-2,
        alpha=0.99,
        eps=1e-8,
        weight_decay=0.0,
        momentum=0.0,
        centered=False,
        capturable=False,
        foreach=None,
        maximize=False,
        differentiable=False,
    ):
        options = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay}
        check_options("RMSprop", differentiable, momentum=momentum, **options)
        options.update(momentum=momentum, centered=centered, maximize=maximize)
        super().__init__(params, options)

    def update(self, parameter, gradient, group, state):
        p, alpha = parameter.array, group["alpha"]
        gradient = _with_decay(gradient, p, group)
        square = state.setdefault("square", np.zeros_like(p))
        square *= alpha
        square += (1 - alpha) * gradient * gradient
        if group["centered"]:
            mean = state.setdefault("mean", np.zeros_like(p))
            mean += (1 - alpha) * (gradient - mean)
            square = square - mean * mean
        step = gradient / (np.sqrt(square) + group["eps"])
        if group["momentum"]:
            buffer = state.setdefault("momentum", np.zeros_like(p))
            buffer *= group["momentum"]
            buffer += step
            step = buffer
        p -= group["lr"] * step


class Adadelta(Optimizer):
    """Steps as long as the last ones were, by the gradient's root mean square (Zeiler 2012).

    Args:
        params: see `Optimizer`.
        lr: a factor on the steps, 1 in the paper.
        rho: share of the old means that is kept.
        eps: what the first steps are made of.
        weight_decay: added to the gradient, times the parameter.

    Example:
        >>> from minitransfer import nn
        >>> p = nn.Parameter([1.0])
        >>> optimizer = Adadelta([p])
        >>> (p * p).sum().backward()
        >>> optimizer.step()
        >>> round(p.item(), 4)
        0.9968
    """

    remembers = ("square", "steps")

    def __init__(
        self,
        params,
        lr=1.0,
        rho=0.9,
        eps=1e-6,
        weight_decay=0.0,
        foreach=None,
        *,
        capturable=False,
        maximize=False,
        differentiable=False,
    ):
        options = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay}
        check_options("Adadelta", differentiable, **options)
        super().__init__(params, {**options, "maximize": maximize})

    def update(self, parameter, gradient, group, state):
        p, rho, eps = parameter.array, group["rho"], group["eps"]
        gradient = _with_decay(gradient, p, group)
        square = state.setdefault("square", np.zeros_like(p))
        steps = state.setdefault("steps", np.zeros_like(p))
        square *= rho
        square += (1 - rho) * gradient * gradient
        step = np.sqrt(steps + eps) / np.sqrt(square + eps) * gradient
        steps *= rho
        steps += (1 - rho) * step * step
        p -= group["lr"] * step


def _with_decay(gradient, p, group):
    return gradient + group["weight_decay"] * p if group["weight_decay"] else gradient
