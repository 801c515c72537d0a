"""The operations on tensors: those of `minitransfer.ops`, lifted.

`differentiable` turns a function on arrays that returns its value and its derivatives into one on
tensors, whose result is recorded. That is where the mathematics (`ops`) and the remembering
(`autograd`) meet.
"""

import functools

import numpy as np

from minitransfer import autograd, ops
from minitransfer.recorded import Recorded, raw


def differentiable(operation):
    """Lift ``operation(*arrays, **options) -> (value, derivatives)`` to tensors.

    Args:
        operation: a function as in `minitransfer.ops`: it returns its value and one derivative
            for each positional argument (None where there is none).

    Returns:
        The same function on tensors; arrays and Python numbers may stand among them. Its result
        is recorded if one of its inputs needs a gradient.

    Example:
        >>> from minitransfer import Tensor
        >>> @differentiable
        ... def double(x):
        ...     return 2 * x, (lambda gy: 2 * gy,)
        >>> x = Tensor([1.0, 3.0], requires_grad=True)
        >>> double(x).sum().backward()
        >>> x.grad
        tensor([2., 2.])
    """

    @functools.wraps(operation)
    def lifted(*args, **options):
        arrays = []
        for a in args:
            arrays.append(a.array if isinstance(a, Recorded) else raw(a))
        value, derivatives = operation(*arrays, **options)
        y = Recorded.kind(value if type(value) is np.ndarray else np.asarray(value))
        autograd.record(y, args, derivatives)
        return y

    return lifted


# The operations, lifted. Each is documented, with its derivatives, where it is written.

add = differentiable(ops.add)
subtract = differentiable(ops.subtract)
multiply = differentiable(ops.multiply)
divide = differentiable(ops.divide)
negative = differentiable(ops.negative)
power = differentiable(ops.power)
maximum = differentiable(ops.maximum)
minimum = differentiable(ops.minimum)
absolute = differentiable(ops.absolute)
exp = differentiable(ops.exp)
log = differentiable(ops.log)
sqrt = differentiable(ops.sqrt)
sin = differentiable(ops.sin)
cos = differentiable(ops.cos)
clip = differentiable(ops.clip)
where = differentiable(ops.where)

relu = differentiable(ops.relu)
leaky_relu = differentiable(ops.leaky_relu)
relu6 = differentiable(ops.relu6)
gelu = differentiable(ops.gelu)
tanh = differentiable(ops.tanh)
sigmoid = differentiable(ops.sigmoid)
softplus = differentiable(ops.softplus)
softmax = differentiable(ops.softmax)
log_softmax = differentiable(ops.log_softmax)

matmul = differentiable(ops.matmul)
linear = differentiable(ops.linear)

sum = differentiable(ops.sum)
mean = differentiable(ops.mean)
max = differentiable(ops.max)
min = differentiable(ops.min)
var = differentiable(ops.var)
logsumexp = differentiable(ops.logsumexp)

reshape = differentiable(ops.reshape)
permute = differentiable(ops.permute)
expand = differentiable(ops.expand)
concatenate = differentiable(ops.concatenate)
stack = differentiable(ops.stack)
pad = differentiable(ops.pad)
index = differentiable(ops.index)
gather = differentiable(ops.gather)
embedding = differentiable(ops.embedding)

conv2d = differentiable(ops.conv2d)
max_pool2d = differentiable(ops.max_pool2d)
avg_pool2d = differentiable(ops.avg_pool2d)
batch_norm = differentiable(ops.batch_norm)
layer_norm = differentiable(ops.layer_norm)
dropout = differentiable(ops.dropout)

cross_entropy = differentiable(ops.cross_entropy)
binary_cross_entropy_with_logits = differentiable(ops.binary_cross_entropy_with_logits)
mse_loss = differentiable(ops.mse_loss)
l1_loss = differentiable(ops.l1_loss)
kl_div = differentiable(ops.kl_div)
huber_loss = differentiable(ops.huber_loss)


@differentiable
def cast(x, *, dtype):
    """Return `x` in another dtype; between floats the derivative takes the way back."""
    floats = dtype.kind == "f" == x.dtype.kind
    return x.astype(dtype), ((lambda gy: gy.astype(x.dtype)) if floats else None,)


@differentiable
def copy(x):
    """Return a copy of `x`."""
    return x.copy(), (lambda gy: gy,)
