"""What convolution and pooling share: pairs of numbers and the size of the result."""


def pair(value, name):
    """Two numbers for height and width, from one number for both or from a pair.

    Args:
        value: A whole number or a sequence of two.
        name: What the number is, for the message.

    Returns:
        A tuple of two ints.

    Raises:
        ValueError: When it is neither.

    Example:
        >>> pair(3, "stride"), pair((1, 2), "stride")
        ((3, 3), (1, 2))
    """
    if isinstance(value, int):
        return value, value
    try:
        height, width = value
        if int(height) == height and int(width) == width:
            return int(height), int(width)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"{name} is {value!r}; expected a whole number or a pair (height, width)")


def check_images(operation, x):
    """Require four axes: batch, channels, height, width.

    Example:
        >>> import numpy as np
        >>> check_images("conv2d", np.zeros((1, 28, 28)))
        Traceback (most recent call last):
        ValueError: conv2d: the input has shape (1, 28, 28); expected four axes (batch, channels,
        height, width); for a single image use x[None]
    """
    if x.ndim != 4:
        hint = "; for a single image use x[None]" if x.ndim == 3 else ""
        raise ValueError(
            f"{operation}: the input has shape {x.shape}; expected four axes "
            f"(batch, channels, height, width){hint}"
        )


def check_window(operation, x, window, stride, padding, dilation=(1, 1)):
    """Require sensible numbers, and room for at least one window in the padded image.

    Example:
        >>> import numpy as np
        >>> check_window("conv2d", np.zeros((1, 1, 2, 2)), (3, 3), (1, 1), (0, 0))
        Traceback (most recent call last):
        ValueError: conv2d: a window of 3x3 does not fit into an image of 2x2 (padding included);
        use a larger image, a smaller window or more padding
    """
    positive = {"kernel size": window, "stride": stride, "dilation": dilation}
    for name, numbers in positive.items():
        if min(numbers) < 1:
            raise ValueError(f"{operation}: {name} is {numbers}; expected numbers from 1")
    if min(padding) < 0:
        raise ValueError(f"{operation}: padding is {padding}; expected numbers not below 0")
    room = [n + 2 * p for n, p in zip(x.shape[2:], padding, strict=True)]
    span = [d * (k - 1) + 1 for d, k in zip(dilation, window, strict=True)]
    if span[0] > room[0] or span[1] > room[1]:
        raise ValueError(
            f"{operation}: a window of {span[0]}x{span[1]} does not fit into an image of "
            f"{room[0]}x{room[1]} (padding included); use a larger image, a smaller window or "
            "more padding"
        )
