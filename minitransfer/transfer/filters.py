"""Is a filter an edge detector? How well Gabor functions describe what a layer has learnt.

A Gabor function is a wave under a bell: light on one side of a line and dark on the other, in one
place and of one orientation. It describes the first stage of seeing, in the cortex (Jones and
Palmer 1987) as in the first layer of networks that were trained on pictures.
"""

from functools import cache

import numpy as np

from minitransfer.autograd import as_array

#: Wavelengths that are tried, as multiples of the width of the bell, and its lengthenings along
#: the edge.
_WAVELENGTHS, _STRETCHES = (2.0, 3.0, 4.5), (1.0, 1.7)


def gabor_fit(filters, angles: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Say how much of each filter the best Gabor function explains.

    All filters are compared with some thousand Gabor functions: orientations, places, widths,
    wavelengths; phase and height are fitted. A filter's mean, which answers to brightness and not
    to edges, is taken away before. Chance alone explains something too, the more the smaller the
    filter: compare with random filters of the same size.

    Args:
        filters: (N, size, size) or (N, 1, size, size); of a Linear layer on pictures,
            ``weight.reshape(-1, size, size)``.
        angles: how many orientations to try.

    Returns:
        The shares of the squared weights that are explained, (N,), from 0 to 1; and the best
        Gabor function of each filter, (N, size, size), at the height that fits.

    Raises:
        ValueError: if the filters are not square, have several channels, or are smaller than 5.

    Example:
        >>> edge = np.array([-1.0, -2, 0, 2, 1]) * np.array([[1.0], [2], [3], [2], [1]])
        >>> noise = np.random.default_rng(0).standard_normal((100, 5, 5))
        >>> bool(gabor_fit(edge[None])[0] > 0.9), bool(gabor_fit(noise)[0].mean() < 0.6)
        (True, True)
    """
    filters = np.asarray(as_array(filters), np.float32)
    if filters.ndim == 4 and filters.shape[1] == 1:
        filters = filters[:, 0]
    if filters.ndim != 3 or filters.shape[1] != filters.shape[2] or filters.shape[1] < 5:
        raise ValueError(
            f"gabor_fit takes filters (N, size, size) of size 5 or more; given {filters.shape}. "
            "A 3×3 filter is too small to tell an edge from anything else"
        )
    size = filters.shape[1]
    rows = filters.reshape(len(filters), -1)
    rows = rows - rows.mean(1, keepdims=True)
    first, second = _bank(size, angles)
    along, across = rows @ first.T, rows @ second.T
    explained = along**2 + across**2
    best = explained.argmax(1)
    each = np.arange(len(rows))
    total = np.maximum((rows**2).sum(1), np.finfo(np.float32).tiny)
    fits = along[each, best, None] * first[best] + across[each, best, None] * second[best]
    return explained[each, best] / total, fits.reshape(-1, size, size)


@cache
def _bank(size, angles):
    """Return Gabor functions in pairs, each pair orthonormal and spanning all phases."""
    place = np.arange(size, dtype=np.float32) - (size - 1) / 2
    pairs = []
    width = max(1.2, size / 14)
    while width <= 0.4 * size:
        reach, step = size // 3, max(1, round(width))
        centres = np.arange(-reach, reach + 1, step, dtype=np.float32)
        y = (place[:, None] - centres)[None, :, None, :, None]  # angle, row, column, centres
        x = (place[:, None] - centres)[None, None, :, None, :]
        angle = (np.arange(angles, dtype=np.float32) * np.float32(np.pi / angles)).reshape(
            -1, 1, 1, 1, 1
        )
        u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        for stretch in _STRETCHES:
            bell = np.exp(-(u**2 + (v / stretch) ** 2) / (2 * width**2))
            for wavelength in _WAVELENGTHS:
                phase = u * np.float32(2 * np.pi / (wavelength * width))
                waves = np.stack([bell * np.cos(phase), bell * np.sin(phase)])
                waves = waves.transpose(0, 1, 4, 5, 2, 3).reshape(2, -1, size * size)
                pairs.append(waves - waves.mean(2, keepdims=True))
        width *= 1.5
    first, second = np.concatenate(pairs, axis=1)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second -= (second * first).sum(1, keepdims=True) * first
    second /= np.linalg.norm(second, axis=1, keepdims=True)
    return first, second
