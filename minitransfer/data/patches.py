"""Small pieces of pictures, to learn from what pictures are made of."""

import numpy as np

#: Standard deviation of the brightness, with 1 for full ink, above which a patch shows something.
CONTRAST = 0.1


def patches(images: np.ndarray, count: int, generator: np.random.Generator, side: int = 8):
    """Cut patches with something on them out of pictures, at random places.

    Olshausen and Field (1996) learnt a sparse code of such patches of photographs.

    Args:
        images: (N, height, width) or (N, 1, height, width), uint8 or floats from 0 to 1.
        count: how many patches.
        generator: draws the pictures and the places, each as likely as the others.
        side: height and width of a patch in dots.

    Returns:
        (count, side * side), float32 from 0 to 1. Empty paper and solid ink are left out, so each
        patch has a standard deviation of more than `CONTRAST`.

    Raises:
        ValueError: if the images are not pictures at least as large as a patch, or hardly any
            patch of them shows something.

    Example:
        >>> from minitransfer.data import mnist
        >>> patches(mnist("pool").x, 10, np.random.default_rng(0)).shape
        (10, 64)
    """
    images = np.asarray(images)
    pictures = images[:, 0] if images.ndim == 4 and images.shape[1] == 1 else images
    if pictures.ndim != 3 or min(pictures.shape[1:]) < side or not len(pictures):
        raise ValueError(
            f"patches takes images (N, height, width), each at least {side} by {side}; given "
            f"shape {images.shape}"
        )
    scale = 255 if pictures.dtype == np.uint8 else 1
    every = np.lib.stride_tricks.sliding_window_view(pictures, (side, side), (1, 2))
    found, tried = [], 0
    while len(found) < count:
        if tried > 10_000 and len(found) < tried / 1000:
            raise ValueError(
                f"of {tried} patches {len(found)} show something; are the images blank?"
            )
        picture, row, column = (generator.integers(size) for size in every.shape[:3])
        patch = every[picture, row, column] / np.float32(scale)
        tried += 1
        if patch.std() > CONTRAST:
            found.append(patch.ravel())
    return np.array(found, np.float32).reshape(count, side * side)
