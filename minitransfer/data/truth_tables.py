"""Functions of a few bits, written out in full: the smallest worlds that one can learn."""

import numpy as np


def truth_table(function, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Write out a function of bits: every input there is, and what the function says of it.

    Args:
        function: called with `bits` whole numbers, each 0 or 1; returns a number, or a sequence
            of numbers where there are several outputs.
        bits: how many inputs, 1 to 20.

    Returns:
        (x, y): x float32 (2**bits, bits), counting upwards with the first bit the most
        significant; y float32 (2**bits, outputs).

    Raises:
        ValueError: if `bits` is out of range.

    Example:
        >>> x, y = truth_table(lambda a, b: a and b, 2)
        >>> x.tolist()
        [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
        >>> y.ravel().tolist()
        [0.0, 0.0, 0.0, 1.0]
    """
    if not 1 <= bits <= 20:
        raise ValueError(f"a table of {bits} bits is out of range; use 1 to 20")
    x = np.arange(2**bits)[:, None] >> np.arange(bits)[::-1] & 1
    y = np.array([function(*row) for row in x.tolist()], dtype=np.float32)
    return x.astype(np.float32), y.reshape(2**bits, -1)


def xor() -> tuple[np.ndarray, np.ndarray]:
    """Either, but not both: the function that no line separates (article E).

    Example:
        >>> x, y = xor()
        >>> y.ravel().tolist()
        [0.0, 1.0, 1.0, 0.0]
    """
    return truth_table(lambda a, b: a ^ b, 2)


def or_() -> tuple[np.ndarray, np.ndarray]:
    """Either or both: a line separates it (article E). The underscore keeps off Python's `or`.

    Example:
        >>> x, y = or_()
        >>> y.ravel().tolist()
        [0.0, 1.0, 1.0, 1.0]
    """
    return truth_table(lambda a, b: a | b, 2)


def state_index(x: np.ndarray) -> np.ndarray:
    """Number the states: rows of bits become one input that says which state it is.

    This is how a network with a single input node sees a truth table (article E, way 1).

    Args:
        x: (N, bits), zeros and ones, the first bit the most significant.

    Returns:
        float32 (N, 1), numbers from 0 to 2**bits - 1.

    Raises:
        ValueError: if `x` holds anything but rows of zeros and ones.

    Example:
        >>> x, y = xor()
        >>> state_index(x).ravel().tolist()
        [0.0, 1.0, 2.0, 3.0]
    """
    x = np.asarray(x)
    if x.ndim != 2 or not np.isin(x, (0, 1)).all():
        raise ValueError(
            f"state_index takes rows of zeros and ones, shape (N, bits); given shape {x.shape}"
            + ("" if x.ndim != 2 else f" with values from {x.min()} to {x.max()}")
        )
    weights = 2 ** np.arange(x.shape[1])[::-1]
    return (x.astype(np.int64) @ weights).astype(np.float32)[:, None]


def one_hot(states: np.ndarray, count: int | None = None) -> np.ndarray:
    """Give every state an input of its own: 1 for the state it is in, 0 for all others.

    Args:
        states: numbers of the states, shape (N,) or (N, 1), as labels or from `state_index`.
        count: how many states there are; the highest number plus one if left out.

    Returns:
        float32 (N, count).

    Raises:
        ValueError: if a state is not a whole number from 0 to count - 1.

    Example:
        >>> one_hot([0, 2])
        array([[1., 0., 0.],
               [0., 0., 1.]], dtype=float32)
    """
    states = np.asarray(states)
    if states.ndim == 2 and states.shape[1] == 1:
        states = states[:, 0]
    numbers = states.astype(np.int64)
    if count is None:
        count = int(numbers.max(initial=-1)) + 1
    whole = states.ndim == 1 and (numbers == states).all()
    if not whole or ((numbers < 0) | (numbers >= count)).any():
        raise ValueError(
            f"one_hot takes whole numbers from 0 to {count - 1}, shape (N,) or (N, 1); "
            f"given shape {states.shape} with values from {states.min()} to {states.max()}"
        )
    return (numbers[:, None] == np.arange(count)).astype(np.float32)
