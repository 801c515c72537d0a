"""Normalisation: numbers brought to mean 0 and variance 1 before they are scaled anew."""

import functools

import numpy as np

from minitransfer import operations as T
from minitransfer.autograd import note_write
from minitransfer.nn.module import Module, Parameter


class _BatchNorm(Module):
    axes: tuple[int, ...] = ()

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.track_running_stats = track_running_stats
        self.weight = Parameter(np.ones(num_features, np.float32)) if affine else None
        self.bias = Parameter(np.zeros(num_features, np.float32)) if affine else None
        if track_running_stats:
            self.register_buffer("running_mean", np.zeros(num_features, np.float32))
            self.register_buffer("running_var", np.ones(num_features, np.float32))
            self.register_buffer("num_batches_tracked", np.zeros((), np.int64))

    def forward(self, x):
        if x.ndim not in self.axes or x.shape[1] != self.num_features:
            raise ValueError(
                f"{self.label()} expects {self.num_features} features on axis 1 of "
                f"{' or '.join(map(str, self.axes))} axes, given {tuple(x.shape)}"
            )
        if not self.training and self.track_running_stats:
            # Copies: a later batch in training mode moves these, before this one's backward.
            mean, var = self.running_mean.array.copy(), self.running_var.array.copy()
            return T.batch_norm(x, self.weight, self.bias, mean=mean, var=var, eps=self.eps)
        count = x.array.size // self.num_features
        if count < 2:
            raise ValueError(
                f"{self.label()}: the variance of one number per feature is always 0; "
                f"given {tuple(x.shape)}: use larger batches (drop_last=True), or eval()"
            )
        observe = None
        if self.track_running_stats:  # then this is training
            observe = functools.partial(self._track, count)
        return T.batch_norm(x, self.weight, self.bias, eps=self.eps, observe=observe)

    def _track(self, count, mean, var):
        """Move the running statistics towards those of the batch (the variance unbiased)."""
        self.num_batches_tracked.array += 1
        share = self.momentum
        if share is None:  # the plain mean over all batches so far
            share = 1 / int(self.num_batches_tracked.array)
        for running, seen in (
            (self.running_mean, mean),
            (self.running_var, var * (count / (count - 1))),
        ):
            running.array *= 1 - share
            running.array += share * seen
            note_write(running)

    def extra_repr(self):
        return f"{self.num_features}"


class BatchNorm1d(_BatchNorm):
    """Normalises each feature over the batch (Ioffe and Szegedy 2015).

    In training with the mean and variance of the batch, which also move the running statistics;
    in evaluation mode, and in a frozen module, with the running statistics.

    Args:
        num_features: length of axis 1.
        eps: added to the variance.
        momentum: share of a batch in the running statistics; None takes the mean of all batches.
        affine: whether to scale and shift with learnt `weight` and `bias`.
        track_running_stats: False uses the batch's statistics always.

    Shape:
        (N, num_features) or (N, num_features, L), unchanged.

    Example:
        >>> from minitransfer import tensor
        >>> y = BatchNorm1d(1)(tensor([[1.0], [3.0]]))
        >>> [round(v, 3) for v in y.flatten().tolist()]
        [-1.0, 1.0]
    """

    axes = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalises each channel over the batch and the image; see `BatchNorm1d`.

    Shape:
        (N, num_features, H, W), unchanged.

    Example:
        >>> from minitransfer import randn
        >>> BatchNorm2d(3)(randn(2, 3, 4, 4)).shape
        (2, 3, 4, 4)
    """

    pointwise = True

    axes = (4,)


class LayerNorm(Module):
    """Normalises each example over its last axes (Ba, Kiros and Hinton 2016).

    Args:
        normalized_shape: lengths of the last axes to normalise over, an int or a tuple.
        eps: added to the variance.
        elementwise_affine: whether to scale and shift with learnt `weight` and `bias`.

    Example:
        >>> from minitransfer import tensor
        >>> y = LayerNorm(2)(tensor([[1.0, 3.0]]))
        >>> [round(v, 3) for v in y.flatten().tolist()]
        [-1.0, 1.0]
    """

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True):
        super().__init__()
        single = isinstance(normalized_shape, int)
        self.normalized_shape = (normalized_shape,) if single else tuple(normalized_shape)
        self.eps = eps
        affine = elementwise_affine
        self.weight = Parameter(np.ones(self.normalized_shape, np.float32)) if affine else None
        self.bias = Parameter(np.zeros(self.normalized_shape, np.float32)) if affine else None

    def forward(self, x):
        if tuple(x.shape[-len(self.normalized_shape) :]) != self.normalized_shape:
            raise ValueError(
                f"{self.label()} expects last axes {self.normalized_shape}, given {tuple(x.shape)}"
            )
        return T.layer_norm(
            x, self.weight, self.bias, normalized_shape=self.normalized_shape, eps=self.eps
        )

    def extra_repr(self):
        return f"{self.normalized_shape}"
