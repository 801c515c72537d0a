"""Activation functions. All keep NaN as NaN and none overflows."""

import math

import numpy as np

from minitransfer import kernels
from minitransfer.autograd import differentiable
from minitransfer.ops.common import as_float


@differentiable
def relu(input, inplace=False):
    """Rectified linear unit: `x` where it is positive, else 0. The slope at 0 is 0.

    Args:
        input: Array x.
        inplace: Taken for PyTorch's sake. The result is a new array in any case, since
            derivatives may need the old one.

    Returns:
        max(x, 0) and its derivative.

    Example:
        >>> value, (dx,) = relu.__wrapped__(np.array([-1.0, 0.0, 2.0]))
        >>> value, dx(np.ones(3))
        (array([0., 0., 2.]), array([0., 0., 1.]))
    """
    y = kernels.relu(input) if input.dtype.kind == "f" else np.maximum(input, 0)
    return y, (lambda gy: kernels.relu_backward(gy, y),)


@differentiable
def leaky_relu(input, negative_slope=0.01, inplace=False):
    """`x` where it is positive, else `negative_slope * x` (Maas, Hannun, Ng 2013).

    Example:
        >>> value, (dx,) = leaky_relu.__wrapped__(np.array([-1.0, 2.0]), negative_slope=0.1)
        >>> value, dx(np.ones(2))
        (array([-0.1,  2. ]), array([0.1, 1. ]))
    """
    x, slope = as_float(input), float(negative_slope)
    return np.where(x > 0, x, slope * x), (lambda gy: np.where(x > 0, gy, slope * gy),)


@differentiable
def relu6(input, inplace=False):
    """`x` limited to the range from 0 to 6; the slope at both ends is 0.

    From the MobileNets, which it lets run in few bits (Howard et al. 2017).

    Example:
        >>> value, (dx,) = relu6.__wrapped__(np.array([-1.0, 3.0, 7.0]))
        >>> value, dx(np.ones(3))
        (array([0., 3., 6.]), array([0., 1., 0.]))
    """
    y = kernels.relu6(as_float(input))
    return y, (lambda gy: kernels.relu6_backward(gy, y),)


@differentiable
def gelu(input, approximate="none"):
    """Gaussian error linear unit: `x` times the normal distribution function at `x`.

    Source: Hendrycks and Gimpel 2016, who also give the approximation by tanh.

    Args:
        input: Array.
        approximate: "none" for the exact function, "tanh" for the approximation.

    Returns:
        The activation and its derivative.

    Raises:
        ValueError: When `approximate` is neither.

    Example:
        >>> gelu.__wrapped__(np.array([-1.0, 0.0, 1.0]))[0].round(4)
        array([-0.1587,  0.    ,  0.8413])
    """
    x = as_float(input)
    if approximate == "none":
        share = 0.5 * (1 + kernels.erf(x * math.sqrt(0.5)))

        def dx(gy):
            density = kernels.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))
            return gy * (share + x * density)

        return x * share, (dx,)
    if approximate == "tanh":
        root = math.sqrt(2 / math.pi)
        t = np.tanh(root * (x + 0.044715 * x * x * x))

        def dx(gy):
            inner = root * (1 + 3 * 0.044715 * x * x)
            return gy * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner)

        return 0.5 * x * (1 + t), (dx,)
    raise ValueError(f'gelu: approximate={approximate!r}; expected "none" or "tanh"')


@differentiable
def tanh(input):
    """The hyperbolic tangent.

    Example:
        >>> value, (dx,) = tanh.__wrapped__(np.array([0.0, 1.0]))
        >>> value.round(4), dx(np.ones(2)).round(4)
        (array([0.    , 0.7616]), array([1.  , 0.42]))
    """
    y = np.tanh(as_float(input))
    return y, (lambda gy: gy * (1 - y * y),)


@differentiable
def sigmoid(input):
    """The logistic function 1 / (1 + exp(-x)), accurate to the last digits on both sides.

    Example:
        >>> value, (dx,) = sigmoid.__wrapped__(np.array([-1000.0, 0.0, 1000.0]))
        >>> value, dx(np.ones(3))
        (array([0. , 0.5, 1. ]), array([0.  , 0.25, 0.  ]))
    """
    y = kernels.sigmoid(as_float(input))
    return y, (lambda gy: kernels.sigmoid_backward(gy, y),)


@differentiable
def softplus(input, beta=1.0, threshold=20.0):
    """log(1 + exp(beta * x)) / beta, a smooth relu (Dugas et al. 2001).


    Args:
        input: Array.
        beta: Sharpness of the bend, positive.
        threshold: Taken for PyTorch's sake, which is linear beyond it; this is exact for every x.

    Returns:
        The activation and its derivative, which is a sigmoid.

    Example:
        >>> softplus.__wrapped__(np.array([-1000.0, 0.0, 1000.0]))[0].round(4).tolist()
        [0.0, 0.6931, 1000.0]
    """
    x, beta = as_float(input), float(beta)
    if not beta > 0:
        raise ValueError(f"softplus: beta is {beta}; expected a positive number")
    return stable_softplus(beta * x) / beta, (lambda gy: gy * kernels.sigmoid(beta * x),)


def stable_softplus(x):
    """log(1 + exp(x)) of an array, as a plain value; exp is never taken above 0.

    Example:
        >>> stable_softplus(np.array([0.0, 1000.0])).round(4).tolist()
        [0.6931, 1000.0]
    """
    return np.maximum(x, 0) + np.log1p(kernels.exp(-np.abs(x)))


@differentiable
def silu(input, inplace=False):
    """`x` times its sigmoid, also called swish (Elfwing, Uchibe and Doya 2018).

    Example:
        >>> silu.__wrapped__(np.array([0.0, 1.0]))[0].round(4)
        array([0.    , 0.7311])
    """
    x = as_float(input)
    share = kernels.sigmoid(x)
    return x * share, (lambda gy: gy * share * (1 + x * (1 - share)),)


@differentiable
def elu(input, alpha=1.0, inplace=False):
    """`x` where it is positive, else ``alpha * (exp(x) - 1)`` (Clevert et al. 2016).

    Example:
        >>> elu.__wrapped__(np.array([-1.0, 2.0]))[0].round(4)
        array([-0.6321,  2.    ])
    """
    x, alpha = as_float(input), float(alpha)
    below = alpha * np.expm1(np.minimum(x, 0))
    return np.where(x > 0, x, below), (lambda gy: np.where(x <= 0, gy * (below + alpha), gy),)


@differentiable
def selu(input, inplace=False):
    """`elu`, scaled so that mean 0 and variance 1 stay as they are (Klambauer et al. 2017).

    Example:
        >>> selu.__wrapped__(np.array([-1.0, 2.0]))[0].round(4)
        array([-1.1113,  2.1014])
    """
    scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
    y, (dx,) = elu.__wrapped__(input, alpha)
    return scale * y, (lambda gy: scale * dx(gy),)


@differentiable
def mish(input, inplace=False):
    """`x` times the hyperbolic tangent of its softplus (Misra 2020).

    Example:
        >>> mish.__wrapped__(np.array([0.0, 1.0]))[0].round(4)
        array([0.    , 0.8651])
    """
    x = as_float(input)
    t = np.tanh(stable_softplus(x))
    return x * t, (lambda gy: gy * (t + x * (1 - t * t) * kernels.sigmoid(x)),)


@differentiable
def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """`x` limited to a range; the slope at both ends is 0.

    Example:
        >>> hardtanh.__wrapped__(np.array([-3.0, 0.5, 2.0]))[0]
        array([-1. ,  0.5,  1. ])
    """
    x = as_float(input)
    inside = (x > min_val) & (x < max_val)
    y = np.clip(x, min_val, max_val).astype(x.dtype, copy=False)
    return y, (lambda gy: np.where(inside, gy, 0),)


@differentiable
def hardsigmoid(input, inplace=False):
    """A sigmoid of three straight lines, x / 6 + 1/2 between -3 and 3.

    The slope, a sixth, is rounded to float32 also in float64, as PyTorch's is.

    Example:
        >>> hardsigmoid.__wrapped__(np.array([-4.0, 0.0, 4.0]))[0]
        array([0. , 0.5, 1. ])
    """
    x = as_float(input)
    inside, sixth = (x > -3) & (x < 3), float(np.float32(1 / 6))
    return np.clip(x + 3, 0, 6) / 6, (lambda gy: np.where(inside, gy * sixth, 0),)


@differentiable
def hardswish(input, inplace=False):
    """`x` times its `hardsigmoid`, the activation of MobileNetV3 (Howard et al. 2019).

    Example:
        >>> hardswish.__wrapped__(np.array([-4.0, 0.0, 3.0]))[0]
        array([-0.,  0.,  3.])
    """
    x = as_float(input)
    slope = x / 3 + 0.5
    return x * (np.clip(x + 3, 0, 6) / 6), (
        lambda gy: gy * np.where(x <= -3, 0, np.where(x < 3, slope, 1)),
    )


@differentiable
def softsign(input):
    """x / (1 + |x|).

    Example:
        >>> softsign.__wrapped__(np.array([-1.0, 3.0]))[0]
        array([-0.5 ,  0.75])
    """
    x = as_float(input)
    size = 1 + np.abs(x)
    return x / size, (lambda gy: gy / (size * size),)


@differentiable
def logsigmoid(input):
    """The logarithm of the sigmoid, without rounding small ones to 0.

    Example:
        >>> logsigmoid.__wrapped__(np.array([-1000.0, 0.0]))[0].round(4).tolist()
        [-1000.0, -0.6931]
    """
    x = as_float(input)
    return -stable_softplus(-x), (lambda gy: gy * kernels.sigmoid(-x),)


@differentiable
def softmax(input, dim, dtype=None):
    """Exponentials along an axis, divided by their sum: positive shares that add up to 1.

    Args:
        input: Array.
        dim: The axis along which the shares add up to 1.
        dtype: The type to compute in; that of `input` if None.

    Returns:
        The shares and the derivative.

    Example:
        >>> softmax.__wrapped__(np.array([[0.0, 0.0], [1000.0, 0.0]]), dim=1)[0]
        array([[0.5, 0.5],
               [1. , 0. ]])
    """
    y = _along(kernels.softmax, as_float(input if dtype is None else input.astype(dtype)), dim)

    def dx(gy):
        g = gy * y
        return g - y * np.add.reduce(g, axis=dim if y.ndim else None, keepdims=True)

    return y, (dx,)


@differentiable
def log_softmax(input, dim, dtype=None):
    """The logarithm of `softmax`, computed without rounding small shares to 0.

    Example:
        >>> log_softmax.__wrapped__(np.array([1000.0, 0.0]), dim=0)[0]
        array([    0., -1000.])
    """
    x = as_float(input if dtype is None else input.astype(dtype))
    y = _along(kernels.log_softmax, x, dim)

    def dx(gy):
        return gy - kernels.exp(y) * np.add.reduce(gy, axis=dim if y.ndim else None, keepdims=True)

    return y, (dx,)


def _along(kernel, x, axis):
    """Run a kernel that works on the last axis on another one."""
    if not x.ndim and axis in (0, -1):  # as in PyTorch, a single number has an axis 0
        return kernel(x[None])[0]
    if not x.size:
        return np.empty_like(x)
    if axis == -1 or axis == x.ndim - 1:
        return kernel(x)
    return np.moveaxis(kernel(np.moveaxis(x, axis, -1)), -1, axis)
