"""A program that is ready to run: its memory, its machine code, and what Python does around them.

Two little functions are written for each program, as plain Python: ``enter`` looks whether
everything is as it was when the step was traced and hands over what may have changed; ``drive``
calls, one after the other, the parts of the program and the functions between them. Like the code
for numba they name nothing but what was given out here by number.
"""

import inspect
import itertools
from operator import itemgetter

import numpy as np

from minitransfer import autograd
from minitransfer.autograd import shared_version
from minitransfer.compiler.layout import arrange
from minitransfer.compiler.program import Value
from minitransfer.compiler.standins import Traced, Untraceable
from minitransfer.compiler.tracing import Trace, tracing
from minitransfer.compiler.words import spell
from minitransfer.compiler.writing import write
from minitransfer.nn.module import rebuilt_here
from minitransfer.random import default_generator
from minitransfer.tensor import Tensor

MISS = object()
"""What `Ready.enter` returns where the program is not for this call."""

_STATIC = (int, bool, str, bytes, type(None))


class Ready:
    """The program of one kind of call of a step.

    Args:
        step: the function.
        args: of this call. Nothing that they, or the step, refer to is changed.

    Raises:
        Untraceable: if there can be no program; says why.
        NotYet: if there can be one at a later call.

    Attributes:
        program, layout, source: what was traced, how it was arranged, and the code.
        enter: takes the step's arguments, does a step and returns what the step returns; or
            returns `MISS`, and then nothing was done.
    """

    def __init__(self, step, args):
        trace, self.structure, leaves = _traced(step, args)
        self.program, self.tensors = _settled(trace, leaves)
        again, _, others = _traced(step, args)
        if _fingerprint(trace, self.program) != _fingerprint(again, _settled(again, others)[0]):
            raise Untraceable(
                "it is another one each time: it draws random numbers, counts, or decides by "
                "something from outside. Make such numbers arguments of the step"
            )
        self.trace, self.leaves = trace, [t.numbers for t in leaves]
        del again, others
        self.layout = arrange(self.program)
        self.source, self.places = write(self.layout)
        from minitransfer.kernels.step_code import compiled_step  # numba, only when needed

        self.function = compiled_step(self.source)
        self.draws = [(g, v, np.empty(v.shape, v.dtype)) for g, v in trace.drawn]
        self._check(step, args)
        arrays = {v: array for array, _, v in trace.kept.values()}
        self._bind(arrays)
        self.enter, self.fits, self.run = self._written(args)
        # What was only needed to make it:
        self.leaves = None
        trace.kept = {k: (a, None, v) for k, (a, _, v) in trace.kept.items()}

    def text(self, title):
        """The program as a person would write it."""
        return spell(self.program, self.layout, title)

    # Memory

    def _bind(self, arrays):
        """Point the code to memory: arrays for kept values, and working memory of its own."""
        work = np.zeros(self.layout.work + 64, np.uint8)
        base = -(-work.ctypes.data // 64) * 64
        drawn = {v: buffer for _, v, buffer in self.draws}
        self.memory = (work, base - work.ctypes.data, arrays, drawn)
        self.outs = [np.empty(v.shape, v.dtype) for v in self.program.results]
        self.numbers = np.zeros(max(1, sum(isinstance(k, tuple) and k[0] == "scalar"
                                           for k in self.places)))  # fmt: skip
        for value, number in self.trace.scalars.values():
            if self._scalar(value) is not None:
                self.numbers[self._scalar(value)] = number
        self.table = np.zeros(max(len(self.places), 1), np.int64)
        for key, place in self.places.items():
            if key == "scalars":
                self.table[place] = self.numbers.ctypes.data
            elif isinstance(key, Value):
                array = drawn.get(key, arrays.get(key))
                if array is not None:  # else it is Python's, and comes with each call
                    self.table[place] = array.ctypes.data
            elif key[0] == "out":
                self.table[place] = self.outs[key[1]].ctypes.data
            elif key[0] != "scalar":
                self.table[place] = base + key[1]
        self.drive = self._written_drive()

    def _scalar(self, value):
        return self.places.get(("scalar", value))

    def _seen(self, value):
        """A value as an array, if it stands in memory that does not move; else None."""
        work, start, arrays, drawn = self.memory
        place, what = self.layout.place[value.root]
        if place == "python":
            return None
        if place == "work":
            root = np.ndarray(value.root.shape, value.dtype, work, start + what)
        else:
            root = drawn[what] if what in drawn else arrays[what]
        return _view(root, value.shape, value.offset, value.strides)

    # What Python does

    def _written_drive(self):
        """Return ``drive(n, a0, …)``: it takes n steps and returns how many it has taken.

        It is given the arrays of the arguments, whose addresses stand in the table already.
        """
        inputs = [f"a{i}" for i in range(len(self.program.inputs))]
        names = {"step": self.function, "table": self.table, "address": self.table.ctypes.data,
                 "view": _view, "whole": np.ascontiguousarray, "apply": _apply}  # fmt: skip
        python = dict(zip(self.program.inputs, inputs, strict=True))
        text, ends, done = [f"def drive({', '.join(['n', *inputs])}):"], self._last_uses(), set()
        parts = [u.part for u in self.layout.units] + [*range(self.layout.parts)]
        for number, part in enumerate(parts):
            if part < 0:
                line = self.layout.units[number].instructions[0]
                text += self._call(line, python, names)
                for v in line.outputs:
                    if v in self.places:
                        name = f'{python[v]}.__array_interface__["data"][0]'
                        text.append(f"    table[{self.places[v]}] = {name}")
            elif part not in done:
                done.add(part)
                n = "n" if self.layout.parts == len(parts) - len(self.layout.units) == 1 else "1"
                text.append(f"    if not step({part}, {n}, address): return 0")
            for v, name in list(python.items()):
                if v.origin == "made" and ends.get(v, 0) <= number:
                    text.append(f"    {name} = None")
                    del python[v]
        text.append("    return 1")
        if not any(u.is_call for u in self.layout.units):
            text = [text[0], "    return step(0, n, address)"]
        exec("\n".join(text), names)
        return names["drive"]

    def _last_uses(self):
        """Number of the unit after which each value is not needed any more.

        A part runs where its first unit stands, so what any of its units reads is read by then.
        """
        ends = {}
        for number, unit in enumerate(self.layout.units):
            for line in unit.instructions:
                ends.update((v.root, number) for v in line.reads())
        ends.update((v.root, len(self.layout.units) + self.layout.parts)
                    for v in self.program.results)  # fmt: skip
        return ends

    def _call(self, line, python, names):
        """The text that calls a function as it is."""
        operands = []
        for v in line.inputs:
            static = self._seen(v)
            if static is not None:
                names[f"w{v.number}"] = static
                operands.append(f"w{v.number}")
            elif v.root is v or (v.is_whole and v.shape == v.root.shape):
                operands.append(python[v.root])
            else:
                names[f"s{v.number}"] = (v.shape, v.offset, v.strides)
                operands.append(f"view({python[v.root]}, *s{v.number})")
        key = f"{line.outputs[0].number}"
        names[f"f{key}"] = line.options["function"]
        made = [f"v{v.number}" for v in line.outputs]
        python.update(zip(line.outputs, made, strict=True))
        if line.options["plain"]:
            call = f"f{key}({', '.join(operands)})"
        else:
            names[f"r{key}"] = line.options["rebuild"]
            names["apply"] = _apply
            call = f"apply(f{key}, r{key}(({', '.join(operands)},)))"
        text = [f"    {', '.join(made)}{',' if line.options['several'] else ''} = {call}"]
        if line.may_leave:
            for name, v in zip(made, line.outputs, strict=True):
                names[f"size{v.number}"] = v.shape
                text.append(f"    if {name}.shape != size{v.number}: return 0")
                text.append(f"    {name} = whole({name})")
        return text

    def _written(self, args):
        """Return ``enter``, ``fits`` and ``run`` for these arguments."""
        names = {
            "MISS": MISS, "drive": self.drive,
            "scalars": memoryview(self.numbers), "new": _tensor,
            "table": self.table, "sequence": autograd._sequence,
            "draw": self._draw, "undraw": self._undraw,
            "ndarray": np.ndarray, "whole": as_ordered, "seen": [None] * len(args),
            "rebuild": self._rebuild, "outs": self._outs, "step": self.function,
            "address": self.table.ctypes.data,
        }  # fmt: skip
        fetch, arrays = self._arguments(args, names)
        checks, before, after = self._state(names)
        for i, x in enumerate(args):
            if (
                isinstance(x, float)
                and self._scalar(self.trace.scalars["argument", i][0]) is not None
            ):
                place = self._scalar(self.trace.scalars["argument", i][0])
                before.append(f"scalars[{place}] = b{i}")
        if self.draws:
            before.append("draw()")
        names |= {f"o{i}": out for i, out in enumerate(self.outs)}
        made = [f"new(o{i}.copy())" for i in range(len(self.outs))]
        result = made[0] if self.structure is _TENSOR else f"rebuild([{', '.join(made)}])"
        if not made and self.structure is None:
            result = "None"
        undraw = "undraw(); " if self.draws else ""
        once = not any(u.is_call for u in self.layout.units)
        head = ", ".join(f"b{i}" for i in range(len(args)))
        looks = ["    " + line for line in fetch]
        if checks:
            looks.append(f"    if not ({' and '.join(checks)}): return MISS")
        begin = [f"    {line}" for line in before]
        end = [f"    {line}" for line in after]
        one = "step(0, 1, address)" if once else f"drive({', '.join(['1', *arrays])})"
        many = f"drive({', '.join(['n' if once and not self.draws else '1', *arrays])})"
        text = [
            f"def enter({head}):", *looks, *begin,
            f"    if not {one}: {undraw}return MISS",
            "    done = 1", *end, f"    return {result}",
            f"def run(n, {head}):", *looks, *begin,
            "    try:",
            f"        results = outs({'n' if once and not self.draws else '1'})",
            f"        done = {many}",
            "    finally: outs(0)",  # even where Ctrl-C comes between: those arrays will be gone
            f"    if not done: {undraw}return MISS",
            *end, "    return done, rebuild([new(r[:done]) for r in results])",
            f"def fits({head}):", *looks, "    return None",
        ]  # fmt: skip
        exec("\n".join(text), names)
        return names["enter"], names["fits"], names["run"]

    def _arguments(self, args, names):
        """The text that looks at the arguments, and the names of those that are arrays.

        An array that was there at the last call as well is not looked at again.
        """
        text, arrays = [], []
        for i, x in enumerate(args):
            if isinstance(x, Tensor):
                names[f"kind{i}"] = type(x)
                text.append(f"if type(b{i}) is not kind{i}: return MISS")
                text.append(f"a{i} = b{i}.array")
            elif isinstance(x, np.ndarray):
                text.append(f"a{i} = b{i}")
            elif isinstance(x, float):
                text.append(f"if type(b{i}) is not float: return MISS")
                continue
            else:
                names[f"c{i}"] = x
                text.append(f"if type(b{i}) is not type(c{i}) or b{i} != c{i}: return MISS")
                continue
            array = x.array if isinstance(x, Tensor) else x
            names[f"h{i}"], names[f"t{i}"] = array.shape, array.dtype
            text += [
                f"if a{i} is not seen[{i}]:",
                f"    if type(a{i}) is not ndarray: return MISS",
                f"    if a{i}.shape != h{i} or a{i}.dtype != t{i}: return MISS",
                f"    seen[{i}] = a{i} if a{i}.flags.c_contiguous else None",
                f"    a{i} = whole(a{i})",
            ]
            place = self.places.get(self.program.inputs[len(arrays)])
            if place is not None:
                text.append(f'    table[{place}] = a{i}.__array_interface__["data"][0]')
            arrays.append(f"a{i}")
        return text, arrays

    def _state(self, names):
        """The text that looks whether all else is as it was, hands over what may be another number
        each time, and counts afterwards."""
        checks = []
        if not self.trace.optimizers:  # what is returned could be asked for its gradient
            names["mode"] = autograd._mode
            checks.append(f"mode.recording is {self.trace.recording}")
        before, after = [], []
        written = {old for old, _ in self.program.stores}
        if written:
            after.append("now = next(sequence)")
        for k, (tensor, array, learns, value) in enumerate(self.tensors):
            names[f"p{k}"], names[f"q{k}"] = tensor, array
            checks.append(f"p{k}.array is q{k} and p{k}.requires_grad is {learns}")
            if value in written:
                names[f"version{k}"] = shared_version(tensor)
                after.append(f"version{k}[0] = now")
            if learns and self.trace.optimizers:
                after.append(f"p{k}.gradient = None")
        for k, (module, mode) in enumerate(self.trace.modes.values()):
            names[f"module{k}"] = module
            checks.append(f"(module{k}._training and not module{k}._frozen) is {mode}")
        groups = {}
        for group, key, value in self.trace.options:
            groups.setdefault(id(group), (group, []))[1].append((key, value))
        for k, (group, options) in enumerate(groups.values()):
            names[f"group{k}"], names[f"values{k}"] = group, tuple(v for _, v in options)
            names[f"options{k}"] = itemgetter(*(key for key, _ in options))
            checks.append(f"options{k}(group{k}) == values{k}")
        for k, (optimizer, counted, kept) in enumerate(self.trace.optimizers):
            names[f"optimizer{k}"], names[f"state{k}"] = optimizer, optimizer.state
            names[f"groups{k}"] = len(optimizer.param_groups)
            checks.append(f"optimizer{k}.state is state{k}")
            checks.append(f"len(optimizer{k}.param_groups) == groups{k}")
            for j, (_, name, key, array) in enumerate(kept):
                names[f"name{k}_{j}"], names[f"key{k}_{j}"] = name, key
                names[f"kept{k}_{j}"] = array
                checks.append(f"state{k}[name{k}_{j}][key{k}_{j}] is kept{k}_{j}")
            for j, (name, key, _, _, by) in enumerate(counted):
                names[f"counts{k}_{j}"], names[f"which{k}_{j}"] = optimizer.state[name], key
                after.append(f"counts{k}_{j}[which{k}_{j}] += {int(by)} * done")
        for k, (key, (value, _)) in enumerate(self.trace.scalars.items()):
            if self._scalar(value) is not None and key[0] not in ("argument", "number"):
                of, (first, *others) = self.trace.owners[key]
                names[f"owner{k}"], names[f"of{k}"] = first, of
                before.append(f"scalars[{self._scalar(value)}] = owner{k}[of{k}]")
                for j, other in enumerate(others):
                    names[f"owner{k}_{j}"] = other
                    checks.append(f"owner{k}_{j}[of{k}] == owner{k}[of{k}]")
        return checks, before, after

    def _outs(self, n):
        """Let the results of the next call go to new arrays with an axis of `n` in front; or, if
        it is 0, again where those of a single step go."""
        if not n:
            arrays = self.outs
        else:
            arrays = [np.empty((n, *v.shape), v.dtype) for v in self.program.results]
        for i, array in enumerate(arrays):
            self.table[self.places["out", i]] = array.__array_interface__["data"][0]
        return arrays

    def _rebuild(self, tensors):
        found = iter(tensors)
        return map_tensors(self.structure, lambda _: next(found))

    def _draw(self):
        """Draw this step's random numbers, from the generators and in the order of the step."""
        self.before = {}
        for generator, value, buffer in self.draws:
            chosen = generator or default_generator()
            if id(chosen) not in self.before:
                self.before[id(chosen)] = chosen, chosen.bit_generator.state
            buffer[...] = chosen.random(value.shape, dtype=value.dtype)

    def _undraw(self):
        """The step is to be done anew without the program: let it draw the same numbers."""
        for generator, state in self.before.values():
            generator.bit_generator.state = state

    # Is it right?

    def _check(self, step, args):
        """Run the code once, on copies, and compare with what the trace computed.

        Some numbers say nothing but how sums were rounded: a gradient that is 0, but for its last
        digits, becomes a step of full length in Adam. (That of the keys' bias in attention is one.)
        They are those that come out otherwise in a trace in which all numbers are nudged.

        Raises:
            Untraceable: if it differs by more than rounding.
        """
        trace = self.trace
        arrays = {v: array.copy() for array, _, v in trace.kept.values()}
        for (_, _, buffer), (_, v) in zip(self.draws, trace.drawn, strict=True):
            buffer[...] = trace.drawings[v]
        self._bind(arrays)
        inputs = [as_ordered(x.array if isinstance(x, Tensor) else x)
                  for x in args if isinstance(x, (Tensor, np.ndarray))]  # fmt: skip
        for v, array in zip(self.program.inputs, inputs, strict=True):
            if v in self.places:
                self.table[self.places[v]] = array.ctypes.data
        if self.drive(1, *inputs) != 1:
            raise Untraceable("the compiled step does not pass its own guards")
        stored = {v for v, _ in self.program.stores}
        memory = [(array, v) for array, _, v in trace.kept.values() if v in stored]

        def computed(trace, leaves):
            return [*(trace.kept[id(array)][1].numbers for array, _ in memory), *leaves]

        got, expected = [*(arrays[v] for _, v in memory), *self.outs], computed(trace, self.leaves)
        if all(map(_close, got, expected, expected)):
            return
        nudged, _, leaves = _traced(step, args, nudged=True)
        if not all(map(_close, got, expected, computed(nudged, [t.numbers for t in leaves]))):
            raise Untraceable(
                "the compiled step gave other numbers than the step itself; this is a mistake "
                "of the compiler, please report it"
            )


def _close(got, expected, nudged):
    """Whether an array is what was expected, but for rounding and what hangs on it."""
    if expected.dtype.kind != "f":
        return True
    with np.errstate(all="ignore"):
        got, expected, nudged = np.ravel(got), np.ravel(expected), np.ravel(nudged)
        both = np.isfinite(expected) & np.isfinite(got) & np.isfinite(nudged)
        if not both.any():
            return True
        got, expected, nudged = got[both], expected[both], nudged[both]
        room = 1e-2 * np.abs(expected).max() + 1e-6 + 10 * np.abs(nudged - expected).max()
        return bool((np.abs(got - expected) <= room).all())


def _traced(step, args, nudged=False):
    """Run a step with stand-ins; return the trace, and what the step returned as a structure in
    which tensors are marked, and those tensors' stand-ins."""
    trace, names = Trace(nudged), _argument_names(step, len(args))
    given = []
    for i, x in enumerate(args):
        if isinstance(x, Tensor):
            if x.requires_grad:
                raise Untraceable("an argument asks for a gradient; give it detached")
            given.append(_tensor(trace.input(x.array, names[i])))
        elif isinstance(x, np.ndarray):
            given.append(trace.input(x, names[i]))
        elif isinstance(x, float):
            given.append(trace.scalar(x, ("argument", i), names[i]))
        elif isinstance(x, _STATIC):
            given.append(x)
        else:
            raise Untraceable(
                f"an argument is a {type(x).__name__}; tensors, arrays, numbers and texts are known"
            )
    try:
        with tracing(trace):
            result = step(*given)
    finally:
        for tensor in trace.alive:
            if type(tensor.gradient) is Traced:
                tensor.gradient = None
    leaves = []

    def leaf(tensor):
        if tensor.history is not None and tensor.history is not autograd.FREED:
            raise Untraceable(
                "it returns a tensor that backward() may still be called on; call it in the step, "
                "or return the tensor detached"
            )
        array = tensor.array
        if type(array) is not Traced:
            array = trace.hold(tensor)
        leaves.append(array)

    structure = map_tensors(result, leaf)
    return trace, structure, leaves


def _argument_names(step, count):
    """What the arguments are called where the program is printed: as in the step, if that tells."""
    try:
        names = [
            n for n, p in inspect.signature(step).parameters.items() if p.kind < p.VAR_POSITIONAL
        ]
    except (TypeError, ValueError):  # not written in Python
        names = []
    return [*names, *(f"x{i + 1}" for i in range(len(names), count))]


def _settled(trace, results):
    """Return the program of a trace, and the tensors it depends on that are there without the step,
    each with its array, whether it learns, and its value.

    A tensor that is gone was made in the step itself: its numbers are constants.
    """
    program = trace.finish([t.value for t in results])
    trace.alive.clear()
    tensors, written = [], {old for old, _ in program.stores}
    for reference, array, learns in trace.holders.values():
        tensor, value = reference(), trace.kept[id(array)][2]
        if tensor is not None:
            tensors.append((tensor, array, learns, value))
        elif value not in written:
            value.origin = "constant"
    held = {value for *_, value in tensors}
    held |= {trace.kept[id(a)][2] for _, _, kept in trace.optimizers for *_, a in kept}
    if any(old.origin == "kept" and old not in held for old in written):
        raise Untraceable("it writes into an array that nobody keeps")
    arrays = [(array, value in written) for array, _, value in trace.kept.values()]
    for (a, changes), (b, too) in itertools.combinations(arrays, 2):
        if (changes or too) and np.may_share_memory(a, b):
            raise Untraceable("it writes into an array that shares its memory with another one")
    return program, tensors


def map_tensors(structure, function):
    """Return nested tuples, lists and dictionaries with a function of each tensor in its place.

    Example:
        >>> map_tensors((Tensor([1.0]), None), lambda t: t.shape)
        ((1,), None)
    """
    if isinstance(structure, Tensor) or structure is _TENSOR:
        made = function(structure)
        return _TENSOR if made is None else made
    if isinstance(structure, (tuple, list)):
        parts = [map_tensors(x, function) for x in structure]
        named = hasattr(structure, "_fields")
        return type(structure)(*parts) if named else type(structure)(parts)
    if isinstance(structure, dict):
        return {k: map_tensors(x, function) for k, x in structure.items()}
    if type(structure) is Traced:
        raise Untraceable("it returns a bare array; return the tensor")
    return structure


_TENSOR = object()
"""Stands in a structure for a tensor."""


def _tensor(array):
    """A tensor without the constructor's looks at its array."""
    tensor = Tensor.__new__(Tensor)
    tensor.array = array
    tensor.gradient = tensor.history = tensor.version = None
    tensor.requires_grad = False
    return tensor


def key_of(args):
    """What decides which program is for these arguments.

    Example:
        >>> key_of((Tensor([1.0]), 2)) == key_of((Tensor([3.0]), 2))
        True
    """
    parts = [rebuilt_here()]
    for x in args:
        if isinstance(x, (Tensor, np.ndarray)):
            parts.append((type(x), x.shape, x.dtype))
        elif isinstance(x, float):
            parts.append(float)
        else:
            parts.append((type(x), x if isinstance(x, _STATIC) else None))
    return tuple(parts)


def as_ordered(array):
    """The array, or a copy that lies row by row."""
    return np.ascontiguousarray(array).reshape(array.shape)


def _view(root, shape, offset, strides):
    """A look at an array's memory, offset and strides in numbers."""
    size = root.itemsize
    steps = tuple(s * size for s in strides)
    return np.ndarray(shape, root.dtype, root, offset * size, steps)


def _apply(function, arguments):
    positions, named = arguments
    return function(*positions, **named)


def _fingerprint(trace, program):
    """A text that is the same for two traces of the same step."""
    number = {}

    def told(x):
        if isinstance(x, Value):
            root = number.setdefault(x.root, len(number))
            place = "" if x.root.origin != "constant" else hash(constants[x.root])
            return f"{root}{place}{x.shape}{x.strides}{x.offset}{x.dtype}"
        return f"{type(x).__name__}{x!r}"

    constants = {
        v: array.tobytes() for array, _, v in trace.kept.values() if v.origin == "constant"
    }
    lines = []
    for line in program.instructions:
        parts = [line.kind, line.name, *map(told, line.inputs), *map(told, line.outputs)]
        shown = {k: v for k, v in line.options.items() if k not in ("function", "rebuild")}
        lines.append(" ".join([*parts, repr(shown)]))
    lines += [f"{told(a)} {told(b)}" for a, b in program.stores]
    lines += [told(v) for v in program.results]
    return "\n".join(lines)
