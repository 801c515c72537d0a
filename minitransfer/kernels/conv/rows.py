"""From images to long rows of numbers with zeros between, and back: see `plan`."""

import numpy as np

from ..compile import helper
from ..vector_code import address, copy_every_second, copy_row


@helper
def spread(x, n, images, channel, channels, inputs, plane, block, pitch, row):
    """Write `images` images from x[n] on, `channels` channels of each, into the row."""
    size = x.itemsize
    nothing = x.dtype.type(0)
    for c in range(channels):
        for f in range(inputs.shape[0]):
            place, rows, columns = inputs[f, 0], inputs[f, 3], inputs[f, 6]
            column0, column_step = inputs[f, 4], inputs[f, 5]
            for b in range(images):
                start = ((c * inputs.shape[0] + f) * block + b) * plane + place
                for r in range(rows):
                    to = start + r * pitch
                    h = inputs[f, 1] + r * inputs[f, 2]
                    where = ((n + b) * x.shape[1] + channel + c) * x.shape[2] + h
                    where = where * x.shape[3] + column0
                    if column_step == 1:
                        copy_row(
                            row,
                            columns,
                            address(x) + where * size,
                            address(row) + to * size,
                            nothing,
                        )
                    elif column_step == 2:
                        copy_every_second(
                            row, columns, address(x) + where * size, address(row) + to * size
                        )
                    else:
                        for v in range(columns):
                            row[to + v] = x[n + b, channel + c, h, column0 + v * column_step]


@helper
def collect(
    out, lead, outputs, q, n, images, channel, channels, pitch, plane, bias, first_bias, span, y
):
    """Take the outputs of phase `q` out of the row; each channel's bias is added.

    `lead` numbers stand before the first channel's, whose bias is entry `first_bias`.
    """
    size = y.itemsize
    rows, columns = outputs[q, 5], outputs[q, 8]
    column0, column_step = outputs[q, 6], outputs[q, 7]
    for o in range(channels):
        more = bias[first_bias + o]
        for b in range(images):
            for r in range(rows):
                from_ = lead + o * span + b * plane + r * pitch
                h = outputs[q, 3] + r * outputs[q, 4]
                if column_step == 1:
                    where = ((n + b) * y.shape[1] + channel + o) * y.shape[2] + h
                    where = where * y.shape[3] + column0
                    copy_row(
                        out, columns, address(out) + from_ * size, address(y) + where * size, more
                    )
                else:
                    for v in range(np.uintp(columns)):
                        w = np.uintp(column0) + np.uintp(column_step) * v
                        y[n + b, channel + o, h, w] = out[np.uintp(from_) + v] + more
