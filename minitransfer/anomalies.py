"""Find the first NaN: which operation made it, in which layer, on the way forward or back.

A NaN spreads. When the loss shows one, everything before it has been overwritten by more of them,
and the place where it arose is gone. `autograd.detect_anomaly` looks at each result as it is made,
and at each gradient as it is handed on, and stops at the first; what looks is here.
"""

import sys

import numpy as np


class Watch:
    """Looks at results and gradients; remembers in which layer each result was made."""

    def __init__(self):
        self.layers = {}

    def result(self, y, args, operation) -> None:
        """Note where `y` was made, and refuse it if it has a NaN: it is the first.

        Raises:
            RuntimeError: if `y` has one; says whether it arose here or came in.
        """
        layer = _layer_that_computes()
        if y.requires_grad:
            self.layers[y.sequence] = layer
        if not has_nan(y.array):
            return
        arrays = [getattr(a, "array", a) for a in args]
        came_in = [i for i, array in enumerate(arrays) if has_nan(array)]
        if came_in:
            raise RuntimeError(
                f"input {came_in[0]} of {operation.__name__}{layer} has a NaN that no operation "
                "made: it is in the data, in a weight or in a constant"
            )
        shapes = ", ".join(str(array.shape) for array in arrays if isinstance(array, np.ndarray))
        raise RuntimeError(
            f"the first NaN arose in {operation.__name__}{layer}, on the way forward: its inputs, "
            f"of shape {shapes}, have none; look there for 0/0, the logarithm or root of a "
            "negative number, or infinity minus infinity"
        )

    def gradient(self, y, gradient, place) -> None:
        """Refuse a gradient that has a NaN.

        Args:
            y: the result whose derivative was just called.
            gradient: what came out.
            place: which input of the operation it is for, from 0.

        Raises:
            RuntimeError: if it has one.
        """
        if has_nan(gradient):
            raise RuntimeError(
                f"the first NaN arose in the derivative of {y.operation.__name__}"
                f"{self.layers.get(y.sequence, '')} with respect to its input {place}, on the way "
                "back: look there for a slope that is infinite, as that of a root at 0 is"
            )


def has_nan(x) -> bool:
    """Whether there is a NaN among the numbers of an array.

    Example:
        >>> has_nan(np.array([1.0, np.inf])), has_nan(np.array([1.0, np.nan])), has_nan([3])
        (False, True, False)
    """
    x = np.asarray(x)
    return x.dtype.kind in "fc" and bool(np.isnan(x).any())


def _layer_that_computes() -> str:
    """The innermost layer that is being called in this thread, by its name in the outermost."""
    layers, frame = [], sys._getframe(1)
    while frame is not None:
        owner = frame.f_locals.get("self") if frame.f_code.co_name == "__call__" else None
        if hasattr(owner, "named_modules"):
            layers.append(owner)
        frame = frame.f_back
    if not layers:
        return ""
    inner, outer = layers[0], layers[-1]
    name = next((name for name, module in outer.named_modules() if module is inner), "")
    kind = type(inner).__name__
    return f" in the layer {name!r} ({kind})" if name else f" in {kind}"
