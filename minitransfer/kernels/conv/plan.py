"""Where everything stands in the shifted-views convolution: worked out once for each shape.

Write an image, with zeros around it, as one long row of numbers. Then every tap of the filter sees
the *same* row of numbers, only shifted:

    y[o, t] = sum over taps of w[o, tap] * row[shift[tap] + t]      t = oh * pitch + ow

That is a matrix product whose k-th row of B starts at shift[k]; nothing is copied nine times, as
im2col does. At the end of each image row some values of t belong to no output; they are computed
and dropped. To keep them few, the zeros to the right of one row are the zeros to the left of the
next, the zeros below one image those above the next.

* Stride 2 takes every second number. So the image is first dealt out into its *phases* (even and
  odd rows and columns); within a phase the numbers of one tap stand side by side again.
* Backward-data is the same with roles exchanged: one input phase (gy), and with stride 2 several
  output phases, each with the taps that reach it.
* Dilation only changes the shifts, and so does a filter that is not square.
* Small images are laid side by side, `block` of them, to make the row long enough for the tile.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True)
class Phase:
    """Which numbers of an image's axis stand where in the row: source start + m * step, m < count.

    Attributes:
        place: where the first one stands.
    """

    place: int
    start: int
    step: int
    count: int


@dataclass(frozen=True)
class Axis:
    """One axis of a convolution.

    Attributes:
        phases: of the input.
        outputs: the output's phases (place is always 0), each with its taps: a tuple
            (index in the filter, input phase, shift).
        size: the distance from one row (or image) to the next.
    """

    phases: tuple
    outputs: tuple
    size: int


def forward_axis(size, out, kernel, stride, padding, dilation):
    """The axis of a convolution from `size` to `out` numbers.

    Example:
        >>> forward_axis(4, 4, 3, 1, 1, 1).size  # one zero between rows
        5
    """
    taps = [(i, i * dilation % stride, i * dilation // stride) for i in range(kernel)]
    used = sorted({phase for _, phase, _ in taps})
    reach = out - 1 + max(shift for _, _, shift in taps)
    phases = []
    for phase in used:
        place = max(0, -(-(padding - phase) // stride))
        start = place * stride + phase - padding
        count = max(0, min(-(-(size - start) // stride), reach + 1 - place))
        phases.append(Phase(place, start, stride, count))
    taps = tuple((i, used.index(phase), shift) for i, phase, shift in taps)
    return _axis(phases, [(Phase(0, 0, 1, out), taps)])


def backward_axis(size, out, kernel, stride, padding, dilation):
    """The axis that takes gradients of `out` numbers back to `size` numbers.

    Example:
        >>> len(backward_axis(8, 4, 3, 2, 1, 1).outputs)  # even and odd ones
        2
    """
    found = []
    for phase in range(stride):
        first = max(0, -(-(padding - phase) // stride))
        start = first * stride + phase - padding
        count = -(-(size - start) // stride)
        if count > 0:
            taps = [
                (i, first - i * dilation // stride)
                for i in range(kernel)
                if i * dilation % stride == phase
            ]
            found.append((Phase(0, start, stride, count), taps))
    lead = -min((at for _, taps in found for _, at in taps), default=0)
    outputs = [(to, tuple((i, 0, at + lead) for i, at in taps)) for to, taps in found]
    reach = max((to.count - 1 + s for to, taps in outputs for _, _, s in taps), default=0)
    place, start = max(lead, 0), max(-lead, 0)
    count = max(0, min(out - start, reach + 1 - place))
    return _axis([Phase(place, start, 1, count)], outputs)


def _axis(phases, outputs):
    reach = max((to.count - 1 + s for to, taps in outputs for _, _, s in taps), default=0)
    full = [phase for phase in phases if phase.count]
    first = min((phase.place for phase in full), default=0)
    end = max((phase.place + phase.count for phase in full), default=0)
    size = max(reach - first + 1, end, max(to.count for to, _ in outputs))
    return Axis(tuple(phases), tuple(outputs), size)


@dataclass(frozen=True)
class Plan:
    """All that the compiled loops need to know, in whole numbers.

    Attributes:
        pitch: from one image row to the next.
        plane: from one image to the next.
        block: images laid side by side.
        room: numbers in the row of one group of channels.
        inputs: a line for each input phase: place, then start, step, count of rows and columns.
        outputs: a line for each output phase: taps times channels, first entry in the table,
            numbers from the first to the last output of an image, then start, step, count of
            rows and columns.
        taps: for each output phase, its taps' indices in the flattened filter.
        table: the shifts, by output phase, channel and tap.
    """

    pitch: int
    plane: int
    block: int
    room: int
    inputs: np.ndarray
    outputs: np.ndarray
    taps: tuple
    table: np.ndarray


@lru_cache(maxsize=512)
def make_plan(backward, channels, sizes, kernel, stride, padding, dilation, images, row):
    """Plan a convolution.

    Args:
        backward: False for forward and backward-weights, True for backward-data.
        channels: of the input of this pass, in one group.
        sizes: (height, width) of the convolution's input and of its output.
        images: how many there are; no more are laid side by side.
        row: (numbers that the row should have at least, numbers that the tile takes at a time).
    """
    make = backward_axis if backward else forward_axis
    rows, columns = (
        make(sizes[0][d], sizes[1][d], kernel[d], stride[d], padding[d], dilation[d])
        for d in range(2)
    )
    pitch, plane = columns.size, rows.size * columns.size
    block = _block(plane, row, images, channels * (len(rows.phases) * len(columns.phases)))
    inputs = [
        (
            r.place * pitch + c.place,
            *(r.start, r.step, r.count if c.count else 0),
            *(c.start, c.step, c.count),
        )
        for r in rows.phases
        for c in columns.phases
    ]
    outputs, taps, table = [], [], []
    phase_size = block * plane
    for r, row_taps in rows.outputs:
        for c, column_taps in columns.outputs:
            both = [(i, j) for i in row_taps for j in column_taps]
            taps.append(np.array([i[0] * kernel[1] + j[0] for i, j in both], np.int64))
            shifts = [
                (i[1] * len(columns.phases) + j[1]) * phase_size + i[2] * pitch + j[2]
                for i, j in both
            ]
            span = (r.count - 1) * pitch + c.count
            outputs.append(
                (
                    *(len(shifts) * channels, len(table), span),
                    *(r.start, r.step, r.count, c.start, c.step, c.count),
                )
            )
            channel = len(inputs) * phase_size
            table += [n * channel + shift for n in range(channels) for shift in shifts]
    longest = max(line[2] for line in outputs)
    reach = max(table, default=0) + (block - 1) * plane + longest + row[1]
    return Plan(
        pitch,
        plane,
        block,
        max(reach, channels * len(inputs) * phase_size),
        np.array(inputs, np.int64),
        np.array(outputs, np.int64),
        tuple(taps),
        np.array(table or [0], np.int64),
    )


def _block(plane, row, images, planes):
    """How many images to lay side by side: until the tile's last turn wastes less than 1/16."""
    least, step = row
    block = max(1, -(-least // plane))
    while planes * (block + 1) * plane < 150_000 and -(block * plane) % step * 16 > block * plane:
        block += 1
    return min(block, images)
