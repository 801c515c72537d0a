"""The code of a compiled step: one function for numba, and around it what Python does.

Everything the code names is a number that was given out here (``m3`` is a piece of memory, ``x7``
a number within a loop). Nothing comes from elsewhere: no name of a parameter, no word of a user.

Where the program calls functions that are not taken apart (large products, convolutions), the loops
between two calls are a *part*; the function is told which part to do. A program without calls is a
single part, and then the function can also do many steps in one go.

All memory is handed over as a table of addresses: numba takes half a microsecond to look at a dozen
arrays, which is as long as a step of a small network.

What takes a compiler time is the number of lines, so what is done several times stands there once:
a loop over many numbers is a function of its own, which is given addresses and sizes. (A ``#`` is
written before each size, an ``@`` before the number at which an array begins in its memory; they
are left out where the loop stays in its place.) In a small program without calls loops stay where
they are, with sizes that the compiler knows.
"""

import itertools
import math
import re

import numpy as np

from minitransfer.compiler.layout import strides_in
from minitransfer.compiler.maps import MAPS
from minitransfer.compiler.program import Value, by_rows

_LONG = 256
"""Numbers from which a loop is a function of its own in any program."""


def write(layout):
    """Return the code of a program.

    Returns:
        ``(source, places)``: the text of ``step(part, n, table)``, where `table` is the address of
        a table of addresses; and of what each of them has to be: a root value, ``(value, bytes)``
        for a value in working memory, ``("out", i)`` for the i-th result, "scalars", or, in
        ``places["scalar", value]``, the place of one of these. The text names functions of
        `minitransfer.kernels.step_code`.
    """
    return _Writer(layout).all()


class _Writer:
    def __init__(self, layout):
        self.layout, self.program = layout, layout.program
        self.lines, self.depth = [], 1
        self.places, self.scalars, self.loops = {}, {}, {}
        self.named = {}  # not by the values' own numbers: the text is the same in each process
        self.once = not any(u.is_call for u in layout.units)

    def put(self, text):
        self.lines.append("    " * self.depth + text)

    # All of it

    def all(self):
        for part in range(self.layout.parts):
            self._part(part)
        self.put("return 0")
        loops = [code.format(name) for code, name in self.loops.items()]
        head = [*loops, "def step(part, n, table):", "    table = memory(table, int64(0))"]
        places = self.places | {("scalar", v): k for v, k in self.scalars.items()}
        return re.sub(r"[#@](?=-?\d)", "", "\n".join([*head, *self.lines])) + "\n", places

    def _part(self, part):
        self.put(f"if part == {part}:")
        self.depth += 1
        body, self.lines, depth = self.lines, [], self.depth
        self.memory = {}
        self.depth = depth + 1 if self.once else depth
        for unit in self.layout.units:
            if unit.part == part:
                self._unit(unit)
        if part == self.layout.parts - 1:
            self._results()
        inner, self.lines, self.depth = self.lines, body, depth
        used = set(re.findall(r"\bm\d+\b", "\n".join(inner)))
        for entry, text in self.memory.items():
            if f"m{entry}" in used:
                self.put(text)
        if self.once:
            self.put("for turn in range(n):")
            inner = inner or ["    " * (depth + 1) + "pass"]
        self.lines += inner
        self.put("return n")
        self.depth -= 1

    # Where numbers stand

    def where(self, root):
        """The name of the memory of a root value."""
        place, what = self.layout.place[root]
        if place == "scalar":
            self.scalars.setdefault(what, len(self.scalars))
            return self.piece("scalars", np.float64)
        return self.piece((root, what) if place == "work" else what, root.dtype)

    def piece(self, key, dtype):
        """The name of a piece of memory, of which the address is in the table."""
        entry = self.places.setdefault(key, len(self.places))
        like = "uint8" if np.dtype(dtype) == bool else _name(dtype)
        self.memory[entry] = f"m{entry} = memory(table[{entry}], {like}(0))"
        return f"m{entry}"

    def first(self, value):
        """The index at which a value begins in its root's memory."""
        place, what = self.layout.place[value.root]
        return self.where(value.root) and (
            self.scalars[what] + value.offset if place == "scalar" else value.offset
        )

    def at(self, value, shape, flat, variables):
        """``memory[index]`` of a value's number while `shape` is gone through."""
        name, first = self.where(value.root), self.first(value)
        if flat:
            step = ("i",) if value.size > 1 else ()
            return f"{name}[{_index(first, step, (1,) * len(step))}]"
        return f"{name}[{_index(first, variables, strides_in(value, shape))}]"

    # Instructions

    def _unit(self, unit):
        """Write a unit, in its place or as a function of its own."""
        first, line = len(self.lines), unit.instructions[0]
        if unit.is_loop:
            self._loop(unit)
        else:
            getattr(self, f"_{line.kind}")(line)
        long = unit.is_loop and unit.flat and math.prod(unit.shape) >= _LONG
        if line.kind != "guard" and (long or not self.once):
            self._apart(first, sizes=line.kind != "product")

    def _apart(self, first, sizes):
        """Make the lines from `first` on a function, and call it. Of those that do the same in
        other places, and with other sizes, there is one, so that it is compiled once.

        Small products keep their sizes: they are quick because the compiler knows them.
        """
        text = "\n".join(line[4 * self.depth :] for line in self.lines[first:])
        if not text:
            return
        del self.lines[first:]
        number, count = r"[#@](-?\d+)" if sizes else r"@(-?\d+)", itertools.count()
        given = re.findall(number, text)
        text = re.sub(number, lambda _: f"n{next(count)}", text)
        short = {}
        for name in re.findall(r"\b[mlx]\d+\b", text):
            short.setdefault(name, f"{'a' if name[0] == 'm' else 'y'}{len(short)}")
        text = re.sub(r"\b[mlx]\d+\b", lambda m: short[m[0]], text)
        memory = {name: new for name, new in short.items() if name[0] == "m"}
        opened = [self.memory[int(name[1:])].rpartition(", ")[2] for name in memory]
        opened = [f"{a} = memory(p{a[1:]}, {like}" for a, like in
                  zip(memory.values(), opened, strict=True)]  # fmt: skip
        head = [f"p{a[1:]}" for a in memory.values()] + [f"n{k}" for k in range(len(given))]
        body = "\n    ".join([*opened, *text.split("\n")])
        code = f"@helper({len(head)})\ndef {{}}({', '.join(head)}):\n    {body}\n"
        name = self.loops.setdefault(code, f"loop{len(self.loops)}")
        addresses = [f"table[{old[1:]}]" for old in memory]
        self.put(f"{name}({', '.join([*addresses, *given])})")

    def _loop(self, unit):
        size = math.prod(unit.shape)
        if size == 0:
            return
        depth = self.depth
        before, body = self._body(unit, [f"i{axis}" for axis in range(len(unit.shape))])
        if unit.flat:
            if size > 1:
                body = [f"for i in range(#{size}):", *("    " + text for text in body)]
            body = [*before, *body]
        for axis, n in enumerate(() if unit.flat else unit.shape):
            self.put(f"for i{axis} in range(#{n}):")
            self.depth += 1
        for text in body if unit.flat else before + body:
            self.put(text)
        self.depth = depth

    def _body(self, unit, variables):
        """What a loop does: lines before it, for what is the same in all turns, and in it."""
        loaded, stores, before, body = {}, [], [], []
        for line in unit.instructions:
            operands = []
            for x, kind in zip(line.inputs, line.options["types"], strict=True):
                operands.append(self._operand(x, kind, unit, variables, loaded, before, body))
            text = MAPS[line.name][0].format(*operands)
            store = line.options.get("store")
            names = [f"x{self.named.setdefault(v, len(self.named))}" for v in line.outputs]
            if len(names) == 1 and line.outputs[0].dtype.kind in "iu":
                text = f"{_name(line.outputs[0].dtype)}({text})"
            body.append(f"{', '.join(names)} = {text}")
            for v, name in zip(line.outputs, names, strict=True):
                if not store:
                    loaded[v] = name
                if store or v not in self.layout.local:
                    whole = v if store else v.view(unit.shape, by_rows(unit.shape), 0)
                    stores.append(f"{self.at(whole, unit.shape, unit.flat, variables)} = {name}")
        return before, body + stores

    def _operand(self, x, kind, unit, variables, loaded, before, body):
        if not isinstance(x, Value):
            return _literal(x, kind)
        if x.root in loaded:
            name = loaded[x.root]
        else:
            text = self.at(x, unit.shape, unit.flat, variables)
            if text not in loaded:
                loaded[text] = f"l{len(loaded)}"
                (before if x.size == 1 else body).append(f"{loaded[text]} = {_read(text, x)}")
            name = loaded[text]
        return name if x.dtype == kind else f"{_name(kind)}({name})"

    def _sum(self, line):
        (x,), (y,) = line.inputs, line.outputs
        axes = line.options["axes"]
        kept = [a for a in range(len(x.shape)) if a not in axes]
        source, target = self.where(x.root), self.where(y)
        depth, variables, to = self.depth, [], []
        for a, step in zip(kept, by_rows([x.shape[a] for a in kept]), strict=True):
            variables.append(f"i{a}")
            to.append(step)
            self.put(f"for i{a} in range(#{x.shape[a]}):")
            self.depth += 1
        steps = [x.strides[a] for a in kept]
        there = f"{target}[{_index(self.first(y), variables, to)}]"
        zero = "False" if y.dtype == bool else f"{_name(y.dtype)}(0)"
        run = math.prod(x.shape[a] for a in axes)
        one_run = _one_run(x, axes)
        if line.name == "add" and x.dtype.kind == "f" and one_run is not None:
            start = _index(self.first(x), variables, steps)
            given = f"place({source}, {start}), #{run}, #{one_run}, {zero}"
            self.put(f"{there} = {zero} + sum_{_name(x.dtype)}({given})")
        elif line.name == "add" and kept and x.strides[kept[-1]] == 1 and kept[-1] > axes[-1]:
            # The sums of a whole row together, so that the inner loop runs along it.
            self.depth -= 1
            row = self.lines.pop().strip()
            self.put(row)
            self.put(f"    {there} = {zero}")
            for a in axes:
                self.put(f"for j{a} in range(#{x.shape[a]}):")
                self.depth += 1
            from_ = _index(self.first(x), [*variables, *(f"j{a}" for a in axes)],
                           [*steps, *(x.strides[a] for a in axes)])  # fmt: skip
            self.put(row)
            self.put(f"    {there} = {there} + {source}[{from_}]")
        else:
            inner = [f"j{a}" for a in axes]
            from_ = _index(
                self.first(x), [*variables, *inner], [*steps, *(x.strides[a] for a in axes)]
            )
            begin = _index(self.first(x), variables, steps)
            begin, number = (_read(f"{source}[{index}]", x) for index in (begin, from_))
            self.put(f"total = {zero if line.name == 'add' else begin}")
            for a in axes:
                self.put(f"for j{a} in range(#{x.shape[a]}):")
                self.depth += 1
            new = {
                "add": "total + {0}",
                "maximum": "one_maximum(total, {0})",
                "minimum": "one_minimum(total, {0})",
                "logical_and": "total & {0}",
                "logical_or": "total | {0}",
            }[line.name].format(f"({number})" if x.dtype == bool else number)
            self.put(f"total = {new}")
            self.depth -= len(axes)
            self.put(f"{there} = total")
        self.depth = depth

    def _product(self, line):
        a, b = line.inputs[:2]
        (c,) = line.outputs
        *batch, rows, columns = c.shape
        depth = self.depth
        variables = []
        for axis, n in enumerate(c.shape):
            variables.append(f"i{axis}")
            self.put(f"for i{axis} in range(#{n}):")
            self.depth += 1
        steps = a.shape[-1]
        *a_batch, a_row, a_step = strides_in(a, (*batch, rows, steps))
        if line.name == "linear":
            *b_batch, b_column, b_step = strides_in(b, (columns, steps))
        else:
            *b_batch, b_step, b_column = strides_in(b, (*batch, steps, columns))
        left = _index(self.first(a), variables[:-1], [*a_batch, a_row])
        right = _index(
            self.first(b), [*variables[: len(b_batch)], variables[-1]], [*b_batch, b_column]
        )
        left_k, right_k = _more(left, "k", a_step), _more(right, "k", b_step)
        a_name, b_name = self.where(a.root), self.where(b.root)
        self.put(f"total = {a_name}[{left}] * {b_name}[{right}]")
        if steps > 1:
            self.put(f"for k in range(1, #{steps}):")
            self.put(f"    total = multiply_add({a_name}[{left_k}], {b_name}[{right_k}], total)")
        text = "total"
        if line.name == "linear":
            bias = line.inputs[2]
            here = _index(self.first(bias), variables[-1:], bias.strides)
            text += f" + {self.where(bias.root)}[{here}]"
        to = _index(self.first(c), variables, by_rows(c.shape))
        self.put(f"{self.where(c)}[{to}] = {text}")
        self.depth = depth

    def _pieces(self, line):
        (y,) = line.outputs
        for x, place in zip(line.inputs, line.options["places"], strict=True):
            part = y.view(*place)
            depth, variables = self.depth, []
            for axis, n in enumerate(part.shape):
                variables.append(f"i{axis}")
                self.put(f"for i{axis} in range(#{n}):")
                self.depth += 1
            if not isinstance(x, Value):
                number = _literal(x, y.dtype)
            else:
                number = _read(self.at(x, part.shape, False, variables), x)
                number = number if x.dtype == y.dtype else f"{_name(y.dtype)}({number})"
            self.put(f"{self.at(part, part.shape, False, variables)} = {number}")
            self.depth = depth

    def _guard(self, line):
        (x,) = line.inputs
        done = "turn" if self.once else "0"
        self.put(f"if ({_read(self.at(x, (), True, ()), x)}) != {line.options['answer']}:")
        self.put(f"    return {done}")

    def _results(self):
        for i, v in enumerate(self.program.results):
            target = self.piece(("out", i), v.dtype)
            first = f"turn * #{v.size} + " if self.once else ""
            begin, depth, variables = len(self.lines), self.depth, []
            for axis, n in enumerate(v.shape):
                variables.append(f"i{axis}")
                self.put(f"for i{axis} in range(#{n}):")
                self.depth += 1
            to = _index(0, variables, by_rows(v.shape))
            self.put(f"{target}[{first}{to}] = {self.at(v, v.shape, False, variables)}")
            self.depth = depth
            if not self.once:
                self._apart(begin, sizes=True)


def _read(text, value):
    """A number as the code reads it: what is true or false stands in a byte."""
    return f"{text} != 0" if value.dtype == bool else text


def _name(dtype):
    return "boolean" if np.dtype(dtype) == bool else np.dtype(dtype).name


def _literal(x, kind):
    """A number in code, in a type."""
    if np.dtype(kind) == bool:
        return repr(bool(x))
    if np.dtype(kind).kind in "iu":
        return f"{_name(kind)}({int(x)})"
    x = float(x)
    return f"{_name(kind)}({x!r})"  # repr gives all digits; inf and nan are names in the code


def _index(first, variables, steps):
    """``first + i * 3 + j`` as text."""
    terms = [f"@{first}"] if first else []
    for name, step in zip(variables, steps, strict=True):
        if step:
            terms.append(name if step == 1 else f"{name} * #{step}")
    return " + ".join(terms) or "0"


def _more(index, name, step):
    """An index, further on by `name` steps."""
    if not step:
        return index
    term = name if step == 1 else f"{name} * #{step}"
    return term if index == "0" else f"{index} + {term}"


def _one_run(x, axes):
    """The distance of the summed numbers, if NumPy would add them as one run of neighbours."""
    wide = [a for a in axes if x.shape[a] > 1]
    if not wide:
        return 1
    step = x.strides[wide[-1]]
    expected = step
    for a in reversed(wide):
        if x.strides[a] != expected:
            return None
        expected *= x.shape[a]
    kept = [x.strides[a] for a in range(len(x.shape)) if a not in axes and x.shape[a] > 1]
    return step if not kept or step < min(abs(s) for s in kept) else None
