"""What a traced step is written down in: values, and instructions that make values of values.

A value is a number of places in memory, or a view of them: the transpose of a matrix, say, is the
same memory with other strides. Nothing here knows where the memory is; `layout` decides that.

There are six kinds of instructions:

``map``      one number of each input makes one of each output: a sum, a sigmoid, a step of Adam
``sum``      numbers of one input are added up
``product``  a small matrix product, with a bias or without
``pieces``   an array put together of others, each of which goes to its place in it
``call``     a function of NumPy or of the library's kernels: large products, convolutions, the rest
``guard``    a yes-or-no that has to come out as it did when the step was traced
"""

import itertools
from dataclasses import dataclass, field
from math import prod

import numpy as np

from minitransfer.compiler.words import spell

_numbers = itertools.count(1)


class Value:
    """An array of the program, or a view of one.

    Args:
        shape, dtype: of the array.
        origin: "input" (an argument of the step), "kept" (an array that outlives the step, as a
            parameter), "constant", "drawn" (random numbers), "scalar" (a Python number that may be
            another at every call, as a learning rate), "made" (by an instruction), or, while a
            step is traced, "empty" and "filled" (by `np.empty_like`, or with one number: no
            instruction makes it before a part of it is written).
        name: what to call it where the program is printed.

    Attributes:
        root: the value that owns the memory: this one, or the one that it is a view of.
        offset, strides: where its numbers stand in the root's memory, counted in numbers.
        stale: whether something else stands in its memory since: it was written in place.
        weak: whether it is a Python number, which takes the type of the array that it meets.
    """

    def __init__(self, shape, dtype, origin="made", name="", weak=False):
        self.shape, self.dtype, self.origin, self.name = tuple(shape), np.dtype(dtype), origin, name
        self.root, self.offset, self.strides = self, 0, by_rows(shape)
        self.weak, self.stale, self.number = weak, False, next(_numbers)

    def view(self, shape, strides, offset):
        """Return another look at the same memory."""
        seen = Value(shape, self.dtype)
        seen.root, seen.strides, seen.offset = self.root, tuple(strides), offset
        seen.weak = self.weak and not shape
        return seen

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)

    @property
    def is_whole(self) -> bool:
        """Whether it shows all of its memory, row by row."""
        return self.offset == 0 and self.size == self.root.size and self.in_order

    @property
    def in_order(self) -> bool:
        """Whether its numbers stand one after the other."""
        return all(
            n == 1 or s == t
            for n, s, t in zip(self.shape, self.strides, by_rows(self.shape), strict=True)
        )


@dataclass(eq=False)
class Instruction:
    """One line of the program.

    Attributes:
        kind: see above.
        name: which map, sum or call it is.
        inputs: values, and plain numbers.
        outputs: the values it makes.
        options: what else it needs to know; for a map "types", the type that each input is
            turned into first.
    """

    kind: str
    name: str
    inputs: list
    outputs: list
    options: dict = field(default_factory=dict)

    @property
    def may_leave(self):
        """Whether it may come out so that the step has to be done without the program: a guard, or
        a function of NumPy, which may return an array of another size, as picking by a mask."""
        return self.kind == "guard" or (self.kind == "call" and not self.options["kernel"])

    def reads(self):
        """Yield the values among the inputs."""
        return (v for v in self.inputs if isinstance(v, Value))


@dataclass(eq=False)
class Program:
    """A step: instructions in their order, what they begin with, and what is left in the end.

    Attributes:
        inputs: the values of the arguments.
        instructions: in order.
        stores: pairs of a kept value and the value that its memory holds in the end.
        results: the values that the step returns.
        dead: how many instructions were left out because nobody needs what they make.
    """

    inputs: list
    instructions: list
    stores: list
    results: list
    dead: int = 0

    def __str__(self):
        return spell(self)


def by_rows(shape) -> tuple[int, ...]:
    """Return the strides, in numbers, of an array that lies row by row.

    Example:
        >>> by_rows((2, 3, 4))
        (12, 4, 1)
    """
    return tuple(prod(shape[i + 1 :]) for i in range(len(shape)))
