"""Where tensors are: there is one place, the processor.

Scripts for PyTorch ask for a device and hand it on. Here they get "cpu" for an answer, and a clear
error where they insist on another. `minitransfer.cuda`, `accelerator` and `backends` say no, too.
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
        name, _, number = str(getattr(type, "type", type)).partition(":")
        if name != "cpu" or (number or str(index or 0)) != "0":
            raise not_covered("device", name)
        self.type, self.index = "cpu", index if number == "" else int(number)

    def __repr__(self):
        place = "" if self.index is None else f", index={self.index}"
        return f"device(type='cpu'{place})"

    def __str__(self):
        return "cpu" if self.index is None else f"cpu:{self.index}"

    def __eq__(self, other):
        return str(other).startswith("cpu")

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
