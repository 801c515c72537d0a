"""Graphics cards: there is none. So that a script may ask, and go on with the processor.

Example:
    >>> from minitransfer import cuda
    >>> "cuda" if cuda.is_available() else "cpu"
    'cpu'
"""

from minitransfer.not_covered import not_covered


def is_available() -> bool:
    """Whether there is a graphics card to compute on: no."""
    return False


def device_count() -> int:
    """How many there are: 0."""
    return 0


def manual_seed_all(seed: int) -> None:
    """Seed the random numbers of all graphics cards: there are none."""


manual_seed = manual_seed_all


def empty_cache() -> None:
    """Give kept memory back to the graphics cards: there is none."""


def synchronize(device=None) -> None:
    """Wait for the graphics card: what was asked for is done already."""


def __getattr__(name):
    raise not_covered("cuda", name)
