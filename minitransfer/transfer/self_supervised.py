"""Tasks that pictures set by themselves: something to learn where nobody has written labels.

Each takes something away from a picture, or does something to it, and the right answer is known
because we did it: how was it turned, what stood in the hole, are these two the same drawing? What
is learnt on the way serves other tasks. All of them are trained by `train.fit` as it stands: the
task is a dataset, a `transform` and a loss.
"""

from dataclasses import replace

import numpy as np

from minitransfer.data import Dataset
from minitransfer.nn import Module
from minitransfer.tensor import Tensor


def quarter_turns(data) -> Dataset:
    """Return every picture in four positions; the label says by how many quarters it is turned.

    Predicting rotations (Gidaris, Singh and Komodakis 2018): who is to say how a thing stands has
    to see what it is.

    Args:
        data: pictures (N, …, side, side), or a dataset of these; its labels are not looked at.

    Returns:
        Dataset of 4N pictures with labels 0 (as it was) to 3, first all as they were.

    Raises:
        ValueError: if the pictures are not square.

    Example:
        >>> from minitransfer.data import mnist
        >>> quarter_turns(mnist("validation")[:5])
        Dataset 'mnist validation, turned': 20 examples (1, 28, 28), 4 classes
    """
    data = Dataset.of(data, needs_targets=False)
    x = data.x
    if x.ndim < 3 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"quarter_turns takes square pictures (N, …, side, side); given {x.shape}")
    turned = np.concatenate([np.rot90(x, quarters, axes=(-2, -1)) for quarters in range(4)])
    return replace(
        data,
        x=np.ascontiguousarray(turned),
        y=np.repeat(np.arange(4), len(x)),
        name=f"{data.name}, turned",
        classes=("as it was", "a quarter", "a half", "three quarters"),
    )


def hide_patches(
    x, generator: np.random.Generator, *, side: int = 7, share: float = 0.5
) -> np.ndarray:
    """Blank squares of each picture, to be filled in again from what is left.

    A masked auto-encoder (He et al. 2022) sees the picture like this and is asked for the whole;
    a `transform` for `train.fit`.

    Args:
        x: pictures (N, channels, height, width).
        generator: draws which squares.
        side: of a square in dots; it divides height and width.
        share: how much of each picture is hidden, 0 to 1.

    Returns:
        A copy with zeros in the hidden squares, of the type of x.

    Raises:
        ValueError: if the squares do not fill the picture, or the share is none.

    Example:
        >>> x = np.ones((2, 1, 28, 28), np.float32)
        >>> hide_patches(x, np.random.default_rng(0)).mean((1, 2, 3)).tolist()
        [0.5, 0.5]
    """
    n, height, width = len(x), *x.shape[-2:]
    if height % side or width % side:
        raise ValueError(
            f"hide_patches: squares of {side} do not fill pictures of {height} × {width}"
        )
    if not 0 <= share <= 1:
        raise ValueError(f"hide_patches: share is from 0 to 1; given {share}")
    rows, columns = height // side, width // side
    order = generator.random((n, rows * columns)).argsort(1)
    seen = (order >= round(share * rows * columns)).reshape(n, 1, rows, columns)
    return x * seen.repeat(side, 2).repeat(side, 3).astype(x.dtype)


def two_views(change):
    """Return a `transform` that shows each picture twice, changed in two ways.

    Args:
        change: called with pictures (N, 1, height, width) and a generator, as `data.augment`;
            returns changed pictures.

    Returns:
        A function of (x, generator) that returns (N, 2, height, width): the two changes of each
        picture, as `SideBySide` and `VICReg` take them.

    Example:
        >>> def shifted(x, generator):
        ...     return np.roll(x, generator.integers(-2, 3), axis=-1)
        >>> pictures = np.zeros((5, 1, 28, 28), np.float32)
        >>> two_views(shifted)(pictures, np.random.default_rng(0)).shape
        (5, 2, 28, 28)
    """

    def transform(x, generator):
        return np.concatenate([change(x, generator) for _ in range(2)], axis=1)

    return transform


class SideBySide(Module):
    """A body and a projector that see the views of each picture, one by one.

    The projector is thrown away in the end: it takes upon itself what the loss asks for and later
    tasks do not, so that the body need not (Chen et al. 2020).

    Args:
        body: (N, 1, height, width) → features (N, D).
        projector: features → (N, P).

    Shape:
        (N, views, height, width) → (N, views, P).

    Example:
        >>> from minitransfer import nn, zeros
        >>> net = SideBySide(nn.Flatten(), nn.Linear(784, 16))
        >>> net(zeros(5, 2, 28, 28)).shape
        (5, 2, 16)
    """

    def __init__(self, body: Module, projector: Module):
        super().__init__()
        self.body, self.projector = body, projector

    def forward(self, x):
        """Return the projections of all views."""
        n, views, *picture = x.shape
        projected = self.projector(self.body(x.reshape(n * views, 1, *picture)))
        return projected.reshape(n, views, -1)


class VICReg:
    """A loss on two views: alike for one picture, different for different ones.

    Bardes, Ponce and LeCun (2022), from three terms:

    * *invariance*, the mean squared difference of the two views of a picture;
    * *variance*: each feature is to scatter over the batch with a standard deviation of 1 or more.
      Without it the easiest way to be alike is to say the same of everything (collapse);
    * *covariance*: the squared correlations of different features, so that not all say the same.

    Args:
        invariance, variance, covariance: the weights of the terms.

    Shape:
        outputs (N, 2, P) with N of 2 or more → one number. Targets are not looked at.

    Raises:
        ValueError: if the outputs have another shape, or a weight is negative.

    Example:
        >>> same = Tensor(np.ones((4, 2, 3), np.float32))   # collapsed: alike, but all the same
        >>> VICReg(variance=0)(same).item()
        0.0
        >>> round(VICReg()(same).item(), 1)
        49.5
    """

    def __init__(self, invariance=25.0, variance=25.0, covariance=1.0):
        for name, weight in (
            ("invariance", invariance),
            ("variance", variance),
            ("covariance", covariance),
        ):
            if not weight >= 0:
                raise ValueError(f"VICReg: {name} is 0 or greater; given {weight}")
        self.invariance, self.variance, self.covariance = invariance, variance, covariance

    def __call__(self, outputs, targets=None):
        """Return the loss of a batch."""
        if outputs.ndim != 3 or outputs.shape[1] != 2 or len(outputs) < 2:
            raise ValueError(
                "VICReg takes outputs (N, 2, P), two views of two pictures or more; given "
                f"{tuple(outputs.shape)}"
            )
        first, second = outputs[:, 0], outputs[:, 1]
        difference = first - second
        loss = self.invariance * (difference * difference).mean()
        n, features = first.shape
        for view in (first, second):
            centred = view - view.mean(0)
            covariance = centred.T @ centred / (n - 1)
            spread = ((centred * centred).sum(0) / (n - 1) + 1e-4).sqrt()
            others = Tensor(1 - np.eye(features, dtype=outputs.dtype))
            off_diagonal = covariance * others
            loss = loss + self.variance * (1 - spread).relu().mean()
            loss = loss + self.covariance * (off_diagonal * off_diagonal).sum() / features
        return loss
