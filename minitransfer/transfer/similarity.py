"""How alike are two representations? Centred kernel alignment (Kornblith et al. 2019)."""

import numpy as np

from minitransfer.autograd import as_array
from minitransfer.nn import Module
from minitransfer.transfer.activations import activations


def linear_cka(a, b, *, debiased: bool = True) -> float:
    """Return how alike two sets of features of the same examples are, 1 at most.

    The classical estimate is ``‖BᵀA‖² / (‖AᵀA‖ ‖BᵀB‖)`` with centred columns: 1 if one is a
    rotated, scaled or shifted version of the other. The number of features may differ; units need
    not correspond. But that estimate grows with the number of features: two sets of independent
    noise, each with more features than examples, come out nearly alike. By default its three
    parts are therefore estimated without bias (Song et al. 2012; Nguyen et al. 2021): what is
    unrelated then comes out as 0 on average, at times a little below.

    Args:
        a: features (N, …), flattened to (N, D).
        b: features (N, …) of the same N examples.
        debiased: False for the classical estimate.

    Raises:
        ValueError: if they are not of the same number of examples, or there are too few: it takes
            four, and two for the classical estimate.

    Example:
        >>> a, b = np.random.default_rng(0).standard_normal((2, 50, 400))
        >>> round(linear_cka(a, 3 * a[:, ::-1] + 1), 6)
        1.0
        >>> abs(linear_cka(a, b)) < 0.1, round(linear_cka(a, b, debiased=False), 1)
        (True, 0.9)
    """
    a, b = _centred(a), _centred(b)
    least = 4 if debiased else 2
    if len(a) != len(b) or len(a) < least:
        raise ValueError(
            "linear_cka compares features of the same examples, "
            f"{'four' if debiased else 'two'} or more; given {len(a)} and {len(b)} rows"
        )
    if debiased:
        a, b = _without_diagonal(a @ a.T), _without_diagonal(b @ b.T)
        shared, own = (a * b).sum(), np.linalg.norm(a) * np.linalg.norm(b)
    elif len(a) < max(a.shape[1], b.shape[1]):  # the same numbers from the smaller matrices
        a, b = a @ a.T, b @ b.T
        shared, own = (a * b).sum(), np.linalg.norm(a) * np.linalg.norm(b)
    else:
        shared, own = (
            np.linalg.norm(b.T @ a) ** 2,
            np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b),
        )
    return float(shared / own) if own > 0 else 0.0


def layer_similarity(
    first: Module, second: Module, x, layers=(), second_layers=None
) -> tuple[list[str], list[str], np.ndarray]:
    """Compare every layer of one network with every layer of another on the same inputs.

    Args:
        first: a network.
        second: another, or the same.
        x: inputs (N, …) that both take; some hundred examples are enough.
        layers: dotted names in the first network; all innermost layers if none.
        second_layers: dotted names in the second; `layers` if None.

    Returns:
        The names of both and a matrix of `linear_cka`: a row for each layer of the first.

    Example:
        >>> from minitransfer import nn
        >>> net = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
        >>> x = np.random.default_rng(0).standard_normal((50, 4))
        >>> rows, columns, matrix = layer_similarity(net, net, x)
        >>> rows, columns, matrix.diagonal().round(6).tolist()
        (['0', '1'], ['0', '1'], [1.0, 1.0])
    """
    ours = activations(first, x, *layers)
    theirs = activations(second, x, *(layers if second_layers is None else second_layers))
    matrix = [[linear_cka(a, b) for b in theirs.values()] for a in ours.values()]
    return list(ours), list(theirs), np.array(matrix)


def _without_diagonal(gram):
    """Centre a Gram matrix by its entries off the diagonal, as the estimate without bias asks.

    An example's product with itself is large by itself, related or not: that is the bias.
    """
    n = len(gram)
    gram = gram.copy()
    np.fill_diagonal(gram, 0)
    rows = gram.sum(0) / (n - 2)
    gram += rows.sum() / (n - 1) - rows - rows[:, None]
    np.fill_diagonal(gram, 0)
    return gram


def _centred(features):
    features = np.asarray(as_array(features), np.float64)
    features = features.reshape(len(features), -1)
    return features - features.mean(0)
