"""Anything faster than the processor, as PyTorch calls it: there is none.

Example:
    >>> from minitransfer import accelerator
    >>> accelerator.current_accelerator().type if accelerator.is_available() else "cpu"
    'cpu'
"""

from minitransfer.not_covered import not_covered


def is_available() -> bool:
    """Whether there is one: no."""
    return False


def device_count() -> int:
    """How many there are: 0."""
    return 0


def current_accelerator(check_available: bool = False) -> None:
    """The one in use: None."""


def __getattr__(name):
    raise not_covered("accelerator", name)
