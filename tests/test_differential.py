"""Random comparison with PyTorch: every covered operation, layer and loss, value and gradient.

Skipped where PyTorch is not installed. The suite tries some cases of each; many more:

    MINITRANSFER_CASES=50000 pytest tests/test_differential.py -s

A case is drawn by `draw`: shapes that broadcast, no axes, size 1, empty, strides backwards, whole
numbers, NaN and infinity, ties. What either of the two refuses is not compared.
"""

import collections
import os
import warnings

import numpy as np
import pytest

import minitransfer as mt

torch = pytest.importorskip("torch")
COUNT = int(os.environ.get("MINITRANSFER_CASES", 4000))
DIGITS = {"float32": 1e-5, "float64": 1e-10}


def _finite(a):
    return np.isfinite(a).all()


#: operation -> whether *this case* is one in which the two differ on purpose, given its arguments.
#: Never a whole operation: a mistake elsewhere in it has to be found. The page says the same.
DELIBERATE = {
    "relu6": lambda x, *_: np.isnan(x).any(),
    "logsumexp": lambda x, *_: np.isneginf(x).any(),
    "conv2d": lambda x, weight, *_: not _finite(weight),
    "amax": lambda x, *_: np.isnan(x).any(),
    "amin": lambda x, *_: np.isnan(x).any(),
    "kl_div": lambda x, target, *_: (target == 0).any(),
    "norm": lambda x, *_: not _finite(x) or np.abs(x).max(initial=0) > 1e9,
    "topk": lambda x, *_: any(len(np.unique(row)) < row.size for row in x),
    "hardsigmoid": lambda *_: True,  # PyTorch takes a sixth in float32 there, whatever the type
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


BINARY = ("add", "sub", "mul", "div", "pow", "maximum", "minimum", "remainder", "floor_divide")
COMPARE = ("eq", "ne", "lt", "le", "gt", "ge")
UNARY = ("exp", "log", "sqrt", "sin", "cos", "abs", "square", "relu", "sigmoid", "tanh", "neg")
REDUCE = ("sum", "mean", "amax", "amin", "logsumexp")
F_UNARY = ("relu", "leaky_relu", "relu6", "gelu", "softplus", "sigmoid", "tanh")
MULTI_LOSSES = ("mse_loss", "l1_loss", "huber_loss", "kl_div", "binary_cross_entropy_with_logits")


def draw(rng):
    """Return (name, function of the library's namespace, arguments, keyword arguments)."""
    kind = rng.integers(0, 16)
    if kind > 12:
        return draw_others(rng)
    if kind == 0:
        name = str(rng.choice(BINARY))
        a, b = (
            array(rng, s, "int" if rng.random() < 0.1 else "float") for s in pair_of_shapes(rng)
        )
        if rng.random() < 0.25:
            b = float(rng.choice([0, 1, 2, 3, 0.5, -1, -2]))
        return name, lambda lib: getattr(lib, name), [a, b], {}
    if kind == 1:
        name = str(rng.choice(COMPARE))
        a, b = (array(rng, s) for s in pair_of_shapes(rng))
        return name, lambda lib: getattr(lib, name), [a, b], {}
    if kind == 2:
        name = str(rng.choice(UNARY))
        whole = "int" if rng.random() < 0.1 else "float"
        return name, lambda lib: getattr(lib, name), [floats(rng, kind=whole)], {}
    if kind == 3:
        name = str(rng.choice(REDUCE))
        x = floats(rng)
        dim = some_dim(rng, x.ndim)
        if dim is None:
            dim = tuple(range(x.ndim)) if name in ("logsumexp",) else None
        options = {} if dim is None else {"dim": dim, "keepdim": bool(rng.random() < 0.5)}
        return name, lambda lib: getattr(lib, name), [x], options
    if kind == 4:
        name = str(rng.choice(["var", "std", "norm"]))
        x = floats(rng)
        options = {"dim": some_dim(rng, x.ndim), "keepdim": bool(rng.random() < 0.5)}
        if name == "norm":
            options["p"] = float(rng.choice([1, 2, 3, np.inf]))
        else:
            options["correction"] = int(rng.integers(0, 2))
        return name, lambda lib: getattr(lib, name), [x], options
    if kind == 5:
        name = str(rng.choice(["max", "min", "argmax", "argmin"]))
        x = floats(rng, special=0.0)
        dim = some_dim(rng, x.ndim, several=False)
        label = f"{name} with dim" if name in ("max", "min") else name
        return label, lambda lib: getattr(lib, name), [x], {"dim": dim}
    if kind == 6:
        name = str(rng.choice(F_UNARY))
        options = {}
        if name == "gelu":
            options["approximate"] = str(rng.choice(["none", "tanh"]))
        if name == "leaky_relu":
            options["negative_slope"] = float(rng.uniform(-0.5, 1))
        if name == "softplus":
            options["beta"] = float(rng.uniform(0.5, 3))
        return name, lambda lib: getattr(lib.nn.functional, name), [floats(rng)], options
    if kind == 7:
        name = str(rng.choice(["softmax", "log_softmax"]))
        x = floats(rng, low=-30, high=30)
        dim = some_dim(rng, x.ndim, several=False)
        return name, lambda lib: getattr(lib.nn.functional, name), [x], {"dim": dim}
    if kind == 8:
        return draw_shapes(rng)
    if kind == 9:
        return draw_products(rng)
    if kind == 10:
        return draw_images(rng)
    if kind == 11:
        return draw_losses(rng)
    return draw_norms(rng)


EACH = ("floor", "ceil", "trunc", "sign", "reciprocal", "rsqrt", "log1p", "expm1", "log2", "log10")
EACH += ("erf", "isnan", "isinf", "isfinite", "logical_not", "clone", "round")
ACTIVATIONS = ("silu", "elu", "selu", "hardswish", "hardsigmoid", "softsign", "mish", "logsigmoid")
ALONG = ("cumsum", "cumprod", "prod", "sort", "flip", "roll", "unbind")


def draw_others(rng):
    """The operations that scripts need beside: of each number, along an axis, of matrices."""
    kind = rng.integers(0, 5)
    if kind == 0:
        name = str(rng.choice(EACH))
        return name, lambda lib: getattr(lib, name), [floats(rng)], {}
    if kind == 1:
        name = str(rng.choice(ACTIVATIONS))
        return name, lambda lib: getattr(lib.nn.functional, name), [floats(rng)], {}
    if kind == 2:
        name = str(rng.choice(ALONG))
        x = array(rng, shape(rng, int(rng.integers(1, 4))), special=0)
        dim = int(rng.integers(-x.ndim, x.ndim))
        arguments = {"flip": [x, (dim,)], "roll": [x, 1, dim]}.get(name, [x, dim])
        return name, lambda lib: getattr(lib, name), arguments, {}
    if kind == 3:
        name = str(rng.choice(["tril", "triu", "masked_fill", "outer", "einsum", "split", "topk"]))
        x = array(rng, (int(rng.integers(1, 6)), int(rng.integers(1, 6))), special=0)
        if name == "masked_fill":
            return name, lambda lib: lib.masked_fill, [x, array(rng, x.shape, "bool"), 2.5], {}
        if name == "outer":
            return name, lambda lib: lib.outer, [x[0].copy(), x[:, 0].copy()], {}
        if name == "einsum":
            y = array(rng, (x.shape[1], 3), special=0)
            return name, lambda lib: lambda a, b: lib.einsum("ij,jk->ki", a, b), [x, y], {}
        if name == "split":
            return name, lambda lib: lib.split, [x, int(rng.integers(1, 4))], {}
        if name == "topk":
            return name, lambda lib: lib.topk, [x, int(rng.integers(1, x.shape[1] + 1))], {}
        return name, lambda lib: getattr(lib, name), [x, int(rng.integers(-2, 3))], {}
    name = str(rng.choice(["nll_loss", "binary_cross_entropy", "smooth_l1_loss"]))
    options = {"reduction": str(rng.choice(["mean", "sum", "none"]))}
    n, c = int(rng.integers(1, 6)), int(rng.integers(1, 6))
    x = array(rng, (n, c), special=0)
    if name == "nll_loss":
        return name, lambda lib: lib.nn.functional.nll_loss, [x, rng.integers(0, c, n)], options
    if name == "binary_cross_entropy":
        x = rng.uniform(0.01, 0.99, (n, c))
    target = rng.uniform(0.01, 0.99, (n, c))
    return name, lambda lib: getattr(lib.nn.functional, name), [x, target], options


def draw_shapes(rng):
    name = str(
        rng.choice(
            [
                *("reshape", "permute", "transpose", "flatten", "squeeze", "unsqueeze", "expand"),
                *("cat", "stack", "pad", "gather", "clamp", "where", "embedding"),
            ]
        )
    )
    x = floats(rng)
    if name == "reshape":
        return name, lambda lib: lib.reshape, [x, (-1,) if x.size else (0,)], {}
    if name == "permute":
        return name, lambda lib: lib.permute, [x, tuple(map(int, rng.permutation(x.ndim)))], {}
    if name == "transpose":
        dims = [some_dim(rng, x.ndim, several=False) for _ in range(2)]
        return name, lambda lib: lib.transpose, [x, *dims], {}
    if name == "flatten":
        start = int(rng.integers(0, max(x.ndim, 1)))
        return name, lambda lib: lib.flatten, [x, start], {}
    if name == "squeeze":
        dim = some_dim(rng, x.ndim)
        return name, lambda lib: lib.squeeze, [x] if dim is None else [x, dim], {}
    if name == "unsqueeze":
        return name, lambda lib: lib.unsqueeze, [x, int(rng.integers(-x.ndim - 1, x.ndim + 1))], {}
    if name == "expand":
        sizes = tuple(3 if n == 1 else -1 for n in x.shape)
        return name, lambda lib: lambda t: t.expand(2, *sizes), [x], {}
    if name in ("cat", "stack"):
        size = shape(rng, int(rng.integers(1, 4)))
        parts = [array(rng, size, "int" if rng.random() < 0.1 else "float") for _ in range(3)]
        dim = some_dim(rng, len(size), several=False)
        return name, lambda lib: lambda *t: getattr(lib, name)(t, dim), parts, {}
    if name == "pad":
        widths = tuple(
            int(n) for n in rng.integers(0, 3, 2 * int(rng.integers(1, max(x.ndim, 1) + 1)))
        )
        return name, lambda lib: lib.nn.functional.pad, [x, widths], {"value": 1.5}
    if name == "gather":
        x = array(rng, shape(rng, 2))
        dim = int(rng.integers(0, 2))
        index = rng.integers(0, max(x.shape[dim], 1), x.shape)
        return name, lambda lib: lib.gather, [x, dim, index], {}
    if name == "clamp":
        low, high = sorted(rng.uniform(-2, 2, 2).tolist())
        return name, lambda lib: lib.clamp, [x, low, high], {}
    if name == "where":
        a, b = (array(rng, s) for s in pair_of_shapes(rng))
        mask = array(rng, np.broadcast_shapes(a.shape, b.shape), "bool")
        return name, lambda lib: lib.where, [mask, a, b], {}
    table = array(rng, (5, 3))
    return (
        name,
        lambda lib: lib.nn.functional.embedding,
        [rng.integers(0, 5, shape(rng)), table],
        {},
    )


def draw_products(rng):
    if rng.random() < 0.5:
        n, k, m = (int(v) for v in rng.choice([0, 1, 2, 3, 17, 40], 3, p=[0.03, *[0.97 / 5] * 5]))
        batch = pair_of_shapes(rng) if rng.random() < 0.4 else ((), ())
        a, b = array(rng, (*batch[0], n, k)), array(rng, (*batch[1], k, m))
        if rng.random() < 0.2:
            a = array(rng, (k,))
        if rng.random() < 0.2:
            b = array(rng, (k,))
        return "matmul", lambda lib: lib.matmul, [a, b], {}
    inputs, outputs = int(rng.integers(1, 20)), int(rng.integers(1, 20))
    x = array(rng, (*shape(rng), inputs))
    arguments = [x, array(rng, (outputs, inputs)), array(rng, (outputs,))]
    return "linear", lambda lib: lib.nn.functional.linear, arguments[: rng.integers(2, 4)], {}


def draw_images(rng):
    groups = int(rng.choice([1, 1, 2, 3]))
    i, o = groups * int(rng.integers(1, 4)), groups * int(rng.integers(1, 4))
    kernel = tuple(int(n) for n in rng.integers(1, 4, 2))
    x = array(rng, (int(rng.integers(1, 4)), i, *(int(n) for n in rng.integers(3, 12, 2))))
    stride = tuple(int(n) for n in rng.integers(1, 4, 2))
    if rng.random() < 0.5:
        options = {
            "stride": stride,
            "padding": tuple(int(n) for n in rng.integers(0, 3, 2)),
            "dilation": tuple(int(n) for n in rng.integers(1, 3, 2)),
            "groups": groups,
        }
        arguments = [x, array(rng, (o, i // groups, *kernel)), array(rng, (o,))]
        return (
            "conv2d",
            lambda lib: lib.nn.functional.conv2d,
            arguments[: rng.integers(2, 4)],
            options,
        )
    name = str(rng.choice(["max_pool2d", "avg_pool2d"]))
    if name == "max_pool2d":
        x = array(rng, x.shape, special=0)
    padding = tuple(int(rng.integers(0, k // 2 + 1)) for k in kernel)
    return name, lambda lib: getattr(lib.nn.functional, name), [x, kernel, stride, padding], {}


def draw_losses(rng):
    reduction = str(rng.choice(["mean", "sum", "none"]))
    if rng.random() < 0.4:
        n, c = int(rng.integers(1, 6)), int(rng.integers(1, 6))
        places = shape(rng, int(rng.integers(0, 3))) if rng.random() < 0.4 else ()
        options = {"reduction": reduction}
        if rng.random() < 0.3:
            options["label_smoothing"] = float(rng.uniform(0, 1))
        if rng.random() < 0.3:
            options["ignore_index"] = int(rng.integers(0, c))
        target = rng.integers(0, c, (n, *places))
        logits = array(rng, (n, c, *places), low=-20, high=20, special=0)
        return (
            "cross_entropy",
            lambda lib: lib.nn.functional.cross_entropy,
            [logits, target],
            options,
        )
    name = str(rng.choice(MULTI_LOSSES))
    size = shape(rng, int(rng.integers(1, 4)))
    x, target = array(rng, size), np.abs(array(rng, size, special=0, low=0, high=1))
    return name, lambda lib: getattr(lib.nn.functional, name), [x, target], {"reduction": reduction}


def draw_norms(rng):
    c = int(rng.integers(1, 5))
    size = (int(rng.integers(2, 6)), c, *(int(n) for n in rng.integers(1, 5, rng.integers(0, 3))))
    x = array(rng, size, special=0)
    if rng.random() < 0.5:
        shapes = size[int(rng.integers(1, len(size))) :]
        affine = [array(rng, shapes, special=0) for _ in range(2)] if rng.random() < 0.6 else []
        return "layer_norm", lambda lib: lib.nn.functional.layer_norm, [x, shapes, *affine], {}
    affine = [array(rng, (c,), special=0) for _ in range(2)]
    statistics = [array(rng, (c,), special=0), rng.uniform(0.5, 2, c)]
    training = bool(rng.random() < 0.5)
    return (
        "batch_norm",
        lambda lib: (
            lambda t, m, v, w, b: lib.nn.functional.batch_norm(
                t, m.detach(), v.detach(), w, b, training=training
            )
        ),
        [x, *statistics, *affine],
        {},
    )


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
    y = function(lib)(*tensors, **options)
    y = y[0] if isinstance(y, tuple) else y
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
        return max(float(np.abs(a - b).max(initial=0)) for a, b in pairs if a is not None)

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
