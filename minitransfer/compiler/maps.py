"""What can be done number by number, and how it is written: in code, and for people to read.

A row of `MAPS` has the code for numba and the words for the printed program, with ``{0}``,
``{1}``, … for the operands. Functions in the code whose names begin with ``one_`` are the library's
own kernels for one number (`minitransfer.kernels.step_code`): a compiled step does what they do.
"""

#: name: (code, words). Where the code makes several numbers, it is a call that returns as many.
MAPS = {
    "copy": ("{0}", "{0}"),
    "add": ("{0} + {1}", "{0} + {1}"),
    "subtract": ("{0} - {1}", "{0} - {1}"),
    "multiply": ("{0} * {1}", "{0} * {1}"),
    "divide": ("{0} / {1}", "{0} / {1}"),
    "negative": ("-{0}", "-{0}"),
    "square": ("{0} * {0}", "{0} ** 2"),
    "reciprocal": ("one({0}) / {0}", "1 / {0}"),
    "power": ("math.pow({0}, {1})", "{0} ** {1}"),
    "absolute": ("abs({0})", "abs({0})"),
    "sign": ("one_sign({0})", "sign({0})"),
    "sqrt": ("np.sqrt({0})", "sqrt({0})"),
    "log": ("math.log({0})", "log({0})"),
    "log1p": ("math.log1p({0})", "log1p({0})"),
    "expm1": ("math.expm1({0})", "expm1({0})"),
    "sin": ("math.sin({0})", "sin({0})"),
    "cos": ("math.cos({0})", "cos({0})"),
    "tan": ("math.tan({0})", "tan({0})"),
    "tanh": ("math.tanh({0})", "tanh({0})"),
    "maximum": ("one_maximum({0}, {1})", "maximum({0}, {1})"),
    "minimum": ("one_minimum({0}, {1})", "minimum({0}, {1})"),
    "isfinite": ("one_isfinite({0})", "isfinite({0})"),
    "isnan": ("{0} != {0}", "isnan({0})"),
    "greater": ("{0} > {1}", "{0} > {1}"),
    "greater_equal": ("{0} >= {1}", "{0} >= {1}"),
    "less": ("{0} < {1}", "{0} < {1}"),
    "less_equal": ("{0} <= {1}", "{0} <= {1}"),
    "equal": ("{0} == {1}", "{0} == {1}"),
    "not_equal": ("{0} != {1}", "{0} != {1}"),
    "bitwise_and": ("{0} & {1}", "{0} & {1}"),
    "bitwise_or": ("{0} | {1}", "{0} | {1}"),
    "bitwise_xor": ("{0} ^ {1}", "{0} ^ {1}"),
    "logical_not": ("not {0}", "not {0}"),
    "where": ("{1} if {0} else {2}", "where({0}, {1}, {2})"),
    "exp": ("exponential({0})", "exp({0})"),
    "erf": ("one_erf({0})", "erf({0})"),
    "relu": ("one_relu({0})", "relu({0})"),
    "relu_backward": ("one_relu_backward({0}, {1})", "where({1} > 0, {0}, 0)"),
    "relu6": ("one_relu6({0})", "relu6({0})"),
    "relu6_backward": ("one_relu6_backward({0}, {1})", "where(0 < {1} < 6, {0}, 0)"),
    "sigmoid": ("one_sigmoid({0})", "sigmoid({0})"),
    "sigmoid_backward": ("one_sigmoid_backward({0}, {1})", "{0} * {1} * (1 - {1})"),
    "sigmoid_cross_entropy": (
        "one_sigmoid_cross_entropy({0}, {1})",
        "cross_entropy(sigmoid({0}), {1}), sigmoid({0}) - {1}",
    ),
    "sgd": ("one_sgd({0}, {1}, {2}, {3})", "sgd({0}, {1}, lr={2}, weight_decay={3})"),
    "momentum": (
        "one_momentum({0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8})",
        "sgd({0}, {1}, {2}, lr={3}, momentum={4})",
    ),
    "adam_rates": ("adam_rates({0}, {1}, {2}, {3})", "adam_rates(lr={0}, step={3})"),
    "adam": (
        "one_adam({0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}, {9}, {10}, {11}, {12})",
        "adam({0}, {1}, {2}, {3}, rate={4})",
    ),
}

_NO_UFUNC = {"copy", "where", "relu", "relu_backward", "sigmoid", "sigmoid_backward", "erf"}
_NO_UFUNC |= {
    "relu6",
    "relu6_backward",
    "sigmoid_cross_entropy",
    "sgd",
    "momentum",
    "adam_rates",
    "adam",
}
#: NumPy's functions that are maps: NumPy's name and the one here.
UFUNCS = {name: name for name in MAPS if name not in _NO_UFUNC}
UFUNCS |= {"positive": "copy", "conjugate": "copy"}
#: These are the same for booleans, and for nothing else.
FOR_BOOLEANS = {"logical_and": "bitwise_and", "logical_or": "bitwise_or", "invert": "logical_not"}
