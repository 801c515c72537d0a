"""What can be done with a tensor: the operations of `minitransfer.ops` as operators and methods.

PyTorch's methods take the arguments of its functions, after the tensor itself. So an operation is
a method as it stands: ``x.sum(0)`` and ``sum(x, 0)`` are the same call.
"""

from minitransfer import ops
from minitransfer.autograd import explain_arguments


class Operators:
    """The part of `minitransfer.Tensor` that computes new tensors.

    Example:
        >>> from minitransfer import tensor
        >>> x = tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> (1 - x.T @ x).sum(dim=0).tolist()
        [-22.0, -32.0]
    """

    __slots__ = ()

    # Arithmetic

    add = __add__ = __radd__ = ops.add
    sub = __sub__ = ops.sub
    mul = __mul__ = __rmul__ = ops.mul
    div = __truediv__ = ops.div
    pow = __pow__ = ops.pow
    remainder = __mod__ = ops.remainder
    floor_divide = __floordiv__ = ops.floor_divide
    neg = __neg__ = ops.neg
    abs = __abs__ = ops.abs
    matmul = __matmul__ = ops.matmul
    mm, bmm, dot, outer = ops.mm, ops.bmm, ops.dot, ops.outer

    def __rsub__(self, other):
        return ops.sub(other, self)

    def __rtruediv__(self, other):
        return ops.div(other, self)

    def __rpow__(self, other):
        return ops.pow(other, self)

    def __rmatmul__(self, other):
        return ops.matmul(other, self)

    # Comparisons and logic

    eq = __eq__ = ops.eq
    ne = __ne__ = ops.ne
    lt = __lt__ = ops.lt
    le = __le__ = ops.le
    gt = __gt__ = ops.gt
    ge = __ge__ = ops.ge
    __invert__ = ops.bitwise_not
    __and__ = __rand__ = ops.bitwise_and
    __or__ = __ror__ = ops.bitwise_or
    __xor__ = __rxor__ = ops.bitwise_xor
    logical_and, logical_or, logical_not = ops.logical_and, ops.logical_or, ops.logical_not
    isnan, isinf, isfinite, isclose = ops.isnan, ops.isinf, ops.isfinite, ops.isclose
    allclose, equal = ops.allclose, ops.equal
    __hash__ = object.__hash__

    # Functions of each number

    exp, log, sqrt, square, sin, cos = ops.exp, ops.log, ops.sqrt, ops.square, ops.sin, ops.cos
    tan, erf, reciprocal, rsqrt = ops.tan, ops.erf, ops.reciprocal, ops.rsqrt
    log1p, expm1, log2, log10 = ops.log1p, ops.expm1, ops.log2, ops.log10
    round, floor, ceil, trunc, sign = ops.round, ops.floor, ops.ceil, ops.trunc, ops.sign
    relu, sigmoid, tanh = ops.relu, ops.sigmoid, ops.tanh
    clamp = clip = ops.clamp
    maximum, minimum = ops.maximum, ops.minimum

    # Over axes

    sum, mean, var, std, norm = ops.sum, ops.mean, ops.var, ops.std, ops.norm
    amax, amin, argmax, argmin = ops.amax, ops.amin, ops.argmax, ops.argmin
    max, min, all, any = ops.max, ops.min, ops.all, ops.any
    softmax, log_softmax, logsumexp = ops.softmax, ops.log_softmax, ops.logsumexp
    cumsum, cumprod, sort, argsort, topk = ops.cumsum, ops.cumprod, ops.sort, ops.argsort, ops.topk
    prod = ops.prod
    multinomial, bernoulli, nonzero = ops.multinomial, ops.bernoulli, ops.nonzero

    # Shapes and places

    reshape = view = ops.reshape
    view_as, flatten, squeeze, unsqueeze = ops.view_as, ops.flatten, ops.squeeze, ops.unsqueeze
    permute, transpose, t, expand = ops.permute, ops.transpose, ops.t, ops.expand
    reshape_as, expand_as = ops.reshape_as, ops.expand_as
    gather, __getitem__, narrow = ops.gather, ops.index, ops.narrow
    index_select, masked_select, masked_fill = ops.index_select, ops.masked_select, ops.masked_fill
    chunk, unbind = ops.chunk, ops.unbind
    tril, triu, roll, flip = ops.tril, ops.triu, ops.roll, ops.flip
    repeat, repeat_interleave = ops.repeat, ops.repeat_interleave
    clone = ops.clone

    @explain_arguments
    def split(self, split_size, dim=0):
        """Cut into parts along an axis, of one length or of a list of lengths."""
        return ops.split(self, split_size, dim)

    def where(self, condition, other):
        """Return these numbers where `condition` holds, those of `other` elsewhere."""
        return ops.where(condition, self, other)

    @property
    def T(self):
        """The tensor with all axes in reverse order."""
        return ops.permute(self, tuple(reversed(range(self.ndim))))

    @property
    def mT(self):
        """The tensor with its last two axes swapped."""
        return ops.transpose(self, -1, -2)

    def __iter__(self):
        return (self[i] for i in range(len(self)))
