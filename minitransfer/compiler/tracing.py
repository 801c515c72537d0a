"""Writing down what a step does, by letting it do it once with stand-ins of arrays.

A `Traced` array answers as an array would, and notes what was asked of it. So nothing of the
library is written a second time: the functions of `minitransfer.ops` are run as they stand, and their
derivatives too, and an optimiser that is written with NumPy is traced like everything else.

It carries numbers along, copies of the real ones, for two reasons: NumPy itself says which shape
and type a result has; and where a step looks at a number (is each label a class?), the answer is
known. It becomes a *guard* of the program: where it comes out otherwise, the step is done without
the program.

What would take the numbers out of the trace is refused: `item()`, `float()`, a function that wants a
bare array. Such a step cannot be compiled, and the error says why.
"""

import contextlib
import threading
import weakref

import numpy as np

from minitransfer import autograd, kernels
from minitransfer.compiler.maps import FOR_BOOLEANS, MAPS, UFUNCS
from minitransfer.compiler.program import Instruction, Program, Value
from minitransfer.kernels.sums import PIECE
from minitransfer.random import default_generator
from minitransfer.tensor import Tensor

TINY = 2048
"""Multiply-adds of a matrix product up to which it is written out as three loops."""
_IN_PLACE = {"put", "copyto", "put_along_axis", "fill_diagonal", "place", "putmask", "fill", "sort"}
_IN_PLACE |= {"partition", "resize", "setfield", "setflags", "byteswap", "at"}


class Untraceable(Exception):
    """The step does something that a program cannot; the message says what."""


class NotYet(Exception):
    """The step is about to make something that later steps will find: trace one of those."""


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """A stand-in of an array: it knows its numbers, and which value of the program it is."""

    __slots__ = ("numbers", "trace", "value")
    __hash__ = object.__hash__
    traced = True
    base = None

    def __init__(self, trace, value, numbers):
        self.trace, self.value, self.numbers = trace, value, numbers

    @property
    def __class__(self):
        """Who asks ``isinstance(x, np.ndarray)`` is told yes, so that he treats it as one."""
        return np.ndarray

    # What an array says of itself

    @property
    def shape(self):
        return np.shape(self.numbers)

    @property
    def dtype(self):
        return self.value.dtype

    @property
    def ndim(self):
        return np.ndim(self.numbers)

    @property
    def size(self):
        return np.size(self.numbers)

    @property
    def T(self):
        return self.transpose()

    def __len__(self):
        return len(self.numbers)

    def __repr__(self):
        return f"Traced({self.shape}, {self.dtype})"

    # What would take numbers out of the trace

    def __bool__(self):
        return self.trace.guard(self)

    def _refuse(self, *unused, **options):
        raise Untraceable(
            "it looks at a number (item(), float(), tolist(), numpy() or a function that wants bare "
            "arrays); return the tensor instead, and look at it outside"
        )

    __array__ = __float__ = __int__ = __index__ = __complex__ = item = tolist = tobytes = _refuse

    # What is noted

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        return self.trace.ufunc(ufunc, method, inputs, out, options)

    def __array_function__(self, function, types, args, options):
        return self.trace.function(function, args, options)

    def __getitem__(self, key):
        return self.trace.call("index", lambda x, k: x[k], (self, key))

    def __setitem__(self, key, value):
        whole = key is Ellipsis or (isinstance(key, slice) and key == slice(None))
        if not whole:
            raise Untraceable("it writes into a part of an array")
        self.trace.overwrite(self, value)

    def astype(self, dtype, copy=True):
        dtype = np.dtype(dtype)
        if dtype == self.dtype:
            return self.copy() if copy else self
        return self.trace.cast(self, dtype)

    def copy(self, order="C"):
        return self.trace.map("copy", [self], self.numbers.copy(order="C"))

    def view(self, dtype=None):
        if dtype is None:
            return self
        dtype = np.dtype(dtype)
        if dtype.itemsize != self.dtype.itemsize or {dtype.kind, self.dtype.kind} - {"i", "u"}:
            raise Untraceable("it looks at the bytes of an array")
        return self.trace.cast(self, dtype)

    def reshape(self, *shape, order="C"):
        return self.trace.reshape(self, shape)

    def ravel(self):
        return self.trace.reshape(self, (-1,))

    def sum(self, axis=None, keepdims=False):
        return np.add.reduce(self, axis=axis, keepdims=keepdims)

    def any(self, axis=None, keepdims=False):
        return np.logical_or.reduce(self, axis=axis, keepdims=keepdims)

    def all(self, axis=None, keepdims=False):
        return np.logical_and.reduce(self, axis=axis, keepdims=keepdims)

    def __getattr__(self, name):
        """Any other method of arrays is called as it is, step by step."""
        method = getattr(np.ndarray, name, None)
        if name.startswith("__") or not hasattr(np.ndarray, name):
            raise AttributeError(name)
        if name in _IN_PLACE:
            raise Untraceable(f"it changes an array in place, with {name}()")
        if not callable(method):  # flags, strides, itemsize, …
            return getattr(self.numbers, name)
        return lambda *args, **options: self.trace.call(name, method, (self, *args), options)


class Trace:
    """One run of a step with stand-ins.

    While it runs it is `autograd.tracing`, and is told of all operations and optimisers.

    Attributes:
        kept: for each array that outlives the step its value, its stand-in and who holds it.
        options: (group, name, value) of the optimisers' settings that the program takes for given.
        modes: (module, mode) where a module was asked whether it is training.
        counts: (state, key, value, step) of whole numbers that an optimiser counts.
    """

    def __init__(self):
        self.instructions, self.inputs = [], []
        self.kept, self.holders, self.alive = {}, {}, []
        self.options, self.modes, self.scalars, self.drawn = [], {}, {}, []
        self.optimizers, self.copies, self.drawings, self.owners = [], {}, {}, {}
        self.thread, self.phase = threading.get_ident(), "forward"

    # Values

    def new(self, numbers, weak=False):
        """Return a stand-in of a value that an instruction makes."""
        if weak:
            return Traced(self, Value((), np.float64, weak=True), numbers)
        numbers = np.array(numbers, order="C")
        return Traced(self, Value(numbers.shape, numbers.dtype), numbers)

    def input(self, array, name):
        """Return the stand-in of an argument."""
        value = Value(array.shape, array.dtype, "input", name)
        self.inputs.append(value)
        return Traced(self, value, np.array(array, order="C"))

    def scalar(self, number, key, name):
        """Return the stand-in of a Python number that may be another one at the next call."""
        if key not in self.scalars:
            value = Value((), np.float64, "scalar", name, weak=True)
            self.scalars[key] = (value, number)
        return Traced(self, self.scalars[key][0], number)

    def keep(self, array, name="", origin="kept"):
        """Return the stand-in of an array that is there before the step and after it."""
        if id(array) not in self.kept:
            value = Value(array.shape, array.dtype, origin, name)
            if not array.flags.c_contiguous or not array.flags.writeable:
                raise Untraceable(f"{name or 'an array'} does not lie in memory row by row")
            self.kept[id(array)] = (array, Traced(self, value, array.copy()), value)
        return self.kept[id(array)][1]

    def operand(self, x):
        """Return a value or a plain number for an operand, and its numbers."""
        if type(x) is Traced:
            if x.value.root.stale or x.value.origin == "empty":
                raise Untraceable("it looks at an array that was written in place since")
            return x.value, x.numbers
        if isinstance(x, Tensor):
            raise Untraceable("it mixes tensors and arrays in a way that is not known")
        if isinstance(x, np.ndarray):
            if id(x) in self.kept:
                return self.operand(self.kept[id(x)][1])
            if x.size and x.ndim and (x == x.flat[0]).all():  # all alike: a number will do
                return x.flat[0], x
            if not x.ndim:
                return x[()], x
            return self.keep(np.array(x, order="C"), origin="constant").value, x
        return x, x

    # Told by the library

    def operands(self, operation, args, arrays, options):
        """Put stand-ins in the place of tensors' arrays, and of a source of random numbers."""
        if threading.get_ident() != self.thread:
            return arrays, options
        for i, x in enumerate(args):
            if isinstance(x, Tensor) and type(x.array) is np.ndarray:
                arrays[i] = self.hold(x)
        if "dropout" in operation.__name__:
            if len(arrays) > 4:
                raise Untraceable("dropout: give the generator by its name")
            options = {**options, "generator": _Draws(self, options.get("generator"))}
        return arrays, options

    def hold(self, tensor):
        """Return the stand-in of a tensor's array, and remember whose it is."""
        handle = self.keep(tensor.array, getattr(tensor, "name", ""))
        if id(tensor) not in self.holders:
            self.holders[id(tensor)] = (weakref.ref(tensor), tensor.array, tensor.requires_grad)
            self.alive.append(tensor)
        return handle

    def written(self, tensor):
        """Refuse what is written in place by tensors' own methods."""
        if threading.get_ident() == self.thread:
            raise Untraceable("it writes into a tensor in place")

    def asked_mode(self, module):
        """Remember that what was done depends on whether a module is training."""
        if threading.get_ident() == self.thread:
            self.modes[id(module)] = (module, module._training and not module._frozen)

    @contextlib.contextmanager
    def optimizer(self, optimizer):
        """Let an optimiser move stand-ins, then give it back everything it had."""
        if threading.get_ident() != self.thread:
            yield
            return
        state_before = {name: dict(entries) for name, entries in optimizer.state.items()}
        held = []
        if any(optimizer is other for other, *_ in self.optimizers):
            raise Untraceable("an optimiser takes two steps")
        kept_state = []
        for number, group in enumerate(optimizer.param_groups):
            for key, value in group.items():
                if isinstance(value, (int, float, tuple, bool, type(None))) and "lr" not in key:
                    self.options.append((group, key, value))
            lr = group["lr"]
            held.append((group, "lr", lr))
            name = "lr" if len(optimizer.param_groups) == 1 else f"lr{number}"
            self.owners[id(group), "lr"] = group
            group["lr"] = self.scalar(lr, (id(group), "lr"), name)
            for name, parameter in zip(group["names"], group["params"], strict=True):
                if parameter.gradient is None:
                    continue
                if type(parameter.gradient) is not Traced:
                    raise Untraceable(f"the gradient of {name} is not of this step, or constant")
                held.append((parameter, "array", parameter.array))
                parameter.array = self.hold(parameter)
                entries = optimizer.state.setdefault(name, {})
                for key, value in entries.items():
                    if isinstance(value, np.ndarray):
                        entries[key] = self.keep(value, f"{key} of {name}")
                        kept_state.append((optimizer, name, key, value))
                    elif isinstance(value, int):
                        self.owners[id(entries), key] = entries
                        entries[key] = self.scalar(value, (id(entries), key), key)
        before = {name: dict(entries) for name, entries in optimizer.state.items()}
        self.phase = "optimiser"
        try:
            yield
            self._after_optimizer(optimizer, before, state_before, kept_state)
        finally:
            self.phase = "forward"
            for place, key, value in held:
                if isinstance(place, dict):
                    place[key] = value
                else:
                    setattr(place, key, value)
            for name in list(optimizer.state):
                if name not in state_before:
                    del optimizer.state[name]
                else:
                    optimizer.state[name].clear()
                    optimizer.state[name].update(state_before[name])

    def _after_optimizer(self, optimizer, before, state_before, kept_state):
        counted = []
        for name, entries in optimizer.state.items():
            if entries.keys() != state_before.get(name, {}).keys():
                raise NotYet
            for key, value in entries.items():
                if type(value) is Traced and value.value.weak:
                    if value.value is not before[name][key].value:
                        step = value.numbers - state_before[name][key]
                        counted.append((name, key, before[name][key].value, value.value, step))
                elif isinstance(value, int) and value != state_before[name][key]:
                    raise Untraceable("an optimiser counts in a way that is not known")
        self.optimizers.append((optimizer, counted, kept_state))

    # Instructions

    def emit(self, kind, name, inputs, outputs, **options):
        """Write a line."""
        options["phase"] = self.phase
        self.instructions.append(Instruction(kind, name, inputs, outputs, options))

    def map(self, name, operands, numbers, types=None, weak=False):
        """Write down that one number of each operand makes one number of the result, or of
        several: `numbers` is then a tuple."""
        several = isinstance(numbers, tuple)
        made = [self.new(n, weak) for n in (numbers if several else (numbers,))]
        inputs = [self.operand(x)[0] for x in operands]
        if types is None:
            types = [made[0].dtype] * len(inputs)
        self.emit("map", name, inputs, [t.value for t in made], types=[np.dtype(t) for t in types])
        return tuple(made) if several else made[0]

    def cast(self, x, dtype):
        """Write down that numbers are turned into another type."""
        plain = x.numbers
        return self.map("copy", [x], np.asarray(plain).astype(dtype), types=[dtype])

    def guard(self, x):
        """Write down that a yes-or-no has to come out as it does now."""
        if x.size != 1:
            raise ValueError("the truth of an array with more than one element is ambiguous")
        answer = bool(x.numbers)
        self.emit("guard", "guard", [x.value], [], answer=answer)
        return answer

    def overwrite(self, target, value):
        """Write down that all of `target` is written anew."""
        numbers = np.empty_like(target.numbers)
        numbers[...] = self.operand(value)[1]
        self.rebind(target, self.map("copy", [value], numbers))

    def rebind(self, target, new):
        """Let a stand-in be another value from here on: what was written in place."""
        if target.value.root is not target.value and not target.value.is_whole:
            raise Untraceable("it writes into a part of an array")
        target.value.root.stale = True
        target.value, target.numbers = new.value, new.numbers

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
        if name in _IN_PLACE:
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
        if name in ("zeros_like", "ones_like", "full_like"):
            return function(self.operand(args[0])[1], *args[1:], **options)
        if name == "count_nonzero" and len(args) == 1 and not options:
            return np.add.reduce((args[0] != 0).astype(np.int64), axis=None)
        if name in ("sum", "any", "all") and type(args[0]) is Traced and len(args) <= 2:
            return getattr(args[0], name)(*args[1:], **options)
        return self.call(f"np.{name}", function, args, options)

    def _where(self, condition, a, b):
        plain = [self.operand(x)[1] for x in (condition, a, b)]
        numbers = np.where(*plain)
        types = [np.dtype(bool), numbers.dtype, numbers.dtype]
        return self.map("where", [condition, a, b], numbers, types)

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
            plain=plain == (tuple(f"#{i}" for i in range(len(operands))), {}),
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

    # The end

    def finish(self, results):
        """Return the program, of which `results` are the values to return."""
        stores = []
        for _, handle, value in self.kept.values():
            if handle.value is not value:
                if value.origin != "kept":
                    raise Untraceable("it writes into an array that nobody keeps")
                stores.append((value, handle.value))
        for _, counted, _ in self.optimizers:
            stores += [(old, new) for _, _, old, new, _ in counted]
        return Program(self.inputs, self.instructions, stores, results)


class _Draws:
    """A source of random numbers that notes what is drawn from it."""

    def __init__(self, trace, generator):
        self.trace, self.generator = trace, generator

    def random(self, shape, dtype):
        value = Value(shape, dtype, "drawn", f"draw{len(self.trace.drawn) + 1}")
        self.trace.drawn.append((self.generator, value))
        trace = self.trace
        chosen = self.generator or default_generator()
        if id(chosen) not in trace.copies:
            trace.copies[id(chosen)] = np.random.Generator(_copied(chosen.bit_generator))
        trace.drawings[value] = np.array(trace.copies[id(chosen)].random(shape, dtype=dtype))
        return Traced(trace, value, trace.drawings[value])


def _copied(bits):
    new = type(bits)()
    new.state = bits.state
    return new


@contextlib.contextmanager
def tracing(trace):
    """Let the library tell `trace` of all it does, and let kernels be noted.

    The names in `minitransfer.kernels` are changed for this time. Other threads notice nothing: with
    arrays, what stands there does what it always does.
    """
    names = kernels.__all__
    before = {name: kernels.__dict__.get(name) for name in names}
    for name in names:
        kernels.__dict__[name] = _noting(trace, name, getattr(kernels, name))
    autograd.tracing = trace
    try:
        yield
    finally:
        autograd.tracing = None
        for name, function in before.items():
            if function is None:
                del kernels.__dict__[name]
            else:
                kernels.__dict__[name] = function


def _noting(trace, name, function):
    def noting(*args, **options):
        if any(type(x) is Traced for x in (*args, *options.values())):
            return trace.kernel(name, function, args, options)
        return function(*args, **options)

    return noting


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
    """Collect the stand-ins and kept arrays of nested tuples, lists and dictionaries, and return what is left and a
    function that puts others in their places."""
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
    return structure, lambda new: structure
