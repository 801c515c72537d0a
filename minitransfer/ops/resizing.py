"""Images in another size: the nearest point, between the four around it, or means of windows."""

import numpy as np

from minitransfer.autograd import differentiable
from minitransfer.not_covered import check_default
from minitransfer.ops.images import check_images, pair
from minitransfer.ops.matrix import matmul


@differentiable
def interpolate(
    input,
    size=None,
    scale_factor=None,
    mode="nearest",
    align_corners=None,
    recompute_scale_factor=None,
    antialias=False,
):
    """Images in another size.

    Both ways work on rows and columns one after the other: a point of the result is the mean of
    two old ones, weighted. Written as a matrix with a row for each new point this is a product, and
    the derivative is the product with the transposed matrices.

    Args:
        input: Images (N, C, H, W).
        size: Height and width of the result, a number or a pair; or else
        scale_factor: how many times as large it shall be, a number or a pair.
        mode: "nearest", or "bilinear": the mean of four points, weighted by their distance.
        align_corners: For "bilinear", whether the outer points, and not the outer borders, of both
            images lie on each other.
        recompute_scale_factor, antialias: Only the defaults are covered.

    Returns:
        Images (N, C, H', W') and the derivative.

    Raises:
        ValueError: When not exactly one of `size` and `scale_factor` is given, or for a mode that
            is not covered.

    Example:
        >>> interpolate.__wrapped__(np.array([[[[1.0, 3.0]]]]), size=(1, 4), mode="bilinear")[0]
        array([[[[1. , 1.5, 2.5, 3. ]]]])
    """
    check_images("interpolate", input)
    check_default(
        "interpolate", "leave it out", antialias=(antialias, False),
        recompute_scale_factor=(recompute_scale_factor or None, None),
    )  # fmt: skip
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate: give either size= or scale_factor=")
    if mode not in ("nearest", "bilinear"):
        raise ValueError(f'interpolate: mode={mode!r}; "nearest" and "bilinear" are covered')
    old = input.shape[2:]
    if size is None:
        factors = scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor,) * 2
        new = tuple(int(n * f) for n, f in zip(old, factors, strict=True))
        steps = [1 / f for f in factors]
    else:
        new = pair(size, "interpolate: size")
        steps = [n / m for n, m in zip(old, new, strict=True)]
    if min(new) < 1:
        raise ValueError(f"interpolate: images of {old} become {new}; expected at least 1 by 1")
    rows, columns = (
        _sources(*sizes, mode, align_corners) for sizes in zip(old, new, steps, strict=True)
    )
    y = _mixed(_mixed(input, *rows, axis=2), *columns, axis=3)

    def dx(gy):
        above = _as_matrix(*rows, old[0], gy.dtype).T
        gy = matmul.__wrapped__(gy, _as_matrix(*columns, old[1], gy.dtype))[0]
        return matmul.__wrapped__(above, gy)[0]

    return y, (dx,)


@differentiable
def adaptive_avg_pool2d(input, output_size):
    """Means of windows that divide an image, whatever its size, into so many rows and columns.

    Where the sizes do not divide, neighbouring windows overlap, as in PyTorch. Written as two
    matrices of shares, as `interpolate`.

    Args:
        input: Images (N, C, H, W).
        output_size: Rows and columns, a number or a pair; None for as many as the image has.

    Returns:
        Images (N, C, *output_size) and the derivative.

    Raises:
        ValueError: When there are no four axes, or a size is below 1.

    Example:
        >>> adaptive_avg_pool2d.__wrapped__(np.array([[[[1.0, 3.0, 8.0]]]]), (1, 2))[0]
        array([[[[2. , 5.5]]]])
    """
    check_images("adaptive_avg_pool2d", input)
    sizes = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * 2
    sizes = [n if new is None else new for n, new in zip(input.shape[2:], sizes, strict=True)]
    new = pair(tuple(sizes), "adaptive_avg_pool2d: output_size")
    if min(new) < 1:
        raise ValueError(f"adaptive_avg_pool2d: output_size is {output_size}; expected 1 or more")
    rows, columns = (
        _windows(*both, input.dtype) for both in zip(input.shape[2:], new, strict=True)
    )

    def dx(gy):
        return matmul.__wrapped__(rows.T, matmul.__wrapped__(gy, columns)[0])[0]

    return matmul.__wrapped__(rows, matmul.__wrapped__(input, columns.T)[0])[0], (dx,)


def _windows(old, new, dtype):
    """(new, old), the share of each old point in each window."""
    shares = np.zeros((new, old), dtype)
    for i in range(new):
        first, last = i * old // new, -(-(i + 1) * old // new)
        shares[i, first:last] = 1 / (last - first)
    return shares


def _sources(old, new, step, mode, align_corners):
    """Which two old points each new one is made of, and the share of the second (None for 0)."""
    if mode == "nearest":
        places = np.minimum((np.arange(new) * step).astype(int), old - 1)
        return places, places, None
    if align_corners:
        places = np.arange(new) * ((old - 1) / max(new - 1, 1))
    else:
        places = np.maximum((np.arange(new) + 0.5) * step - 0.5, 0)
    before = np.minimum(places.astype(int), old - 1)
    return before, np.minimum(before + 1, old - 1), places - before


def _mixed(x, before, after, share, axis):
    if share is None:
        return x.take(before, axis)
    share = share.astype(x.dtype).reshape((-1,) + (1,) * (x.ndim - 1 - axis))
    return (1 - share) * x.take(before, axis) + share * x.take(after, axis)


def _as_matrix(before, after, share, old, dtype):
    points = np.eye(old, dtype=dtype)
    return points[before] if share is None else _mixed(points, before, after, share, 0)
