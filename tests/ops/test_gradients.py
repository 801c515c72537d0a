"""Every operation: derivatives against central differences, dtypes, strides."""

import gc

import numpy as np
import pytest

from minitransfer import ops
from minitransfer.ops import shapes


def r(*shape, seed=0, low=-2.0, high=2.0):
    """Distinct, evenly spaced numbers in random order; none of them 0.

    Evenly spaced numbers are further apart than the checker's step, so that no maximum changes
    hands and no bend is crossed while it differentiates.
    """
    count = int(np.prod(shape))
    numbers = low + (high - low) * (np.arange(count) + 0.37) / max(count, 1)
    return np.random.default_rng(seed).permutation(numbers).reshape(shape)


def matrices(gates):
    """Both matrices of a recurrent layer of two inputs and three units."""
    return r(3 * gates, 2, seed=2), r(3 * gates, 3, seed=3)


def positive(*shape, seed=0):
    return r(*shape, seed=seed, low=0.3, high=2.5)


def shares(*shape, seed=0):
    """Probabilities along the last axis."""
    p = positive(*shape, seed=seed)
    return p / p.sum(-1, keepdims=True)


def case(name, *inputs, **options):
    def shown(value):
        return str(value.shape) if isinstance(value, np.ndarray) else repr(value)

    words = [shown(a) for a in inputs] + [f"{k}={shown(v)}" for k, v in options.items()]
    return pytest.param(name, inputs, options, id=f"{name}: {', '.join(words)}")


def broadcast(name, make=r):
    """Two inputs in every relation: equal, one a row, one a column, both stretched, no axes."""
    yield case(name, make(2, 3), make(2, 3, seed=1))
    yield case(name, make(2, 3), make(3, seed=1))
    yield case(name, make(2, 1), make(4, 2, 3, seed=1))
    yield case(name, make(2, 1), make(1, 3, seed=1))
    yield case(name, make(), make(2, 2, seed=1))
    yield case(name, make(), make(seed=1, low=-1.0) if make is r else make(seed=1))
    yield case(name, make(3), 1.5)
    yield case(name, 1.5, make(3))


def reductions(name):
    for shape, axis in [
        ((3, 4), None),
        ((3, 4), 0),
        ((3, 4), -1),
        ((2, 3, 4), (0, 2)),
        ((2, 3, 4), (-1, 1)),
        ((5,), 0),
        ((5,), (0,)),
    ]:
        for keepdims in (False, True):
            yield case(name, r(*shape), dim=axis, keepdim=keepdims)


MASK = np.array([[True, False, True], [False, False, True]])
LABELS = np.array([2, 0, 1, 2])
KEYS = [
    1,
    -1,
    slice(1, None),
    (slice(None), 1),
    (slice(None, None, -2), None, slice(0, 2)),
    (Ellipsis, 0),
    (1, 2),
    [0, 0, 2],
    np.array([[0, 1], [1, 1]]),
    (np.array([0, 1, 0, 0]), np.array([2, 2, 2, 1])),
    (slice(None), np.array([0, 0, 2])),
    (np.array([[0], [2]]), np.array([1, 1])),
    np.array([True, False, True, True]),
    (slice(1, 3), np.array([True, False, True])),
    (np.array([], int),),
]
WINDOWS = [
    {"kernel_size": 2},
    {"kernel_size": (2, 3), "stride": 1},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0)},
]
CONVOLUTIONS = [
    (1, 1, (1, 1), {}),
    (2, 3, (3, 3), {"padding": 1}),
    (2, 3, (3, 2), {"stride": 2}),
    (2, 2, (2, 3), {"stride": (2, 1), "padding": (0, 2), "dilation": (2, 1)}),
    (4, 2, (3, 3), {"groups": 2, "padding": "same"}),
    (3, 3, (2, 2), {"groups": 3, "padding": "same", "dilation": (1, 3)}),
    (2, 4, (3, 3), {"groups": 2, "stride": 2, "padding": 1}),
    (2, 1, (2, 2), {"padding": "valid"}),
]

CASES = [
    *broadcast("add"),
    *broadcast("sub"),
    *broadcast("mul"),
    *broadcast("div"),
    *broadcast("maximum"),
    *broadcast("minimum"),
    *broadcast("pow", positive),
    *[case("pow", r(4), exponent) for exponent in (0, 1, 2, 3, -1, -2.0)],
    case("pow", r(4), np.array([0.0, 1.0, 2.0, -3.0])[:, None].astype(int)),
    case("pow", positive(4), 0.5),
    *[
        case(name, r(*shape))
        for name in (
            *("neg", "abs", "exp", "sin", "cos", "relu", "leaky_relu", "gelu", "tanh"),
            *("sigmoid", "softplus"),
        )
        for shape in [(), (5,), (2, 3, 2)]
    ],
    *[
        case(name, positive(*shape))
        for name in ("log", "sqrt", "log1p", "log2", "log10", "reciprocal", "rsqrt")
        for shape in [(), (2, 3)]
    ],
    *[
        case(name, r(*shape))
        for name in (
            *("erf", "expm1", "silu", "elu", "selu", "mish", "softsign", "logsigmoid"),
            *("hardtanh", "hardsigmoid", "hardswish"),
        )
        for shape in [(), (2, 3, 2)]
    ],
    *[case(name, r(9, low=-5, high=5)) for name in ("hardsigmoid", "hardswish", "hardtanh")],
    case("hardtanh", r(9), min_val=-0.5, max_val=1.5),
    case("elu", r(6), alpha=0.3),
    case("tan", r(2, 3, low=-1, high=1)),
    *[case(name, r(3, 3, low=-2.4, high=2.4)) for name in ("round", "floor", "ceil", "trunc")],
    case("sign", r(4)),
    *[
        case(name, r(*shape), diagonal=d)
        for name in ("tril", "triu")
        for shape, d in [((3, 4), 0), ((2, 3, 3), 1), ((4, 2), -1)]
    ],
    case("repeat", r(2, 3), 2, 1),
    case("repeat", r(3), (2, 1, 3)),
    case("repeat_interleave", r(2, 3), 2),
    case("repeat_interleave", r(2, 3), np.array([2, 0, 1]), dim=1),
    case("roll", r(2, 3), 1),
    case("roll", r(2, 3), (1, -2), (0, 1)),
    case("flip", r(2, 3), 0),
    case("flip", r(2, 3, 2), (0, -1)),
    case("masked_fill", r(2, 3), MASK, 7.0),
    case("masked_fill", r(3), MASK, 0),
    case("index_select", r(2, 3), 1, np.array([2, 0, 0])),
    case("narrow", r(2, 5), 1, 1, 3),
    case("expand_as", r(2, 1), np.zeros((2, 3), int)),
    case("reshape_as", r(6), np.zeros((2, 3), int)),
    *[case("cumsum", r(*shape), dim) for shape, dim in [((4,), 0), ((2, 3), -1), ((), 0)]],
    *[case("cumprod", r(*shape), dim) for shape, dim in [((4,), 0), ((2, 3), 0), ((), 0)]],
    *[case("prod", r(*shape), dim) for shape, dim in [((4,), 0), ((2, 3), -1), ((2, 3), None)]],
    case("prod", np.array([[2.0, 0.0, 3.0], [0.0, 1.0, 0.0]]), 1, keepdim=True),
    case("prod", r(), None),
    case("cumprod", np.array([2.0, 0.0, 3.0, 0.0]), 0),
    case("mm", r(2, 3), r(3, 4, seed=1)),
    case("bmm", r(2, 2, 3), r(2, 3, 1, seed=1)),
    case("dot", r(3), r(3, seed=1)),
    case("outer", r(3), r(2, seed=1)),
    *[
        case("einsum", equation, *[r(*shape, seed=i) for i, shape in enumerate(shapes)])
        for equation, *shapes in [
            ("ij,jk->ik", (2, 3), (3, 4)),
            ("bij, bjk -> bik", (2, 3, 2), (2, 2, 4)),
            ("ij->", (2, 3)),
            ("ij->ji", (2, 3)),
            ("ii->i", (3, 3)),
            ("ii", (3, 3)),
            ("ij,j", (2, 3), (3,)),
            ("i,j,k->ik", (2,), (3,), (2,)),
            ("...ij,jk->...ik", (2, 2, 3), (3, 2)),
            ("...i,...i->...", (2, 3), (3,)),
            ("ij,kj->i", (2, 3), (2, 3)),
        ]
    ],
    *[
        case("interpolate", r(1, 2, 3, 4), **options)
        for options in [
            {"size": 5},
            {"size": (2, 6)},
            {"scale_factor": 2},
            {"scale_factor": 2, "mode": "bilinear"},
            {"size": (2, 5), "mode": "bilinear", "align_corners": True},
            {"scale_factor": (0.5, 1.5), "mode": "bilinear", "align_corners": False},
        ]
    ],
    *[
        case("nll_loss", np.log(shares(4, 3)), LABELS, reduction=reduction, **options)
        for reduction in ("mean", "sum", "none")
        for options in [{}, {"weight": positive(3)}, {"ignore_index": 2}]
    ],
    case("nll_loss", r(3), np.array(1)),
    case("nll_loss", r(2, 3, 2, 1), LABELS.reshape(2, 2, 1), reduction="none"),
    *[
        case("binary_cross_entropy", shares(2, 3), shares(2, 3, seed=1), **options)
        for options in [{}, {"reduction": "sum"}, {"reduction": "none", "weight": positive(3)}]
    ],
    *[
        case("smooth_l1_loss", r(2, 3), r(2, 3, seed=1), beta=beta, reduction=reduction)
        for beta in (0.7, 1.0, 0)
        for reduction in ("mean", "none")
    ],
    case("clamp", r(7), min=-1.0),
    case("clamp", r(7), max=1),
    case("clamp", r(3, 3), min=-1, max=0.5),
    case("clamp", r(), min=-1, max=0.5),
    case("relu6", r(9, low=-3, high=9)),
    case("relu6", r()),
    case("leaky_relu", r(6), negative_slope=0.3),
    case("add", r(3), r(3, seed=1), alpha=-2),
    case("sub", r(3), r(3, seed=1), alpha=0.5),
    case("square", r(4)),
    *[case("norm", r(3, 4), p, dim=1) for p in ("fro", 1, 3, 0.5, np.inf)],
    case("flatten", r(2, 3, 4), 1),
    case("squeeze", r(1, 3, 1), 0),
    case("unsqueeze", r(3), -1),
    case("transpose", r(2, 3, 4), 0, -1),
    case("t", r(2, 3)),
    case("view_as", r(6), np.zeros((2, 3), int)),
    case("clone", r(3)),
    case("gelu", r(6), approximate="tanh"),
    case("softplus", r(6), beta=3),
    case("where", MASK, r(2, 3), r(2, 3, seed=1)),
    case("where", MASK, r(3), r(2, 1, seed=1)),
    case("where", MASK, r(), 0.0),
    *[
        case(name, r(*shape), dim=axis)
        for name in ("softmax", "log_softmax")
        for shape, axis in [((4,), -1), ((3, 4), -1), ((3, 4), 0), ((2, 3, 4), 1), ((1, 1), 0)]
    ],
    *[
        case("matmul", r(*a), r(*b, seed=1))
        for a, b in [
            ((2, 3), (3, 4)),
            ((1, 1), (1, 1)),
            ((3,), (3,)),
            ((3,), (3, 2)),
            ((2, 3), (3,)),
            ((2, 3), (4, 3, 2)),
            ((4, 2, 3), (3, 2)),
            ((4, 2, 3), (4, 3, 2)),
            ((4, 1, 2, 3), (5, 3, 2)),
            ((3,), (2, 3, 2)),
            ((2, 2, 3), (3,)),
            ((2, 1, 2, 3), (1, 4, 3, 1)),
        ]
    ],
    *[
        case("linear", r(*x), r(*w, seed=1), *([] if b is None else [r(*b, seed=2)]))
        for x, w, b in [
            ((4, 2), (8, 2), (8,)),
            ((4, 2), (8, 2), None),
            ((1, 1), (1, 1), (1,)),
            ((3,), (2, 3), (2,)),
            ((2, 4, 3), (5, 3), (5,)),
            ((2, 4, 3), (5, 3), None),
            ((6, 4, 3), (6, 2, 3), (6, 2)),
            ((4, 3), (6, 2, 3), (6, 2)),
            ((4, 3), (6, 2, 3), None),
        ]
    ],
    *[
        c
        for name in ("sum", "mean", "amax", "amin", "var", "std", "norm", "logsumexp")
        for c in reductions(name)
    ],
    *[case(name, r()) for name in ("sum", "mean", "amax", "amin", "norm", "logsumexp")],
    case("var", r(3, 4), dim=1, correction=0),
    case("var", r(3, 4), dim=(0, 1), correction=2),
    case("reshape", r(2, 6), 3, -1),
    case("reshape", r(2, 6), 12),
    case("reshape", r(1), ()),
    case("permute", r(2, 3, 4), 2, 0, 1),
    case("permute", r(2, 3), (-1, 0)),
    case("expand", r(2, 1), -1, 3),
    case("expand", r(3), (2, 2, 3)),
    case("expand", r(), 2, 2),
    case("cat", r(2, 3), r(1, 3, seed=1), r(2, 3, seed=2), dim=0),
    case("cat", r(2, 3), r(2, 1, seed=1), dim=-1),
    case("stack", r(2, 3), r(2, 3, seed=1), dim=0),
    case("stack", r(2), r(2, seed=1), r(2, seed=2), dim=-1),
    case("stack", r(), r(seed=1, high=1), dim=0),
    case("pad", r(2, 3), (0, 2, 1, 0)),
    case("pad", r(3), (2, 1), value=-5),
    *[case("index", r(4, 3), key=key) for key in KEYS],
    case("index", r(2, 3), key=MASK),
    case("index", r(2, 3, 2), key=(0, slice(None), np.array([1, 1, 0]))),
    case("index", r(2, 3, 2), key=MASK),
    case("gather", r(3, 4), 1, np.array([[0, 0, 3], [1, 2, 1]])),
    case("gather", r(3, 4), -2, np.array([[0, 2, 2, 1]])),
    case("gather", r(2, 3, 2), 1, np.array([[[2], [2]], [[0], [1]]])),
    case("embedding", np.array([3, 0, 3, 3]), r(5, 2)),
    case("embedding", np.array([[1, 1, 0], [2, 0, 1]]), r(3, 3)),
    case("embedding", np.array(1), r(3, 2)),
    case("embedding", np.zeros((0, 2), int), r(3, 2)),
    *[
        case(
            "conv2d", r(2, i, 5, 6), r(o, i // options.get("groups", 1), *k, seed=1), *b, **options
        )
        for (i, o, k, options) in CONVOLUTIONS
        for b in [(), (r(o, seed=2),)]
    ],
    *[
        case("conv2d_limited", r(2, 2, 5, 6), r(g * 2, 2 // g, k, k, seed=1), b, *geometry, limits)
        for g, k, *geometry in [(1, 1, 1, 0, 1, 1), (1, 3, 2, 1, 1, 1), (2, 3, 1, 1, 1, 2)]
        for b, limits in [(None, (-0.5, 0.5)), (r(g * 2, seed=2), (0.0, np.inf))]
    ],
    case("conv2d", r(2, 2, 5, 6), r(2, 2, 3, 3, seed=1), None, 2, ((0, 1), (1, 2))),
    *[
        case(name, r(2, 3, 5, 6), **options)
        for name in ("max_pool2d", "avg_pool2d")
        for options in WINDOWS
    ],
    *[
        case("batch_norm", r(*shape), *affine, running=running, training=running is None, eps=1e-2)
        for shape in [(5, 3), (2, 3, 4), (2, 3, 2, 3)]
        for affine in [(), (r(3, seed=1), r(3, seed=2))]
        for running in [None, np.stack([r(3, seed=3), positive(3)])]
    ],
    case("layer_norm", r(3, 4), 4, r(4, seed=1), r(4, seed=2)),
    case("layer_norm", r(2, 3, 4), (3, 4), eps=1e-2),
    case("layer_norm", r(2, 3, 4), (3, 4), r(3, 4, seed=1), r(3, 4, seed=2)),
    *[
        case(
            "scaled_dot_product_attention",
            r(2, 3, 4),
            r(2, 5, 4, seed=1),
            r(2, 5, 3, seed=2),
            *rest,
        )
        for rest in [(), (r(5, seed=3),), (r(2, 1, 5, seed=3),), (np.tri(3, 5, dtype=bool),)]
    ],
    case("scaled_dot_product_attention", r(3, 2), r(3, 2, seed=1), r(3, 2, seed=2), is_causal=True),
    case(
        *("scaled_dot_product_attention", r(4, 2, 2), r(2, 3, 2, seed=1), r(2, 3, 1, seed=2)),
        scale=0.3,
        enable_gqa=True,
    ),
    case("scaled_dot_product_attention", r(2, 3, 2), r(3, 2, seed=1), r(1, 3, 2, seed=2)),
    *[
        case(f"{kind}_sequence", r(3, 2, 2), *states, *matrices(n), *rest)
        for kind, n, states in (
            ("rnn", 1, [r(2, 3, seed=1)]),
            ("gru", 3, [r(2, 3, seed=1)]),
            ("lstm", 4, [r(2, 3, seed=1), r(2, 3, seed=6)]),
        )
        for rest in ([], [r(3 * n, seed=4), r(3 * n, seed=5)])
    ],
    case(
        *("rnn_sequence", r(2, 1, 2), r(1, 2, seed=1), r(2, 2, seed=2), r(2, 2, seed=3)),
        nonlinearity="relu",
    ),
    *[
        case(
            "conv_transpose2d", r(2, i, 3, 2), r(i, o // g, *k, seed=1), *bias, groups=g, **options
        )
        for i, o, g, k, bias, options in (
            (2, 3, 1, (2, 2), [r(3, seed=2)], {}),
            (2, 1, 1, (3, 2), [], {"stride": (2, 1), "padding": (1, 0), "output_padding": (1, 0)}),
            (4, 2, 2, (2, 3), [r(2, seed=2)], {"stride": 2, "dilation": (2, 1)}),
            (3, 3, 3, (3, 3), [], {"padding": 1, "stride": 3, "output_padding": 2}),
            # room for whole filters behind the last ones
            (2, 3, 1, (2, 2), [r(3, seed=2)], {"dilation": (2, 4), "output_padding": (1, 3)}),
            (2, 2, 2, (2, 1), [], {"dilation": 5, "stride": 2, "padding": 2, "output_padding": 4}),
        )
    ],
    case("conv_transpose1d", r(2, 2, 4), r(2, 3, 3, seed=1), r(3, seed=2), stride=2, padding=1),
    case("conv_transpose1d", r(1, 2, 3), r(2, 1, 2, seed=1), dilation=3, output_padding=2),
    case("conv1d", r(2, 2, 5), r(3, 2, 3, seed=1), r(3, seed=2), stride=2, padding=1),
    case("conv1d", r(2, 4, 5), r(2, 2, 2, seed=1), groups=2, padding="same", dilation=2),
    case("max_pool1d", r(2, 3, 7), 3, stride=2, padding=1),
    case("avg_pool1d", r(2, 3, 7), 2),
    *[case("adaptive_avg_pool2d", r(2, 2, 5, 4), size) for size in (1, 3, (2, 4), (7, None))],
    *[case("pad", r(2, 3, 4), (2, 1, 1, 2), mode) for mode in ("reflect", "replicate", "circular")],
    case("group_norm", r(2, 4), 2),
    case("group_norm", r(2, 4, 3), 2, r(4, seed=1), r(4, seed=2)),
    case("group_norm", r(2, 3, 2, 2), 3, r(3, seed=1), eps=1e-2),
    case("rms_norm", r(3, 4), 4),
    case("rms_norm", r(2, 3, 4), (3, 4), r(3, 4, seed=1), 1e-2),
    case("layer_norm", r(5), (5,), r(5, seed=1), r(5, seed=2)),
    *[
        case("cross_entropy", r(4, 3), LABELS, reduction=reduction, **options)
        for reduction in ("mean", "sum", "none")
        for options in [
            {},
            {"label_smoothing": 0.1},
            {"weight": positive(3)},
            {"weight": positive(3), "label_smoothing": 0.2, "ignore_index": 0},
            {"ignore_index": 2},
        ]
    ],
    *[
        case("cross_entropy", r(4, 3), shares(4, 3), reduction=reduction, **options)
        for reduction in ("mean", "sum", "none")
        for options in [{}, {"label_smoothing": 0.1, "weight": positive(3)}]
    ],
    *[
        case("cross_entropy", r(2, 3, 2, 1), target, reduction=reduction)
        for reduction in ("mean", "none")
        for target in [LABELS.reshape(2, 2, 1), positive(2, 3, 2, 1)]
    ],
    case("cross_entropy", r(3), np.array(1)),
    case("cross_entropy", r(3), shares(3), reduction="none"),
    *[
        case(name, r(*shape), r(*shape, seed=1), reduction=reduction)
        for name in ("mse_loss", "l1_loss", "huber_loss")
        for shape in [(5,), (2, 3)]
        for reduction in ("mean", "sum", "none")
    ],
    case("mse_loss", r(), r(high=1)),
    case("huber_loss", r(6), r(6, seed=1), delta=0.7),
    *[
        case("binary_cross_entropy_with_logits", r(2, 3), shares(2, 3), **options)
        for options in [
            {},
            {"reduction": "sum"},
            {"reduction": "none", "weight": positive(3)},
            {"pos_weight": positive(3), "weight": positive(2, 1)},
        ]
    ],
    *[
        case("kl_div", r(2, 3), shares(2, 3), reduction=reduction)
        for reduction in ("mean", "batchmean", "sum", "none")
    ],
    case("kl_div", r(2, 3), r(2, 3, seed=1), log_target=True, reduction="batchmean"),
]

#: Operations whose results are labels, places or steps: nothing to compare with differences.
NOT_SMOOTH = {
    *("eq", "ne", "lt", "le", "gt", "ge", "bitwise_not", "bitwise_and", "bitwise_or"),
    *("argmax", "argmin", "all", "any", "one_hot", "remainder", "floor_divide"),
    *("argsort", "isnan", "isinf", "isfinite", "isclose", "bitwise_xor"),
    *("logical_and", "logical_or", "logical_not"),
}

every_case = pytest.mark.parametrize("name, inputs, options", CASES)


def operation(name, options):
    if name == "batch_norm":
        return lambda *inputs: batch_norm(*inputs, **options)
    pure = {"cat": shapes._concatenate, "stack": shapes._stack}.get(name) or getattr(ops, name)
    return lambda *inputs: pure.__wrapped__(*inputs, **options)


def batch_norm(x, *affine, running, **options):
    """Batch norm as a function of what has a derivative: not of the running statistics."""
    mean, var = (None, None) if running is None else running
    value, (dx, *none, dweight, dbias) = ops.batch_norm.__wrapped__(
        x, mean, var, *affine, **options
    )
    assert none == [None, None]
    return value, (dx, dweight, dbias)


def cast(inputs, dtype):
    return [
        a.astype(dtype) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in inputs
    ]


def options_as(options, dtype):
    return {k: cast([v], dtype)[0] for k, v in options.items()}


def differentiable(inputs):
    return [i for i, a in enumerate(inputs) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]


@every_case
def test_derivatives_agree_with_central_differences(check_gradients, name, inputs, options):
    check_gradients(operation(name, options), *inputs)


@every_case
def test_float32_stays_float32(name, inputs, options):
    exact, exact_derivatives = operation(name, options)(*inputs)
    inputs32, options32 = cast(inputs, np.float32), options_as(options, np.float32)
    value, derivatives = operation(name, options32)(*inputs32)
    assert value.dtype == np.float32
    np.testing.assert_allclose(value, exact, rtol=2e-4, atol=1e-5)
    gy = np.random.default_rng(1).standard_normal(value.shape)
    for i in differentiable(inputs):
        gradient = derivatives[i](np.asarray(gy, np.float32))
        assert gradient.dtype == np.float32
        np.testing.assert_allclose(gradient, exact_derivatives[i](gy), rtol=2e-4, atol=1e-4)


@every_case
def test_strides_and_protected_memory_make_no_difference(name, inputs, options):
    def odd(a):
        """The same numbers, laid out backwards in every second place, and read-only."""
        if not isinstance(a, np.ndarray) or a.ndim == 0:
            return a
        memory = np.full([2 * n for n in a.shape[::-1]], 99, a.dtype)
        view = memory[(slice(None, None, -2),) * a.ndim].T
        view[...] = a
        view.flags.writeable = False
        return view

    value, derivatives = operation(name, options)(*inputs)
    strange, strange_derivatives = operation(name, options)(*[odd(a) for a in inputs])
    np.testing.assert_allclose(strange, value, rtol=1e-12, atol=1e-14)
    gy = np.random.default_rng(1).standard_normal(value.shape)
    for i in differentiable(inputs):
        np.testing.assert_allclose(
            strange_derivatives[i](odd(gy)), derivatives[i](gy), rtol=1e-11, atol=1e-13
        )


@pytest.mark.parametrize("name", sorted({c.values[0] for c in CASES}))
def test_no_operation_leaves_a_reference_cycle(name):
    """What refers to itself is freed late, by the collector: memory would grow while training."""
    cases = [c.values for c in CASES if c.values[0] == name]

    def run():
        for _, inputs, options in cases:
            value, derivatives = operation(name, options)(*inputs)
            for i in differentiable(inputs):
                derivatives[i](np.ones_like(value))

    run()  # the first use of a kernel loads or compiles it, which leaves garbage of its own
    gc.collect()
    gc.disable()
    gc.freeze()  # only what is made from here on is looked at
    try:
        run()
        assert gc.collect() == 0
    finally:
        gc.unfreeze()
        gc.enable()


def test_dropout(check_gradients):
    check_gradients(
        lambda x: ops.dropout.__wrapped__(x, p=0.4, generator=np.random.default_rng(3)), r(4, 5)
    )
    check_gradients(
        lambda x: ops.dropout.__wrapped__(x, p=0, generator=np.random.default_rng(3)), r(4, 5)
    )
    check_gradients(
        lambda x: ops.dropout.__wrapped__(x, p=1, generator=np.random.default_rng(3)), r(4, 5)
    )


def test_dropout2d(check_gradients):
    check_gradients(
        lambda x: ops.dropout2d.__wrapped__(x, p=0.4, generator=np.random.default_rng(3)),
        r(2, 5, 2, 2),
    )


def test_no_operation_was_forgotten():
    every = {
        name
        for name, op in vars(ops).items()
        if hasattr(op, "__wrapped__") and op.__code__.co_name == "recorded"
    }
    assert every - NOT_SMOOTH == {c.values[0] for c in CASES} - {"cat", "stack"} | {
        "dropout",
        "dropout2d",
        "cast",
    }


def test_the_checker_finds_a_wrong_derivative(check_gradients):
    def softmax_with_zero_slope(x):
        return ops.softmax.__wrapped__(x, -1)[0], (lambda gy: np.zeros_like(x),)

    with pytest.raises(AssertionError, match=r"element \(0,\): the derivative gives .*0\.0"):
        check_gradients(softmax_with_zero_slope, r(4))


def test_the_checker_finds_a_derivative_that_writes_to_gy(check_gradients):
    def careless(x):
        def dx(gy):
            gy *= 2
            return gy / 2

        return x + 0, (dx,)

    with pytest.raises(AssertionError):
        check_gradients(careless, r(4))
