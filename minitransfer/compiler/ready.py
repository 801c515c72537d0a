"""A program that is ready to run: its memory, its machine code, and what Python does around them.

Two little functions are written for each program, as plain Python: ``enter`` looks whether
everything is as it was when the step was traced and hands over what may have changed; ``drive``
calls, one after the other, the parts of the program and the functions between them. Like the code
for numba they name nothing but what was given out here by number.
"""

import numpy as np

from minitransfer import autograd
from minitransfer.autograd import shared_version
from minitransfer.compiler.layout import arrange
from minitransfer.compiler.program import Value
from minitransfer.compiler.tracing import Trace, Traced, Untraceable, tracing
from minitransfer.compiler.words import spell
from minitransfer.compiler.writing import write
from minitransfer.nn.module import REBUILT
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
        again, _, others = _traced(step, args)
        self.program = trace.finish([t.value for t in leaves])
        if _fingerprint(trace, self.program) != _fingerprint(
            again, again.finish([t.value for t in others])
        ):
            raise Untraceable(
                "it is another one each time: it draws random numbers, counts, or decides by "
                "something from outside. Make such numbers arguments of the step"
            )
        self.trace, self.leaves = trace, [t.numbers for t in leaves]
        del again, others
        self._split_kept()
        self.layout = arrange(self.program)
        self.source, kinds, self.given, self.order, self.addresses, self.scalars = write(
            self.layout
        )
        from minitransfer.kernels.step_code import compiled_step  # numba, only when needed

        self.function = compiled_step(self.source, kinds)
        self.draws = [(g, v, np.empty(v.shape, v.dtype)) for g, v in trace.drawn]
        self._check(args)
        arrays = {v: array for array, _, v in trace.kept.values()}
        self._bind(arrays)
        self.enter, self.fits, self.run = self._written(args)
        # What was only needed to make it:
        self.leaves = None
        trace.kept = {k: (a, None, v) for k, (a, _, v) in trace.kept.items()}

    def text(self, title):
        """The program as a person would write it."""
        return spell(self.program, self.layout, title)

    # What it was traced with

    def _split_kept(self):
        """See which arrays belong to tensors that are there without the step."""
        trace, self.tensors = self.trace, []
        trace.alive.clear()
        for reference, array, learns in trace.holders.values():
            tensor = reference()
            value = trace.kept[id(array)][2]
            if tensor is not None:
                self.tensors.append((tensor, array, learns, value))
            elif not any(value is old for old, _ in self.program.stores):
                # Made in the step itself: the same numbers each time, as the second trace showed.
                value.origin = "constant"
        kept = {v for _, _, _, v in self.tensors}
        kept |= {trace.kept[id(a)][2] for _, _, kept in trace.optimizers for *_, a in kept}
        for old, _ in self.program.stores:
            if old.origin == "kept" and old not in kept:
                raise Untraceable("it writes into an array that nobody keeps")

    # Memory

    def _bind(self, arrays):
        """Point the code to memory: arrays for kept values, and working memory of its own."""
        work = np.zeros(self.layout.work + 64, np.uint8)
        base = -(-work.ctypes.data // 64) * 64
        start = base - work.ctypes.data
        drawn = {v: buffer for _, v, buffer in self.draws}
        self.table = np.zeros(max(len(self.addresses), 1), np.int64)
        for key, place in self.addresses.items():
            if isinstance(key, tuple):
                self.table[place] = base + key[1]
            else:
                self.table[place] = (drawn[key] if key in drawn else arrays[key]).ctypes.data
        self.numbers = np.zeros(max(len(self.scalars), 1))
        self.memory = (work, start, arrays, drawn)
        self.drive = self._written_drive()

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
        """Return ``drive(n, inputs, outs)``, which takes n steps and returns how many it took."""
        names = {"step": self.function, "table": self.table, "scalars": self.numbers,
                 "view": _view, "whole": np.ascontiguousarray}  # fmt: skip
        inputs = [f"a{i}" for i in range(len(self.program.inputs))]
        outs = [f"o{i}" for i in range(len(self.program.results))]
        python = {v: f"a{i}" for i, v in enumerate(self.program.inputs)}
        dummies = []
        for k, (dtype, _) in enumerate(self.order):
            names[f"z{k}"] = np.zeros(1, dtype)
            dummies.append(f"z{k}")

        def call_part(part, n):
            arguments = list(dummies)
            for what, k in self.given[part].items():
                if isinstance(what, tuple):
                    arguments[k] = f"o{what[1]}"
                else:
                    arguments[k] = f"{python[what]}.reshape(-1)"
            return f"step({part}, {n}, table, scalars, {', '.join(arguments)})".replace(", )", ")")

        head = f"def drive({', '.join(['n', *inputs, *outs])}):"
        calls = [u for u in self.layout.units if u.is_call]
        if not calls:
            text = [head, f"    return {call_part(0, 'n')}"]
            exec("\n".join(text), names)
            return names["drive"]
        last = {}
        for number, unit in enumerate(self.layout.units):
            for line in unit.instructions:
                last.update((v.root, number) for v in line.reads())
        last.update((v.root, len(self.layout.units)) for v in self.program.results)
        text, done = [head], set()
        for number, unit in enumerate(self.layout.units):
            if unit.is_call:
                text += self._call(unit.instructions[0], python, names)
            elif unit.part not in done:
                done.add(unit.part)
                text.append(f"    if not {call_part(unit.part, 1)}: return 0")
            for v, name in list(python.items()):
                if v.origin == "made" and last.get(v, 0) <= number and unit.is_call:
                    behind = [u.part for u in self.layout.units[: number + 1] if not u.is_call]
                    if all(p in done for p in behind):
                        text.append(f"    {name} = None")
                        del python[v]
        for part in range(self.layout.parts):
            if part not in done:
                text.append(f"    if not {call_part(part, 1)}: return 0")
        text.append("    return 1")
        exec("\n".join(text), names)
        return names["drive"]

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
        text += [f"    {name} = whole({name})" for name in made if not line.options["kernel"]]
        return text

    def _written(self, args):
        """Return ``enter``, ``fits`` and ``run`` for these arguments."""
        names = {
            "MISS": MISS, "Tensor": Tensor, "drive": self.drive, "REBUILT": REBUILT,
            "rebuilt": REBUILT[0], "scalars": self.numbers, "empty": np.empty, "new": _tensor,
            "sequence": autograd._sequence, "draw": self._draw, "undraw": self._undraw,
        }  # fmt: skip
        arguments = [f"b{i}" for i in range(len(args))]
        checks, arrays, before, after = ["REBUILT[0] == rebuilt"], [], [], []
        position = iter(range(len(self.program.inputs)))
        for i, x in enumerate(args):
            if isinstance(x, Tensor):
                k = next(position)
                checks.append(f"isinstance(b{i}, Tensor)")
                arrays.append((f"a{k}", f"b{i}.array", as_given(x.array)))
            elif isinstance(x, np.ndarray):
                k = next(position)
                checks.append(f"type(b{i}) is ndarray")
                arrays.append((f"a{k}", f"b{i}", as_given(x)))
            elif isinstance(x, float):
                checks.append(f"isinstance(b{i}, float)")
            else:
                names[f"c{i}"] = x
                checks.append(f"type(b{i}) is type(c{i}) and b{i} == c{i}")
        names["ndarray"] = np.ndarray
        fetch = [f"{name} = {text}" for name, text, _ in arrays]
        for k, (name, _, (shape, dtype)) in enumerate(arrays):
            names[f"h{k}"], names[f"t{k}"] = shape, dtype
            checks.append(f"{name}.shape == h{k} and {name}.dtype is t{k}")
            checks.append(f"{name}.flags.c_contiguous")
        written = {old for old, _ in self.program.stores}
        for k, (tensor, array, learns, value) in enumerate(self.tensors):
            names[f"p{k}"], names[f"q{k}"] = tensor, array
            checks.append(f"p{k}.array is q{k} and p{k}.requires_grad is {learns}")
            if value in written:
                names[f"version{k}"] = shared_version(tensor)
                after.append(f"version{k}[0] = now")
            if learns and self.trace.optimizers:
                after.append(f"p{k}.gradient = None")
        for k, (module, mode) in enumerate(self.trace.modes.values()):
            names[f"m{k}"] = module
            checks.append(f"(m{k}._training and not m{k}._frozen) is {mode}")
        groups = {}
        for k, (group, key, value) in enumerate(self.trace.options):
            g = groups.setdefault(id(group), f"g{len(groups)}")
            names[g], names[f"key{k}"], names[f"value{k}"] = group, key, value
            checks.append(f"{g}[key{k}] == value{k}")
        for k, (optimizer, counted, kept) in enumerate(self.trace.optimizers):
            names[f"opt{k}"], names[f"state{k}"] = optimizer, optimizer.state
            names[f"groups{k}"] = len(optimizer.param_groups)
            checks.append(f"opt{k}.state is state{k} and len(opt{k}.param_groups) == groups{k}")
            for j, (_, name, key, array) in enumerate(kept):
                e = f"entry{k}_{j}"
                names[f"name{k}_{j}"], names[e] = name, optimizer.state[name]
                names[f"held{k}_{j}"], names[f"at{k}_{j}"] = array, key
                checks.append(f"state{k}.get(name{k}_{j}) is {e} and "
                              f"{e}.get(at{k}_{j}) is held{k}_{j}")  # fmt: skip
            for j, (name, key, _, _, by) in enumerate(counted):
                e = f"count{k}_{j}"
                names[e], names[f"which{k}_{j}"] = optimizer.state[name], key
                after.append(f"{e}[which{k}_{j}] += {int(by)} * done")
        for number, (key, (value, _)) in enumerate(self.trace.scalars.items()):
            if value not in self.scalars:
                continue
            place = self.scalars[value]
            if key[0] == "argument":
                before.append(f"scalars[{place}] = b{key[1]}")
            else:
                names[f"d{number}"], names[f"e{number}"] = self.trace.owners[key], key[1]
                before.append(f"scalars[{place}] = d{number}[e{number}]")
        if self.draws:
            before.append("draw()")
        if written:
            after.insert(0, "now = next(sequence)")
        results = self.program.results
        for i, v in enumerate(results):
            names[f"shape{i}"], names[f"size{i}"], names[f"dtype{i}"] = v.shape, v.size, v.dtype
        inputs = ", ".join(["n", *(name for name, _, _ in arrays)])
        outs = [f"o{i}" for i in range(len(results))]
        drive = f"drive({', '.join([inputs, *outs])})"
        names["rebuild"] = self._rebuild
        one = _only_tensor(self.structure)
        kinds = [c for c in checks if c.startswith(("isinstance(b", "type(b"))]
        rest = [c for c in checks if c not in kinds]

        def looked(indent, otherwise):
            pad = " " * indent
            lines = [f"{pad}if not ({' and '.join(kinds)}): return {otherwise}"] if kinds else []
            lines += [pad + f for f in fetch]
            return [*lines, f"{pad}if not ({' and '.join(rest)}): return {otherwise}"]

        text = [f"def fits({', '.join(arguments) or '*none'}):", *looked(4, "False"),
                "    return True"]  # fmt: skip
        text += [f"def enter({', '.join(arguments) or '*none'}):", *looked(4, "MISS"), "    n = 1"]
        text += [f"    {line}" for line in before]
        text += [f"    o{i} = empty(size{i}, dtype{i})" for i in range(len(results))]
        text.append(f"    done = {drive}")
        text.append(f"    if not done: {'undraw(); ' if self.draws else ''}return MISS")
        text += [f"    {line}" for line in after]
        if one:
            text.append("    return new(o0.reshape(shape0))")
        else:
            made = ", ".join(f"new(o{i}.reshape(shape{i}))" for i in range(len(results)))
            text.append(f"    return rebuild([{made}])")
        text += ["def run(n, arguments):"]
        if arguments:
            text.append(f"    {', '.join(arguments)}, = arguments")
        text += [f"    {f}" for f in fetch]
        if self.draws or any(u.is_call for u in self.layout.units):
            text.append("    n = 1")  # the loop is Python's
        text += [f"    {line}" for line in before]
        text += [f"    o{i} = empty(n * size{i}, dtype{i})" for i in range(len(results))]
        text += [f"    done = {drive}"]
        text.append(f"    if not done: {'undraw(); ' if self.draws else ''}return 0, None")
        text += [f"    {line}" for line in after]
        made = ", ".join(
            f"new(o{i}.reshape((n, *shape{i}))[:done])" for i in range(len(results))
        )
        text.append(f"    return done, rebuild([{made}])")
        exec("\n".join(text), names)
        return names["enter"], names["fits"], names["run"]

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

    def _check(self, args):
        """Run the code once, on copies, and compare with what the trace computed.

        Raises:
            Untraceable: if it differs by more than rounding.
        """
        trace = self.trace
        arrays = {v: array.copy() for array, _, v in trace.kept.values()}
        for (_, _, buffer), (_, v) in zip(self.draws, trace.drawn, strict=True):
            buffer[...] = trace.drawings[v]
        self._bind(arrays)
        for value, number in trace.scalars.values():
            if value in self.scalars:
                self.numbers[self.scalars[value]] = number
        inputs = [as_ordered(x.array if isinstance(x, Tensor) else x)
                  for x in args if isinstance(x, (Tensor, np.ndarray))]  # fmt: skip
        outs = [np.empty(v.size, v.dtype) for v in self.program.results]
        if self.drive(1, *inputs, *outs) != 1:
            raise Untraceable("the compiled step does not pass its own guards")
        wanted = {value: handle.numbers for _, handle, value in trace.kept.values()}
        pairs = [(arrays[v], wanted[v]) for v, _ in self.program.stores if v in arrays]
        pairs += zip(outs, self.leaves, strict=True)
        for got, expected in pairs:
            if not _close(got.ravel(), np.ravel(expected)):
                raise Untraceable(
                    "the compiled step gave other numbers than the step itself; this is a mistake "
                    "of the compiler, please report it"
                )


def _close(got, expected):
    if expected.dtype.kind != "f":
        return True
    with np.errstate(all="ignore"):
        both = np.isfinite(expected) & np.isfinite(got)
        if not both.any():
            return True
        room = 1e-2 * np.abs(expected[both]).max() + 1e-6
        return bool((np.abs(got[both] - expected[both]) <= room).all())


def _traced(step, args):
    """Run a step with stand-ins; return the trace, and what the step returned as a structure in
    which tensors are marked, and those tensors' stand-ins."""
    trace = Trace()
    given = []
    for i, x in enumerate(args):
        if isinstance(x, Tensor):
            if x.requires_grad:
                raise Untraceable("an argument asks for a gradient; give it detached")
            given.append(_tensor(trace.input(x.array, f"x{i + 1}")))
        elif isinstance(x, np.ndarray):
            given.append(trace.input(x, f"x{i + 1}"))
        elif isinstance(x, float):
            given.append(trace.scalar(x, ("argument", i), f"x{i + 1}"))
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


def _only_tensor(structure):
    return structure is _TENSOR


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
    parts = [REBUILT[0]]
    for x in args:
        if isinstance(x, (Tensor, np.ndarray)):
            parts.append((type(x), x.shape, x.dtype))
        elif isinstance(x, float):
            parts.append(float)
        else:
            parts.append((type(x), x if isinstance(x, _STATIC) else None))
    return tuple(parts)


def as_given(array):
    """The shape and the type that an argument's array has to have."""
    return array.shape, array.dtype


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
