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

Of the smallest images most of such a row would be zeros and dropped values: on a 7 x 7 image under
a 5 x 5 filter two fifths of the taps look at padding. There *the same place of many images* is laid
side by side, an image in each lane of the tile. Each output then takes exactly the taps that reach
into the image, there is neither padding nor gap, and stride and dilation only change which places a
tap reads. The price is turning the images from (image, channel, place) to (place, channel, image)
and back, in registers. With the channels innermost, taps next to each other read one run of
numbers, as long as channels times taps; `runs` and `meetings` list them.

`side_by_side` says for how many images of a batch that pays: for whole vectors of them, and not for
one. Every number of an output or of an image's gradient is the same sum in both ways, tap after tap
and channel after channel in one accumulator (a tap on padding adds nothing). So what a network says
of an image does not depend, to the last bit, on the company the image is in.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


def borders(padding):
    """The zeros (before, after) each axis, where one number stands for both.

    Example:
        >>> borders((1, (0, 1)))
        ((1, 1), (0, 1))
    """
    return tuple((p, p) if isinstance(p, int) else p for p in padding)


@lru_cache(maxsize=512)
def zeros_before(padding):
    """The zeros before each axis: those after it only change how large the output is.

    Example:
        >>> zeros_before((1, (0, 1)))
        (1, 0)
    """
    return tuple(before for before, _ in borders(padding))


@lru_cache(maxsize=512)
def output_size(x_shape, w_shape, stride, padding, dilation):
    """Height and width of a convolution's output.

    Example:
        >>> output_size((1, 1, 28, 28), (1, 1, 3, 3), (2, 2), (1, 1), (1, 1))
        (14, 14)
        >>> output_size((1, 1, 28, 28), (1, 1, 3, 3), (2, 2), ((0, 1), (0, 1)), (1, 1))
        (14, 14)
    """
    zeros = [before + after for before, after in borders(padding)]
    return tuple(
        (x_shape[d] + zeros[d - 2] - dilation[d - 2] * (w_shape[d] - 1) - 1) // stride[d - 2] + 1
        for d in (2, 3)
    )


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
                for i in reversed(range(kernel))
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
        table: the shifts, by output phase, tap and channel.
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
            table += [n * channel + shift for shift in shifts for n in range(channels)]
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


_RUN = 6
"""Steps of the tile that it costs to begin a run."""
_TURN = 1.08
"""What turning images costs: where so much of the long row is used, it is as fast without."""
_MOST_PLACES = 1024
"""Places of an image beyond which a vector of images does not stay near in any cache."""


@lru_cache(maxsize=512)
def side_by_side(backward, images, channels, sizes, kernel, stride, padding, dilation, lanes):
    """How many images, the first of the batch, had better lie side by side, each in a lane.

    The steps that the tile takes are compared. A row costs each image its whole plane under every
    tap; side by side, `lanes` images at a time cost the taps that reach into the image.

    Args:
        backward, channels, sizes, kernel, stride, padding, dilation: as for `make_plan`.
        images: how many there are.
        lanes: numbers in a vector.

    Example:
        >>> for images in (1, 16, 17, 31):
        ...     print(side_by_side(False, images, 64, ((7, 7), (7, 7)), (3, 3), *[(1, 1)] * 3, 16))
        0
        16
        16
        31
    """
    (h, w), (oh, ow) = sizes
    if max(h * w, oh * ow) > _MOST_PLACES:
        return 0
    make, plane, reach = backward_axis if backward else forward_axis, 1, []
    for d in range(2):
        size, out = sizes[0][d], sizes[1][d]
        plane *= make(size, out, kernel[d], stride[d], padding[d], dilation[d]).size
        starts = [tap * dilation[d] - padding[d] for tap in range(kernel[d])]
        reach.append(sum(0 <= s + stride[d] * o < size for s in starts for o in range(out)))
    joined = dilation[1] == 1 and (stride[1] == 1 or not backward)  # the taps of a filter's row
    begun = reach[0] * ((w if backward else ow) if joined else reach[1])
    in_lanes = _TURN * (channels * reach[0] * reach[1] + _RUN * begun)
    in_a_row = channels * kernel[0] * kernel[1] * plane
    rest = images % lanes
    if in_lanes >= in_a_row:
        return 0
    return images if rest * in_a_row > lanes * in_lanes else images - rest


@lru_cache(maxsize=256)
def runs(backward, channels, sizes, kernel, stride, padding, dilation):
    """List, for each place of the output, the runs of rows that it sums up.

    Args:
        backward: False for forward, True for backward-data (whose output is the image).
        channels: of this pass's input, in one group.
        sizes: (height, width) of the convolution's input and of its output.

    Returns:
        starts: the first run of each place, and the end; and the runs, lines of three numbers:
        where a row of the packed filters begins, where the row of numbers begins, and how many.

    Example:
        >>> starts, lines = runs(False, 1, ((3, 3), (3, 3)), (3, 3), (1, 1), (1, 1), (1, 1))
        >>> lines[:2]  # the first place sees two rows of two
        array([[4, 0, 2],
               [7, 3, 2]])
    """
    image, out = sizes
    places, width = (image, out[1]) if backward else (out, image[1])
    starts, lines = [0], []
    for at in np.ndindex(*places):
        first = len(lines)
        for tap in np.ndindex(*kernel):
            place = []
            for d in range(2):
                if backward:  # the last tap first, so that places go up with taps
                    i = kernel[d] - 1 - tap[d]
                    place.append(divmod(at[d] + padding[d] - i * dilation[d], stride[d]))
                else:
                    place.append((at[d] * stride[d] - padding[d] + tap[d] * dilation[d], 0))
            limits = out if backward else image
            if any(rest or not 0 <= p < limits[d] for d, (p, rest) in enumerate(place)):
                continue
            line = [
                (tap[0] * kernel[1] + tap[1]) * channels,
                (place[0][0] * width + place[1][0]) * channels,
                channels,
            ]
            last = lines[-1] if len(lines) > first else None
            if last and [last[0] + last[2], last[1] + last[2]] == line[:2]:
                last[2] += channels
            else:
                lines.append(line)
        if len(lines) == first:  # no tap reaches the image: a run of nothing makes a zero
            lines.append([0, 0, 0])
        starts.append(len(lines))
    return np.array(starts), np.array(lines)


@lru_cache(maxsize=256)
def meetings(sizes, kernel, stride, padding, dilation):
    """List, for each tap, where a row of outputs meets a row of the image.

    Args:
        sizes: (height, width) of the image and of the output.

    Returns:
        starts: the first line of each tap, and the end; and the lines: first output, first place
        of the image, and how many stand side by side in both.

    Example:
        >>> meetings(((1, 3), (1, 3)), (1, 2), (1, 1), (0, 1), (1, 1))[1]
        array([[1, 0, 2],
               [0, 0, 3]])
    """
    (h, w), (oh, ow) = sizes
    starts, lines = [0], []
    for tap in np.ndindex(*kernel):
        for r, s in np.ndindex(oh, ow):
            u = r * stride[0] - padding[0] + tap[0] * dilation[0]
            v = s * stride[1] - padding[1] + tap[1] * dilation[1]
            if not (0 <= u < h and 0 <= v < w):
                continue
            at, last = [r * ow + s, u * w + v], lines[-1] if len(lines) > starts[-1] else None
            if last and [last[0] + last[2], last[1] + last[2]] == at:
                last[2] += 1
            else:
                lines.append([*at, 1])
        starts.append(len(lines))
    return np.array(starts), np.array(lines or [[0, 0, 0]])
