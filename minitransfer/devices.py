"""Where tensors are: there is one place, the processor.

Scripts for PyTorch ask for a device and hand it on. Here they get "cpu" for an answer, and a clear
error where they insist on another.
"""

from minitransfer.not_covered import not_covered


class device:
    """A place for tensors, ``device("cpu")``; there is no other.

    Args:
        type: "cpu", also "cpu:0", or a device.
        index: 0 or None.

    Raises:
        AttributeError: for any other place; says what to do instead.

    Example:
        >>> device("cpu"), device("cpu") == "cpu"
        (device(type='cpu'), True)
    """

    def __init__(self, type="cpu", index=None):
        name, _, number = str(type).partition(":")
        if name != "cpu" or (number or str(index or 0)) != "0":
            raise not_covered("device", name)
        self.type, self.index = "cpu", index if number == "" else int(number)

    def __repr__(self):
        place = "" if self.index is None else f", index={self.index}"
        return f"device(type='cpu'{place})"

    def __str__(self):
        return "cpu" if self.index is None else f"cpu:{self.index}"

    def __eq__(self, other):
        return str(other) in ("cpu", "cpu:0")

    def __hash__(self):
        return hash("cpu")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return None


def check_device(place) -> None:
    """Refuse a `device=` that is not the processor; None means no wish.

    Raises:
        AttributeError: says what to do instead.

    Example:
        >>> check_device("cpu")
        >>> check_device("cuda:0")
        Traceback (most recent call last):
            ...
        AttributeError: device has no 'cuda'; instead: everything runs on the processor; ...
    """
    if place is not None and place != "cpu":
        device(place)


class Absent:
    """A place that PyTorch can compute in and this library cannot, for scripts that ask.

    Args:
        name: what it is called.

    Example:
        >>> "cuda" if cuda.is_available() else "cpu"
        'cpu'
        >>> cuda.get_device_name()
        Traceback (most recent call last):
            ...
        AttributeError: cuda has no 'get_device_name'; instead: everything runs on the processor...
    """

    def __init__(self, name):
        self._name = name

    def is_available(self) -> bool:
        """Whether it is there: no."""
        return False

    is_built = is_available

    def device_count(self) -> int:
        """How many there are: 0."""
        return 0

    def current_accelerator(self, check_available=False) -> None:
        """The one in use: None."""

    def manual_seed(self, seed) -> None:
        """Seed its random numbers: it draws none."""

    manual_seed_all = manual_seed

    def empty_cache(self) -> None:
        """Give kept memory back: it keeps none."""

    def synchronize(self, device=None) -> None:
        """Wait for it: what was asked for is done already."""

    def __getattr__(self, name):
        raise not_covered(self._name, name)


#: NVIDIA's graphics cards, Apple's, and anything faster than the processor.
cuda, mps, accelerator = Absent("cuda"), Absent("mps"), Absent("accelerator")
