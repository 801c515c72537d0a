# %% [markdown]
# # 42 · Convolution four ways
#
# **The question.** A convolution slides a small filter over an image.
# Everybody says: write out what the filter sees at every place, and it
# becomes a matrix product. That makes nine copies of the image. Is
# there a way to compute a convolution that copies nothing, and is it
# worth it?
#
# This lesson is not from the articles. It goes on where
# [lesson 41](41_matmul.py) ends, with the register tile that multiplies
# matrices at nearly the speed of the machine. Its claim, K4, is of our
# own ([sources](sources.md)).
#
# ## The window of a moving train
#
# You look out of a train through a small window, and note what you see
# after every metre: a lamp post, then again the lamp post and a tree,
# then the lamp post, the tree and a gate. Your notebook gets three times
# as long as the landscape is wide. But another passenger, three seats
# behind you, sees the same landscape, a little later. Instead of
# writing each view down, one could simply ask three passengers, each of
# whom sees *one* thing at a time, and add up what they say.
#
# ## Way 1: seven loops
#
# Images, filters, rows and columns of the output; channels, rows and
# columns of the filter. For every output number the last three form one
# sum:
#
# $$y_{o,r,s} = \sum_{c,i,j} w_{o,c,i,j}\; x_{c,\,r+i,\,s+j}$$
#
# As in the naive product of matrices, each addition waits for the one
# before. And at every step somebody has to ask: are we still inside the
# image?
#
# ## Way 2: tap by tap
#
# Change the order: for each of the nine *taps* (i, j) of the filter take
# the whole image, shifted by (i, j), times the filter's numbers for this
# tap. These are matrix products, channels times channels, over all
# places at once. In NumPy that is a screen's worth of code.

# %%
import numpy as np

from minitransfer import kernels, plots
from minitransfer.course import claim
from minitransfer.kernels import peak
from minitransfer.kernels.conv import ladder
from minitransfer.kernels.gemm.ladder import median_time

kernels.set_num_threads(1)
kernels.keep_freed_memory()  # as in training: no time for new pages


def tap_by_tap(x, w):
    n, c, h, v = x.shape
    o, _, k, _ = w.shape
    p = k // 2
    framed = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    y = np.zeros((n, o, h * v), x.dtype)
    for i in range(k):
        for j in range(k):
            seen = framed[:, :, i : i + h, j : j + v]
            seen = seen.reshape(n, c, h * v)  # copies
            y += kernels.matmul(w[:, :, i, j], seen)
    return y.reshape(n, o, h, v)


rng = np.random.default_rng(0)
images, channels, filters, size = 4, 32, 64, 28
x = rng.standard_normal((images, channels, size, size))
w = rng.standard_normal((filters, channels, 3, 3))
x, w = x.astype(np.float32), w.astype(np.float32)
difference = abs(
    tap_by_tap(x, w) - kernels.conv2d(x, w, padding=(1, 1))
).max()
print(f"largest difference from the library: {difference:.0e}")

# %% [markdown]
# It is right, and it copies the image nine times (the comment marks the
# line): a shifted piece of an image is not a matrix, its rows have gaps
# between them. Besides, y is picked up and put down nine times.
#
# ## Way 3: im2col
#
# If it must be copied, then once and for all: write out, for every place
# of the output, the numbers that the filter sees there, as one column of
# a tall matrix with a row for each channel and tap. Now the whole
# convolution is *one* product of matrices, and y is put down once. This
# is the notebook of the first passenger. How thick does it get?

# %%
columns = ladder.columns(x, w.shape, (1, 1), (1, 1), (1, 1))
copies = columns.size / x.size
print(
    f"image {x.nbytes / 1e6:.2f} MB, notebook {columns.nbytes / 1e6:.2f}"
)

# %% [markdown]
# ## Way 4: shifted views
#
# Here is the trick that copies (nearly) nothing. Write the image with
# its frame of zeros as *one long row of numbers*, line after line. Then
# "one to the right" is one number further in the row, and "one down" is
# one line's length further. So each tap sees **the same row, shifted by
# a fixed distance**:
#
# $$y_{o}[t] = \sum_{\text{taps}} w_{o,\text{tap}}\;
#   \text{row}[\text{shift}_\text{tap} + t]$$
#
# Compare that with a product of matrices: there, row k of B stands at
# `k * width`. Here it stands at `shift[k]`. So the register tile of
# lesson 41 needs one change only, to look the start of a row up in a
# small table, and it never finds out that it is computing a convolution.
#
# Let us see it for a picture of 3 × 4 numbers and a filter of 3 × 3.

# %%
tiny = np.arange(1, 13, dtype=np.float32).reshape(3, 4)
box = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.float32)
pitch = 4 + 1  # a line, and one zero that serves both its neighbours
row = np.zeros(6 * pitch + 2, np.float32)
for r in range(3):
    row[(r + 1) * pitch + 1 :][:4] = tiny[r]
long = 3 * pitch
out = np.zeros(long, np.float32)
for i in range(3):
    for j in range(3):
        shift = i * pitch + j
        out += box[i, j] * row[shift : shift + long]
shifted = out.reshape(3, pitch)[:, :4]  # drop what stands over
wanted = kernels.conv2d(
    tiny[None, None], box[None, None], padding=(1, 1)
)
print("the row:", row.astype(int))
print(
    "the same as the library:", np.array_equal(shifted, wanted[0, 0])
)

# %% [markdown]
# One value at the end of each line belongs to no place of the output. It
# is computed and dropped: for that price nothing has to be copied. One
# zero between two lines is enough; it is the right edge of the one and
# the left edge of the next.
#
# **Predict before you run.** Way 2 and way 3 call the same fast product.
# So does way 4, in a sense. Which of the four gets how near to the roof?

# %%
work = 2 * images * filters * size * size * channels * 9
speeds = ladder.climb(
    images, channels, filters, size, kernel=3, seconds=0.3
)
speeds["tap by tap"] = work / median_time(
    lambda: tap_by_tap(x, w), 0.3
)
order = ("seven loops", "tap by tap", "im2col", "shifted views")
for way in order:
    share = speeds[way] / speeds["peak"]
    print(f"{way:14s}{speeds[way] / 1e9:7.1f} GFLOP/s {share:6.1%}")

# %% [markdown]
# Where does a convolution stand under the roofs? It fetches the image
# and the filters, brings back the output, and does much with each
# number: every number of the image meets nine taps of every filter. So
# the slope does not matter; the arm does. Unless we carry more than we
# need to. The notebook has to be written and read again, and that moves
# im2col to the *left*: more bytes for the same operations.

# %%
output = images * filters * size * size * 4
least = x.nbytes + w.nbytes + output
carried = {
    "seven loops": least,
    # each tap: a copy, read again; a product, and its sum with y
    "tap by tap": w.nbytes + 9 * (3 * x.nbytes + 4 * output),
    "im2col": least + 2 * columns.nbytes,
    "shifted views": least + 2 * x.nbytes,
}
ladder_points = {
    way: (work / carried[way], speeds[way]) for way in order
}
gain = speeds["shifted views"] / speeds["im2col"]
fig = plots.roofline(
    ladder_points,
    speeds["peak"],
    peak.memory_bandwidth(),
    f"Without the notebook: {gain:.1f} times the speed of im2col",
)
plots.show(fig, "42_convolution_roofline")

# %% [markdown]
# How far to the right a way stands is counted, not measured: the bytes
# that it has to read and write if no cache helped it. In truth they do help,
# so that the slope is not the whole story of ways 2 and 3: what they
# copy comes from a near cache rather than from memory. But copying is
# not computing, and the arm rests meanwhile.
#
# ## What else it gives
#
# - **The way back** to the image is a convolution too, with the filter
#   turned around: the same tile, another table.
# - **The gradient of the filters** asks, for each tap, how the shifted
#   row goes together with the gradient of the output: a sum of products
#   along the row, which is what a second tile, the *dot tile*, does.
# - **Stride 2** takes every second number. So the image is first dealt
#   out like cards, even columns here, odd ones there; within one hand
#   the numbers of a tap stand side by side again.
# - A **1 × 1** filter has one tap and no shift. It *is* the product of
#   matrices, and needs nothing of its own.
# - A **depthwise** filter sees one channel only. Each number is used by
#   nine taps and no more; there the fetching sets the pace, and no tile
#   can help that.
#
# ## Try it
#
# 1. Give `climb` one input channel instead of 32. Which way loses most
#    of its speed, and why?
# 2. And with `kernel=1`? Where is the difference between ways 3 and 4
#    now?
# 3. In the tiny example set `pitch = 4`, without the zero between the
#    lines. Which outputs become wrong?
#
# <details>
# <summary>Answers</summary>
#
# 1. The fast ones. With nine products for each output number instead of
#    288, copying, framing the image and taking the outputs back weigh
#    more. The seven loops have little to lose.
# 2. Nearly gone. With one tap the notebook is a copy of the image and no
#    thicker; and there is nine times less to compute with each number,
#    so that both ways mostly wait for what is carried.
# 3. Those in the first and the last column: beyond the end of one line
#    the filter now sees the start of the next, instead of a zero. The
#    image has become a cylinder.
#
# </details>
#
# ## What the numbers say
#
# The product of matrices is the summit that everyone knows the way to,
# and im2col leads any convolution there, for the price of the notebook.
# Shifted views take the tile and leave the notebook. Five rounds, the
# ways in turn; the bar is wide, as a busy machine disturbs any clock.

# %%
rounds = [
    ladder.climb(images, channels, filters, size, seconds=0.05)
    for _ in range(5)
]
over_loops = np.array(
    [r["shifted views"] / r["seven loops"] for r in rounds]
)
over_im2col = np.array(
    [r["shifted views"] / r["im2col"] for r in rounds]
)
middle = {
    "than seven loops": float(np.median(over_loops)),
    "than im2col": float(np.median(over_im2col)),
}
claim(
    "K4",
    "shifted views on the register tile are faster than the seven loops "
    "and than a matrix of all windows, which holds nine images",
    measured=middle,
    spread={
        "than seven loops": float(over_loops.std(ddof=1)),
        "than im2col": float(over_im2col.std(ddof=1)),
    },
    seeds=len(rounds),
    unit="times",
    format=".1f",
    verdict="holds" if min(middle.values()) > 1 else "does not hold",
    check=copies == 9
    and middle["than seven loops"] > 2
    and middle["than im2col"] > 0.8,
)
