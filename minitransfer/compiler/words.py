"""A program as a person would write it."""

from minitransfer.compiler.maps import MAPS


def spell(program, layout=None, title="step"):
    """Return the program as text; with its layout, also what is done in one loop and the memory.

    Lines with a bar before them are one loop: each number goes through all of them before the next
    number's turn.
    """
    names = _Names(program)
    arguments = ", ".join(names(v) for v in program.inputs)
    shapes = ", ".join(f"{names(v)} {_shape(v)}" for v in program.inputs)
    text = [f"{title}({arguments}):" + (f"  # {shapes}" if shapes else "")]
    units = layout.units if layout else [None]
    phase = None
    for unit in units:
        lines = unit.instructions if unit else program.instructions
        several = unit is not None and len(lines) > 1
        for i, line in enumerate(lines):
            now = line.options.get("phase", phase)
            if now != phase:
                phase = now
                text.append(f"    # {phase}")
            if line.options.get("store"):
                continue
            bar = "" if not several else "┌ " if i == 0 else "└ " if i == len(lines) - 1 else "│ "
            text.append(f"    {bar or ('  ' if layout else '')}{_line(line, names)}")
    changed = {old.root for old, _ in program.stores}
    for old, new in program.stores:
        if new.root.origin != "made" or names.taken.get(new.root) is not old.root:
            text.append(f"      {names(old)} = {names(new)}")
    if program.results:
        text.append(f"    return {', '.join(names(v) for v in program.results)}")
    read = {v.root for line in program.instructions for v in line.reads()}
    held = [v for v in read if v.origin == "kept" and v not in changed]
    if held:
        told = ", ".join(sorted(names(v) for v in held))
        text.append(f"# only read: {told}")
    if layout:
        text += [
            f"# {len(program.instructions)} instructions in {len(layout.units)} loops and calls",
            f"# memory: {layout.work:,} bytes, {layout.separate:,} if nothing took another's place",
        ]
    return "\n".join(text)


def _line(line, names):
    operands = [names(x) for x in line.inputs]
    made = ", ".join(names.make(v) for v in line.outputs)
    if line.kind == "guard":
        return f"if {operands[0]} is {not line.options['answer']}: leave, and do the step without"
    if line.kind == "map":
        words = MAPS[line.name][1].format(*(_bracketed(x) for x in operands))
    elif line.kind == "sum":
        axes, x = line.options["axes"], line.inputs[0]
        word = {"add": "sum", "maximum": "max", "minimum": "min"}.get(line.name, line.name)
        every = len(axes) == len(x.shape)
        words = f"{word}({operands[0]})" if every else f"{word}({operands[0]}, {axes})"
    elif line.name == "linear":
        words = f"{operands[0]} @ {_bracketed(operands[1])}.T + {operands[2]}"
    elif line.name == "written" and line.kind == "pieces":
        words = f"{operands[0]}, with {operands[1]} at {_place(line)}"
    elif line.name == "matmul":
        words = f"{operands[0]} @ {operands[1]}"
    else:
        words = f"{line.name}({', '.join(operands)})"
    shape = f"  # {_shape(line.outputs[0])}" if not line.outputs[0].weak else ""
    return f"{made} = {words}{shape}"


def _place(line):
    """Where the second of two pieces stands in what a line makes."""
    made = line.outputs[0]
    place = made.view(*line.options["places"][1])
    return slices(place) or _strided(place)


def slices(view):
    """The key that gives a view of its root, as text; "" if numbers and slices alone do not.

    Example:
        >>> from minitransfer.compiler.program import Value
        >>> slices(Value((3, 4), "f4").view((3, 2), (4, 1), 2))
        '[:, 2:4]'
    """
    root, rest = view.root, view.offset
    axes = [*zip(view.shape, view.strides, strict=True)]
    parts = []
    for k, (length, step) in enumerate(zip(root.shape, root.strides, strict=True)):
        start, rest = divmod(rest, step) if step else (0, rest)
        n, stride = axes[0] if axes else (0, 0)
        by, odd = divmod(stride, step) if step else (1, 0)
        left = len(root.shape) - k
        if n == 1 and len(axes) == left:
            by, odd = 1, 0
        end = start + (n - 1) * by + 1
        if axes and not odd and by > 0 and end <= length:
            axes.pop(0)
            every = "" if by == 1 else f":{by}"
            whole = start == 0 and end > length - by
            parts.append((":" if whole else f"{start or ''}:{end}") + every)
        elif len(axes) < left and start < length:
            parts.append(str(start))
        else:
            return ""
    return "" if axes or rest else f"[{', '.join(parts)}]"


def _strided(view):
    return f".as_strided({view.shape}, {view.strides}, {view.offset})"


def _bracketed(text):
    return f"({text})" if " " in text else text


def _shape(value):
    return " × ".join(map(str, value.shape)) or "a number"


class _Names:
    """Names for values: parameters have theirs, what is made is v1, v2, …"""

    def __init__(self, program):
        self.of, self.used, self.count = {}, set(), 0
        self.stores = {v: old.root for old, v in program.stores if v.root is v}
        self.taken = {}

    def __call__(self, x):
        if not hasattr(x, "root"):
            return f"{x:.6g}" if isinstance(x, float) or hasattr(x, "dtype") else str(x)
        name = self._root(x.root)
        if x.root is x or (x.is_whole and x.shape == x.root.shape):
            return name
        if x.shape == x.root.shape[::-1] and x.strides == x.root.strides[::-1]:
            return f"{name}.T"
        turned = (*x.root.strides[:-2], *x.root.strides[:-3:-1])
        if len(x.shape) > 2 and x.shape[:-2] == x.root.shape[:-2] and x.strides == turned:
            return f"{name}.mT"
        if x.is_whole:
            return f"{name}.reshape{x.shape}"
        return f"{name}{slices(x) or _strided(x)}"

    def make(self, value):
        """The name of what a line makes: what is stored in a kept array takes that name."""
        if value in self.stores:
            self.taken[value] = self.stores[value]
            self.of[value] = self._root(self.stores[value])
        return self._root(value)

    def _root(self, value):
        if value not in self.of:
            name = value.name
            if not name:
                word = {"constant": "c", "kept": "k"}.get(value.origin, "v")
                self.count += 1
                name = f"{word}{self.count}"
            base, again = name, 1
            while name in self.used:
                again += 1
                name = f"{base}{again}"
            self.of[value] = name
            self.used.add(name)
        return self.of[value]
