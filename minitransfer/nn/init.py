"""First values for weights. Every function fills a parameter in place and returns it.

A weight has the shape (out, in) or (out, in, height, width): *fan in* is the number of inputs
that one output sums up, *fan out* the number of outputs that one input reaches.
"""

import math

from minitransfer.autograd import no_grad
from minitransfer.not_covered import not_covered
from minitransfer.random import default_generator

#: What the standard deviation has to be multiplied by to keep it through an activation.
GAINS = {
    **dict.fromkeys(("linear", "conv1d", "conv2d", "conv3d", "sigmoid"), 1.0),
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}


def calculate_gain(nonlinearity, param=None) -> float:
    """Return what the standard deviation has to be multiplied by for an activation.

    Args:
        nonlinearity: "linear", "sigmoid", "tanh", "relu", "leaky_relu" or "selu".
        param: the negative slope of "leaky_relu"; 0.01 if None.

    Raises:
        ValueError: for any other name.

    Example:
        >>> round(calculate_gain("relu"), 4)
        1.4142
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in GAINS:
        raise ValueError(
            f"nonlinearity {nonlinearity!r} is unknown; choose one of "
            f"{', '.join([*GAINS, 'leaky_relu'])}"
        )
    return GAINS[nonlinearity]


def fans(weight) -> tuple[int, int]:
    """Return (fan in, fan out) of a weight.

    Raises:
        ValueError: if the weight has fewer than two axes.

    Example:
        >>> from minitransfer import zeros
        >>> fans(zeros(16, 8, 3, 3))
        (72, 144)
    """
    if weight.ndim < 2:
        raise ValueError(f"fan in and out need at least two axes; given shape {weight.shape}")
    field = math.prod(weight.shape[2:])
    return weight.shape[1] * field, weight.shape[0] * field


def uniform_(tensor, a=0.0, b=1.0, generator=None):
    """Fill with numbers drawn evenly from [a, b).

    Example:
        >>> from minitransfer import zeros
        >>> bool((uniform_(zeros(9), 1, 2) >= 1).all())
        True
    """
    return _fill(tensor, (generator or default_generator()).uniform(a, b, tensor.shape))


def normal_(tensor, mean=0.0, std=1.0, generator=None):
    """Fill with normally distributed numbers.

    Example:
        >>> from minitransfer import zeros
        >>> normal_(zeros(2, 2), std=0.01).shape
        (2, 2)
    """
    return _fill(tensor, (generator or default_generator()).normal(mean, std, tensor.shape))


def constant_(tensor, val):
    """Fill with one number.

    Example:
        >>> from minitransfer import zeros
        >>> constant_(zeros(2), 3).tolist()
        [3.0, 3.0]
    """
    return _fill(tensor, val)


def zeros_(tensor):
    """Fill with zeros.

    Example:
        >>> from minitransfer import ones
        >>> zeros_(ones(2)).tolist()
        [0.0, 0.0]
    """
    return _fill(tensor, 0.0)


def ones_(tensor):
    """Fill with ones.

    Example:
        >>> from minitransfer import zeros
        >>> ones_(zeros(2)).tolist()
        [1.0, 1.0]
    """
    return _fill(tensor, 1.0)


def kaiming_normal_(tensor, a=0.0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Fill so that the variance stays the same through ReLU layers (He et al. 2015).

    Args:
        tensor: the weight.
        a: the slope of the activation where it is negative, 0 for ReLU; other activations than
            "leaky_relu" have none, and do not look at it.
        mode: "fan_in" keeps the variance on the way forward, "fan_out" on the way back.
        nonlinearity: "leaky_relu" or a key of `GAINS`.
        generator: a ``numpy.random.Generator``; the default one if None.

    Example:
        >>> from minitransfer import zeros
        >>> float(kaiming_normal_(zeros(400, 200)).std()) - 0.1 < 0.01
        True
    """
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def kaiming_uniform_(tensor, a=0.0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """As `kaiming_normal_`, drawn evenly from an interval around 0.

    Example:
        >>> from minitransfer import zeros
        >>> bool((kaiming_uniform_(zeros(4, 6)).abs() <= 1).all())
        True
    """
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor, gain=1.0, generator=None):
    """Fill so that the variance stays the same both ways (Glorot and Bengio 2010).

    Example:
        >>> from minitransfer import zeros
        >>> xavier_normal_(zeros(4, 4)).shape
        (4, 4)
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(fans(tensor))), generator)


def xavier_uniform_(tensor, gain=1.0, generator=None):
    """As `xavier_normal_`, drawn evenly from an interval around 0.

    Example:
        >>> from minitransfer import zeros
        >>> bool((xavier_uniform_(zeros(3, 3)).abs() <= 1).all())
        True
    """
    bound = gain * math.sqrt(6 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    """Fill with normally distributed numbers between `a` and `b`; others are drawn again.

    Example:
        >>> from minitransfer import zeros
        >>> bool((trunc_normal_(zeros(50)).abs() <= 2).all())
        True
    """
    generator = generator or default_generator()
    if not a < b or a > mean + 6 * std or b < mean - 6 * std:
        raise ValueError(f"trunc_normal_: next to nothing of the curve lies from {a} to {b}")
    drawn = generator.normal(mean, std, tensor.shape)
    while (outside := (drawn < a) | (drawn > b)).any():
        drawn[outside] = generator.normal(mean, std, int(outside.sum()))
    return _fill(tensor, drawn)


def _kaiming_std(tensor, a, mode, nonlinearity):
    gain = calculate_gain(nonlinearity, a)
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode {mode!r} is unknown; choose 'fan_in' or 'fan_out'")
    return gain / math.sqrt(fans(tensor)[mode == "fan_out"])


@no_grad()
def _fill(tensor, values):
    return tensor.copy_(values)


def __getattr__(name):
    raise not_covered("nn.init", name)
