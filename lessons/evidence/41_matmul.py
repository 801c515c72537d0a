# %% [markdown]
# # 41 · Evidence: sizes, machine code, caches
#
# What stands behind [lesson 41](../41_matmul.py): the rungs at other
# sizes and in numbers of eight bytes, what the compiler made of the tile,
# and what is carried with other caches.

# %%
import re
from collections import Counter

import numpy as np

from minitransfer import kernels, plots
from minitransfer.course import claim, code_of, figures
from minitransfer.kernels import (
    cache_model,
    gemm,
    peak,
    register_tiles,
)
from minitransfer.kernels.gemm import ladder

draw = figures(41)
kernels.set_num_threads(1)
top = peak.peak_flops(np.float32)

# %% [markdown]
# ## Other sizes
#
# Each rung is checked against NumPy's product in float64 before it is
# timed; a wrong product may be as fast as it likes. Small matrices stand
# low in all rungs: with few rows and columns there are few tiles, and
# calling the function takes as long as its work.

# %%
sizes = (16, 32, 64, 128, 256, 512)
climbs = {n: ladder.climb(n, n, n, seconds=0.05) for n in sizes}
print("GFLOP/s  ", *(f"n = {n:<4}" for n in sizes))
for rung in ladder.RUNGS:
    row = [climbs[n][rung] / 1e9 for n in sizes]
    print(f"{rung:10}", *(f"{v:8.1f}" for v in row))
plots.show(draw.sizes(climbs, top), "41_sizes")

# %% [markdown]
# ## Numbers of eight bytes
#
# A vector holds half as many of them. So the arm does half as much, and
# the share of it that a rung reaches is about the same.

# %%
double = ladder.climb(256, 256, 256, np.float64, seconds=0.1)
for rung in ladder.RUNGS:
    share = double[rung] / double["peak"]
    before = climbs[256][rung] / climbs[256]["peak"]
    print(f"{rung:10} float64 {share:6.1%}, float32 {before:6.1%}")

# %% [markdown]
# ## The tile, as it is written
#
# No compiler finds the tile in plain loops, so it is written in the
# compiler's own language, by this function. `step` is one step of k: the
# vectors of b, one number of a for each row, all products of each with
# each. What it returns are the sums, which stay in registers because
# nothing ever gives them an address.

# %%
print(code_of(register_tiles.make_outer_tile))

# %% [markdown]
# ## Seen in the machine code
#
# How do we know that the sums stay in registers? The compiler can be
# asked for its machine code. The hot loop is the one with the most fused
# multiply-adds; in it we count these, and what is *written* to memory. If
# a sum left its register there would be a write.

# %%
FUSED = r"vfn?madd\w*ps|fmla"


def hot_loop(code):
    """The lines between a label and the jump back to it, of most work."""
    lines = [line.strip() for line in code.splitlines()]
    labels = {
        t[:-1]: n for n, t in enumerate(lines) if t.endswith(":")
    }
    best = []
    for n, line in enumerate(lines):
        words = line.split()
        if words and re.match(r"j|b\.", words[0]) and len(words) > 1:
            start = labels.get(words[-1], n)
            body = lines[start:n]
            inner = not any(t.endswith(":") for t in body[1:])
            work = [
                len(re.findall(FUSED, "\n".join(b)))
                for b in (body, best)
            ]
            if inner and work[0] > work[1]:
                best = body
    return best


def kinds(lines):
    """Fused multiply-adds, and moves of vectors to memory."""
    counts = Counter()
    for line in lines:
        counts["multiply-adds"] += bool(re.search(FUSED, line))
        written = re.match(r"v?mov\w*\s+[%\w]+, .*\(.*\)$", line)
        arm = re.match(r"st[rpu]\w*\s+[qv]\d", line)
        counts["writes"] += bool(written or arm)
    return counts


loop = hot_loop(gemm.tiled._outer_loop.assembly())
found = kinds(loop)
told = ", ".join(f"{n} {kind}" for kind, n in found.items())
print(f"hot loop: {len(loop)} instructions, {told}")
print("\n".join(loop[:6]), "\n...")

# %% [markdown]
# (Where the compiler speaks another language than the two that are known
# here, x86 and Arm, nothing is found.)
#
# ## Other caches
#
# The same loops, counted with caches of other sizes; the matrices are
# 256 × 256 here, 256 KB each. Where the whole of b stays in the cache,
# with a few rows of the others, it hardly matters any more what the order
# is. Packing costs its copies then, and gains nothing.

# %%
N = 256
counts = {}
for kilobytes in (32, 128, 512, 2048):
    cache, counts[kilobytes] = kilobytes << 10, {}
    for rung, loops in ladder.LOOPS.items():
        shapes = [(N, N)] * 3
        if rung == "packed":
            shapes += ladder.room(N, N, cache)
        moved = cache_model.bytes_moved(loops, *shapes, cache=cache)
        counts[kilobytes][rung] = moved[1]
plots.show(draw.caches(counts), "41_caches")

# %% [markdown]
# ## What the numbers say
#
# The counts are exact, there is nothing to scatter. The sentence is that
# of the lesson: rung 2 carries less than rung 1, blocks less than rung 2,
# and packing less than the bare tile. It is asked with two caches that
# are smaller than one matrix (256 KB). A block of 32 rows of b has 32 KB,
# so in the smaller cache it leaves no room for rows of a and c.
# (Packing is not compared with the bare blocks of rung 3: its copies are
# counted, too, and it may carry more than these.)

# %%
falls = {}
for k in (32, 128):
    path = [counts[k][r] for r in ("naive", "reordered", "blocked")]
    lighter = counts[k]["packed"] < counts[k]["tile"]
    falls[k] = lighter and path == sorted(path, reverse=True)
mega = {rung: count / 1e6 for rung, count in counts[128].items()}
claim(
    "K3/bytes",
    "each change of order carries less between a cache and what lies "
    "behind it, and packing less than the bare tile (MB for 256 × 256 and "
    "a cache of 128 KB)",
    source="ours",
    refuted_by="a later rung that carries more, with a cache of 32 or of "
    "128 KB",
    control="the same loops with a cache that holds all three matrices, "
    "where the order does not matter",
    measured=mega,
    spread=None,
    seeds=1,
    format=".1f",
    verdict="holds"
    if all(falls.values())
    else "holds narrowly"
    if any(falls.values())
    else "does not hold",
    condition="with a cache of "
    + " and ".join(f"{k} KB" for k in falls if falls[k])
    if any(falls.values()) and not all(falls.values())
    else "",
    check=counts[128]["naive"] > 4 * counts[128]["packed"],
)

# %% [markdown]
# And the machine code: that the tile writes nothing in its hot loop is
# asked of the machine on which this runs.

# %%
claim(
    "K3/registers",
    "in the tile's hot loop nothing is written to memory",
    source="ours",
    refuted_by="a write between the multiply-adds",
    control="the hot loop of rung 2, in which c is written at every step",
    measured={
        "tile": found["writes"],
        "reordered": kinds(hot_loop(ladder._reordered.assembly()))[
            "writes"
        ],
    },
    spread=None,
    seeds=1,
    verdict="holds"
    if found["multiply-adds"] and not found["writes"]
    else "does not hold",
    check=not (found["multiply-adds"] and found["writes"]),
)
