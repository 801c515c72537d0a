"""Matrix products: `matmul`, and `linear`, the layer made of one product and a sum."""

import math

import numpy as np

from minitransfer import kernels
from minitransfer.autograd import differentiable
from minitransfer.ops.common import keep_float32, same_dtype, unbroadcast


@differentiable
def matmul(input, other):
    """Matrix product with NumPy's rules: leading axes broadcast, 1-D operands are vectors.

    Args:
        input: Array (..., M, K) or vector (K,).
        other: Array (..., K, N) or vector (K,), of the same dtype.

    Returns:
        The product (..., M, N), without the axis a vector does not have, and the derivatives
        with respect to `input` and `other`.

    Raises:
        ValueError: When the inner sizes differ or an operand has no axes.
        TypeError: When the dtypes differ.

    Example:
        >>> value, (da, db) = matmul.__wrapped__(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]))
        >>> value, da(np.ones((1, 1)))
        (array([[11.]]), array([[3., 4.]]))
    """
    if input.dtype is not other.dtype:
        same_dtype("matmul", input=input, other=other)
    if input.ndim == 2 and other.ndim == 2:
        if input.shape[1] != other.shape[0]:
            raise _mismatch(input.shape, other.shape)
        return kernels.matmul(input, other), (
            lambda gy: kernels.matmul(gy, other.T),
            lambda gy: kernels.matmul(input.T, gy),
        )
    if input.ndim < 2 or other.ndim < 2:
        return _matmul_with_vector(input, other)
    if input.shape[-1] != other.shape[-2]:
        raise _mismatch(input.shape, other.shape)
    if other.ndim == 2:
        return _matmul_folded(input, other)
    try:
        np.broadcast_shapes(input.shape[:-2], other.shape[:-2])
    except ValueError:
        raise ValueError(
            f"matmul: the leading axes of {input.shape} and {other.shape} do not broadcast; "
            "each pair of sizes must be equal or contain a 1"
        ) from None
    return kernels.matmul(input, other), (
        lambda gy: unbroadcast(kernels.matmul(gy, other.swapaxes(-1, -2)), input),
        lambda gy: unbroadcast(kernels.matmul(input.swapaxes(-1, -2), gy), other),
    )


def _matmul_folded(a, b):
    """A stack of matrices times one matrix is a single product of all their rows.

    That is one large product instead of many small ones, and the derivative with respect to
    `b` needs no sum over the stack afterwards.
    """
    rows = a.reshape(math.prod(a.shape[:-1]), a.shape[-1])
    y, (da, db) = matmul.__wrapped__(rows, b)
    flat = y.shape
    return y.reshape(*a.shape[:-1], b.shape[1]), (
        lambda gy: da(gy.reshape(flat)).reshape(a.shape),
        lambda gy: db(gy.reshape(flat)),
    )


def _matmul_with_vector(a, b):
    """A vector becomes a matrix of one row (left) or one column (right) for the product."""
    if a.ndim == 0 or b.ndim == 0:
        raise ValueError(
            f"matmul: shapes {a.shape} and {b.shape}; both operands need at least one axis "
            "(to multiply by a number use *)"
        )
    if a.shape[-1] != b.shape[0 if b.ndim == 1 else -2]:
        raise _mismatch(a.shape, b.shape)
    y, (da, db) = matmul.__wrapped__(
        a[None] if a.ndim == 1 else a, b[:, None] if b.ndim == 1 else b
    )
    full = y.shape
    shape = full[: -1 if b.ndim == 1 else None]
    if a.ndim == 1:
        shape = full[:-2] + shape[len(full) - 1 :]
    return y.reshape(shape), (
        lambda gy: da(gy.reshape(full)).reshape(a.shape),
        lambda gy: db(gy.reshape(full)).reshape(b.shape),
    )


def _mismatch(a, b):
    inner = b[-2] if len(b) > 1 else b[-1]
    return ValueError(
        f"matmul: shapes {a} and {b} do not fit: the last axis of the first has size {a[-1]}, "
        f"the {'second to last' if len(b) > 1 else 'only'} axis of the second {inner}; they "
        "must be equal (is a transpose missing?)"
    )


@differentiable
def linear(input, weight, bias=None):
    """A fully connected layer: `input @ weight.T + bias`.

    With a third axis in front, `weight` holds a whole population of layers that run side by side.

    Args:
        input: Inputs (..., in); for a population (P, N, in), or (N, in) shared by all.
        weight: Weights (out, in); for a population (P, out, in).
        bias: Bias (out,); for a population (P, out); or None.

    Returns:
        Outputs (..., out); for a population (P, N, out). The derivatives with respect to
        `input`, `weight` and `bias` (None when there is no bias).

    Raises:
        ValueError: When the sizes do not fit.
        TypeError: When the dtypes differ.

    Example:
        >>> x, w, b = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), np.array([0.5])
        >>> value, (dx, dw, db) = linear.__wrapped__(x, w, b)
        >>> value, dw(np.ones((1, 1)))
        (array([[11.5]]), array([[1., 2.]]))
    """
    if input.ndim == 2 and weight.ndim == 2:
        if (
            input.shape[1] != weight.shape[1]
            or input.dtype is not weight.dtype
            or (
                bias is not None
                and (bias.shape != weight.shape[:1] or bias.dtype is not weight.dtype)
            )
        ):
            _check_linear(input, weight, bias)
        return kernels.matmul(input, weight.T) if bias is None else kernels.linear(
            input, weight, bias
        ), (
            lambda gy: kernels.matmul(gy, weight),
            lambda gy: kernels.matmul(gy.T, input),
            None if bias is None else kernels.bias_gradient,
        )
    _check_linear(input, weight, bias)
    return (
        _linear_folded(input, weight, bias)
        if weight.ndim == 2
        else _linear_population(input, weight, bias)
    )


def _linear_folded(x, w, b):
    """All leading axes of `x` are one long batch."""
    y, (dx, dw, db) = linear.__wrapped__(x.reshape(math.prod(x.shape[:-1]), x.shape[-1]), w, b)
    flat = y.shape
    return y.reshape(*x.shape[:-1], w.shape[0]), (
        lambda gy: dx(gy.reshape(flat)).reshape(x.shape),
        lambda gy: dw(gy.reshape(flat)),
        None if b is None else lambda gy: db(gy.reshape(flat)),
    )


def _linear_population(x, w, b):
    """P layers at once, on one shared batch or on a batch each."""
    y = kernels.matmul(x, w.swapaxes(1, 2))
    if b is not None:
        y += b[:, None]
    return y, (
        lambda gy: unbroadcast(kernels.matmul(gy, w), x),
        lambda gy: kernels.matmul(gy.swapaxes(1, 2), x),
        None if b is None else lambda gy: np.add.reduce(gy, axis=1),
    )


def _check_linear(x, w, b):
    same_dtype("linear", input=x, weight=w, bias=b)
    if w.ndim not in (2, 3):
        raise ValueError(
            f"linear: the weight has shape {w.shape}; expected (out, in), or (population, out, in)"
        )
    if x.ndim == 0 or x.shape[-1] != w.shape[-1]:
        raise ValueError(
            f"linear: the input has shape {x.shape}, the weight takes {w.shape[-1]} features "
            f"(weight shape {w.shape}); the last axis of the input must be {w.shape[-1]}"
        )
    if b is not None and b.shape != w.shape[:-1]:
        raise ValueError(
            f"linear: the bias has shape {b.shape}; the weight {w.shape} needs {w.shape[:-1]}"
        )
    if w.ndim == 3 and not (x.ndim == 2 or (x.ndim == 3 and x.shape[0] == w.shape[0])):
        raise ValueError(
            f"linear: the input has shape {x.shape}; a population of {w.shape[0]} layers takes "
            f"({w.shape[0]}, N, {w.shape[-1]}), or (N, {w.shape[-1]}) shared by all"
        )


@differentiable
def mm(input, mat2):
    """The product of two matrices; `matmul` takes any number of axes.

    Raises:
        ValueError: When they are no matrices, or do not fit.

    Example:
        >>> mm.__wrapped__(np.eye(2), np.ones((2, 1)))[0].shape
        (2, 1)
    """
    if input.ndim != 2 or mat2.ndim != 2:
        raise ValueError(f"mm: shapes {input.shape} and {mat2.shape}; expected matrices (or use @)")
    return matmul.__wrapped__(input, mat2)


@differentiable
def bmm(input, mat2):
    """The products of as many pairs of matrices; `matmul` takes any number of axes.

    Raises:
        ValueError: When there are not three axes and one batch, or sizes do not fit.

    Example:
        >>> bmm.__wrapped__(np.zeros((5, 2, 3)), np.ones((5, 3, 1)))[0].shape
        (5, 2, 1)
    """
    if input.ndim != 3 or mat2.ndim != 3 or len(input) != len(mat2):
        raise ValueError(
            f"bmm: shapes {input.shape} and {mat2.shape}; expected (B, M, K) and (B, K, N); or @"
        )
    return matmul.__wrapped__(input, mat2)


@differentiable
def dot(input, tensor):
    """The sum of the products of two vectors.

    Raises:
        ValueError: When they are no vectors of one length.

    Example:
        >>> dot.__wrapped__(np.array([1.0, 2.0]), np.array([3.0, 4.0]))[0]
        array(11.)
    """
    if input.ndim != 1 or input.shape != tensor.shape:
        raise ValueError(
            f"dot: shapes {input.shape} and {tensor.shape}; expected two vectors of one length "
            "(for matrices use @)"
        )
    return matmul.__wrapped__(input, tensor)


@differentiable
def outer(input, vec2):
    """Every number of one vector times every number of another, a table.

    Example:
        >>> outer.__wrapped__(np.array([1.0, 2.0]), np.array([3.0, 4.0]))[0]
        array([[3., 4.],
               [6., 8.]])
    """
    if input.ndim != 1 or vec2.ndim != 1:
        raise ValueError(f"outer: shapes {input.shape} and {vec2.shape}; expected two vectors")
    return keep_float32(np.outer(input, vec2), input, vec2), (
        lambda gy: unbroadcast((gy * vec2).sum(1), input),
        lambda gy: unbroadcast((gy * input[:, None]).sum(0), vec2),
    )


@differentiable
def einsum(equation, *operands):
    """Sums of products, written with a letter for each axis (Einstein's convention).

    Args:
        equation: Letters of each operand, then of the result: ``"bik,bkj->bij"``. Letters that
            the result does not have are summed over. Without an arrow the result has the letters
            that stand once, in the order of the alphabet. ``...`` stands for any axes.
        operands: Arrays of one dtype.

    Returns:
        The result and a derivative for each operand. It is computed in one loop over all letters,
        which gives the same bits on any machine; for large matrices `matmul` is faster.

    Raises:
        ValueError: When letters and shapes do not fit.

    Example:
        >>> a, b = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])
        >>> value, (_, da, db) = einsum.__wrapped__("ij,jk->ik", a, b)
        >>> value, da(np.ones((1, 1)))
        (array([[11.]]), array([[3., 4.]]))
    """
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        raise TypeError("einsum: give the operands one by one, not in a list")
    same_dtype("einsum", **{f"operand {i}": a for i, a in enumerate(operands)})
    terms, result = _letters(equation, operands)
    try:
        y = np.einsum(f"{','.join(terms)}->{result}", *operands)
    except ValueError as reason:
        shapes = ", ".join(str(a.shape) for a in operands)
        raise ValueError(f"einsum: {equation!r} with shapes {shapes}: {reason}") from None
    return y, (None, *(_einsum_slope(i, terms, result, operands) for i in range(len(operands))))


def _letters(equation, operands):
    """The letters of each operand and of the result, dots written out as letters of their own."""
    left, arrow, result = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise ValueError(f"einsum: {equation!r} names {len(terms)} operands, given {len(operands)}")
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in equation]
    counts = [a.ndim - len(t.replace("...", "")) for t, a in zip(terms, operands, strict=True)]
    widest = max((n for t, n in zip(terms, counts, strict=True) if "..." in t), default=0)
    dots = "".join(free[:widest])
    terms = [
        t.replace("...", dots[len(dots) - max(n, 0) :]) for t, n in zip(terms, counts, strict=True)
    ]
    if arrow:
        return terms, result.replace("...", dots)
    once = sorted(c for c in set(left) - set(".,") if left.count(c) == 1)
    return terms, dots + "".join(once)


def _einsum_slope(i, terms, result, operands):
    """The derivative in operand `i`: the same sum, with the gradient in its place."""
    own, like = terms[i], operands[i]
    letters = "".join(dict.fromkeys(own))  # each once: "ii" is a diagonal

    def slope(gy):
        others = [terms[k] for k in range(len(terms)) if k != i]
        factors = [operands[k] for k in range(len(terms)) if k != i]
        alone = "".join(c for c in letters if c not in result and not any(c in t for t in others))
        if alone:  # summed over, and nowhere else: every place gets the same
            factors.append(np.ones([like.shape[own.index(c)] for c in alone], gy.dtype))
            others.append(alone)
        gx = np.einsum(f"{','.join([result, *others])}->{letters}", gy, *factors)
        if letters == own:
            return unbroadcast(gx, like)
        whole = np.zeros(like.shape, gx.dtype)
        np.einsum(f"{own}->{letters}", whole)[...] = gx  # a view of the diagonal
        return whole

    return slope
