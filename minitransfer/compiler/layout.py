"""From the traced list of instructions to loops over memory: what is left out, what is done in one
loop, and what stands where.

Three things make a compiled step quick, and all three are decided here, on a list that can be read:

* *dead code*: an instruction whose result nobody needs is left out. (For frozen layers there is
  nothing to leave out: the walk back never came to them.)
* *fusion*: maps over the same places become one loop. What one makes and only the next one needs
  then never goes to memory.
* *memory by lifetime*: what is left goes into one stretch of memory, where a value takes the place
  of one that is not needed any more; and a parameter's new numbers take the place of the old ones.
"""

import itertools
from dataclasses import dataclass, field
from math import prod

from minitransfer.compiler.program import Instruction, Program, Value

LINE = 64
"""Values begin on cache lines of so many bytes."""


@dataclass(eq=False)
class Unit:
    """What is done together: a loop of maps, or a single other instruction.

    Attributes:
        instructions: in order.
        part: number of the part of the code that it belongs to; parts end where Python calls.
        shape: what a loop of maps runs over.
        flat: whether that is one loop over neighbours in memory.
    """

    instructions: list
    part: int
    shape: tuple = ()
    flat: bool = True

    @property
    def is_loop(self):
        return self.instructions[0].kind == "map"

    @property
    def is_call(self):
        return self.instructions[0].kind == "call"


@dataclass(eq=False)
class Layout:
    """A program, arranged.

    Attributes:
        units: in order.
        place: root value → ("kept" or "scalar", value), ("work", offset in bytes), or
            ("python", None) for what calls return and arguments bring.
        work: bytes of working memory.
        local: root values that only live within one turn of a loop.
        separate: bytes that the values in working memory would take if each had its own.
    """

    program: Program
    units: list = field(default_factory=list)
    place: dict = field(default_factory=dict)
    work: int = 0
    separate: int = 0
    local: set = field(default_factory=set)
    parts: int = 0


def arrange(program: Program) -> Layout:
    """Return the layout of a program; its list of instructions is put into the best order."""
    _leave_out_dead(program)
    _ignore_ones(program)
    program.instructions = _in_runs(program)
    layout = Layout(program)
    _fuse(layout)
    _give_places(layout)
    return layout


def _leave_out_dead(program):
    needed = {v.root for v in program.results} | {v.root for _, v in program.stores}
    kept = []
    for line in reversed(program.instructions):
        if line.kind == "guard" or any(v.root in needed for v in line.outputs):
            kept.append(line)
            needed.update(v.root for v in line.reads())
    program.dead = len(program.instructions) - len(kept)
    program.instructions = kept[::-1]


def _ignore_ones(program):
    """x · 1 and x / 1 are x."""
    for line in program.instructions:
        if line.kind == "map" and line.name in ("multiply", "divide"):
            a, b = line.inputs
            if not isinstance(b, Value) and b == 1:
                keep = 0
            elif line.name == "multiply" and not isinstance(a, Value) and a == 1:
                keep = 1
            else:
                continue
            line.name = "copy"
            line.inputs, line.options["types"] = [line.inputs[keep]], [line.options["types"][keep]]


def _in_runs(program):
    """Order the instructions so that calls stand together, and everything else between them.

    What overwrites kept memory waits until the program cannot be left any more, and until nobody
    needs the old numbers. A call waits for the guards before it: they may be what keeps it from
    an error.
    """
    # What is computed of Python numbers, as a rate, stands before the line that needs it first.
    weak = {v: line for line in program.instructions for v in line.outputs if v.weak}
    left = [line for line in program.instructions if not (line.outputs and line.outputs[0].weak)]
    overwrites = {v.root: old.root for old, v in program.stores}
    made = {v for line in left for v in line.outputs}
    ready, order = set(weak), []

    def add(line):
        for v in line.reads():
            if v.root in weak:
                first = weak[v.root]
                for made_there in first.outputs:
                    weak.pop(made_there, None)
                add(first)
        order.append(line)

    def can(line):
        if any(v.root in made and v.root not in ready for v in line.reads()):
            return False
        if line.kind == "call":
            before = itertools.takewhile(lambda other: other is not line, left)
            if any(other.kind == "guard" for other in before):
                return False
        for v in line.outputs:
            if v in overwrites:
                if any(other.may_leave for other in left):
                    return False
                old = overwrites[v]
                if any(old in (r.root for r in o.reads()) for o in left if o is not line):
                    return old is None
        return True

    calls = True
    while left:
        some = [x for x in left if (x.kind == "call") == calls]
        moved = False
        for line in some:
            if can(line):
                left.remove(line)
                add(line)
                ready.update(line.outputs)
                moved = True
        if not moved:
            if not calls and not any(can(x) for x in left):
                for line in left:  # an overwrite that cannot wait: it gets memory of its own
                    add(line)
                break
            calls = not calls
    for line in dict.fromkeys(weak.values()):
        if line not in order:
            add(line)
    return order


def strides_in(value, shape):
    """The strides with which a value runs along while `shape` is gone through.

    Example:
        >>> strides_in(Value((3,), "f4"), (2, 3))
        (0, 1)
    """
    extra = len(shape) - len(value.shape)
    inner = [0 if n == 1 else s for n, s in zip(value.shape, value.strides, strict=True)]
    return (0,) * extra + tuple(inner)


def _is_flat(value, shape):
    return value.size == 1 or (value.size == prod(shape) and value.in_order)


def _same_place(value, shape):
    """Whether a value's number at each place of `shape` is its own number at that place."""
    return value.offset == 0 and value.size == prod(shape) == value.root.size and value.in_order


def _fuse(layout):
    """Put maps over the same places into one loop."""
    units, part, where = layout.units, 0, {}
    overwrites = {v: old.root for old, v in layout.program.stores}
    last_read, passed = {}, 0  # of kept memory; the first unit behind which it is not left
    started = 0  # the first unit of this part
    for line in layout.program.instructions:
        if line.kind == "call":
            if units and not units[-1].is_call:
                part += 1
                layout.parts = part
            units.append(Unit([line], -1))
            started = len(units)
        elif line.kind != "map":
            units.append(Unit([line], part))
            passed = len(units) if line.may_leave else passed
        else:
            shape = line.outputs[0].shape
            flat = all(_is_flat(v, shape) for v in line.reads())
            earliest = started
            for v in line.reads():
                if v.root in where:
                    here = where[v.root]
                    fits = units[here].is_loop and _same_place(v, shape)
                    earliest = max(earliest, here if fits else here + 1)
            for v in line.outputs:
                if v in overwrites:
                    earliest = max(earliest, passed, last_read.get(overwrites[v], 0))
            for number in range(earliest, len(units)):
                unit = units[number]
                weak = line.outputs[0].weak
                if (
                    unit.is_loop
                    and weak == unit.instructions[0].outputs[0].weak
                    and (
                        unit.shape == shape
                        or (flat and unit.flat and prod(unit.shape) == prod(shape))
                    )
                ):
                    unit.instructions.append(line)
                    unit.flat = unit.flat and flat
                    where.update((v, number) for v in line.outputs)
                    break
            else:
                units.append(Unit([line], part, shape, flat))
        for v in line.outputs:
            where.setdefault(v, len(units) - 1)
        here = where[line.outputs[0]] if line.outputs else len(units) - 1
        for v in line.reads():
            whole = units[here].is_loop and _same_place(v, units[here].shape)
            last_read[v.root] = max(last_read.get(v.root, 0), here if whole else here + 1)
    if not units or not units[-1].is_call:
        part += 1
    layout.parts = part


def _give_places(layout):
    """Decide where each value stands."""
    program, units, place = layout.program, layout.units, layout.place
    maker, readers = {}, {}
    for number, unit in enumerate(units):
        for line in unit.instructions:
            maker.update((v, number) for v in line.outputs)
            for v in line.reads():
                readers.setdefault(v.root, []).append((number, v))
                if v.root.origin in ("kept", "scalar", "constant", "drawn"):
                    place[v.root] = (v.root.origin, v.root)
                elif v.root.origin == "input":
                    place[v.root] = ("python", v.root)
    for unit in units:
        if unit.is_call:
            place.update((v, ("python", v)) for v in unit.instructions[0].outputs)
    end = len(units)
    if units and units[-1].is_call:  # what is done in the end needs a part of its own
        layout.parts += 1
    for value in program.results:
        readers.setdefault(value.root, []).append((end, value))  # and until the very end
    leaves = [n for n, unit in enumerate(units) if unit.instructions[0].may_leave]
    passed = max(leaves, default=-1)
    for old, new in program.stores:
        place[old.root] = (old.root.origin, old.root)
        new_stays = maker.get(new, -1) > passed
        if new_stays and _may_take_over(old.root, new, maker, readers, units, place):
            place[new.root] = (old.root.origin, old.root)
        else:
            copy = Instruction("map", "copy", [new], [old], {"types": [old.dtype], "store": True})
            units.append(Unit([copy], max(layout.parts - 1, 0), old.shape,
                              _is_flat(new, old.shape)))  # fmt: skip
            readers.setdefault(new.root, []).append((len(units) - 1, new))
            if new.root.origin == "input":
                place[new.root] = ("python", new.root)
    living = []
    for number, unit in enumerate(units):
        for line in unit.instructions:
            for v in line.outputs:
                if v in place:
                    continue
                later = readers.get(v, [])
                if all(n == number and _same_place(seen, unit.shape) for n, seen in later) and (
                    unit.is_loop
                ):
                    layout.local.add(v)
                    continue
                last = max((n if n < end else len(units) for n, _ in later), default=number)
                living.append((v, number, last))
    _allocate(layout, living)


def _may_take_over(old, new, maker, readers, units, place):
    """Whether new numbers may be written where the old ones stand."""
    if new.root is not new or new in place or new not in maker or new.shape != old.shape:
        return False
    here = maker[new]
    if not units[here].is_loop:
        return False
    shape = units[here].shape
    return all(
        number < here or (number == here and _same_place(v, shape))
        for number, v in readers.get(old, [])
    )


def _allocate(layout, living):
    """Give each value the lowest place that no other one has at that time."""
    placed = []
    for value, first, last in living:
        size = -(-max(value.size, 1) * value.dtype.itemsize // LINE) * LINE
        start = 0
        for other_start, other_size, other_first, other_last in sorted(placed):
            at_one_time = other_first <= last and first <= other_last
            if at_one_time and start < other_start + other_size and other_start < start + size:
                start = other_start + other_size
        placed.append((start, size, first, last))
        layout.place[value] = ("work", start)
        layout.work = max(layout.work, start + size)
        layout.separate += size
