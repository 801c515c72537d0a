# %% [markdown]
# # 40 · A gradient by hand and by machine
#
# **The question.** In every lesson we write `loss.backward()`. How does
# a single backward pass find out for half a million weights which way
# each has to move, and what exactly do we no longer pay for when a
# layer is frozen?
#
# This lesson is not from the articles. It builds the engine of this
# library again, in sixty lines. Its claims, K1 and K2, are of our own
# ([sources](sources.md)).
#
# ## By hand
#
# Take a small network: two inputs, three hidden nodes with a tanh, one
# output, and the mean squared error as its loss.
#
# $$h = \tanh(x W_1), \qquad y = h\, W_2, \qquad
#   L = \text{mean}\,(y - t)^2$$
#
# How does $L$ change when $W_1$ does? The chain rule answers from the
# end to the beginning. Whoever stands at $L$ tells $y$ how much it
# matters; $y$ tells $W_2$ and $h$; $h$ tells what went into the tanh;
# that tells $W_1$. Nobody needs to know the whole network. Each needs
# only the message from the one after, and what it has itself computed.

# %%
import time

import numpy as np

import minitransfer as mt
from minitransfer import nn, plots, transfer
from minitransfer.course import claim

rng = np.random.default_rng(0)
x, t = rng.standard_normal((5, 2)), rng.standard_normal((5, 1))
W1, W2 = rng.standard_normal((2, 3)), rng.standard_normal((3, 1))

h = np.tanh(x @ W1)
y = h @ W2

to_y = 2 * (y - t) / t.size  # the message that y gets
to_W2 = h.T @ to_y
to_h = to_y @ W2.T
to_inside = to_h * (1 - h * h)  # through the tanh
to_W1 = x.T @ to_inside
print(to_W1.round(4))

# %% [markdown]
# Two lines forward, five back, and those that go back stand in reverse
# order. Look at any of them: it says what its *own* operation
# does to a message, and nothing of the others. So a machine can do it.
#
# ## By machine
#
# A number (here: an array of them) that was computed remembers from what,
# and for each of its inputs a small function: message in, message out.
# That is all that has to be recorded on the way there, the *forward
# pass*; on the way back, the *backward pass*, these functions are called.
# The whole is *automatic differentiation*, autograd for short.


# %%
class Value:
    calls = 0  # how many derivatives were ever asked for

    def __init__(self, data, learns=False, history=()):
        self.data = np.asarray(data)
        self.learns = learns  # does anybody want its gradient?
        self.history = history  # (input, message → message)
        self.gradient = None

    def __matmul__(self, other):
        a, b = self.data, other.data
        return remember(
            a @ b,
            (self, lambda g: g @ b.T),
            (other, lambda g: a.T @ g),
        )

    def __sub__(self, other):
        return remember(
            self.data - other.data,
            (self, lambda g: g),
            (other, lambda g: -g),
        )

    def tanh(self):
        y = np.tanh(self.data)
        return remember(y, (self, lambda g: g * (1 - y * y)))

    def mean_square(self):
        a = self.data
        slope = 2 * a / a.size
        return remember((a * a).mean(), (self, lambda g: g * slope))

    def backward(self):
        messages = {id(self): np.ones_like(self.data)}
        for value in self.newest_first():
            message = messages.pop(id(value))
            if not value.history:
                value.gradient = message
            for source, derivative in value.history:
                Value.calls += 1
                sent = derivative(message)
                if id(source) in messages:  # used more than once
                    sent = messages[id(source)] + sent
                messages[id(source)] = sent

    def newest_first(self):
        order, seen = [], set()

        def visit(value):
            if id(value) not in seen:
                seen.add(id(value))
                for source, _ in value.history:
                    visit(source)
                order.append(value)

        visit(self)
        return order[::-1]


def remember(data, *history):
    wanted = [(v, d) for v, d in history if v.learns]
    return Value(data, learns=bool(wanted), history=wanted)


# %% [markdown]
# Three things in it are worth a second look.
#
# - A value that is used twice gets two messages, and they are *added*:
#   it changes the loss along both ways.
# - Nobody may pass a message on before having got all of them. So the
#   newest value comes first, and each before what it was made from.
# - `remember` throws away what nobody wants. If no input of an operation
#   learns, nothing is remembered at all. These two lines are everything
#   that "frozen" means to an engine.


# %%
def relative(a, b):
    return float(abs(a - b).max() / abs(b).max())


v1, v2 = Value(W1, learns=True), Value(W2, learns=True)
((Value(x) @ v1).tanh() @ v2 - Value(t)).mean_square().backward()

p1 = mt.tensor(W1, dtype=mt.float64, requires_grad=True)
p2 = mt.tensor(W2, dtype=mt.float64, requires_grad=True)
inputs, targets = mt.from_numpy(x), mt.from_numpy(t)
output = (inputs @ p1).tanh() @ p2
((output - targets) ** 2).mean().backward()

print(f"by hand and in 60 lines: {relative(v1.gradient, to_W1):.0e}")
library = p1.grad.numpy()
print(f"by hand and by the library: {relative(library, to_W1):.0e}")

# %% [markdown]
# By hand, by our machine, by the library: the same up to rounding. All
# three could share one mistake, so here is a judge who knows no chain
# rule: nudge one weight at a time, and see what the loss does.


# %%
def loss_at(w):
    return ((np.tanh(x @ w) @ W2 - t) ** 2).mean()


nudged, step = np.zeros_like(W1), 1e-6
for at in np.ndindex(W1.shape):
    up, down = W1.copy(), W1.copy()
    up[at] += step
    down[at] -= step
    nudged[at] = (loss_at(up) - loss_at(down)) / (2 * step)
print(f"by hand and by nudging: {relative(to_W1, nudged):.0e}")
print("losses computed for it:", 2 * W1.size)

# %% [markdown]
# The judge is honest and slow: two losses for each weight. For half a
# million weights that is a million passes. The messages need *one* pass
# back, whatever the number of weights. Without that there would be no
# deep learning.
#
# ## What freezing saves
#
# Now a chain of eight layers and a head. The work is in the products of
# matrices. Going forward there is one for each layer. Going back there
# are *two*: one message for the layer's weights, one for what came in.
# If the first k layers are frozen, none of their weights wants a
# message, and so nothing below the lowest learning layer does.
#
# **Predict before you run.** With all eight frozen and only the head
# learning, how many of the calls are left? And what share of the time?

# %%
DEPTH, WIDTH, BATCH = 8, 256, 128
weights = [
    rng.standard_normal((WIDTH, WIDTH)) / np.sqrt(WIDTH)
    for _ in range(DEPTH + 1)
]
images = Value(rng.standard_normal((BATCH, WIDTH)))
answers = Value(rng.standard_normal((BATCH, WIDTH)))


def calls_with_frozen(k):
    value = images
    for i, w in enumerate(weights):
        value = value @ Value(w, learns=i >= k)
        if i < DEPTH:
            value = value.tanh()
    Value.calls = 0
    (value - answers).mean_square().backward()
    return Value.calls


frozen = list(range(DEPTH + 1))
calls = [calls_with_frozen(k) for k in frozen]
print("layers frozen:   ", *(f"{k:4d}" for k in frozen))
print("derivatives asked:", *(f"{c:4d}" for c in calls))

# %% [markdown]
# Each frozen layer takes three calls with it: the two products, and the
# tanh between. With all frozen three calls are left, for the difference,
# the square and the head's weights.
#
# Calls are not time. So the same network in the library, with
# `transfer.freeze` on the first k layers, and a clock. The rounds take
# turns, as everything else on this machine takes its turns too.

# %%
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
forward, backward = 1e3 * np.median(times, axis=0).T
share = (forward + backward)[-1] / (forward + backward)[0]
print("ms forward: ", *(f"{v:5.2f}" for v in forward))
print("ms backward:", *(f"{v:5.2f}" for v in backward))
print(f"a whole step with the head alone: {share:.0%} of the time")

# %%
fig, axes = plots.figure(
    f"Frozen, the way back costs {backward[-1] / backward[0]:.0%} of "
    "what it did; the way there costs the same"
)
axes.plot(frozen, backward, "o-", color=plots.COLOURS[0])
axes.plot(frozen, forward, "o-", color=plots.COLOURS[1])
axes.set_xlabel("layers frozen, counted from the input")
axes.set_ylabel("milliseconds a step")
axes.set_ylim(0)
plots.label_ends(
    axes,
    DEPTH,
    [
        (backward[-1], "backward", plots.COLOURS[0]),
        (forward[-1], "forward", plots.COLOURS[1]),
    ],
)
plots.show(fig, "40_what_freezing_saves")

# %% [markdown]
# The way back melts away layer by layer. The way there does not: the
# frozen layers still compute, at every step, what they computed for the
# same pictures an epoch before. That is what remains to be saved, and
# because frozen layers are a fixed function it can be: compute their
# output once and keep it (`transfer.cache_features`,
# [lesson 16](16_frozen_means_frozen.py)).
#
# ## Try it
#
# 1. Freeze the *last* four layers and let the first ones learn. How
#    many calls does that save?
# 2. Make `Value.backward` overwrite messages instead of adding them.
#    Which network would show the mistake? Ours does not.
# 3. `visit` calls itself. Build a chain of 2,000 values and call
#    `backward`. How does the library avoid this?
#
# <details>
# <summary>Answers</summary>
#
# 1. Four only: those to their weights. The messages must still pass
#    through to reach the layers below that learn.
# 2. One in which a value is used twice: a shortcut around a layer, or
#    a weight that two layers share.
# 3. Python stops it: the recursion is too deep. The library numbers its
#    values by a clock as they are made, and sorts them by their number.
#
# </details>
#
# ## What the numbers say

# %%
errors = {
    "60 lines": relative(v1.gradient, to_W1),
    "library": relative(library, to_W1),
    "nudging": relative(to_W1, nudged),
}
claim(
    "K1",
    "the chain rule by hand, sixty lines of engine, the library and "
    "nudging every weight give one gradient (largest relative difference "
    "from the one by hand)",
    measured=errors,
    spread=None,
    seeds=1,
    format=".0e",
    verdict="holds"
    if max(errors.values()) < 1e-6
    else "does not hold",
    check=max(errors.values()) < 1e-6,
)
saved = times[:, -1, 1] / times[:, 0, 1]
claim(
    "K2",
    "with eight of nine layers frozen, 3 of 27 derivatives are called, "
    "and the way back takes a fraction of its time",
    measured=float(np.median(saved)),
    spread=float(saved.std(ddof=1)),
    seeds=len(saved),
    format=".1%",
    verdict="holds" if np.median(saved) < 0.5 else "does not hold",
    check=calls == [27 - 3 * k for k in frozen]
    and np.median(saved) < 0.5,
)
