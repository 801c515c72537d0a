# %% [markdown]
# # 40 · Evidence: by hand, by the clock, step by step
#
# What stands behind [lesson 40](../40_a_gradient_by_hand_and_by_machine.py):
# the seven lines of a gradient by hand; a training run of the library
# beside one that is written out; and what freezing saves, counted and
# measured.

# %%
import time

import numpy as np

import minitransfer as mt
from minitransfer import (
    data,
    experiments,
    kernels,
    nn,
    plots,
    transfer,
)
from minitransfer.course import claim, figures
from minitransfer.experiments import intervals, judge

draw = figures(40)
kernels.set_num_threads(1)

# %% [markdown]
# ## By hand
#
# The network of the lesson, and the chain rule as a list of lines. There
# are two lines on the way there and five on the way back, in reverse
# order. Each says what its own operation does to a message, and nothing
# of the others.

# %%
switches, XOR = data.xor()
X = np.c_[switches, np.ones(4)].astype(float)
XOR = XOR.astype(float)


def by_hand(w1, w2):
    h = np.tanh(X @ w1)
    d = h @ w2 - XOR
    to_d = 2 * d / d.size
    to_w2 = h.T @ to_d
    to_h = to_d @ w2.T
    to_sum = to_h * (1 - h * h)
    to_w1 = X.T @ to_sum
    return (d * d).mean(), to_w1, to_w2


# %% [markdown]
# ## A training run, step by step
#
# From the same initial weights, with the same steps: does the library
# take the same way as the seven lines? Rounding differs, and training
# may blow a difference up, so the whole run is compared, and not one
# gradient only. In a run that stands on a ridge between two valleys the
# last digit may decide; the claim says how far apart the losses ever get.


# %%
def both(seed, steps=400, lr=0.2):
    rng = np.random.default_rng(seed)
    w1, w2 = rng.standard_normal((3, 4)), rng.standard_normal((4, 1))
    t1 = mt.tensor(w1, dtype=mt.float64, requires_grad=True)
    t2 = mt.tensor(w2, dtype=mt.float64, requires_grad=True)
    optimizer = mt.optim.SGD([t1, t2], lr=lr)
    x, target = mt.from_numpy(X), mt.from_numpy(XOR)
    apart = 0.0
    for _ in range(steps):
        loss, to_w1, to_w2 = by_hand(w1, w2)
        w1, w2 = w1 - lr * to_w1, w2 - lr * to_w2
        optimizer.zero_grad()
        theirs = (((x @ t1).tanh() @ t2 - target) ** 2).mean()
        theirs.backward()
        optimizer.step()
        apart = max(apart, abs(loss - theirs.item()))
    return apart


distances = np.array([both(seed) for seed in range(10)])
print(f"losses apart at most: {distances.max():.0e}")

# %%
claim(
    "K1/training",
    "400 steps of XOR by hand and with the library go the same way "
    "(largest difference of the losses in a run)",
    source="ours",
    refuted_by="losses that are ever apart by more than 1e-9",
    control="the chain rule written out by hand, without any engine",
    **experiments.over_seeds({"losses": distances}),
    verdict="holds" if distances.max() < 1e-9 else "does not hold",
    check=distances.max() < 1e-9,
    format=".0e",
)

# %% [markdown]
# ## What freezing saves, counted
#
# A chain of eight layers and a head. On the way there is one product of
# matrices for each layer; on the way back there are two, one for the
# message to the weights and one for the message to what came in. (The
# first layer sends none to the pictures, which do not learn.) With the
# first k layers frozen, nothing below the lowest layer that learns gets
# any message. `known` counts the products that are left.

# %%
DEPTH, WIDTH, BATCH = 8, 256, 128


def known(k):
    to_weights = DEPTH + 1 - k
    to_inputs = DEPTH - k
    return to_weights + to_inputs


frozen = np.arange(DEPTH + 1)
print("frozen:           ", *(f"{k:4d}" for k in frozen))
print("products, back:   ", *(f"{known(k):4d}" for k in frozen))

# %% [markdown]
# ## What freezing saves, measured
#
# Calls are not time. So the same network in the library, with
# `transfer.freeze` on the first k layers, and a clock that counts
# processor time. The rounds take turns, so that whatever else the machine
# does meets all of them.

# %%
rng = np.random.default_rng(0)
layers = []
for _ in range(DEPTH):
    layers += [nn.Linear(WIDTH, WIDTH, generator=rng), nn.Tanh()]
network = nn.Sequential(*layers, nn.Linear(WIDTH, 10, generator=rng))
batch = mt.from_numpy(
    rng.standard_normal((BATCH, WIDTH)).astype(np.float32)
)
labels = mt.from_numpy(rng.integers(0, 10, BATCH))
measure_loss = nn.CrossEntropyLoss()


def step_times():
    start = time.process_time()
    loss = measure_loss(network(batch), labels)
    middle = time.process_time()
    loss.backward()
    network.zero_grad()
    return middle - start, time.process_time() - middle


times = np.zeros((40, DEPTH + 1, 2))
for turn in range(-2, len(times)):  # two rounds to warm up
    for k in frozen:
        transfer.unfreeze(network)
        if k:
            transfer.freeze(network[: 2 * k])
        measured = step_times()
        if turn >= 0:
            times[turn, k] = measured
forward, backward = 1e3 * times[..., 0], 1e3 * times[..., 1]
whole = (forward + backward)[:, -1] / (forward + backward)[:, 0]
print("ms forward: ", *(f"{v:5.2f}" for v in np.median(forward, 0)))
print("ms backward:", *(f"{v:5.2f}" for v in np.median(backward, 0)))
print(
    f"a whole step, the head alone: {np.median(whole):.0%} of the time"
)
plots.show(draw.saved(frozen, backward, forward), "40_saved")

# %% [markdown]
# The way back melts away layer by layer. The way there is the same
# whether layers are frozen or not; we said beforehand that a tenth more
# or less would count as the same.

# %%
back = np.log(backward[:, -1] / backward[:, 0])
there = np.log(forward[:, -1] / forward[:, 0])
less = np.exp(intervals.mean(back))
same = judge(there, margin=np.log(1.1)).word == "equal"
shrinks = less[1] < 0.5
claim(
    "K2",
    "with eight of nine layers frozen the way back takes less than half of "
    "its time, and the way there as long as before (share of the time)",
    source="ours",
    refuted_by="an interval of the way back that reaches one half; a way "
    "there that is not within a tenth of what it was",
    control="the same network with all layers learning, in turn",
    measured={
        "backward": float(np.exp(back.mean())),
        "forward": float(np.exp(there.mean())),
    },
    spread={
        "backward": np.exp(
            back.mean() + np.array([-1, 1]) * back.std()
        ),
        "forward": np.exp(
            there.mean() + np.array([-1, 1]) * there.std()
        ),
    },
    seeds=len(times),
    effect=float(np.exp(back.mean())),
    interval=tuple(less),
    verdict="holds"
    if shrinks and same
    else "holds narrowly"
    if shrinks
    else "does not hold",
    condition="the way back; the way there was not shown to be the same"
    if shrinks and not same
    else "",
    check=shrinks,
    format=".0%",
)
