# %% [markdown]
# # 41 · Matmul, from three loops to the machine's limit
#
# > How can one program for multiplying matrices take many times as long
# > as another that leaves out not a single operation?
#
# - **Time:** 14 minutes
# - **You need:** Python with NumPy, and what a product of matrices is
# - **You will be able to:** read a loop nest for what it carries and
#   what it keeps at hand; place a program under the two roofs of your
#   own machine; say what blocks, registers and packing are for
#
# This lesson is not from the articles. It looks under the bonnet, for
# nearly all the time in training goes into one operation. Here are two
# programs for the same product of two 512 × 512 matrices, of numbers of
# four bytes. Both are compiled (turned into instructions of the machine
# before they run), both use one core, and both do the same
# multiplications. (GFLOP/s are billions of operations a second.)

# %%
import numpy as np

from minitransfer import kernels, plots
from minitransfer.course import claim, code_of, exercises, figures
from minitransfer.experiments import intervals
from minitransfer.kernels import cache_model, caches, peak
from minitransfer.kernels.gemm import ladder

# %%
draw = figures(41)
kernels.set_num_threads(1)  # one core, or we would compare two things
N = 512
speeds = ladder.climb(N, N, N, seconds=0.2)
for rung in ("naive", "packed"):
    print(f"{rung:8}{speeds[rung] / 1e9:7.1f} GFLOP/s")
top, delivery = peak.peak_flops(np.float32), peak.memory_bandwidth()
print(f"the core can do {top / 1e9:.0f} GFLOP/s")
print(
    f"memory delivers {delivery / 4e9:.1f} billion numbers a second"
)

# %% [markdown]
# ## A workshop and a warehouse
#
# Think of a joiner who can drive thirty screws a minute, if the screws
# are in his hand. In his hand there is room for a few, on the bench for a
# box, on the shelf for some more. Everything else is in a warehouse
# across the street. How fast he works has little to do with his arm. It
# depends on how often he walks, and how much he does with what he
# carried.
#
# A processor core is that joiner. The hand is its *registers*, room for
# a kilobyte or two. Bench and shelf are *caches*, small and fast or
# larger and slower; the warehouse is memory. Divide the last two lines
# above by each other: so many operations the core could do while one
# number comes from memory. A product of two $n \times n$ matrices has
# $3n^2$ numbers to carry and $2n^3$ operations to do: there *could* be
# $2n/3$ operations for each number that is carried. Whether it is used
# while it is in the hand is a matter of the order of the work.
#
# We climb from the first program to the second in four steps: another
# order of loops, blocks, registers, and blocks with packing.
#
# ## Rung 1: the definition
#
# $$c_{ij} = \sum_k a_{ik}\, b_{kj}$$

# %%
print(code_of(ladder.naive))

# %% [markdown]
# What is slow about it? The inner loop walks down a *column* of b. The
# rows of a matrix lie one behind the other, so every step lands in
# another stretch of memory. The machine always carries sixteen numbers
# that lie together, a *line*; fifteen are carried for nothing. And each
# addition must wait until the one before has ended.
#
# ## Rung 2: two loops change places
#
# (Lines that the rung before did not have are marked.)

# %%
print(code_of(ladder.reordered, ladder.naive))

# %% [markdown]
# Not one operation has changed. But now the inner loop runs along a row
# of b and a row of c, as they lie (*memory layout*), its additions need
# not wait for each other, and the compiler does four, eight or sixteen
# of them in one instruction (*vectors*).
#
# ## Rung 3: blocks
#
# For each row of a, all of b passes through the hand. If it is larger
# than the shelf, each part of it has left the shelf before it is needed
# again. So take a block of b that fits, here 32 of its rows, use it for
# *all* rows of a, and only then fetch the next.

# %%
print(code_of(ladder.blocked, ladder.reordered))

# %% [markdown]
# ## Rung 4: the tile
#
# Still, c lies on the bench, and the hand reaches for it at every step.
# The *register tile* keeps a small piece of c in registers until its
# whole sum is done. At each step of k it picks up a few vectors of b and
# a few numbers of a, and does all products of each with each, multiplying
# and adding in one instruction (*fused multiply-add*).

# %%
rows, columns = ladder.TILE_ROWS, ladder.TILE_COLUMNS
print(f"the tile on this machine: {rows} rows, {columns} columns")
print(code_of(ladder.tile, ladder.blocked))

# %% [markdown]
# A compiler does not see that `sums` could stay in registers. So what we
# time as "tile", and later as "packed", is written out in the compiler's
# own language, in `minitransfer/kernels/register_tiles.py`; the loops
# here do the same in the same order.
#
# ## Rung 5: blocks again, and packing
#
# The tile has given up the blocks: for every few rows of a it runs
# through all of b. For large matrices both are needed. A block of a stays
# on the shelf; b goes past it, panel by panel. And whatever the tile will
# read is first *packed*, copied into the order in which it will be read,
# so that no line is carried for a few of its numbers.

# %%
print(code_of(ladder.packed, ladder.tile))

# %% [markdown]
# ## Counting what is carried
#
# No stopwatch needed: a cache can be modelled in twenty lines. `Counted`
# below stands in the place of a matrix, holds no numbers, and looks up
# every `a[i, j]` in a cache of 512 KB that throws out what was not used
# for the longest time. (As in a real cache, each line has only a few
# places to lie in, here eight: its *set*.) The loops that it counts are
# the ones you have just read.

# %%
print(code_of(cache_model.Counted))

# %%
CACHE = 512 << 10
touched, moved = {}, {}
for rung, loops in ladder.LOOPS.items():
    shapes = [(N, N)] * 3
    if rung == "packed":
        shapes += ladder.room(N, N, CACHE)
    counts = cache_model.bytes_moved(loops, *shapes, cache=CACHE)
    touched[rung], moved[rung] = counts[0] / N**3, counts[1]
plots.show(draw.carried(touched, moved), "41_carried")
print(f"your second-level cache: {caches.second_level() >> 10} KB")

# %% [markdown]
# Two different things are saved. The upper bars are what the *hand*
# reaches for: a number read or written, wherever it lies. Rungs 1 to 3 do
# that two or three times for each multiplication; the tile needs a
# fraction. The lower bars are what is *carried* from beyond the cache.
# There the order of the loops helps, and blocks help more. The tile
# without blocks carries more than the blocks without a tile. Only the
# last rung has both.
#
# ## Under the roofs
#
# Two things can hold a program back, the arm (the flat roof: what the
# core can do) and the warehouse (the slope: what memory delivers). It
# slopes because whoever does twice as much with each byte can be twice
# as fast on the same deliveries. How far to the right a rung stands is
# decided by the bytes that we have just counted; how high, by the clock.
#
# **Predict before you run.** Which of the four steps gains most time, and
# how many times? Does any of them gain nothing?

# %%
work = 2 * N**3
points = {r: (work / moved[r], speeds[r]) for r in ladder.LOOPS}
plots.show(draw.roofs(points, top, delivery, N), "41_roofline")
for rung in ladder.LOOPS:
    print(
        f"{rung:10}{speeds[rung] / top:6.1%} of what the core can do"
    )

# %% [markdown]
# (The roofs are those of the machine on which this runs. A rung that
# stands above the slope profits from a cache that is larger than our
# model's.) The naive loops stand far to the left: whoever walks so often
# cannot do much more. Rungs 2 and 3 are held by the hand that reaches too
# often, which no roof shows; that is why blocks alone may gain nothing.
# Once the hand is quiet, what is carried begins to matter. The last two
# rungs are the nearest to the flat roof; how near depends on the machine
# and on the size, and the gap is what edges, packing and fetching cost.
#
# ## When are blocks worth it?
#
# What the last step gains depends on the size: the larger the matrices,
# the more the tile has to carry; the smaller, the more the copies weigh.
# We compare the last two rungs in turn, in ten rounds, on matrices that
# fit into most caches and on some that fit into hardly any. (On machines
# with many registers the packed tile is larger, too. So we compare two
# rungs, not the copies alone.)


# %%
def gain(n, rounds=10):
    """How many times as fast blocks and packing are, n × n."""
    rng = np.random.default_rng(n)
    a, b = rng.standard_normal((2, n, n), dtype=np.float32)
    times = np.empty((rounds, 2))
    for turn in times:
        for i, rung in enumerate(("tile", "packed")):
            product = ladder.RUNGS[rung]
            turn[i] = ladder.median_time(
                lambda f=product: f(a, b), 0.02
            )
    return np.log(times[:, 0] / times[:, 1])


gains = {n: gain(n) for n in (96, 512, 1536)}
for n, logs in gains.items():
    print(
        f"{n:5}: packing makes it {np.exp(logs.mean()):.2f} times as fast"
    )

# %% [markdown]
# ## What the numbers say
#
# Nothing was left out and nothing was approximated. What changed is only
# how often a number is used between being picked up and put down, and in
# which order the sums are added, so the last digits may differ. (The
# library looks at the sizes first, and packs only what is large.)

# %%
rounds = [ladder.climb(256, 256, 256, seconds=0.03) for _ in range(6)]
ratios = np.log([r["packed"] / r["naive"] for r in rounds])
low, high = np.exp(intervals.mean(ratios))
claim(
    "K3",
    "the last rung multiplies 256 × 256 matrices several times (more than "
    "four, the numbers in the smallest vectors) as fast as the three loops, "
    "both compiled, on one core",
    source="ours",
    refuted_by="an interval of the ratio that reaches below four",
    control="the definition, compiled; timed in turn with the others",
    measured=float(np.exp(ratios.mean())),
    spread=np.exp(ratios.mean() + np.array([-1, 1]) * ratios.std()),
    seeds=len(ratios),
    effect=float(np.exp(ratios.mean())),
    interval=(low, high),
    unit="times",
    format=".3g",
    verdict="holds" if low > 4 else "does not hold",
    check=low > 2,
)

# %%
low, high = np.exp(intervals.mean(gains[1536]))
costs = np.exp(intervals.mean(gains[96]))[1] < 1
claim(
    "K3/packed",
    "blocks and packing, with a tile that suits them, are faster than the "
    "tile alone by more than a twentieth on large matrices (1536), and slower "
    "on small ones (96)",
    source="ours",
    refuted_by="an interval that reaches down to 1.05 for 1536, or up to "
    "1 for 96",
    control="the tile on the operands as they lie, in turn; with 32 "
    "registers it has another shape (8 by 2 vectors, not 6 by 4)",
    measured={
        str(n): float(np.exp(g.mean())) for n, g in gains.items()
    },
    spread={
        str(n): np.exp(g.mean() + np.array([-1, 1]) * g.std())
        for n, g in gains.items()
    },
    seeds=len(gains[1536]),
    effect=float(np.exp(gains[1536].mean())),
    interval=(low, high),
    unit="times",
    format=".3g",
    verdict="holds" if low > 1.05 and costs else "does not hold",
    check=high > 1,
)

# %% [markdown]
# ## Try it
#
# 1. Count rung 2 with another cache: `cache=2 << 20`, and `128 << 10`.
#    Where is the step, and why there?
# 2. Write the loops in the order k, i, j, count them with
#    `cache_model.bytes_moved(yours, (N, N), (N, N), (N, N), cache=CACHE)`.
#    Which matrix is picked up and put down most often?
# 3. `ladder.climb(512, 512, 1)`: a matrix times a single column. How
#    far do the last rungs get? Look at the slope before you answer.
#
# <details><summary>What you will see</summary>
#
# 1. With 2 MB b (1 MB) stays in the cache, and nothing but the three
#    matrices is carried. With 128 KB all of b is carried for each row of
#    a, and just as much with any cache that is clearly smaller than b:
#    who throws out what was not used for longest throws out just what
#    comes next.
# 2. c, all of it, once for each k, read and written.
# 3. No rung gets far. Each number of a is used once, so there are two
#    operations for four bytes, and the slope is the roof that counts. No
#    order of loops can change that; only a smaller number format could.
#    And the tiles compute columns that nobody has asked for. (The library
#    has another tile for narrow products.)
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(41)
first.check(...)
second.check(...)

# %% [markdown]
# ## Check yourself
#
# 1. Rungs 1 and 2 do the same operations. Name two reasons why the second
#    is faster.
# 2. A tile of 8 rows and 32 columns: how many numbers does it pick up in
#    one step of k, and how many multiplications does it do with them?
# 3. Why does packing pay, although it is nothing but copying?
#
# <details><summary>Answers</summary>
#
# 1. It uses all sixteen numbers of a line, and its additions do not wait
#    for each other, so that vectors can be used.
# 2. It picks up 40 and does 256.
# 3. Each number is copied once and read many times: b once for each block
#    of a, a once for each panel of b. And in the order in which it is
#    read no line is carried for a few of its numbers.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/41_matmul.py) of this lesson
#   (`minitransfer learn 41 --evidence`): more sizes, the machine code of
#   the tile with its multiply-adds and writes counted, other caches.
# - K. Goto and R. van de Geijn, *Anatomy of high-performance matrix
#   multiplication*, 2008: rung 5, and why just these blocks.
# - S. Williams, A. Waterman and D. Patterson, *Roofline: an insightful
#   visual performance model*, 2009: the two roofs.
