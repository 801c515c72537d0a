# %% [markdown]
# # 43 · Evidence: one function
#
# [Lesson 43](../43_one_function.py) made one function of a step. Here it
# is held against the step as it was written, over several networks, and
# the two texts of the reader's own compiler are timed.

# %%
import time

import numba
import numpy as np

import minitransfer as mt
import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, plots
from minitransfer.course import claim, figures
from minitransfer.experiments import intervals

draw = figures(43)
x, y = map(mt.tensor, data.xor())
loss = nn.BCEWithLogitsLoss()


def training(seed):
    """The network of the lesson, and the step that trains it."""
    rng = np.random.default_rng(seed)
    first = nn.Linear(2, 8, generator=rng)
    last = nn.Linear(8, 1, generator=rng)
    net = nn.Sequential(first, nn.Sigmoid(), last)
    sgd = optim.SGD(net.parameters(), lr=1.0)

    def step(x, y):
        sgd.zero_grad()
        value = loss(net(x), y)
        value.backward()
        sgd.step()
        return value

    return net, step


def microseconds(call, *args, repeats, steps=1):
    """The median time of a step, in time of the processor."""
    times = []
    for _ in range(7):
        start = time.process_time()
        for _ in range(repeats):
            call(*args)
        times.append((time.process_time() - start) / repeats / steps)
    return 1e6 * float(np.median(times))


# %% [markdown]
# ## The same bits, many times as quickly
#
# Ten networks, each trained twice from the same initial weights: by the
# step as written, and by the function. After 50 steps losses and weights
# are compared bit by bit, and both are timed in turns.

# %%
ratios, same = {"a call a step": [], "1,000 in a call": []}, []
for seed in range(10):
    (a, eager), (b, other) = training(seed), training(seed)
    quick = mt.compile(other)
    losses = [
        (eager(x, y).item(), quick(x, y).item()) for _ in range(50)
    ]
    pairs = zip(a.parameters(), b.parameters(), strict=True)
    bits = all(p.tobytes() == q.tobytes() for p, q in pairs)
    same.append(bits and all(p == q for p, q in losses))
    written = microseconds(eager, x, y, repeats=100)
    call = microseconds(quick, x, y, repeats=2000)
    inside = microseconds(
        *(quick.repeat, 1000, x, y), repeats=3, steps=1000
    )
    ratios["a call a step"].append(written / call)
    ratios["1,000 in a call"].append(written / inside)
print(f"same bits in {sum(same)} of {len(same)} networks")

# %%
low = {
    name: intervals.mean(np.array(values))[0]
    for name, values in ratios.items()
}
holds = all(same) and min(low.values()) > 5
claim(
    "K5",
    "a small network's step, made one function, ends with the same "
    "bits, many times as quickly (times as quick as the step as written)",
    source="ours",
    refuted_by="a bit that differs after 50 steps, or an interval of the "
    "gain that reaches down to fivefold",
    control="the step as written, from the same initial weights",
    measured={name: np.mean(v) for name, v in ratios.items()},
    spread={name: np.std(v, ddof=1) for name, v in ratios.items()},
    seeds=len(same),
    verdict="holds" if holds else "does not hold",
    check=holds,
    format=".0f",
)

# %% [markdown]
# ## One loop or three
#
# The two texts that `code` wrote in the lesson, given to numba.


# %%
@numba.njit(error_model="numpy")
def three(v0, v3):
    v1 = np.empty_like(v0)
    v2 = np.empty_like(v0)
    for i in range(v0.size):
        v1[i] = abs(v0[i])
    for i in range(v0.size):
        v2[i] = 1.0 + v1[i]
    for i in range(v0.size):
        v3[i] = v0[i] / v2[i]


@numba.njit(error_model="numpy")
def one(v0, v3):
    for i in range(v0.size):
        v1 = abs(v0[i])
        v2 = 1.0 + v1
        v3[i] = v0[i] / v2


# %%
sizes = [1_000, 10_000, 100_000, 1_000_000, 4_000_000]
nanoseconds = {"a loop for each line": [], "one loop": []}
equal = []
for size in sizes:
    v = np.linspace(-3, 3, size)
    out, repeats = np.empty_like(v), max(4_000_000 // size, 1)
    for name, f in zip(nanoseconds, (three, one), strict=True):
        f(v, out)
        equal.append(np.array_equal(out, v / (1 + abs(v))))
        each = microseconds(f, v, out, repeats=repeats, steps=size)
        nanoseconds[name].append(1e3 * each)
plots.show(draw.passes(sizes, nanoseconds), "43_passes")

# %% [markdown]
# Where arrays are small the two are near each other. Beyond that each of
# the three loops reads and writes arrays that lie far from the core, and
# two of them are new ones: the system has to find memory for them, and
# clears it page by page before it may be used. The single loop does
# neither. (How much of the gap is travelling and how much is new memory
# was not measured apart.)

# %%
gains = []
for _ in range(6):
    apart, together = (
        microseconds(f, v, out, repeats=1) for f in (three, one)
    )
    gains.append(apart / together)
gains = np.array(gains)
interval = intervals.mean(gains)
holds = all(equal) and interval[0] > 1.5
claim(
    "K5/fusion",
    "on four million numbers one loop over three operations gives the bits "
    "of three loops, in less than two thirds of the time (times as quick)",
    source="ours",
    refuted_by="a bit that differs, or an interval of the gain that reaches "
    "down to one and a half",
    control="the same three lines, a loop for each, in turn",
    measured=gains.mean(),
    spread=gains.std(),
    seeds=len(gains),
    effect=gains.mean(),
    interval=interval,
    unit="times",
    verdict="holds" if holds else "does not hold",
    check=holds,
    format=".1f",
)
