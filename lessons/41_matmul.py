# %% [markdown]
# # 41 · Matmul, from three loops to the machine's limit
#
# **The question.** Multiplying two matrices takes a known number of
# multiplications and additions. A core does a known number of them in a
# second. How can one program for multiplying matrices take many times
# as long as another that leaves out not a single operation?
#
# This lesson is not from the articles. It looks under the bonnet: nearly
# all the time in training goes into this one operation. Its claim, K3,
# is of our own ([sources](sources.md)).
#
# ## A workshop and a warehouse
#
# Think of a joiner who can drive thirty screws a minute, if the screws
# are in his hand. In his hand there is room for a few, on the bench for
# a box, in the room for a shelf. Everything else is in a warehouse
# across the street. How fast he works has little to do with his arm. It
# depends on how often he walks, and how much he does with what he
# carried.
#
# A processor core is that joiner. The hand are its *registers*, some
# kilobytes at most. The bench is the nearest *cache*, a few dozen
# kilobytes; the shelf are larger and slower caches; the warehouse is
# memory. Two numbers tell us what to expect, and we can measure both:
# how fast the arm is, and how fast the warehouse delivers.

# %%
import numpy as np

from minitransfer import kernels, plots
from minitransfer.course import claim
from minitransfer.kernels import gemm, peak
from minitransfer.kernels.gemm import ladder

kernels.set_num_threads(1)  # one core, or we would compare two things
top = peak.peak_flops(np.float32)
delivery = peak.memory_bandwidth()
print(f"the arm: {top / 1e9:.0f} billion operations a second")
print(f"the warehouse: {delivery / 4e9:.1f} billion numbers a second")
print(
    f"operations in the time of one number: {4 * top / delivery:.0f}"
)

# %% [markdown]
# The last line is the whole story. A program that fetches a number, uses
# it once and lets it go spends its life waiting. A product of two
# $n \times n$ matrices has $3 n^2$ numbers to fetch or bring back and
# $2 n^3$ operations to do, so each number *could* be used $2n/3$ times.
# Whether it is used so often while it is in the hand, is a matter of the
# order of the work.
#
# ## Rung 1: the definition
#
# $$c_{ij} = \sum_k a_{ik}\, b_{kj}$$
#
# Three loops, one after another; in Python it looks like this. We let a
# compiler make machine code of it, or we would measure the interpreter.


# %%
def naive(a, b):
    c = np.zeros((len(a), b.shape[1]), a.dtype)
    for i in range(c.shape[0]):
        for j in range(c.shape[1]):
            for k in range(a.shape[1]):
                c[i, j] += a[i, k] * b[k, j]
    return c


rng = np.random.default_rng(0)
small_a, small_b = rng.random((5, 7)), rng.random((7, 3))
difference = abs(naive(small_a, small_b) - small_a @ small_b).max()
print(f"largest difference from NumPy: {difference:.0e}")

# %% [markdown]
# What is slow about it? The inner loop walks down a *column* of b. The
# rows of a matrix lie one behind the other, so every step lands in
# another stretch of memory. The machine always fetches sixteen numbers
# that lie together; fifteen of them are carried across the street for
# nothing. And each addition must wait until the one before has ended.
#
# ## Rung 2: two loops change places
#
# Put k outside and j inside. Not one operation changes. But now the
# inner loop runs along a row of b and a row of c, as they lie
# (*memory layout*), its additions go to different numbers and need not
# wait, and the compiler can do eight or sixteen of them in one
# instruction (*vectors*).
#
# ## Rung 3: blocks
#
# For a large matrix, a row of b has left the bench long before it is
# needed again. So take a block of b that fits on the bench (*cache*),
# use it for all rows of a, then fetch the next. And take eight steps of
# k at once, so that c is picked up and put down once instead of eight
# times.
#
# ## Rung 4: the tile
#
# Still, c lies on the bench, and the hand reaches for it at every
# moment. The last rung keeps a small piece of c, say eight rows of two
# vectors, in the *registers* until its whole sum is done. At each step
# of k it loads two vectors of b and eight numbers of a, and does with
# them the products of each with each: ten things fetched, sixteen
# vector operations done. Multiplying and adding is one instruction
# (*fused multiply-add*). That each of the sixteen sums is independent
# matters too: such an instruction takes four cycles, but two can begin
# in every cycle, so at least eight must be under way at any time.
#
# The compiler does not find this by itself; it is written out in
# `minitransfer/kernels/register_tiles.py`, in some thirty lines.
#
# **Predict before you run.** The naive loops, compiled: what share of
# the arm's speed? And which of the three steps up is the largest?

# %%
sizes = (32, 128, 512)
climbs = {n: ladder.climb(n, n, n, seconds=0.2) for n in sizes}
print("GFLOP/s", *(f"n = {n:<6}" for n in sizes), "share at 512")
for rung in ladder.RUNGS:
    row = [climbs[n][rung] / 1e9 for n in sizes]
    share = climbs[512][rung] / top
    print(
        f"{rung:10s}", *(f"{v:8.1f}" for v in row), f"{share:10.0%}"
    )

# %% [markdown]
# Each rung was checked against the definition before it was timed; a
# wrong product may be as fast as it likes. On some machines `blocked`
# is hardly faster than `reordered`, or even slower: where the vectors are
# wide and the caches large, picking up c from the bench is what limits
# both, and better order among the boxes does not help a hand that is too
# full. It helps only as a step *towards* the tile.
#
# ## Under the roofs
#
# Two things can hold a program up: the arm (the flat roof) and the
# warehouse (the slope). How far to the right a product stands is decided
# by its size, $n/6$ operations a byte for three $n \times n$ matrices of
# four-byte numbers. How high it gets is decided by us.

# %%
large = climbs[512]
gain = large["tiled"] / large["naive"]
fig = plots.roofline(
    {
        rung: (
            [n / 6 for n in sizes],
            [climbs[n][rung] for n in sizes],
        )
        for rung in ladder.RUNGS
    },
    top,
    delivery,
    f"The same {2 * 512**3:,} operations, {gain:.0f} times as fast",
)
plots.show(fig, "41_matmul_roofline")

# %% [markdown]
# The lines of the last rung and the flat roof nearly meet: the gap is
# what the edges and the first fetching of the numbers cost. There is
# nothing above that roof but another machine. The small size stands
# lower: with few rows and columns there are few tiles, and calling the
# function takes as long as its work.
#
# ## Seen in the machine code
#
# How do we know that the sums stay in registers? The compiler can be
# asked. In the innermost loop of the tile, count the instructions that
# multiply and add, and those that write to memory.

# %%
code = gemm.tiled._outer_loop.assembly().splitlines()
fused = [t for t in code if "vfmadd" in t or "fmla" in t]
vector = [t for t in fused if "ps" in t or "fmla" in t]
print(f"fused multiply-adds in the kernel: {len(fused)}")
print(
    "one of them:", " ".join(vector[0].split()) if vector else "none"
)

# %% [markdown]
# ## Try it
#
# 1. Call `ladder.climb(512, 512, 512, dtype=np.float64)`. What do you
#    expect of the peak, and of the last rung?
# 2. Measure a product with little to share: `climb(512, 512, 1)`, a
#    matrix times a single column. How far does the tile get now? Look
#    at the slope before you answer.
# 3. In `naive` above, let the loops run in the order k, i, j. Is the
#    result still right? Which matrix would be picked up and put down
#    most often?
#
# <details>
# <summary>Answers</summary>
#
# 1. Half of both: a vector holds half as many numbers of eight bytes.
#    As a share of the peak, much the same.
# 2. Not far. Each number of a is used once, so there are two operations
#    for four bytes, and the slope is the roof that counts. No order of
#    loops can change that; only a smaller number format could.
# 3. It is: a sum does not care in which order the loops visit it, but
#    for rounding. c, all of it, once for each k.
#
# </details>
#
# ## What the numbers say
#
# Nothing was left out and nothing was approximated. The product at the
# top of the ladder is the same as at its foot; what changed is only how
# often a number is used between being picked up and put down. The bar
# is far below what we see, as a busy machine disturbs any clock. Rungs
# are measured in turn, five times.

# %%
runs = [ladder.climb(256, 256, 256, seconds=0.05) for _ in range(5)]
ratios = np.array([r["tiled"] / r["naive"] for r in runs])
shares = np.array([r["tiled"] / r["peak"] for r in runs])
print(f"share of the core's peak: {np.median(shares):.0%}")
claim(
    "K3",
    "the register tile multiplies 256 × 256 matrices several times as "
    "fast as the three loops of the definition, both compiled",
    measured=float(np.median(ratios)),
    spread=float(ratios.std(ddof=1)),
    seeds=len(ratios),
    unit="times",
    format=".1f",
    verdict="holds" if np.median(ratios) > 2 else "does not hold",
    check=np.median(ratios) >= 2,
)
