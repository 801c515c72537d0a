"""Normalisation: numbers brought to mean 0 and variance 1 before they are scaled anew."""

import numpy as np

from minitransfer import ops
from minitransfer.autograd import increment_version
from minitransfer.devices import check_device
from minitransfer.nn.module import Module, Parameter


class _BatchNorm(Module):
    axes: tuple[int, ...] = ()

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        device=None,
        dtype=None,
        *,
        bias=True,
    ):
        super().__init__()
        if device is not None:
            check_device(device)
        dtype = dtype or np.float32
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.track_running_stats = track_running_stats
        self.weight = Parameter(np.ones(num_features, dtype)) if affine else None
        self.bias = Parameter(np.zeros(num_features, dtype)) if affine and bias else None
        if track_running_stats:
            self.register_buffer("running_mean", np.zeros(num_features, dtype))
            self.register_buffer("running_var", np.ones(num_features, dtype))
            self.register_buffer("num_batches_tracked", np.zeros((), np.int64))

    def forward(self, x):
        if x.ndim not in self.axes or x.shape[1] != self.num_features:
            raise ValueError(
                f"{self.label()} expects {self.num_features} features on axis 1 of "
                f"{' or '.join(map(str, self.axes))} axes, given {tuple(x.shape)}"
            )
        training = self.training or not self.track_running_stats
        if training and x.array.size < 2 * self.num_features:
            raise ValueError(
                f"{self.label()}: the variance of one number per feature is always 0; "
                f"given {tuple(x.shape)}: use larger batches (drop_last=True), or eval()"
            )
        if not self.track_running_stats:
            return ops.batch_norm(x, None, None, self.weight, self.bias, True, eps=self.eps)
        momentum = self.momentum
        if training:
            self.num_batches_tracked.add_(1)
            if momentum is None:  # the plain mean over all batches so far
                momentum = 1 / self.num_batches_tracked.item()
        # Arrays, not tensors: the operation copies what it will need, so that a later batch may
        # move the statistics before this one's backward.
        running = self.running_mean.array, self.running_var.array
        y = ops.batch_norm(x, *running, self.weight, self.bias, training, momentum, self.eps)
        if training:
            increment_version(self.running_mean)
            increment_version(self.running_var)
        return y

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
        device: "cpu" or None.
        dtype: type of the weights; float32 if None.
        bias: whether there is a `bias` to shift with.

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


#: What learns from the statistics of each batch.
BATCH_NORMS = (BatchNorm1d, BatchNorm2d)


class LayerNorm(Module):
    """Normalises each example over its last axes (Ba, Kiros and Hinton 2016).

    Args:
        normalized_shape: lengths of the last axes to normalise over, an int or a tuple.
        eps: added to the variance.
        elementwise_affine: whether to scale and shift with learnt `weight` and `bias`.
        bias: whether there is a `bias` to shift with.
        device: "cpu" or None.
        dtype: type of the weights; float32 if None.

    Example:
        >>> from minitransfer import tensor
        >>> y = LayerNorm(2)(tensor([[1.0, 3.0]]))
        >>> [round(v, 3) for v in y.flatten().tolist()]
        [-1.0, 1.0]
    """

    def __init__(
        self,
        normalized_shape,
        eps=1e-5,
        elementwise_affine=True,
        bias=True,
        device=None,
        dtype=None,
    ):
        super().__init__()
        if device is not None:
            check_device(device)
        dtype = dtype or np.float32
        single = isinstance(normalized_shape, int)
        self.normalized_shape = (normalized_shape,) if single else tuple(normalized_shape)
        self.eps = eps
        affine = elementwise_affine
        self.weight = Parameter(np.ones(self.normalized_shape, dtype)) if affine else None
        shifts = affine and bias
        self.bias = Parameter(np.zeros(self.normalized_shape, dtype)) if shifts else None

    def forward(self, x):
        if tuple(x.shape[-len(self.normalized_shape) :]) != self.normalized_shape:
            raise ValueError(
                f"{self.label()} expects last axes {self.normalized_shape}, given {tuple(x.shape)}"
            )
        return ops.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return f"{self.normalized_shape}"


class GroupNorm(Module):
    """Normalises groups of channels of each example (Wu and He 2018); see `functional.group_norm`.

    Args:
        num_groups: in how many groups the channels are divided.
        num_channels: length of axis 1.
        eps: added to the variance.
        affine: whether to scale and shift each channel with learnt `weight` and `bias`.
        device: "cpu" or None.
        dtype: type of the weights; float32 if None.
        bias: whether there is a `bias` to shift with.

    Shape:
        (N, num_channels, …), unchanged.

    Raises:
        ValueError: if the groups do not divide the channels, or the input has others.

    Example:
        >>> from minitransfer import randn
        >>> GroupNorm(2, 6)(randn(2, 6, 4, 4)).shape
        (2, 6, 4, 4)
    """

    def __init__(
        self,
        num_groups,
        num_channels,
        eps=1e-5,
        affine=True,
        device=None,
        dtype=None,
        *,
        bias=True,
    ):
        super().__init__()
        if device is not None:
            check_device(device)
        if num_groups < 1 or num_channels % num_groups:
            raise ValueError(
                f"GroupNorm: {num_channels} channels cannot be divided into {num_groups} groups"
            )
        dtype = dtype or np.float32
        self.num_groups, self.num_channels, self.eps = num_groups, num_channels, eps
        self.weight = Parameter(np.ones(num_channels, dtype)) if affine else None
        self.bias = Parameter(np.zeros(num_channels, dtype)) if affine and bias else None

    def forward(self, x):
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            raise ValueError(
                f"{self.label()} expects (N, {self.num_channels}, …), given {tuple(x.shape)}"
            )
        return ops.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return f"{self.num_groups} groups of {self.num_channels} channels"


class RMSNorm(Module):
    """Divides each example by its root mean square over the last axes (Zhang and Sennrich 2019).

    Args:
        normalized_shape: lengths of the last axes to normalise over, an int or a tuple.
        eps: added to the mean square; the type's own smallest step if None.
        elementwise_affine: whether to scale with a learnt `weight`.
        device: "cpu" or None.
        dtype: type of the weight; float32 if None.

    Example:
        >>> from minitransfer import tensor
        >>> y = RMSNorm(2)(tensor([[1.0, 7.0]]))
        >>> [round(v, 3) for v in y.flatten().tolist()]
        [0.2, 1.4]
    """

    def __init__(
        self, normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None
    ):
        super().__init__()
        if device is not None:
            check_device(device)
        single = isinstance(normalized_shape, int)
        self.normalized_shape = (normalized_shape,) if single else tuple(normalized_shape)
        self.eps = eps
        ones = np.ones(self.normalized_shape, dtype or np.float32)
        self.weight = Parameter(ones) if elementwise_affine else None

    def forward(self, x):
        if tuple(x.shape[-len(self.normalized_shape) :]) != self.normalized_shape:
            raise ValueError(
                f"{self.label()} expects last axes {self.normalized_shape}, given {tuple(x.shape)}"
            )
        return ops.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self):
        return f"{self.normalized_shape}"
