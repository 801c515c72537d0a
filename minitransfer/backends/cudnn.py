"""NVIDIA's library for networks. Its switches may be set; nothing here is changed by them."""

#: Same seed, same bits: here that holds always.
deterministic = True
benchmark = enabled = False


def is_available() -> bool:
    """Whether the library can be used: no."""
    return False


def version() -> None:
    """Its version: None."""
