# %% [markdown]
# # 42 · Convolution four ways
#
# > Is there a way to compute a convolution as fast as a product of
# > matrices that copies (nearly) nothing, and is it worth it?
#
# - **Time:** 13 minutes
# - **You need:** Python with NumPy, from lesson 41 the register tile and
#   the two roofs, and what a convolution layer does
# - **You will be able to:** write a convolution as a matrix product, with
#   and without copies; say what a copy costs and where it shows
#
# A convolution slides a small filter over an image. Everybody says: write
# out what the filter sees at every place, and it becomes a product of
# matrices. With a filter of 3 × 3 that makes nine copies of the image.
# Here is the race: four ways for the same layer, 32 channels of 28 × 28,
# 64 filters of 3 × 3, on one core.

# %%
import numpy as np

from minitransfer import experiments, kernels, plots
from minitransfer.course import claim, code_of, exercises, figures
from minitransfer.experiments import intervals
from minitransfer.kernels import cache_model, peak
from minitransfer.kernels.conv import ladder
from minitransfer.kernels.gemm import ladder as products

# %%
draw = figures(42)
kernels.set_num_threads(1)
kernels.keep_freed_memory()  # as in training: no time for new pages
IMAGES, CHANNELS, FILTERS, SIDE = 4, 32, 64, 28
LAYER = (IMAGES, CHANNELS, FILTERS, SIDE)
speeds = ladder.climb(*LAYER, seconds=0.3)
for way in ladder.LOOPS:
    share = speeds[way] / speeds["peak"]
    print(f"{way:14}{speeds[way] / 1e9:7.1f} GFLOP/s {share:6.1%}")

# %% [markdown]
# (GFLOP/s are billions of operations a second; the percentages are shares
# of what the core can do at most.) All four do the same multiplications.
# (What is timed is compiled and takes four images. Below, the same work
# stands in plain loops, to be read and to be counted.)
#
# ## The window of a moving train
#
# You look out of a train through a small window, and note what you see
# after every metre: a lamp post; then the lamp post and a tree; then the
# lamp post, the tree and a gate. Your notes get three times as long as
# the landscape is wide. But another passenger, three seats behind you,
# sees the same landscape, a little later. Instead of writing each view
# down, one could ask three passengers, each of whom sees *one* thing at a
# time, and add up what they say.
#
# ## Way 1: seven loops
#
# Images, filters, rows and columns of the output; channels, rows and
# columns of the filter. For every output number the last three form one
# sum:
#
# $$y_{o,r,s} = \sum_{c,i,j} w_{o,c,i,j}\; x_{c,\,r+i,\,s+j}$$
#
# Here o numbers the filters, r and s the rows and columns of the output,
# c the channels, i and j the rows and columns of the filter. The image x
# has a frame of zeros. (The loop over the images is left out here and
# below: the code is for one image. A matrix has a row for each channel or
# filter, and in it the lines of the image one behind the other.)

# %%
print(code_of(ladder.seven_loops_one_image))

# %% [markdown]
# Each addition waits for the one before, and at every step somebody asks
# whether we are still inside the image.
#
# ## Way 2: tap by tap
#
# Change the order: for each of the nine *taps* (i, j) of the filter take
# the whole image, shifted by (i, j), times the filter's numbers for this
# tap. That is a product of two matrices, filters × channels times
# channels × places. `tile` is rung 4 of [lesson 41](41_matmul.py).

# %%
tap_by_tap = ladder.tap_by_tap_one_image
print(code_of(tap_by_tap, ladder.seven_loops_one_image))

# %% [markdown]
# The image is copied nine times, for a shifted piece of it has gaps
# between its rows and is no matrix. And y is picked up and put down nine
# times.
#
# ## Way 3: im2col
#
# If it must be copied, then once and for all: write out, for every place,
# all that the filter sees there, as one column of a tall matrix with a
# row for each channel and tap. Now the convolution is *one* product, and
# y is put down once. These are the notes of the first passenger, and they
# are nine times as long as the landscape.

# %%
print(code_of(ladder.im2col_one_image, tap_by_tap))

# %% [markdown]
# ## Way 4: shifted views
#
# Here is the trick. Write the image with its frame of zeros as *one long
# row of numbers*, line after line. Then "one to the right" is one number
# further in the row, and "one down" is one line further. So each tap sees
# **the same row, from a start of its own**.

# %%
tiny = np.arange(1, 13, dtype=np.float32).reshape(3, 4)
pitch = 4 + 1  # a line, and one zero that serves both its neighbours
row = np.zeros(5 * pitch + 2, np.float32)
for r in range(3):
    row[(r + 1) * pitch + 1 :][:4] = tiny[r]
taps = [(i, j, i * pitch + j) for i in range(3) for j in range(3)]
plots.show(draw.long_row(row, taps, pitch), "42_long_row")

box = np.float32([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
out = sum(
    box[i, j] * row[start:][: 3 * pitch] for i, j, start in taps
)
ours = out.reshape(3, pitch)[:, :4]  # drop what stands over
theirs = kernels.conv2d(
    tiny[None, None], box[None, None], padding=(1, 1)
)
print("the same as the library:", np.array_equal(ours, theirs[0, 0]))

# %% [markdown]
# The image had to be copied only once, into the row. One zero between
# two lines is enough: it is the right edge of the one and the left edge
# of the next. One output at the end of each line belongs to no place; it
# is computed and dropped.
#
# And now compare with a product of matrices. There, row k of b begins at
# k times its width. Here k stands for a channel and a tap: the row is
# that of the channel, from the start of the tap. So the register tile
# needs one change only, and never finds out that it is computing a
# convolution. What it computes is copied once more, to leave out what
# stands over. (Marked is what differs from the tile of lesson 41.)

# %%
print(code_of(ladder.shifted_one_image))
print(code_of(ladder.shifted_tile, products.tile))

# %% [markdown]
# **Predict before you run.** We count, as in lesson 41, what each way
# carries between a cache of 256 KB and what lies behind it. Image,
# filters and output together have 0.37 MB. How many megabytes do ways 1
# to 4 carry? Which of them carries least, and how many times as much as
# the shifted views does im2col carry?

# %%
touched, moved = {}, {}
multiplications = FILTERS * SIDE**2 * CHANNELS * 9
for way, loops in ladder.LOOPS.items():
    shapes = ladder.room(way, CHANNELS, FILTERS, SIDE, 3)
    counts = cache_model.bytes_moved(loops, *shapes, cache=256 << 10)
    touched[way], moved[way] = counts[0] / multiplications, counts[1]
plots.show(draw.carried(touched, moved), "42_carried")

# %% [markdown]
# The seven loops carry least of all! They go over a small image again and
# again, and it stays in the cache. Their trouble is the *hand*: nearly
# two numbers picked up for each multiplication. Ways 2 and 3 have the
# tile, and so a quiet hand, but they carry their notes to and fro. Way 4
# has the tile, and in the place of the notes one copy of the image and
# one of the output.
#
# Under the two roofs it looks like this. How far to the right a way
# stands is decided by the bytes just counted, how high by the clock.

# %%
work = 2 * multiplications  # of one image
points = {w: (work / moved[w], speeds[w]) for w in ladder.LOOPS}
gain = speeds["shifted views"] / speeds["im2col"]
roofs = speeds["peak"], peak.memory_bandwidth()
plots.show(draw.roofs(points, *roofs, gain), "42_roofline")

# %% [markdown]
# Ways 2 and 3 stand where the slope begins to count. (As a rule their
# notes come from the next cache and not from memory, so the slope itself
# need not hold them.) But copying is not computing, and the arm rests
# meanwhile. The seven loops stand far to the right and far below both
# roofs: what holds them is the hand, which no roof shows.
#
# ## What else it gives
#
# - **The way back** to the image is a convolution too, with the filter
#   turned around: the same tile, other starts.
# - **The gradient of the filters** asks, for each tap, how the shifted
#   row goes together with the gradient of the output: sums of products
#   along the row, for which there is a second tile, the *dot tile*.
# - **Stride 2**, a filter that moves two places at a time, takes every
#   second number. So the image is first dealt out like cards, even
#   columns here, odd ones there; within one hand the numbers of a tap
#   stand side by side again.
# - A **1 × 1** filter has one tap and no shift. It *is* the product.
# - A **depthwise** filter sees one channel only. Each number is used by
#   nine taps and no more; there the fetching sets the pace.
#
# ## What the numbers say
#
# Ten rounds, the ways in turn, so that whatever else the machine does
# meets all of them. This is one layer. The evidence asks six more, small
# images among them, four and 64 of 7 × 7. Of many such images the library
# lays the same place side by side; of four it writes the long row, for
# most of the other one would be empty.

# %%
rounds = [ladder.climb(*LAYER, seconds=0.04) for _ in range(10)]
logs = {w: np.log([r[w] for r in rounds]) for w in ladder.LOOPS}
others = ("seven loops", "tap by tap", "im2col")
ahead = {f"than {w}": logs["shifted views"] - logs[w] for w in others}
words = {w: experiments.judge(d).word for w, d in ahead.items()}
faster = all(word == "more" for word in words.values())
over = ahead["than im2col"]
claim(
    "K4",
    "from 32 to 64 channels, on 28 × 28 under 3 × 3, shifted views on the "
    "register tile are faster than the seven loops, than a product for each "
    "tap and than one of all windows",
    source="ours",
    refuted_by="one of the three that is as fast or faster (interval of "
    "the ratio)",
    control="the other ways on the same layer, in turn",
    measured={w: float(np.exp(d.mean())) for w, d in ahead.items()},
    spread={
        w: np.exp(d.mean() + np.array([-1, 1]) * d.std())
        for w, d in ahead.items()
    },
    seeds=len(rounds),
    effect=float(np.exp(over.mean())),
    interval=tuple(np.exp(intervals.mean(over))),
    unit="times",
    format=".3g",
    verdict="holds" if faster else "does not hold",
    check=ahead["than seven loops"].mean() > np.log(2)
    and over.mean() > np.log(0.8),
)

# %% [markdown]
# ## Try it
#
# 1. `ladder.climb(4, 1, 64, 28)`: one input channel instead of 32. Which
#    ways lose most of their speed, and why?
# 2. And a filter of 1 × 1, `ladder.climb(4, 32, 64, 28, kernel=1)`? Where
#    is the difference between ways 3 and 4 now? Count it, too, with
#    `ladder.room(way, 32, 64, 28, 1)`.
# 3. In the tiny example set `pitch = 4`, without the zero between the
#    lines (and `[:, :4]` takes all). Which outputs become wrong?
#
# <details><summary>What you will see</summary>
#
# 1. The fast ones. With nine products for each output number instead of
#    288, copying, framing the image and taking the outputs out weigh
#    more. The seven loops have little to lose.
# 2. Nearly gone in bytes: with one tap the notes are a copy of the image
#    and no longer than it. Both then spend a larger share on what is not
#    computing, for there is nine times less to compute with each number.
# 3. Four of the six in the first and the last column: beyond the end of
#    one line the filter now sees the start of the next instead of a zero.
#    The image has become a screw thread. Of these six only the first
#    output and the last one are still right, for beyond these lies the
#    frame. (A filter that sees diagonals is wrong there as well.)
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(42)
first.check(...)
second.check(...)

# %% [markdown]
# ## Check yourself
#
# 1. How many times as large as the image is the matrix of im2col for a
#    filter of 5 × 5 at stride 1?
# 2. Why is one zero between two lines enough for a 3 × 3 filter, although
#    the image is framed left *and* right?
# 3. The seven loops carry the fewest bytes. Why are they slowest all the
#    same?
#
# <details><summary>Answers</summary>
#
# 1. 25 times.
# 2. What stands right of one line in the row also stands left of the
#    next.
# 3. For each multiplication they pick up two numbers, ask where they are,
#    and wait for the addition before.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/42_convolution_four_ways.py) of this lesson
#   (`minitransfer learn 42 --evidence`): other layers and other caches.
# - K. Chellapilla, S. Puri and P. Simard, *High performance convolutional
#   neural networks for document processing*, 2006: where im2col comes
#   from.
# - M. Dukhan, *The indirect convolution algorithm*, 2019: a table of
#   starts in the place of the copies.
