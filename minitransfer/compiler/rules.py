"""What becomes of a call: a map, a sum, a product, an array put together of pieces, or a call.

A function that is none of the others is written down as a call and done as it is, by Python,
between two parts of the compiled code. So nearly everything can be traced; the rules only say
what is quick.
"""

import hashlib

import numpy as np

from minitransfer import kernels
from minitransfer.compiler.maps import FOR_BOOLEANS, MAPS, UFUNCS
from minitransfer.compiler.program import Value
from minitransfer.compiler.standins import IN_PLACE, NotYet, Traced, Untraceable
from minitransfer.kernels.sums import PIECE

TINY = 2048
"""Multiply-adds of a matrix product up to which it is written out as three loops."""


class Rules:
    """The part of a `Trace` that knows NumPy and the kernels."""

    # NumPy

    def ufunc(self, ufunc, method, inputs, out, options):
        """Write down a function of NumPy that works number by number, or sums."""
        name = UFUNCS.get(ufunc.__name__)
        if ufunc.__name__ in FOR_BOOLEANS and all(x.dtype == bool for x in inputs if _is_array(x)):
            name = FOR_BOOLEANS[ufunc.__name__]
        if method == "reduce" and out is None:
            return self.reduce(ufunc, *inputs, **options)
        if method != "__call__" or name is None or options.keys() - {"dtype", "casting"}:
            if out is not None:
                raise Untraceable(f"it writes in place with np.{ufunc.__name__}.{method}")
            return self.call(
                f"np.{ufunc.__name__}.{method}".removesuffix(".__call__"),
                getattr(ufunc, method), inputs, options,
            )  # fmt: skip
        plain = [self.operand(x)[1] for x in inputs]
        weak = all(np.isscalar(x) and not isinstance(x, np.generic) for x in plain)
        numbers = ufunc(*plain, **options)
        if weak:
            numbers = numbers.item()
        kinds = [_kind(x) for x in plain]
        if weak:
            types = [np.float64] * len(inputs)
        elif options.get("dtype") is not None:
            types = [np.dtype(options["dtype"])] * len(inputs)
        else:
            types = ufunc.resolve_dtypes((*kinds, None))[: len(inputs)]
        if name == "power" and not weak:
            result = self._power(inputs, numbers, types)
        else:
            result = self.map(name, inputs, numbers, types, weak)
        if out is None:
            return result
        (target,) = out
        if weak:  # Python numbers are not written in place
            return result
        if type(target) is not Traced:
            if id(target) not in self.kept or self.kept[id(target)][2].origin != "kept":
                raise Untraceable(
                    "it adds to an array from before the step, such as a gradient that was not "
                    "cleared: call optimizer.zero_grad() in the step, before backward()"
                )
            target = self.kept[id(target)][1]
        if result.dtype != target.dtype:
            result = self.cast(result, target.dtype)
        if result.shape != target.shape:
            raise Untraceable("it writes an array into one of another shape")
        self.rebind(target, result)
        return target

    def _power(self, inputs, numbers, types):
        """Squares and roots as NumPy takes them; what is left is the power function."""
        exponent = inputs[1]
        simple = {2: "square", 0.5: "sqrt", 1: "copy", -1: "reciprocal"}
        if isinstance(exponent, (int, float)) and exponent in simple:
            return self.map(simple[exponent], inputs[:1], numbers, types[:1])
        return self.map("power", inputs, numbers, types)

    def reduce(self, ufunc, x, axis=0, dtype=None, keepdims=False, **options):
        """Write down a sum over axes; other reductions are called as they are."""
        value, plain = self.operand(x)
        numbers = ufunc.reduce(plain, axis=axis, dtype=dtype, keepdims=keepdims, **options)
        asked = dtype
        known = ufunc.__name__ in ("add", "maximum", "minimum", "logical_and", "logical_or")
        dtype = np.asarray(numbers).dtype
        if ufunc.__name__.startswith("logical"):
            known = known and value.dtype == bool
        if not known or options or not np.size(plain) or (dtype != value.dtype):
            arguments = {"axis": axis, "dtype": asked, "keepdims": keepdims, **options}
            return self.call(f"np.{ufunc.__name__}.reduce", ufunc.reduce, (x,), arguments)
        axes = range(np.ndim(plain)) if axis is None else axis
        axes = axes if isinstance(axes, (tuple, range)) else (axes,)
        axes = sorted(a % np.ndim(plain) for a in axes) if np.ndim(plain) else []
        made = self.new(numbers)
        self.emit("sum", ufunc.__name__, [value], [made.value], axes=axes)
        return made

    def reshape(self, x, shape):
        """Another shape: a view where there can be one, else of a copy."""
        shape = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        numbers = x.numbers.reshape(shape)
        if not np.may_share_memory(numbers, x.numbers) and x.size:
            return x.copy().reshape(shape)
        return self.seen(x, numbers)

    def seen(self, x, numbers):
        """Return the stand-in of a view, which is told from its place in memory."""
        root = _owner(x.numbers)
        size = x.dtype.itemsize
        offset = _address(numbers) - _address(root)
        strides = [s // size for s in numbers.strides]
        value = x.value.view(numbers.shape, strides, offset // size)
        return Traced(self, value, numbers)

    def function(self, function, args, options):
        """Write down a function of NumPy on arrays."""
        name = function.__name__
        if name in IN_PLACE:
            raise Untraceable(f"it changes an array in place, with np.{name}")
        if name == "where" and len(args) == 3 and not options:
            return self._where(*args)
        if name == "clip" and len(args) == 3:
            x, low, high = args
            x = x if low is None else np.maximum(x, low)
            return x if high is None else np.minimum(x, high)
        if name == "empty_like":
            numbers = np.empty_like(self.operand(args[0])[1], **options)
            return Traced(self, Value(numbers.shape, numbers.dtype, "empty"), numbers)
        if name in ("zeros_like", "full_like") and "shape" in options:  # a part will be written
            numbers = function(self.operand(args[0])[1], *args[1:], **options)
            return Traced(self, Value(numbers.shape, numbers.dtype, "filled"), numbers)
        if name in ("zeros_like", "ones_like", "full_like"):
            return function(self.operand(args[0])[1], *args[1:], **options)
        if name == "count_nonzero" and len(args) == 1 and not options:
            return np.add.reduce((args[0] != 0).astype(np.int64), axis=None)
        joins = name in ("concatenate", "stack") and options.get("axis", 0) is not None
        if joins and len(args) == 1 and not options.keys() - {"axis"}:
            return self._joined(function, *args, **options)
        if name in ("sum", "any", "all") and type(args[0]) is Traced and len(args) <= 2:
            return getattr(args[0], name)(*args[1:], **options)
        return self.call(f"np.{name}", function, args, options)

    def index(self, x, key):
        """A part of an array: a view where numbers and slices say which, else picked by NumPy."""
        if is_basic(key) and x.value.root.origin not in ("filled", "empty"):
            numbers = x.numbers[with_dots(key)]
            if numbers.size:
                return self.seen(x, numbers)
        return self.call("index", _picked, (x, key))

    def _joined(self, function, arrays, axis=0):
        plain = [self.operand(x)[1] for x in arrays]
        numbers = function(plain, axis=axis)
        if any(x.dtype != numbers.dtype or not x.size for x in plain):
            return self.call(f"np.{function.__name__}", function, (arrays,), {"axis": axis})
        before, start, pieces = (slice(None),) * (axis % numbers.ndim), 0, []
        for x, piece in zip(arrays, plain, strict=True):
            if function is np.stack:
                pieces.append((x, (*before, len(pieces))))
            else:
                end = start + piece.shape[axis]
                pieces.append((x, (*before, slice(start, end))))
                start = end
        return self.pieces(function.__name__, pieces, numbers)

    def _where(self, condition, a, b):
        plain = [self.operand(x)[1] for x in (condition, a, b)]
        numbers = np.where(*plain)
        types = [np.dtype(bool), numbers.dtype, numbers.dtype]
        return self.map("where", [condition, a, b], numbers, types)

    def made(self, x):
        """What a function that is called may be given for an array that is only filled so far."""
        if type(x) is Traced and x.value.root.origin == "filled":
            return self.map("copy", [x], x.numbers.copy())
        return x

    def call(self, name, function, args, options=None):
        """Write down a call of a function that is not taken apart; what it returns is new, or a
        view of what it was given."""
        options = options or {}
        operands, traced = [], []
        plain, rebuild = _flatten((args, options), operands, self.kept)
        numbers = []
        for x in operands:
            if type(x) is Traced and x.value.weak:
                raise Untraceable(f"{name} is given a number that may change")
        operands = [self.made(x) for x in operands]
        for x in operands:
            value, plain_x = self.operand(x)
            traced.append(value)
            numbers.append(plain_x)
        arguments, named = rebuild(numbers)
        result = function(*arguments, **named)
        if isinstance(result, np.ndarray) and any(type(x) is Traced for x in operands):
            for x in operands:
                if type(x) is Traced and result.size and _owner(result) is _owner(x.numbers):
                    if result.dtype != x.dtype:
                        raise Untraceable("it looks at the bytes of an array")
                    return self.seen(x, result)
        several = isinstance(result, tuple)
        made = []
        for part in result if several else (result,):
            if not isinstance(part, (np.ndarray, np.generic)):
                raise Untraceable(f"{name} returns something else than arrays")
            made.append(self.new(np.array(part, order="C")))
        self.emit(
            "call", name, traced, [t.value for t in made],
            function=function, rebuild=rebuild, several=several, key=repr(plain),
            plain=not options and all(type(x) is Traced or id(x) in self.kept for x in args),
            kernel=name in kernels.__all__,
        )  # fmt: skip
        return tuple(made) if several else made[0]

    # The library's kernels

    def kernel(self, name, function, args, options):
        """Write down a kernel: as a map or a product where it is one, else as a call."""
        rule = getattr(self, f"_kernel_{name}", None)
        if rule is not None:
            return rule(function, *args, **options)
        if name in MAPS:
            plain = [self.operand(x)[1] for x in args]
            return self.map(name, args, function(*plain))
        return self.call(name, function, args, options)

    def _kernel_matmul(self, function, a, b):
        numbers = function(self.operand(a)[1], self.operand(b)[1])
        return self._product("matmul", function, (a, b), numbers)

    def _kernel_linear(self, function, x, w, bias):
        if x.shape[0] * x.shape[1] * w.shape[0] > TINY:
            # Where the product is called, the bias is a map: one pass with a ReLU behind it.
            return kernels.matmul(x, w.T) + bias
        plain = [self.operand(v)[1] for v in (x, w, bias)]
        return self._product("linear", function, (x, w, bias), function(*plain))

    def _product(self, name, function, operands, numbers):
        (rows, columns), depth = numbers.shape[-2:], operands[0].shape[-1]
        if not 0 < rows * columns * depth <= TINY or not numbers.size:
            return self.call(name, function, operands)
        made = self.new(numbers)
        self.emit("product", name, [self.operand(v)[0] for v in operands], [made.value])
        return made

    def _kernel_bias_gradient(self, function, gy):
        if len(gy) > PIECE:
            return self.call("bias_gradient", function, (gy,))
        return self.reduce(np.add, gy, axis=0)

    def _kernel_sgd_step(
        self, function, p, g, buffer, lr, momentum, dampening, weight_decay, nesterov
    ):
        if buffer is None:
            self._move("sgd", (p,), (p, g, lr, weight_decay), function,
                       (p, g, None, lr, momentum, dampening, weight_decay, nesterov))  # fmt: skip
            return
        of = (momentum, 1.0) if nesterov else (1.0, 0.0)
        self._move(
            "momentum", (p, buffer), (p, g, buffer, lr, momentum, 1 - dampening, weight_decay, *of),
            function, (p, g, buffer, lr, momentum, dampening, weight_decay, nesterov),
        )  # fmt: skip

    def _kernel_adam_step(
        self, function, p, g, m, v, lr, beta1, beta2, eps, weight_decay, decoupled, step
    ):
        keep = 1 - lr * weight_decay if decoupled else 1.0
        plain = [self.operand(x)[1] for x in (lr, step)]
        rate, scale = self.map(
            "adam_rates", (lr, beta1, beta2, step),
            (plain[0] / (1 - beta1 ** plain[1]), (1 - beta2 ** plain[1]) ** -0.5),
            [np.float64] * 4, weak=True,
        )  # fmt: skip
        numbers = (
            *(rate, beta1, 1 - beta1, beta2, 1 - beta2),
            *(scale, eps, 0.0 if decoupled else weight_decay, keep),
        )
        self._move(
            "adam", (p, m, v), (p, g, m, v, *numbers), function,
            (p, g, m, v, lr, beta1, beta2, eps, weight_decay, decoupled, step),
        )  # fmt: skip

    def _move(self, name, moved, operands, function, arguments):
        """Write down a step of an optimiser: what the kernel would write in place are outputs."""
        moved = [self._handle(x) for x in moved]
        copies = {id(x): x.numbers.copy() for x in moved}
        plain = []
        for x in arguments:
            handle = self._handle(x) if isinstance(x, np.ndarray) else x
            plain.append(copies.get(id(handle), self.operand(x)[1]))
        function(*plain)
        # The optimiser's numbers are handed over, as they are to the kernel: known beforehand,
        # they would let the compiler round in another order.
        operands = [
            self.scalar(x, ("number", x), f"{x:.6g}") if isinstance(x, float | int)
            and not isinstance(x, np.ndarray) else x for x in operands
        ]  # fmt: skip
        made = self.map(name, operands, tuple(copies[id(x)] for x in moved))
        for target, new in zip(moved, made, strict=True):
            self.rebind(target, new)

    def _handle(self, x):
        if type(x) is Traced:
            return x
        if id(x) not in self.kept:
            raise NotYet
        return self.kept[id(x)][1]


def is_basic(key):
    """Whether a key is of numbers, slices, None and `...` alone, so that it gives a view.

    Example:
        >>> is_basic((0, slice(2))), is_basic([0, 1])
        (True, False)
    """
    parts = key if isinstance(key, tuple) else (key,)
    basic = (int, np.integer, slice, type(None), type(...))
    return all(isinstance(k, basic) and not isinstance(k, (bool, np.ndarray)) for k in parts)


def with_dots(key):
    """A key of numbers and slices such that even a single number comes as a view.

    Example:
        >>> with_dots((0, 1))
        (0, 1, Ellipsis)
    """
    key = key if isinstance(key, tuple) else (key,)
    return key if any(k is ... for k in key) else (*key, ...)


def _picked(array, key):
    return array[key]


def _kind(x):
    """What NumPy's rules of types have to know of an operand."""
    if isinstance(x, (np.ndarray, np.generic)):
        return x.dtype
    return type(x) if type(x) is not bool else np.dtype(bool)


def _is_array(x):
    return isinstance(x, np.ndarray)


def _owner(array):
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _address(array):
    return array.__array_interface__["data"][0]


def _flatten(structure, found, kept):
    """Collect the stand-ins and kept arrays of nested tuples, lists and dictionaries.

    Returns:
        What is left, with a text for each array, and a function that puts other arrays in the
        places of what was collected. Arrays that are left are copied: what happens to them
        afterwards changes nothing.
    """
    if isinstance(structure, (tuple, list)):
        parts = [_flatten(x, found, kept) for x in structure]
        kind = list if type(structure) is list else tuple
        return kind(p for p, _ in parts), lambda new: kind(put(new) for _, put in parts)
    if isinstance(structure, dict):
        parts = {k: _flatten(x, found, kept) for k, x in structure.items()}
        left = {k: p for k, (p, _) in parts.items()}
        return left, lambda new: {k: put(new) for k, (_, put) in parts.items()}
    if type(structure) is Traced or id(structure) in kept:
        found.append(structure)
        place = len(found) - 1
        return f"#{place}", lambda new: new[place]
    if isinstance(structure, np.ndarray):
        copied = structure.copy()
        digest = hashlib.sha256(copied.tobytes()).hexdigest()
        return f"{copied.dtype}{copied.shape}{digest}", lambda new: copied
    return structure, lambda new: structure
