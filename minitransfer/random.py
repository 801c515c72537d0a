"""One default source of randomness, and a seed for it.

Every function that makes a random choice takes a ``numpy.random.Generator``; where the caller
gives none, it uses the one kept here. Each Python thread has its own, so that two training
runs side by side in one process cannot disturb each other's numbers.
"""

import threading

import numpy as np

from minitransfer.devices import check_device


class _Default(threading.local):
    def __init__(self):
        self.generator = np.random.default_rng()


_default = _Default()


def manual_seed(seed: int) -> np.random.Generator:
    """Start the default generator of this thread anew from `seed` and return it.

    Args:
        seed: a whole number, 0 or greater.

    Raises:
        ValueError: if the seed is negative or no whole number.

    Example:
        >>> a = manual_seed(3).random()
        >>> b = manual_seed(3).random()
        >>> a == b
        True
    """
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"a seed is a whole number, 0 or greater; given {seed!r}")
    _default.generator = np.random.default_rng(int(seed))
    return _default.generator


class Generator(np.random.Generator):
    """A source of randomness of its own, made and seeded as PyTorch's is.

    It is a ``numpy.random.Generator``, and goes wherever one is taken.

    Args:
        device: "cpu"; there is no other place.

    Example:
        >>> a, b = Generator().manual_seed(3), Generator().manual_seed(3)
        >>> a.random() == b.random()
        True
    """

    def __init__(self, device="cpu"):
        check_device(device)
        super().__init__(np.random.PCG64())

    def manual_seed(self, seed: int) -> "Generator":
        """Start anew from `seed`, and return the generator itself."""
        self.bit_generator.state = np.random.PCG64(seed).state
        return self


def default_generator() -> np.random.Generator:
    """Return the generator that is used where the caller names none.

    Example:
        >>> generator = manual_seed(0)
        >>> default_generator() is generator
        True
    """
    return _default.generator
