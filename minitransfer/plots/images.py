"""Small pictures side by side: filters, strokes, patches."""

import numpy as np

from minitransfer.plots.style import figure, house_style


@house_style()
def picture_rows(rows: dict, title: str, *, signed: bool = False):
    """Draw rows of small pictures, each row with its name above it.

    Every picture has a scale of its own, so that what is faint is seen too.

    Args:
        rows: name → pictures (N, height, width) or (N, 1, height, width).
        title: the finding.
        signed: whether 0 is in the middle (weights: blue below, red above) or ink is dark on
            light paper (images).

    Returns:
        The figure.

    Raises:
        ValueError: if there is nothing to draw, or a row holds no pictures.

    Example:
        >>> rows = {"noise": np.random.default_rng(0).random((8, 7, 7)), "ink": np.ones((8, 7, 7))}
        >>> picture = picture_rows(rows, "Noise is not ink")
        >>> [axes.get_title(loc="left") for axes in picture.axes]
        ['noise', 'ink']
    """
    if not rows:
        raise ValueError("there are no pictures to draw; rows is empty")
    strips = {name: _strip(name, np.asarray(pictures), signed) for name, pictures in rows.items()}
    heights = [0.26 + 5.3 * strip.shape[0] / strip.shape[1] for strip in strips.values()]
    picture, axes = figure(
        title,
        rows=len(strips),
        height=0.5 + sum(heights),
        gridspec_kw={"height_ratios": heights},
        squeeze=False,
    )
    for axis, (name, strip) in zip(axes[:, 0], strips.items(), strict=True):
        low, colours = (-1, "RdBu_r") if signed else (0, "Greys")
        axis.imshow(strip, cmap=colours, vmin=low, vmax=1, interpolation="nearest")
        axis.set_title(name, fontsize=10, loc="left", pad=3)
        axis.axis("off")
    return picture


def _strip(name, pictures, signed):
    """The pictures side by side, with gaps of NaN."""
    if pictures.ndim == 4 and pictures.shape[1] == 1:
        pictures = pictures[:, 0]
    if pictures.ndim != 3 or not pictures.size:
        raise ValueError(
            f"row {name!r} has shape {pictures.shape}; expected (N, height, width), N above 0"
        )
    pictures = pictures.astype(float)
    if not signed:
        pictures = pictures - pictures.min((1, 2), keepdims=True)
    scale = np.abs(pictures).max((1, 2), keepdims=True)
    pictures = pictures / np.maximum(scale, np.finfo(float).tiny)
    gap = np.full((pictures.shape[1], max(1, pictures.shape[2] // 7)), np.nan)
    parts = [part for one in pictures for part in (one, gap)]
    return np.concatenate(parts[:-1], axis=1)
