"""Random comparison with PyTorch: every covered operation, layer and loss, value and gradient.

Skipped where PyTorch is not installed. The suite tries some cases of each; many more:

    MINITRANSFER_CASES=50000 pytest tests/test_differential.py -s

`CASES` has a way to draw arguments for every name: shapes that broadcast, no axes, size 1, empty,
strides backwards, whole numbers, NaN and infinity, ties. All names are equally likely. A test holds
it against the page: no covered name is missing but those of `WITHOUT_NUMBERS`. What either of the
two refuses is not compared.
"""

import collections
import os
import runpy
import warnings
from pathlib import Path

import numpy as np
import pytest

import minitransfer as mt

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.diff
COUNT = int(os.environ.get("MINITRANSFER_CASES", 4000))
DIGITS = {"float32": 1e-5, "float64": 1e-10}


def _finite(a):
    return np.isfinite(a).all()


def _has_nan(x, *_):
    return np.isnan(x).any()


def _has_infinity(x, *_):
    return np.isinf(x).any()


def _target_zero(x, target):
    return (target == 0).any()


#: name -> whether *this case* is one in which the two differ on purpose, given its arguments.
#: Never a whole operation: a mistake elsewhere in it has to be found. The page says the same.
DELIBERATE = {
    **dict.fromkeys(["F.relu6", "nn.ReLU6", "F.hardtanh", "nn.Hardtanh"], _has_nan),
    **dict.fromkeys(["F.elu", "nn.ELU", "amax", "amin", "abs", "sign"], _has_nan),
    **dict.fromkeys(["F.softsign", "nn.Softsign", "F.gelu", "nn.GELU"], _has_infinity),
    "logsumexp": lambda x: np.isneginf(x).any(),
    "F.conv2d": lambda x, weight, *_: not _finite(weight),
    **dict.fromkeys(["F.kl_div", "nn.KLDivLoss"], _target_zero),
    "norm": lambda x: not _finite(x) or np.abs(x).max(initial=0) > 1e9,
    "topk": lambda x, *_: any(len(np.unique(row)) < row.size for row in x),
}


def shape(rng, axes=None):
    axes = rng.integers(0, 4) if axes is None else axes
    return tuple(int(n) for n in rng.choice([0, 1, 1, 2, 3, 4, 5], axes, p=[0.02, *[0.98 / 6] * 6]))


def array(rng, size, kind="float", special=0.1, low=-3, high=3):
    """An array of random layout; with special numbers among its floats now and then."""
    if kind == "int":
        a = rng.integers(low, high + 1, size)
    elif kind == "bool":
        a = rng.random(size) < 0.5
    else:
        a = rng.uniform(low, high, size)
        if rng.random() < 0.3:
            a = np.round(a)  # ties, zeros
        if rng.random() < special and a.size:
            a = np.asarray(a)
            places = rng.random(a.shape) < 0.3
            a = np.where(places, rng.choice([np.nan, np.inf, -np.inf, 0.0, 1e20, -1e20]), a)
    a = np.asarray(a)
    if a.ndim and rng.random() < 0.2:
        a = a[::-1].copy()[::-1] if rng.random() < 0.5 else np.asfortranarray(a)
    return a


def pair_of_shapes(rng):
    """Two shapes that broadcast."""
    full = shape(rng)

    def part():
        cut = full[rng.integers(0, len(full) + 1) :] if rng.random() < 0.4 else full
        return tuple(1 if rng.random() < 0.3 else n for n in cut)

    return part(), part()


def floats(rng, **options):
    return array(rng, shape(rng), **options)


def some_dim(rng, ndim, several=True):
    if rng.random() < 0.3 and several:
        return None
    if not ndim:
        return int(rng.integers(-1, 1))
    if several and rng.random() < 0.3:
        count = rng.integers(1, ndim + 1)
        return tuple(int(d) for d in rng.choice(ndim, count, replace=False))
    return int(rng.integers(-ndim, ndim))


# How arguments are drawn: each `@case("names")` is a function of (rng, name) that returns the
# function to call, given a library, its arguments and its named arguments.

CASES = {}


def case(names, place=""):
    """Register a way to draw arguments, for one or several names (of `nn.functional`: "F")."""

    def register(draw):
        for name in names.split():
            CASES[f"{place}.{name}" if place else name] = (draw, name)
        return draw

    return register


def of(name):
    """The function of the library's main namespace; half the time, if there is one, its method."""
    return lambda lib: getattr(lib, name)


def functional(name):
    return lambda lib: getattr(lib.nn.functional, name)


def method(name):
    return lambda lib: lambda x, *rest, **options: getattr(x, name)(*rest, **options)


def either(rng, name):
    """The function or the method of this name."""
    has_both = hasattr(torch, name) and hasattr(torch.Tensor, name)
    return method(name) if has_both and rng.random() < 0.5 else of(name)


def any_numbers(rng):
    return floats(rng, kind="int" if rng.random() < 0.1 else "float")


def one(rng, *options):
    """One of several options, as a plain Python value."""
    return options[int(rng.integers(len(options)))]


# Each number


@case("exp log log1p log2 log10 expm1 sqrt rsqrt reciprocal sin cos tan erf abs neg sign square")
@case("round floor ceil trunc relu sigmoid tanh isnan isinf isfinite logical_not clone")
def of_each_number(rng, name):
    whole = name in ("exp", "sqrt", "abs", "neg", "square", "sin") and rng.random() < 0.1
    x = floats(rng, kind="int" if whole else "float")
    return either(rng, name), [x], {}


@case("relu relu6 silu elu selu hardswish hardsigmoid softsign mish logsigmoid tanh sigmoid", "F")
@case("leaky_relu gelu softplus hardtanh", "F")
def activation(rng, name):
    options = {}
    if name == "gelu":
        options["approximate"] = one(rng, "none", "tanh")
    if name == "leaky_relu":
        options["negative_slope"] = float(rng.uniform(-0.5, 1))
    if name == "softplus":
        options["beta"] = float(rng.uniform(0.5, 3))
    if name == "elu":
        options["alpha"] = float(rng.uniform(0.5, 2))
    if name == "hardtanh":
        options["max_val"] = float(rng.uniform(0.5, 2))
    return functional(name), [floats(rng)], options


# Two at each place


@case("add sub mul div pow maximum minimum remainder floor_divide")
def of_two(rng, name):
    kind = "int" if rng.random() < 0.1 else "float"
    a, b = (array(rng, size, kind) for size in pair_of_shapes(rng))
    if rng.random() < 0.25:
        b = float(one(rng, 0, 1, 2, 3, 0.5, -1, -2))
    return either(rng, name), [a, b], {}


@case("eq ne lt le gt ge isclose logical_and logical_or")
def comparison(rng, name):
    a, b = (array(rng, size) for size in pair_of_shapes(rng))
    return either(rng, name), [a, b], {}


@case("bitwise_and bitwise_or bitwise_xor")
def of_bits(rng, name):
    kind = one(rng, "int", "bool")
    return of(name), [array(rng, size, kind) for size in pair_of_shapes(rng)], {}


@case("bitwise_not")
def not_of_bits(rng, name):
    return of(name), [floats(rng, kind=one(rng, "int", "bool"))], {}


@case("where")
def chosen(rng, name):
    a, b = (array(rng, size) for size in pair_of_shapes(rng))
    return of(name), [array(rng, np.broadcast_shapes(a.shape, b.shape), "bool"), a, b], {}


@case("masked_fill")
def filled(rng, name):
    x = floats(rng)
    return either(rng, name), [x, array(rng, x.shape, "bool"), 2.5], {}


@case("clamp clip")
def limited(rng, name):
    low, high = sorted(rng.uniform(-2, 2, 2).tolist())
    return either(rng, name), [floats(rng), low, high], {}


# Over axes


@case("sum mean amax amin logsumexp")
def reduction(rng, name):
    x = any_numbers(rng) if name == "sum" else floats(rng)
    dim = some_dim(rng, x.ndim)
    if dim is None and name == "logsumexp":
        dim = tuple(range(x.ndim))
    options = {} if dim is None else {"dim": dim, "keepdim": bool(rng.random() < 0.5)}
    return either(rng, name), [x], options


@case("var std")
def spread(rng, name):
    x = floats(rng)
    options = {"dim": some_dim(rng, x.ndim), "keepdim": bool(rng.random() < 0.5)}
    return either(rng, name), [x], {**options, "correction": int(rng.integers(0, 2))}


@case("norm")
def p_norm(rng, name):
    x = floats(rng)
    options = {"dim": some_dim(rng, x.ndim), "keepdim": bool(rng.random() < 0.5)}
    return either(rng, name), [x], {**options, "p": float(one(rng, 1, 2, 3, np.inf))}


@case("max min argmax argmin")
def extreme(rng, name):
    x = floats(rng, special=0.0)
    return either(rng, name), [x], {"dim": some_dim(rng, x.ndim, several=False)}


@case("all any")
def truth(rng, name):
    x = floats(rng, kind="bool")
    dim = some_dim(rng, x.ndim, several=False)
    return either(rng, name), [x], {} if dim is None else {"dim": dim}


@case("softmax log_softmax")
@case("softmax log_softmax", "F")
def soft(rng, name):
    x = floats(rng, low=-30, high=30)
    options = {"dim": some_dim(rng, x.ndim, several=False)}
    return one(rng, functional(name), either(rng, name)), [x], options


@case("cumsum cumprod prod sort argsort flip roll unbind")
def along(rng, name):
    x = array(rng, shape(rng, int(rng.integers(1, 4))), special=0)
    dim = int(rng.integers(-x.ndim, x.ndim))
    if name == "argsort":
        return either(rng, name), [x], {"dim": dim, "stable": True}
    arguments = {"flip": [x, (dim,)], "roll": [x, 1, dim]}.get(name, [x, dim])
    return either(rng, name), arguments, {}


@case("topk")
def largest(rng, name):
    x = array(rng, (int(rng.integers(1, 6)), int(rng.integers(1, 6))), special=0)
    return either(rng, name), [x, int(rng.integers(1, x.shape[1] + 1))], {}


# One answer


@case("equal allclose")
def one_answer(rng, name):
    a = floats(rng)
    b = a if rng.random() < 0.5 else array(rng, a.shape)
    return lambda lib: lambda *t: lib.tensor(getattr(lib, name)(*t)), [a, b], {}


@case("numel")
def count(rng, name):
    return lambda lib: lambda t: lib.tensor(lib.numel(t)), [floats(rng)], {}


# Shapes


@case("reshape view")
def reshaped(rng, name):
    x = np.ascontiguousarray(floats(rng))
    size = (-1,) if x.size else (0,)
    return method(name), [x, size], {}


@case("reshape_as view_as")
def reshaped_as(rng, name):
    x = np.ascontiguousarray(floats(rng))
    return method(name), [x, array(rng, (x.size, 1))], {}


@case("permute")
def permuted(rng, name):
    x = floats(rng)
    return either(rng, name), [x, tuple(map(int, rng.permutation(x.ndim)))], {}


@case("transpose")
def transposed(rng, name):
    x = floats(rng)
    dims = [some_dim(rng, x.ndim, several=False) for _ in range(2)]
    return either(rng, name), [x, *dims], {}


@case("t T mT")
def of_matrices(rng, name):
    x = array(rng, shape(rng, 2))
    return (method(name) if name == "t" else lambda lib: lambda t: getattr(t, name)), [x], {}


@case("flatten")
def flattened(rng, name):
    x = floats(rng)
    return either(rng, name), [x, int(rng.integers(0, max(x.ndim, 1)))], {}


@case("squeeze")
def squeezed(rng, name):
    x = floats(rng)
    dim = some_dim(rng, x.ndim)
    return either(rng, name), [x] if dim is None else [x, dim], {}


@case("unsqueeze")
def unsqueezed(rng, name):
    x = floats(rng)
    return either(rng, name), [x, int(rng.integers(-x.ndim - 1, x.ndim + 1))], {}


@case("expand repeat")
def repeated(rng, name):
    x = floats(rng)
    sizes = [3 if n == 1 or name == "repeat" else -1 for n in x.shape]
    return method(name), [x, 2, *sizes], {}


@case("expand_as")
def expanded_as(rng, name):
    x = floats(rng)
    like = np.broadcast_to(x, (2, *x.shape)).copy()
    return method(name), [x, like], {}


@case("cat concat stack")
def joined(rng, name):
    size = shape(rng, int(rng.integers(1, 4)))
    parts = [array(rng, size, "int" if rng.random() < 0.1 else "float") for _ in range(3)]
    dim = some_dim(rng, len(size), several=False)
    return lambda lib: lambda *t: getattr(lib, name)(t, dim), parts, {}


@case("split chunk")
def parted(rng, name):
    x = array(rng, shape(rng, int(rng.integers(1, 4))))
    return either(rng, name), [x, int(rng.integers(1, 4)), int(rng.integers(0, x.ndim))], {}


@case("narrow")
def narrowed(rng, name):
    x = array(rng, shape(rng, int(rng.integers(1, 4))))
    dim = int(rng.integers(0, x.ndim))
    start = int(rng.integers(0, x.shape[dim] + 1))
    return either(rng, name), [x, dim, start, int(rng.integers(0, x.shape[dim] - start + 1))], {}


@case("tril triu")
def triangle(rng, name):
    x = array(rng, shape(rng, int(rng.integers(2, 4))))
    return either(rng, name), [x, int(rng.integers(-2, 3))], {}


# Picking


@case("gather")
def gathered(rng, name):
    x = array(rng, shape(rng, 2))
    dim = int(rng.integers(0, 2))
    index = rng.integers(0, max(x.shape[dim], 1), x.shape)
    return either(rng, name), [x, dim, index], {}


@case("index_select")
def selected(rng, name):
    x = array(rng, shape(rng, int(rng.integers(1, 4))))
    dim = int(rng.integers(0, x.ndim))
    return either(rng, name), [x, dim, rng.integers(0, max(x.shape[dim], 1), 3)], {}


@case("masked_select nonzero")
def where_true(rng, name):
    x = np.asarray(np.round(floats(rng)))
    rest = [array(rng, x.shape, "bool")] if name == "masked_select" else []
    return either(rng, name), [x, *rest], {}


@case("repeat_interleave")
def interleaved(rng, name):
    x = array(rng, shape(rng, int(rng.integers(1, 4))))
    return either(rng, name), [x, int(rng.integers(1, 4)), int(rng.integers(0, x.ndim))], {}


@case("getitem")
def indexed(rng, name):
    x = array(rng, tuple(int(n) for n in rng.integers(1, 5, rng.integers(1, 4))))

    def key(n):
        kind = rng.integers(0, 5)
        if kind == 0:
            return int(rng.integers(-n, n))
        if kind == 1:
            return slice(int(rng.integers(0, n)), None, int(rng.integers(1, 3)))
        return rng.integers(-n, n, 3) if kind == 2 else slice(None)

    keys = [key(n) for n in x.shape[: rng.integers(1, x.ndim + 1)]]
    if rng.random() < 0.3:
        keys.insert(int(rng.integers(0, len(keys) + 1)), None)
    if rng.random() < 0.3:
        keys.insert(0, Ellipsis) if len(keys) < x.ndim else None

    def function(lib):
        own = [
            (torch.from_numpy(k) if lib is torch else mt.Tensor(k))
            if isinstance(k, np.ndarray)
            else k
            for k in keys
        ]
        return lambda t: t[tuple(own)]

    return function, [x], {}


# Products


@case("matmul")
def product(rng, name):
    n, k, m = (int(v) for v in rng.choice([0, 1, 2, 3, 17, 40], 3, p=[0.03, *[0.97 / 5] * 5]))
    batch = pair_of_shapes(rng) if rng.random() < 0.4 else ((), ())
    a, b = array(rng, (*batch[0], n, k)), array(rng, (*batch[1], k, m))
    if rng.random() < 0.2:
        a = array(rng, (k,))
    if rng.random() < 0.2:
        b = array(rng, (k,))
    return either(rng, name), [a, b], {}


@case("mm bmm dot outer einsum")
def plain_product(rng, name):
    n, k, m = (int(v) for v in rng.integers(1, 20, 3))
    if name == "dot":
        return either(rng, name), [array(rng, (k,)), array(rng, (k,))], {}
    if name == "outer":
        return either(rng, name), [array(rng, (n,)), array(rng, (m,))], {}
    batch = (int(rng.integers(1, 4)),) if name == "bmm" else ()
    arguments = [array(rng, (*batch, n, k)), array(rng, (*batch, k, m))]
    if name == "einsum":
        equation = one(rng, "ij,jk->ki", "ij,jk->ik", "ij,jk->", "ij,jk->i")
        return lambda lib: lambda a, b: lib.einsum(equation, a, b), arguments, {}
    return either(rng, name), arguments, {}


# Made from nothing


@case("zeros ones full empty eye arange linspace")
def made(rng, name):
    n, m = (int(v) for v in rng.integers(0, 6, 2))
    arguments = {
        "full": [(n, m), 2.5],
        "eye": [n, m],
        "arange": [n, n + 3 * m, 2],
        "linspace": [float(n), float(m), n + 1],
    }.get(name, [(n, m)])
    if name == "empty":
        return lambda lib: lambda size: lib.zeros_like(lib.empty(size)), [(n, m)], {}
    return of(name), arguments, {}


@case("zeros_like ones_like full_like")
def made_like(rng, name):
    return of(name), [any_numbers(rng), *([2.5] if name == "full_like" else [])], {}


@case("new_full new_zeros new_ones new_tensor type_as contiguous detach double long")
def made_by(rng, name):
    x = floats(rng, special=0)
    rest = {
        "new_full": [(2, 3), 1.5],
        "new_zeros": [(2, 3)],
        "new_ones": [(2, 3)],
        "new_tensor": [[1.0, 2.0]],
        "type_as": [array(rng, (2,), one(rng, "int", "float"))],
    }.get(name, [])
    return method(name), [x, *rest], {}


@case("add_ sub_ mul_ div_ copy_ fill_ zero_ clamp_ masked_fill_")
def in_place(rng, name):
    x = floats(rng)
    rest = {
        "fill_": [2.5],
        "zero_": [],
        "clamp_": [-1.0, 1.0],
        "masked_fill_": [array(rng, x.shape, "bool"), 2.5],
    }.get(name, [array(rng, x.shape)])

    def function(lib):
        def write(t, *others):
            others = [o.detach() if hasattr(o, "detach") else o for o in others]
            return getattr(t.detach().clone(), name)(*others)

        return write

    return function, [x, *rest], {}


# Functions of layers


@case("linear", "F")
def linear(rng, name):
    inputs, outputs = int(rng.integers(1, 20)), int(rng.integers(1, 20))
    arguments = [array(rng, (*shape(rng), inputs)), array(rng, (outputs, inputs))]
    return functional(name), [*arguments, array(rng, (outputs,))][: rng.integers(2, 4)], {}


def images(rng, channels=None, special=0.1):
    channels = int(rng.integers(1, 5)) if channels is None else channels
    size = (int(rng.integers(1, 4)), channels, *(int(n) for n in rng.integers(3, 12, 2)))
    return array(rng, size, special=special)


@case("conv2d", "F")
def convolution(rng, name):
    groups = one(rng, 1, 1, 2, 3)
    i, o = groups * int(rng.integers(1, 4)), groups * int(rng.integers(1, 4))
    options = {
        "stride": tuple(int(n) for n in rng.integers(1, 4, 2)),
        "padding": tuple(int(n) for n in rng.integers(0, 3, 2)),
        "dilation": tuple(int(n) for n in rng.integers(1, 3, 2)),
        "groups": groups,
    }
    weight = array(rng, (o, i // groups, *(int(n) for n in rng.integers(1, 4, 2))))
    arguments = [images(rng, i), weight, array(rng, (o,))]
    return functional(name), arguments[: rng.integers(2, 4)], options


@case("conv1d conv_transpose1d conv_transpose2d", "F")
def other_convolution(rng, name):
    axes, groups = 2 if "2d" in name else 1, one(rng, 1, 1, 2, 3)
    i, o = groups * int(rng.integers(1, 4)), groups * int(rng.integers(1, 4))
    stride, dilation = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    options = {"stride": stride, "dilation": dilation, "groups": groups}
    options["padding"] = int(rng.integers(0, 3))
    first, second = (i, o) if "transpose" in name else (o, i)
    if "transpose" in name:
        options["output_padding"] = int(rng.integers(0, max(stride, dilation)))
    x = array(rng, (2, i, *(int(n) for n in rng.integers(3, 9, axes))), special=0)
    kernel = (int(n) for n in rng.integers(1, 4, axes))
    weight = array(rng, (first, second // groups, *kernel), special=0)
    arguments = [x, weight, array(rng, (o,), special=0)]
    return functional(name), arguments[: rng.integers(2, 4)], options


@case("max_pool1d avg_pool1d", "F")
def pooling_of_rows(rng, name):
    kernel, stride = (int(n) for n in rng.integers(1, 4, 2))
    x = array(rng, (2, 3, int(rng.integers(3, 9))), special=0)
    return functional(name), [x, kernel, stride, int(rng.integers(0, kernel // 2 + 1))], {}


@case("max_pool2d avg_pool2d", "F")
def pooling(rng, name):
    kernel, stride = (tuple(int(n) for n in rng.integers(1, 4, 2)) for _ in range(2))
    padding = tuple(int(rng.integers(0, k // 2 + 1)) for k in kernel)
    x = images(rng, special=0 if name == "max_pool2d" else 0.1)
    return functional(name), [x, kernel, stride, padding], {}


@case("embedding one_hot", "F")
def looked_up(rng, name):
    places = rng.integers(0, 5, shape(rng))
    if name == "one_hot":
        return functional(name), [places, 5], {}
    return functional(name), [places, array(rng, (5, 3))], {}


@case("pad", "F")
def padded(rng, name):
    x = floats(rng)
    count = 2 * int(rng.integers(1, max(x.ndim, 1) + 1))
    return functional(name), [x, tuple(int(n) for n in rng.integers(0, 3, count))], {"value": 1.5}


@case("normalize", "F")
def normalized(rng, name):
    x = array(rng, shape(rng, int(rng.integers(1, 4))), special=0)
    return functional(name), [x], {"p": one(rng, 1.0, 2.0), "dim": int(rng.integers(0, x.ndim))}


@case("interpolate", "F")
def resized(rng, name):
    options = {"mode": one(rng, "nearest", "bilinear")}
    size = tuple(int(n) for n in rng.integers(1, 9, 2))
    options |= one(rng, {"size": size}, {"scale_factor": 2})
    return functional(name), [images(rng, special=0)], options


@case("layer_norm", "F")
def layer_normed(rng, name):
    size = (int(rng.integers(2, 6)), *(int(n) for n in rng.integers(1, 6, rng.integers(1, 4))))
    x = array(rng, size, special=0)
    shapes = size[int(rng.integers(1, len(size))) :]
    affine = [array(rng, shapes, special=0) for _ in range(2)] if rng.random() < 0.6 else []
    return functional(name), [x, shapes, *affine], {}


@case("batch_norm", "F")
def batch_normed(rng, name):
    c = int(rng.integers(1, 5))
    places = (int(n) for n in rng.integers(1, 5, rng.integers(0, 3)))
    x = array(rng, (int(rng.integers(2, 6)), c, *places), special=0)
    affine = [array(rng, (c,), special=0) for _ in range(2)]
    statistics = [array(rng, (c,), special=0), rng.uniform(0.5, 2, c)]
    training = bool(rng.random() < 0.5)

    def function(lib):
        return lambda t, m, v, w, b: lib.nn.functional.batch_norm(
            t, m.detach(), v.detach(), w, b, training=training
        )

    return function, [x, *statistics, *affine], {}


# Losses


def loss_arguments(rng, name):
    """(prediction, target) as a loss of this name, without underscores, takes them."""
    name = name.removesuffix("loss")
    if name in ("crossentropy", "nll"):
        n, c = int(rng.integers(1, 6)), int(rng.integers(1, 6))
        places = shape(rng, int(rng.integers(0, 3))) if rng.random() < 0.4 else ()
        target = rng.integers(0, c, (n, *places))
        return [array(rng, (n, c, *places), low=-20, high=20, special=0), target]
    size = shape(rng, int(rng.integers(1, 4)))
    target = np.abs(array(rng, size, special=0, low=0, high=1))
    if name in ("bce", "binarycrossentropy"):
        return [rng.uniform(0.01, 0.99, size), target]
    return [array(rng, size), target]


@case("cross_entropy nll_loss binary_cross_entropy_with_logits binary_cross_entropy mse_loss", "F")
@case("l1_loss smooth_l1_loss kl_div huber_loss", "F")
def loss(rng, name):
    arguments = loss_arguments(rng, name.replace("_", ""))
    options = {"reduction": one(rng, "mean", "sum", "none")}
    if name in ("cross_entropy", "nll_loss"):
        c = arguments[0].shape[1]
        if name == "cross_entropy" and rng.random() < 0.3:
            options["label_smoothing"] = float(rng.uniform(0, 1))
        if rng.random() < 0.3:
            options["ignore_index"] = int(rng.integers(0, c))
    return functional(name), arguments, options


@case("CrossEntropyLoss NLLLoss BCEWithLogitsLoss BCELoss MSELoss L1Loss SmoothL1Loss", "nn")
@case("KLDivLoss HuberLoss", "nn")
def loss_module(rng, name):
    names = {"KLDivLoss": "kldiv", "BCELoss": "bce"}
    arguments = loss_arguments(rng, names.get(name, name.lower()))
    options = {"reduction": one(rng, "mean", "sum", "none")}
    return lambda lib: getattr(lib.nn, name)(**options), arguments, {}


# Layers: built by both, with the same weights


def layer(name, arguments, options, weights, mode="train", inputs=1):
    """A function of a library that builds the layer and gives it these weights (arrays).

    Args:
        inputs: how many times it is given its input, as query, key and value for instance.
    """

    def function(lib):
        module = getattr(lib.nn, name)(*arguments, **options)
        getattr(module, mode)()

        def call(x, *given):
            module.to(given[0].dtype if given else x.dtype)
            own = dict(module.named_parameters()) | dict(module.named_buffers())
            with lib.no_grad():
                for key, value in zip(weights, given, strict=True):
                    own[key].copy_(value)
            call.leaves = list(module.parameters())
            return module(*[x] * inputs)

        return call

    return function


@case("Linear Conv2d Embedding BatchNorm1d BatchNorm2d LayerNorm", "nn")
def layer_with_weights(rng, name):
    mode, options = one(rng, "train", "eval"), {}
    a, b = int(rng.integers(1, 6)), int(rng.integers(1, 6))
    if name == "Linear":
        x, arguments = array(rng, (*shape(rng), a)), (a, b)
        weights = {"weight": (b, a), "bias": (b,)}
    elif name == "Conv2d":
        x, arguments = images(rng, a, special=0), (a, b, 3)
        options = {"stride": one(rng, 1, 2), "padding": one(rng, 0, 1, "same")}
        if options["padding"] == "same":
            options["stride"] = 1
        weights = {"weight": (b, a, 3, 3), "bias": (b,)}
    elif name == "Embedding":
        x, arguments = rng.integers(0, a, shape(rng)), (a, b)
        weights = {"weight": (a, b)}
    elif name == "LayerNorm":
        x, arguments = array(rng, (b, a, 4), special=0), (4,)
        weights = {"weight": (4,), "bias": (4,)}
    else:
        x = images(rng, a, special=0) if name == "BatchNorm2d" else array(rng, (5, a), special=0)
        arguments = (a,)
        weights = {"weight": (a,), "bias": (a,), "running_mean": (a,)}
    given = [array(rng, size, special=0) for size in weights.values()]
    return layer(name, arguments, options, weights, mode), [x, *given], {}


@case("scaled_dot_product_attention", "F")
def attention(rng, name):
    n, length, places, width, wide = (int(v) for v in rng.integers(1, 6, 5))
    sizes = [(n, length, width), (n, places, width), (n, places, wide)]
    arguments = [array(rng, size, special=0) for size in sizes]
    if rng.random() < 0.5:
        kind = one(rng, "bool", "float")
        arguments.append(array(rng, (length, places), kind, special=0))
        return functional(name), arguments, {"scale": one(rng, None, 0.3)}
    return functional(name), arguments, {"is_causal": bool(rng.random() < 0.5)}


@case("glu prelu cosine_similarity adaptive_avg_pool2d", "F")
def small_functions(rng, name):
    if name == "adaptive_avg_pool2d":
        size = tuple(int(n) for n in rng.integers(1, 9, 2))
        return functional(name), [images(rng, special=0), size], {}
    n, c = (int(v) for v in rng.integers(1, 6, 2))
    x = array(rng, (n, 2 * c), special=0)
    if name == "glu":
        return functional(name), [x, 1], {}
    other = array(rng, (2 * c,) if name == "prelu" else x.shape, special=0)
    return functional(name), [x, other], {}


@case("group_norm rms_norm", "F")
def other_norms(rng, name):
    c, groups = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    x = array(rng, (2, c * groups, *shape(rng, int(rng.integers(0, 3)))), special=0)
    size = (c * groups,) if name == "group_norm" else x.shape[1:]
    affine = [array(rng, size, special=0)] if rng.random() < 0.6 else []
    return functional(name), [x, groups if name == "group_norm" else size, *affine], {}


def parameters_of(name, arguments, options):
    """The names and shapes of a layer's parameters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a way for speed that is not taken
        named = getattr(torch.nn, name)(*arguments, **options).named_parameters()
    return {key: tuple(p.shape) for key, p in named}


@case("MultiheadAttention TransformerEncoderLayer TransformerDecoderLayer TransformerEncoder", "nn")
@case("TransformerDecoder Transformer GroupNorm RMSNorm", "nn")
def layer_of_sequences(rng, name):
    heads, inputs, options = int(rng.integers(1, 3)), 1, {}
    width = heads * int(rng.integers(1, 4))
    x = array(rng, (int(rng.integers(1, 5)), int(rng.integers(1, 4)), width), special=0)
    if name in ("GroupNorm", "RMSNorm"):
        x = x.swapaxes(1, 2) if name == "GroupNorm" else x
        arguments = (heads, width) if name == "GroupNorm" else (width,)
    elif name == "MultiheadAttention":
        arguments, inputs = (width, heads), 3
        options = {"batch_first": bool(rng.random() < 0.5), "bias": bool(rng.random() < 0.5)}
    else:
        options = {"norm_first": bool(rng.random() < 0.5), "batch_first": bool(rng.random() < 0.5)}
        arguments, inputs = (width, heads, 5), 2 if "Decoder" in name else 1
        if name == "Transformer":
            arguments, inputs = (width, heads, 1, 1, 5), 2
    if name in ("TransformerEncoder", "TransformerDecoder"):
        return stack(rng, name, arguments, options, x, inputs)
    weights = parameters_of(name, arguments, options)
    given = [array(rng, size, special=0, low=-1, high=1) for size in weights.values()]
    return layer(name, arguments, options, weights, "eval", inputs), [x, *given], {}


def stack(rng, name, arguments, options, x, inputs):
    """Two layers, one after the other; the same ones, since each is a copy."""
    kind = f"{name}Layer"
    weights = parameters_of(kind, arguments, options)
    given = [array(rng, size, special=0, low=-1, high=1) for size in weights.values()]

    def function(lib):
        one_layer = getattr(lib.nn, kind)(*arguments, **options)

        def call(x, *given):
            one_layer.to(given[0].dtype)
            with lib.no_grad():
                for p, value in zip(one_layer.parameters(), given, strict=True):
                    p.copy_(value)
            net = getattr(lib.nn, name)(one_layer, 2).eval()
            call.leaves = list(net.parameters())
            return net(*[x] * inputs)

        return call

    return function, [x, *given], {}


@case("PReLU", "nn")
def learnt_slope(rng, name):
    c = int(rng.integers(1, 4))
    arguments = [array(rng, (2, c, 3), special=0), array(rng, (c,), special=0)]
    return layer(name, (c,), {}, {"weight": (c,)}), arguments, {}


@case("Conv1d ConvTranspose1d ConvTranspose2d", "nn")
def layer_of_windows(rng, name):
    axes, i, o = 2 if "2d" in name else 1, int(rng.integers(1, 4)), int(rng.integers(1, 4))
    x = array(rng, (2, i, *(int(n) for n in rng.integers(3, 9, axes))), special=0)
    arguments, options = (i, o, 3), {"stride": one(rng, 1, 2), "padding": one(rng, 0, 1)}
    weights = parameters_of(name, arguments, options)
    given = [array(rng, size, special=0) for size in weights.values()]
    return layer(name, arguments, options, weights), [x, *given], {}


@case("MaxPool1d AvgPool1d", "nn")
def pooling_layer_of_rows(rng, name):
    return layer(name, (2,), {}, {}), [array(rng, (2, 3, int(rng.integers(2, 9))), special=0)], {}


@case("RNN GRU LSTM RNNCell GRUCell LSTMCell", "nn")
def recurrent_layer(rng, name):
    i, h = (int(v) for v in rng.integers(1, 6, 2))
    x, arguments = array(rng, (*(int(n) for n in rng.integers(1, 5, 2)), i), special=0), (i, h)
    options = {"bias": bool(rng.random() < 0.7)}
    if name.endswith("Cell"):
        x = x[0]
    else:
        options["num_layers"], options["batch_first"] = one(rng, 1, 2), bool(rng.random() < 0.5)
        options["bidirectional"] = bool(rng.random() < 0.5)
    if name.startswith("RNN"):
        options["nonlinearity"] = one(rng, "tanh", "relu")
    weights = parameters_of(name, arguments, options)
    given = [array(rng, size, special=0, low=-1, high=1) for size in weights.values()]
    return layer(name, arguments, options, weights), [x, *given], {}


@case("ReLU LeakyReLU ReLU6 ELU SELU GELU SiLU Mish Tanh Sigmoid Softplus Softsign", "nn")
@case("LogSigmoid Hardtanh Hardsigmoid Hardswish Softmax LogSoftmax Flatten Identity", "nn")
@case("MaxPool2d AvgPool2d AdaptiveAvgPool2d Upsample Dropout Dropout2d", "nn")
def layer_without_weights(rng, name):
    x, arguments, options = floats(rng), (), {}
    if name in ("Softmax", "LogSoftmax"):
        options = {"dim": some_dim(rng, x.ndim, several=False) or 0}
    if name in ("MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "Upsample", "Dropout2d"):
        x = images(rng, special=0)
        arguments = {
            "MaxPool2d": (2,),
            "AvgPool2d": (2,),
            "AdaptiveAvgPool2d": (one(rng, 1, 2, (3, 2)),),
        }.get(name, ())
        if name == "Upsample":
            options = {"scale_factor": 2, "mode": one(rng, "nearest", "bilinear")}
    return layer(name, arguments, options, {}, "eval"), [x], {}


#: Covered names that give no numbers to compare, by the heading of their table on the page, or that
#: draw by chance. Their tests are elsewhere (test_random, test_optim, nn/test_init, ...).
WITHOUT_NUMBERS = {
    "minitransfer": """tensor as_tensor Tensor from_numpy is_tensor empty_like rand randn rand_like
        randn_like randint randperm normal bernoulli multinomial manual_seed Generator float16
        float32 float64 int32 int64 uint8 bool float double long int half dtype device cuda
        accelerator backends no_grad enable_grad set_grad_enabled inference_mode is_grad_enabled
        save load set_num_threads get_num_threads nn distributions optim utils autograd""",
    "Tensor": """data grad requires_grad is_leaf grad_fn shape dtype device is_cuda ndim size dim
        is_contiguous is_floating_point backward requires_grad_ retain_grad item tolist numpy to
        type float int bool cpu new_empty multinomial bernoulli uniform_ normal_ clip_""",
    "nn": "Module Parameter Sequential ModuleList ModuleDict ParameterList",
    "nn.functional": "dropout dropout2d",
}


def test_every_covered_operation_layer_and_loss_has_a_case():
    page = runpy.run_path(str(Path(__file__).with_name("test_pytorch_page.py")))
    for place, name in page["covered"]():
        if place not in WITHOUT_NUMBERS or name in WITHOUT_NUMBERS[place].split():
            continue
        short = {"minitransfer": "", "Tensor": "", "nn": "nn.", "nn.functional": "F."}[place]
        assert f"{short}{name}" in CASES, f"{place}: {name}"


def draw(rng):
    """Return (name, function of a library, arguments, keyword arguments)."""
    name = str(rng.choice(list(CASES)))
    drawer, own = CASES[name]
    return name, *drawer(rng, own)


def run(lib, function, arguments, options, dtype, cotangent_seed):
    """The result's array, its type, and the gradients of all floats."""
    tensors, leaves = [], []
    for a in arguments:
        if isinstance(a, np.ndarray):
            a = a.astype(dtype) if a.dtype.kind == "f" else a
            t = torch.from_numpy(a.copy()) if lib is torch else mt.Tensor(a)
            if a.dtype.kind == "f":
                t.requires_grad_(True)
                leaves.append(t)
            a = t
        tensors.append(a)
    call = function(lib)
    y = call(*tensors, **options)
    y = y[0] if isinstance(y, (tuple, list)) else y
    leaves += getattr(call, "leaves", [])  # a layer's parameters
    gradients = []
    if y.requires_grad:
        gy = np.random.default_rng(cotangent_seed).uniform(-1, 1, tuple(y.shape)).astype(dtype)
        gy = np.asarray(gy)
        y.backward(torch.from_numpy(gy) if lib is torch else mt.Tensor(gy))
        gradients = [None if t.grad is None else np.asarray(t.grad) for t in leaves]
    value = y.detach().numpy()
    return value, gradients


def differs(ours, theirs):
    if ours.shape != theirs.shape:
        return f"shape {ours.shape}, PyTorch's {theirs.shape}"
    if ours.dtype != theirs.dtype:
        return f"type {ours.dtype}, PyTorch's {theirs.dtype}"
    digits = DIGITS.get(ours.dtype.name)
    if digits is None:
        return "" if np.array_equal(ours, theirs) else "numbers"
    with np.errstate(all="ignore"):
        finite = theirs[np.isfinite(theirs)]
        scale = max(1.0, float(np.abs(finite).max(initial=0)))
        close = np.isclose(ours, theirs, rtol=digits, atol=digits * scale, equal_nan=True)
    return "" if close.all() else f"numbers: {ours[~close][:3]}, PyTorch's {theirs[~close][:3]}"


def compare(seed):
    """One case: its name, a kind, and what differs.

    The kinds are "same", "refused" (by either), "deliberate" (see `DELIBERATE`), "rounding"
    (float32, and ours is as near to the result in float64 as PyTorch's is) and "different".
    """
    rng = np.random.default_rng(seed)
    dtype = str(rng.choice(["float32", "float64"]))
    name, function, arguments, options = draw(rng)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            theirs = run(torch, function, arguments, options, dtype, seed)
        except (RuntimeError, TypeError, IndexError, ValueError):
            return name, "refused", ""
        try:
            ours = run(mt, function, arguments, options, dtype, seed)
        except (RuntimeError, TypeError, IndexError, ValueError) as error:
            return name, "refused", str(error)
        what = difference(ours, theirs)
        if not what:
            return name, "same", ""
        if name in DELIBERATE and DELIBERATE[name](*arguments):
            return name, "deliberate", what
        if dtype == "float32" and as_near(ours, theirs, function, arguments, options, seed):
            return name, "rounding", what
    return name, "different", what


def difference(ours, theirs):
    """What differs between two results of `run`, or nothing."""
    what = differs(ours[0], theirs[0])
    if what:
        return f"value: {what}"
    assert len(ours[1]) == len(theirs[1])
    for i, (mine, other) in enumerate(zip(ours[1], theirs[1], strict=True)):
        if (mine is None) != (other is None):
            return f"gradient {i}: {mine} and {other}"
        what = "" if mine is None else differs(mine, other)
        if what:
            return f"gradient {i}: {what}"
    return ""


def as_near(ours, theirs, function, arguments, options, seed):
    """Whether our float32 is no further from PyTorch's float64 than twice what PyTorch's is."""
    arguments = [
        a.astype("float32").astype("float64")
        if isinstance(a, np.ndarray) and a.dtype.kind == "f"
        else a
        for a in arguments
    ]
    exact = run(torch, function, arguments, options, "float64", seed)

    def distance(result):
        pairs = zip([result[0], *result[1]], [exact[0], *exact[1]], strict=True)
        return np.max([np.abs(a - b).max(initial=0) for a, b in pairs if a is not None])

    return distance(ours) <= 2 * distance(theirs) + 1e-6  # False for NaN


def test_random_cases_agree_with_pytorch():
    kinds = collections.Counter()
    examples, refused = {}, collections.Counter()
    for seed in range(COUNT):
        name, kind, what = compare(seed)
        kinds[kind] += 1
        if kind == "refused" and what:
            refused[name, what[:90]] += 1
        elif kind not in ("same", "refused"):
            examples.setdefault((kind, name), []).append((seed, what))
    compared = COUNT - kinds["refused"]
    print(
        f"\n{kinds['same']} of {compared} the same ({kinds['same'] / compared:.2%}); {dict(kinds)}"
    )
    for (name, why), count in refused.most_common(8):
        print(f"  only we refuse {count} × {name}: {why}")
    for (kind, name), found in sorted(examples.items()):
        print(f"  {kind}: {name} {len(found)}, for instance seed {found[0][0]}: {found[0][1]}")
    wrong = {name: found[:3] for (kind, name), found in examples.items() if kind == "different"}
    assert kinds["same"] >= 0.99 * compared
    assert kinds["different"] <= 0.001 * compared, wrong
