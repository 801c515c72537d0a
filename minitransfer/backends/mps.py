"""Apple's graphics processors: not used here."""


def is_available() -> bool:
    """Whether one can be used: no."""
    return False


is_built = is_available
