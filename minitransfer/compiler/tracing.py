"""Writing down what a step does, by letting it do it once with stand-ins of arrays."""

import contextlib
import threading
import weakref

import numpy as np

from minitransfer import autograd, kernels
from minitransfer.compiler.program import Instruction, Program, Value
from minitransfer.compiler.rules import Rules, is_basic, with_dots
from minitransfer.compiler.standins import NotYet, Traced, Untraceable
from minitransfer.random import default_generator
from minitransfer.tensor import Tensor


class Trace(Rules):
    """One run of a step with stand-ins.

    While it runs it is `autograd.tracing`, and is told of all operations and optimisers of its
    thread.

    Args:
        nudged: whether all numbers that are not whole begin one digit nearer to 0, the last that
            they have: what comes out otherwise then hangs on how sums are rounded.

    Attributes:
        kept: arrays that outlive the step, with stand-in and value, by id.
        holders: the tensors whose arrays those are, weakly, with the array and whether they learn.
        scalars: Python numbers that may be others at the next call: key → value and number; and
            `owners`, key → the name under which the number stands, and the dictionaries.
        known: what was computed of such numbers alone, as a rate: a second time it is not.
        optimizers: (optimiser, what it counts, what it keeps) of those that took a step.
        options: (group, name, value) of the optimisers' settings that the program takes for given.
        modes: (module, mode) where a module was asked whether it is training.
        drawn: (generator, value) of random numbers, in order; `drawings` holds those of the trace.
    """

    def __init__(self, nudged=False):
        self.nudged = nudged
        self.instructions, self.inputs = [], []
        self.kept, self.holders, self.alive = {}, {}, []
        self.options, self.modes, self.scalars, self.drawn = [], {}, {}, []
        self.optimizers, self.copies, self.drawings = [], {}, {}
        self.owners, self.known = {}, {}
        self.thread, self.phase = threading.get_ident(), "forward"
        self.recording = autograd.is_grad_enabled()

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
        return Traced(self, value, self.numbers_of(array))

    def numbers_of(self, array):
        """Return a copy of an array, with which the trace computes."""
        if self.nudged and array.dtype.kind == "f":
            return np.array(np.nextafter(array, np.zeros((), array.dtype)), order="C")
        return np.array(array, order="C")

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
            self.kept[id(array)] = (array, Traced(self, value, self.numbers_of(array)), value)
        return self.kept[id(array)][1]

    def operand(self, x):
        """Return a value or a plain number for an operand, and its numbers."""
        if type(x) is Traced:
            if x.value.root.stale:
                raise Untraceable("it looks at an array that was written in place since")
            if x.value.root.origin == "empty":
                raise Untraceable("it looks at an empty array, of which not all has been written")
            if x.value.root.origin == "filled":  # a number will do
                return x.numbers.flat[0], x.numbers
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
        for i, x in enumerate(args):
            if isinstance(x, Tensor) and type(x.array) is np.ndarray:
                arrays[i] = self.hold(x)
        names = operation.__code__.co_varnames[: operation.__code__.co_argcount]
        if "generator" in names:
            if len(arrays) > names.index("generator"):
                raise Untraceable(f"{operation.__name__}: give the generator by its name")
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
        self.refuse("it writes into a tensor in place")

    def refuse(self, what):
        """Refuse what would be done once, when the step is traced, and then never again."""
        raise Untraceable(what)

    def asked_mode(self, module):
        """Remember that what was done depends on whether a module is training."""
        self.modes[id(module)] = (module, module._training and not module._frozen)

    @contextlib.contextmanager
    def optimizer(self, optimizer):
        """Let an optimiser move stand-ins, then give it back everything it had."""
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
            self.owners[id(group), "lr"] = "lr", [group]
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
                        # Who has counted as far counts together: a program has one number for
                        # all of them, and each call looks that they are still alike.
                        count = id(optimizer), key, value
                        self.owners.setdefault(count, (key, []))[1].append(entries)
                        entries[key] = self.scalar(value, count, key)
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
        inputs = [self.operand(x)[0] for x in operands]
        key = name, *(x if isinstance(x, Value) else repr(x) for x in inputs)
        if weak and key in self.known:
            return self.known[key]
        made = [self.new(n, weak) for n in (numbers if several else (numbers,))]
        if types is None:
            types = [made[0].dtype] * len(inputs)
        self.emit("map", name, inputs, [t.value for t in made], types=[np.dtype(t) for t in types])
        result = tuple(made) if several else made[0]
        if weak:
            self.known[key] = result
        return result

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

    def write(self, target, key, value):
        """Write down that a part of `target` is written anew: it is another array from here on."""
        if not is_basic(key):
            args = target, key, value
            self.rebind(target, self.call("written", _written, args))
            return
        numbers = np.array(self.operand(target)[1])
        numbers[key] = self.operand(value)[1]
        self.rebind(target, self.pieces("written", [(target, ...), (value, key)], numbers))

    def pieces(self, name, pieces, numbers):
        """Write down that an array is put together: pairs of a piece and the key of its place."""
        made = self.new(numbers)
        places = [self.seen(made, made.numbers[with_dots(key)]).value for _, key in pieces]
        self.emit("pieces", name, [self.operand(x)[0] for x, _ in pieces], [made.value],
                  places=[(v.shape, v.strides, v.offset) for v in places])  # fmt: skip
        return made

    def overwrite(self, target, value):
        """Write down that all of `target` is written anew."""
        numbers = np.empty_like(target.numbers)
        numbers[...] = self.operand(value)[1]
        self.rebind(target, self.map("copy", [value], numbers))

    def rebind(self, target, new):
        """Let a stand-in be another value from here on: what was written in place."""
        if target.value.root is not target.value and not target.value.is_whole:
            raise Untraceable("it writes into a part of an array")
        if target.value.root.origin == "input":  # the caller's array would stay as it is
            raise Untraceable("it writes into an argument")
        target.value.root.stale = True
        target.value, target.numbers = new.value, new.numbers

    # The end

    def finish(self, results):
        """Return the program, of which `results` are the values to return."""
        stores = []
        if any(value.root.stale for value in results):
            raise Untraceable("it returns an array that was written in place by another look at it")
        for _, handle, value in self.kept.values():
            if handle.value is value and value.stale:
                raise Untraceable("it writes into an array by another look at it")
            if handle.value is not value:
                if value.origin != "kept":
                    raise Untraceable("it writes into an array that nobody keeps")
                stores.append((value, handle.value))
        for _, counted, _ in self.optimizers:
            stores += [(old, new) for _, _, old, new, _ in counted]
        return Program(self.inputs, self.instructions, [*dict.fromkeys(stores)], results)


class _Draws:
    """A source of random numbers that notes what is drawn from it."""

    def __init__(self, trace, generator):
        self.trace, self.generator = trace, generator

    def __getattr__(self, name):
        raise Untraceable(f"it draws random numbers with {name}(); dropout may draw")

    def random(self, shape, dtype):
        value = Value(shape, dtype, "drawn", f"draw{len(self.trace.drawn) + 1}")
        self.trace.drawn.append((self.generator, value))
        trace = self.trace
        chosen = self.generator or default_generator()
        if id(chosen) not in trace.copies:
            trace.copies[id(chosen)] = np.random.Generator(_copied(chosen.bit_generator))
        trace.drawings[value] = np.array(trace.copies[id(chosen)].random(shape, dtype=dtype))
        return Traced(trace, value, trace.drawings[value])


def _written(array, key, value):
    """A copy of an array with a part of it written anew."""
    array = array.copy()
    array[key] = value
    return array


def _copied(bits):
    new = type(bits)()
    new.state = bits.state
    return new


@contextlib.contextmanager
def tracing(trace):
    """Let the library tell `trace` of all it does, and let kernels be noted.

    The names in `minitransfer.kernels` are changed for this time. Other threads notice nothing:
    with arrays, what stands there does what it always does.
    """
    names = kernels.__all__
    before = {name: kernels.__dict__.get(name) for name in names}
    for name in names:
        kernels.__dict__[name] = _noting(trace, name, getattr(kernels, name))
    generator = default_generator()
    state = generator.bit_generator.state
    autograd.tracing = trace
    try:
        yield
        if generator.bit_generator.state != state:
            raise Untraceable(
                "it draws random numbers, which would be the same ones ever after; draw them "
                "outside and make them an argument of the step (dropout may draw)"
            )
    finally:
        autograd.tracing = None
        generator.bit_generator.state = state
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
