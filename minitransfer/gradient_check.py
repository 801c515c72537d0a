"""Compare the derivatives that `backward` finds with differences of the function itself."""

import numpy as np

from minitransfer.random import default_generator


def gradcheck(function, inputs, *, step=1e-6, rtol=1e-4, atol=1e-6, generator=None) -> bool:
    """Check the derivatives of `function` at `inputs` against central differences.

    The result is multiplied by random numbers before it is summed (a random cotangent): with ones
    in their place a softmax, whose outputs always sum to 1, would pass with a derivative of 0.

    Args:
        function: takes the inputs as separate arguments, returns one tensor.
        inputs: tensors in float64, or modules' parameters in float64; those with
            ``requires_grad`` are checked. Keep them away from kinks (the 0 of a ReLU).
        step: half the distance of the two points of a difference.
        rtol: allowed relative difference.
        atol: allowed absolute difference.
        generator: draws the cotangent.

    Returns:
        True; a difference raises.

    Raises:
        TypeError: if an input to check is not float64: float32 is too coarse for differences.
        ValueError: if no input asks for a gradient.
        AssertionError: names the input and the place, and prints both numbers.

    Example:
        >>> from minitransfer import Tensor
        >>> x = Tensor(np.array([0.3, -0.7]), requires_grad=True)
        >>> gradcheck(lambda x: x.sigmoid().log(), [x])
        True
    """
    checked = [(i, x) for i, x in enumerate(inputs) if x.requires_grad]
    if not checked:
        raise ValueError("gradcheck: no input asks for a gradient; set requires_grad=True")
    for i, x in checked:
        if x.dtype != np.float64:
            raise TypeError(f"gradcheck needs float64; input {i} is {x.dtype}: use x.double()")
        x.grad = None
    y = function(*inputs)
    cotangent = (generator or default_generator()).standard_normal(y.shape)
    y.backward(cotangent.astype(y.dtype))

    def value():
        return float((function(*inputs).detach().array * cotangent).sum())

    for i, x in checked:
        found = np.zeros(x.shape) if x.gradient is None else x.gradient
        for place in np.ndindex(x.shape):
            expected = _difference(value, x.array, place, step)
            error = abs(found[place] - expected)
            if not error <= atol + rtol * abs(expected):
                raise AssertionError(
                    f"input {i} at {place}: backward says {found[place]:.8g}, "
                    f"the difference says {expected:.8g}"
                )
    return True


def _difference(value, array, place, step):
    before = array[place]
    array[place] = before + step
    above = value()
    array[place] = before - step
    below = value()
    array[place] = before
    return (above - below) / (2 * step)
