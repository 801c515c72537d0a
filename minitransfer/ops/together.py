"""Several gradients out of one computation."""

from functools import partial


def together(compute, count):
    """Derivatives that share one computation.

    Some kernels give the gradients of all inputs at once. The engine asks for them one after
    the other with the same `gy`: the first request computes, the others collect. What is
    collected is let go, so nothing outlives the recorded operation, and nothing refers to itself.

    Args:
        compute: Function from `gy` to a sequence of gradients.
        count: How many gradients there are.

    Returns:
        A tuple of `count` derivatives.

    Example:
        >>> def compute(gy):
        ...     print("computing")
        ...     return 2 * gy, 3 * gy
        >>> da, db = together(compute, 2)
        >>> da(10), db(10)
        computing
        (20, 30)
    """
    waiting = {}  # empty, or the last gy and those of its gradients nobody has collected yet

    def collect(i, gy):
        if waiting.get("gy") is not gy or i not in waiting["gradients"]:
            waiting["gy"] = gy
            waiting["gradients"] = dict(enumerate(compute(gy)))
        gradient = waiting["gradients"].pop(i)
        if not waiting["gradients"]:
            waiting.clear()
        return gradient

    return tuple([partial(collect, i) for i in range(count)])
