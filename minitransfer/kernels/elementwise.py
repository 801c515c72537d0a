"""One number in, one number out: ReLU, sigmoid, the exponential and the error function.

The fast versions are one loop each; the compiler makes vector code of them. What they must not do
is lose NaN: a ReLU written as ``x if x > 0 else 0`` turns NaN into 0 and hides that a network has
diverged.
"""

import math

import numpy as np
from numba import types
from numba.extending import intrinsic, overload

from .compile import helper, kernel, long_helper, wrong_gradient
from .threads import parallel_for

CHUNK = 1 << 18
"""Numbers in a chunk."""


def relu_reference(x):
    """Return the larger of `x` and 0; NaN stays NaN."""
    return np.maximum(x, x.dtype.type(0))


def relu_backward_reference(gy, y):
    """Return `gy`, and 0 where ReLU's output `y` is 0; a NaN lets it pass, as in PyTorch."""
    return np.where(y <= 0, gy.dtype.type(0), gy)


def relu6_reference(x):
    """Return `x` limited to the range from 0 to 6; NaN stays NaN."""
    return np.minimum(np.maximum(x, x.dtype.type(0)), x.dtype.type(6))


def relu6_backward_reference(gy, y):
    """Return `gy`, and 0 where ReLU6's output `y` is 0 or 6; a NaN lets it pass."""
    return np.where((y <= 0) | (y >= 6), gy.dtype.type(0), gy)


def exp_reference(x):
    """Return e to the power of each element."""
    with np.errstate(over="ignore", under="ignore"):
        return np.exp(x)


def erf_reference(x):
    """Return the error function 2/sqrt(pi) times the integral of exp(-t*t) from 0 to `x`."""
    values = [math.erf(v) for v in x.ravel().tolist()]
    return np.array(values, x.dtype).reshape(x.shape)


def sigmoid_reference(x):
    """Return 1 / (1 + exp(-x)); the exponential is never taken above 0."""
    e = exp_reference(-np.abs(x))
    return np.where(x < 0, e, x.dtype.type(1)) / (1 + e)


def sigmoid_backward_reference(gy, y):
    """Return `gy` times the sigmoid's slope, from its output `y`."""
    return gy * (y * (1 - y))


def sigmoid_cross_entropy_reference(logits, targets):
    """Return each answer's loss and its derivative, sigmoid less the target."""
    yes = np.maximum(-logits, 0) + np.log1p(exp_reference(-np.abs(logits)))
    return (1 - targets) * logits + yes, sigmoid_reference(logits) - targets


@helper
def one_relu(x):
    """`relu` of one number; NaN <= 0 is false."""
    return type(x)(0) if x <= 0 else x


@helper
def one_relu_backward(gy, y):
    """`relu_backward` of one number."""
    return type(gy)(0) if y <= 0 else gy


@helper
def one_relu6(x):
    """`relu6` of one number."""
    y = type(x)(0) if x <= 0 else x
    return type(x)(6) if y >= 6 else y


@helper
def one_relu6_backward(gy, y):
    """`relu6_backward` of one number."""
    low = type(gy)(0) if y <= 0 else gy
    return type(gy)(0) if y >= 6 else low


@kernel("void(flat1, real[::1])")
def _relu6(x, y):
    for i in range(y.size):
        y[i] = one_relu6(x[i])


@kernel("void(flat1, flat1, real[::1])")
def _relu6_backward(gy, y, gx):
    for i in range(y.size):
        gx[i] = one_relu6_backward(gy[i], y[i])


@kernel("void(flat1, real[::1])")
def _relu(x, y):
    for i in range(y.size):
        y[i] = one_relu(x[i])


@kernel("void(flat1, flat1, real[::1])")
def _relu_backward(gy, y, gx):
    for i in range(y.size):
        gx[i] = one_relu_backward(gy[i], y[i])


@intrinsic
def _from_bits(typingctx, bits):
    """The floating-point number whose bits are those of a whole number of the same size."""
    real = types.float32 if bits == types.int32 else types.float64

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(real))

    return real(bits), generate


def exponential(x):
    """e to the power x inside a kernel, in code that the compiler can turn into vectors.

    With n = round(x / ln 2) and r = x - n ln 2 it is 2**n times a polynomial in r, where |r| is
    at most ln 2 / 2. ln 2 is taken off in two parts, the first short enough that n times it is
    exact; 2**n is written straight into the exponent bits, in two halves, so that results near
    the ends of the range come out as Inf, subnormal numbers or 0.
    """
    return np.exp(x)


@helper
def _exponential_32(x):
    a = min(max(x, np.float32(-104)), np.float32(89))
    n = np.floor(a * np.float32(1.4426950408889634) + np.float32(0.5))
    r = a - n * np.float32(0.693359375)
    r = r - n * np.float32(-2.12194440e-4)
    p = np.float32(1.9875691500e-4)  # coefficients of Cephes' expf (Moshier)
    p = p * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    p = p * (r * r) + r + np.float32(1)
    whole = np.int32(n)
    half = whole >> np.int32(1)
    low = _from_bits(np.int32((half + np.int32(127)) << np.int32(23)))
    high = _from_bits(np.int32((whole - half + np.int32(127)) << np.int32(23)))
    return p * low * high if x == x else x


@helper
def _exponential_64(x):
    a = min(max(x, -746.0), 710.0)
    n = np.floor(a * 1.4426950408889634 + 0.5)
    r = a - n * 6.93147180369123816490e-01
    r = r - n * 1.90821492927058770002e-10
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = p * (r * r) + r + 1.0
    whole = np.int64(n)
    half = whole >> 1
    low = _from_bits((half + 1023) << 52)
    high = _from_bits((whole - half + 1023) << 52)
    return p * low * high if x == x else x


@overload(exponential, inline="never")
def _exponential_of(x):
    if x == types.float32:
        return lambda x: _exponential_32(x)
    return lambda x: _exponential_64(x)


@kernel("void(flat1, real[::1])")
def _exp(x, y):
    for i in range(y.size):
        y[i] = exponential(x[i])


@long_helper
def one_erf(x):
    """`erf` of one number, in code that can become vectors.

    Below 1 it is x times a fraction of two polynomials in x * x; above, 1 less exp(-x * x) times
    another fraction (Cephes, Moshier). Both are computed and weighed with 0 and 1: a choice
    between them would become a jump.
    """
    kind = type(x)
    b = max(min(x, kind(1)), kind(-1))
    z = b * b
    p = kind(9.60497373987051638749) * z + kind(90.0260197203842689217)
    p = (p * z + kind(2232.00534594684319226)) * z + kind(7003.32514112805075473)
    p = p * z + kind(55592.3013010394962768)
    q = (z + kind(33.5617141647503099647)) * z + kind(521.357949780152679795)
    q = (q * z + kind(4594.32382970980127987)) * z + kind(22629.0000613890934246)
    q = q * z + kind(49267.3942608635921086)
    near = b * (p / q)
    a = min(abs(x), kind(6))  # from there on it is 1, to the last digit
    p = kind(2.46196981473530512524e-10) * a + kind(0.564189564831068821977)
    p = (p * a + kind(7.46321056442269912687)) * a + kind(48.6371970985681366614)
    p = (p * a + kind(196.520832956077098242)) * a + kind(526.445194995477358631)
    p = (p * a + kind(934.528527171957607540)) * a + kind(1027.55188689515710272)
    p = p * a + kind(557.535335369399327526)
    q = (a + kind(13.2281951154744992508)) * a + kind(86.7072140885989742329)
    q = (q * a + kind(354.937778887819891062)) * a + kind(975.708501743205489753)
    q = (q * a + kind(1823.90916687909736289)) * a + kind(2246.33760818710981792)
    q = (q * a + kind(1656.66309194161350182)) * a + kind(557.535340817727675546)
    far = kind(1) - exponential(-a * a) * (p / q)
    far = -far if x < 0 else far
    small = kind(1) if z < kind(1) else kind(0)
    y = near * small + far * (kind(1) - small)
    return y if x == x else x


@kernel("void(flat1, real[::1])")
def _erf(x, y):
    for i in range(y.size):
        y[i] = one_erf(x[i])


@helper
def one_sigmoid(x):
    """`sigmoid` of one number."""
    one = type(x)(1)
    e = exponential(-abs(x))
    return (e if x < 0 else one) / (one + e)


@helper
def one_sigmoid_backward(gy, y):
    """`sigmoid_backward` of one number."""
    return gy * (y * (type(y)(1) - y))


@helper
def one_sigmoid_cross_entropy(x, t):
    """`sigmoid_cross_entropy` of one answer: the loss and its derivative."""
    nothing, one = type(x)(0), type(x)(1)
    e = exponential(-abs(x))
    yes = math.log1p(e) + (-x if x < 0 else nothing)  # -log(sigmoid(x))
    return (one - t) * x + yes, (e if x < 0 else one) / (one + e) - t


@kernel("void(flat1, real[::1])")
def _sigmoid(x, y):
    for i in range(y.size):
        y[i] = one_sigmoid(x[i])


@kernel("void(flat1, flat1, real[::1])")
def _sigmoid_backward(gy, y, gx):
    for i in range(gx.size):
        gx[i] = one_sigmoid_backward(gy[i], y[i])


@kernel("void(flat1, flat1, real[::1], real[::1])")
def _sigmoid_cross_entropy(x, t, losses, difference):
    for i in range(losses.size):
        losses[i], difference[i] = one_sigmoid_cross_entropy(x[i], t[i])


def _map(loop, x):
    """Run a compiled loop over x, which may have any shape and strides."""
    y = np.empty(x.shape, x.dtype)
    parallel_rows(loop, x.ravel(), y.ravel())  # ravel copies x only if it must
    return y


def _map_back(loop, gy, y):
    """Run a compiled loop over the gradient of a result and the result itself."""
    if gy.shape != y.shape:
        raise wrong_gradient(gy, y.shape)
    gx = np.empty(gy.shape, gy.dtype)
    parallel_rows(loop, gy.ravel(), y.ravel(), gx.ravel())
    return gx


def parallel_rows(loop, *arguments):
    """Call `loop` on the same chunk of each long row, and the numbers as they are.

    The loops count from 0 to the row's size: only then does the compiler see that no index is
    negative (counted from the end, as Python has it), and makes vector code.

    Args:
        loop: a compiled function.
        arguments: rows of one size, and plain numbers; a row comes first.
    """
    size = arguments[0].size
    if size <= CHUNK:
        loop(*arguments)
    else:
        parallel_for(size, CHUNK, _slice_rows, loop, arguments)


def _slice_rows(loop, arguments, i, j):
    loop(*[a[i:j] if isinstance(a, np.ndarray) else a for a in arguments])


def relu(x):
    """Return the larger of each element and 0; NaN stays NaN.

    Example:
        >>> relu(np.array([-1.0, 2.0, np.nan]))
        array([ 0.,  2., nan])
    """
    return _map(_relu[x.dtype], x)


def relu_backward(gy, y):
    """Return `gy` where ReLU's output `y` (or its input) is positive, 0 elsewhere.

    Example:
        >>> relu_backward(np.array([5.0, 5.0]), np.array([0.0, 2.0]))
        array([0., 5.])
    """
    return _map_back(_relu_backward[y.dtype], gy, y)


def relu6(x):
    """Return each element limited to the range from 0 to 6; NaN stays NaN.

    Example:
        >>> relu6(np.array([-1.0, 2.0, 7.0, np.nan]))
        array([ 0.,  2.,  6., nan])
    """
    return _map(_relu6[x.dtype], x)


def relu6_backward(gy, y):
    """Return `gy` where ReLU6's output `y` lies between 0 and 6, and 0 at both ends.

    Example:
        >>> relu6_backward(np.array([5.0, 5.0, 5.0]), np.array([0.0, 2.0, 6.0]))
        array([0., 5., 0.])
    """
    return _map_back(_relu6_backward[y.dtype], gy, y)


def exp(x):
    """Return e to the power of each element, within 2 units in the last place.

    Example:
        >>> exp(np.array([0.0, -np.inf, np.inf, np.nan]))
        array([ 1.,  0., inf, nan])
    """
    return _map(_exp[x.dtype], x)


def erf(x):
    """Return the error function: 2/sqrt(pi) times the integral of exp(-t*t) from 0 to `x`.

    Example:
        >>> erf(np.array([0.0, np.inf]))
        array([0., 1.])
    """
    return _map(_erf[x.dtype], x)


def sigmoid(x):
    """Return 1 / (1 + exp(-x)) of each element, accurate to the last digits on both sides.

    Example:
        >>> sigmoid(np.array([-np.inf, 0.0, np.inf]))
        array([0. , 0.5, 1. ])
    """
    return _map(_sigmoid[x.dtype], x)


def sigmoid_backward(gy, y):
    """Return `gy` times the slope of the sigmoid, y * (1 - y), from its output `y`.

    Example:
        >>> sigmoid_backward(np.array([1.0, 2.0]), np.array([0.5, 1.0]))
        array([0.25, 0.  ])
    """
    return _map_back(_sigmoid_backward[y.dtype], gy, y)


def sigmoid_cross_entropy(logits, targets):
    """Return the cross-entropy of each yes-or-no answer, and its derivative.

    Args:
        logits: numbers before the sigmoid, of any shape.
        targets: probabilities of "yes", of the same shape and type.

    Returns:
        losses, ``-t log(sigmoid(x)) - (1 - t) log(1 - sigmoid(x))``; and sigmoid less target,
        which is the derivative of each loss. Both have the shape of `logits`.

    Example:
        >>> losses, difference = sigmoid_cross_entropy(np.array([0.0, 1000.0]), np.ones(2))
        >>> losses.round(4), difference
        (array([0.6931, 0.    ]), array([-0.5,  0. ]))
    """
    losses = np.empty(logits.shape, logits.dtype)
    difference = np.empty(logits.shape, logits.dtype)
    parallel_rows(
        _sigmoid_cross_entropy[logits.dtype],
        *(logits.ravel(), targets.ravel(), losses.ravel(), difference.ravel()),
    )
    return losses, difference
