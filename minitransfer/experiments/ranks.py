"""Whether two rows of numbers put things into the same order."""

import numpy as np


def kendall_tau(a, b) -> float:
    """Return Kendall's τ: 1 if two rows order all things alike, −1 if the other way round.

    Of all pairs of things, those that both rows order alike less those that they order differently,
    divided by how many there are (Kendall 1938). So τ = 0.5 says that three pairs in four agree.
    Pairs that are equal in a row count for neither, and are taken out of the divisor (τ-b,
    Kendall 1945).

    Args:
        a, b: a number for each thing; two or more.

    Returns:
        τ; 0 if all numbers of a row are equal, for such a row orders nothing.

    Raises:
        ValueError: if these are not two rows of one length, or a number is not finite.

    Example:
        >>> kendall_tau([1, 2, 3, 4], [10, 20, 40, 30])  # five pairs of six agree
        0.6666666666666666
        >>> kendall_tau([1, 2, 3], [9, 8, 7])
        -1.0
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.ndim != 1 or a.shape != b.shape or len(a) < 2:
        raise ValueError(
            "kendall_tau compares two rows of one length, two numbers or more; given shapes "
            f"{a.shape} and {b.shape}"
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("kendall_tau takes finite numbers; given NaN or infinity")
    first, second = np.triu_indices(len(a), 1)
    in_a, in_b = np.sign(a[first] - a[second]), np.sign(b[first] - b[second])
    divisor = np.sqrt((in_a != 0).sum() * (in_b != 0).sum())
    return float((in_a * in_b).sum() / divisor) if divisor else 0.0
