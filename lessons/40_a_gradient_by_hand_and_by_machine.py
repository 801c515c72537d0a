# %% [markdown]
# # 40 · A gradient by hand and by machine
#
# > How does one pass back through a network find out for every weight
# > which way it has to move, and what is no longer paid for when a layer
# > is frozen?
#
# - **Time:** 14 minutes
# - **You need:** Python with NumPy, the derivative of a product, and from
#   lesson 3 what a hidden layer is
# - **You will be able to:** send messages back through a computation by
#   hand; write the engine behind `loss.backward()`; say why `.grad` has
#   to be cleared, and what freezing saves
#
# In every lesson we write `loss.backward()`, and afterwards each weight
# has a `.grad`. This lesson is not from the articles. It builds the
# engine that does it, in thirty lines, and trains XOR with it.
#
# ## Messages
#
# Take a chain of two weights, with a tanh between them, and the squared
# error at its end:
#
# $$u = x\,w_1, \quad h = \tanh(u),$$
# $$o = h\,w_2, \quad L = (o - t)^2$$
#
# You turn $w_1$ a little. How does $L$ answer? The chain rule goes from
# the end to the beginning. $L$ tells $o$ how much it matters:
# $\partial L / \partial o = 2(o - t)$. We call that the *message* that
# $o$ gets. $o$ is a product, and a product gives each factor the message
# times the *other* factor: $w_2$ gets it times $h$, and $h$ gets it times
# $w_2$. $h$ multiplies its message by the slope of the tanh, $1 - h^2$,
# and tells $u$. $u$ is a product again. So it comes to $w_1$, and what
# $w_1$ gets is its *gradient*, $\partial L / \partial w_1$.
#
# Nobody needed to know the whole computation. Each step needs only the
# message from the one after it, and what it computed itself. So a machine
# can do it. The way there, computing the values, is called the *forward
# pass*; the way back, sending the messages, is the *backward pass*.
#
# ## The engine
#
# A *value* is an array that remembers what it was computed from, and for
# each of its inputs a small function, message in, message out. An
# *operation* stands in one place with its derivatives; `operation` makes
# one of it that remembers. (This *automatic differentiation*, autograd
# for short, is built the same way in `minitransfer`.) In a product of
# matrices, `a @ b`, the message is once more multiplied by the other
# factor, which stands on its own side and is transposed: `g @ b.T` goes to
# `a`, `a.T @ g` to `b`. Then the shapes fit, and for single numbers it is
# the rule from above.

# %%
import itertools

import numpy as np

import minitransfer as mt
from minitransfer import data, experiments, plots
from minitransfer.course import claim, exercises, figures
from minitransfer.experiments import intervals

# %%
draw, clock = figures(40), itertools.count()


class Value:
    def __init__(self, data, history=(), learns=False):
        self.data, self.grad = np.asarray(data, float), 0.0
        self.born = next(clock)
        self.history = [(v, d) for v, d in history if v.learns]
        self.learns = learns or bool(self.history)


def operation(f):
    def remembered(*inputs):
        result, *derivatives = f(*(v.data for v in inputs))
        return Value(result, zip(inputs, derivatives, strict=True))

    return remembered


@operation
def matmul(a, b):
    return a @ b, lambda g: g @ b.T, lambda g: a.T @ g


# %%
@operation
def tanh(a):
    y = np.tanh(a)
    return y, lambda g: g * (1 - y * y)


@operation
def squared_error(o, t):
    s = 2 * (o - t) / o.size
    return ((o - t) ** 2).mean(), lambda g: g * s, lambda g: -g * s


def backward(loss):
    sent = {loss: 1.0}
    while sent:
        value = max(sent, key=lambda v: v.born)
        message = sent.pop(value)
        value.grad = value.grad + message
        for source, derivative in value.history:
            sent[source] = sent.get(source, 0) + derivative(message)


# %% [markdown]
# Three things are worth a second look. A value that is used twice gets
# two messages, and they are *added*, for it moves the loss along both
# ways. Nobody passes a message on before having got all of them, so the
# youngest value comes first: it was made after all that it was made from.
# And `if v.learns`: what nobody wants is not even remembered.
#
# Here is our chain, with $x = 2$, $w_1 = 0.3$, $w_2 = 0.8$ and $t = 1$.
# (Each number is a 1 × 1 matrix; `draw` above draws the pictures.)


# %%
def chain(*learning):
    net = {"x": 2, "w1": 0.3, "w2": 0.8, "t": 1}
    net = {n: Value([[v]], (), n in learning) for n, v in net.items()}
    net["u"] = matmul(net["x"], net["w1"])
    net["h"] = tanh(net["u"])
    net["o"] = matmul(net["h"], net["w2"])
    net["L"] = squared_error(net["o"], net["t"])
    backward(net["L"])
    return net


plots.show(draw.messages(chain("w1", "w2")), "40_messages")

# %% [markdown]
# Blue numbers are values, orange ones messages. Follow the orange ones
# from right to left with your finger. The one at w1 says: turn w1 up by a
# hundredth, and the loss falls by about a hundredth of that number. Try
# it with a pocket calculator. That is the honest and slow way of getting
# a gradient, *nudging*, and it takes two losses for each weight. For half
# a million weights that is a million passes. The messages need *one* pass
# back, whatever the number of weights. Without that there would be no
# deep learning.
#
# ## XOR
#
# Now the same engine on a network: the two switches of lesson 2 (and a
# third input that is always 1, whose weights serve as biases), four
# hidden nodes with a tanh, one output. There is no class for layers and
# no optimiser; a step is a line.
#
# `backward` *adds* to `.grad` and never sets it back. PyTorch does the
# same, and so does this library. It means that two batches may be walked
# back one after the other before one step is taken. It also means that
# somebody has to clear `.grad` after each step.
#
# **Predict before you run.** We train from 50 different initial weights,
# once as it should be, and once forgetting to clear. In how many of the
# 50 runs will the forgetful one learn XOR?

# %%
switches, lamp = data.xor()
inputs, target = Value(np.c_[switches, np.ones(4)]), Value(lamp)


def network(w1, w2):
    answer = matmul(tanh(matmul(inputs, w1)), w2)
    return squared_error(answer, target)


def train(seed, clear=True, steps=400, lr=0.2):
    start = np.random.default_rng(seed).standard_normal((4, 4))
    weights = [Value(w, (), True) for w in (start[:3], start[3:].T)]
    losses = []
    for _ in range(steps):
        losses.append(network(*weights))
        backward(losses[-1])
        for w in weights:
            w.data = w.data - lr * w.grad
            w.grad = 0.0 if clear else w.grad
    return [float(loss.data) for loss in losses]


runs = [[train(s, c) for s in range(50)] for c in (True, False)]
plots.show(draw.learning(*runs), "40_xor")

# %% [markdown]
# The lower curve is a network that learns, with an engine of thirty
# lines. The upper one is a network whose weights can no longer brake. A
# `.grad` that is never cleared is the sum of all messages since the
# beginning: the weights roll like a ball without friction, through every
# valley and up again on the other side. Nothing crashes and nothing
# complains, which makes it one of the most common mistakes there are.
# (Learnt means: in the end the mean squared error is below 0.01, so that
# no answer is off by more than 0.2.)
#
# ## Frozen
#
# Freeze the first weight: only w2 learns. What does `backward` still do?

# %%
plots.show(draw.frozen(chain("w1", "w2"), chain("w2")), "40_frozen")

# %% [markdown]
# Now h remembers nothing: none of its inputs learns, so it has no
# history, and no message goes there. Of five messages two are left. One
# that is saved would be, in a layer, a product of matrices, and nearly
# all the time of a deep network goes into those. `if v.learns` is
# everything that "frozen" means to an engine.
#
# The way *there* is not cheaper: the frozen layer still computes, at
# every step, what it computed for the same pictures an epoch before. But
# what never changes can be computed once and kept, and
# [lesson 16](16_frozen_means_frozen.py) does that. How much time freezing
# saves in a network of nine layers is measured in the evidence.
#
# ## What the numbers say
#
# Our engine, the library, and nudging: three ways to one gradient. That
# they agree is a theorem, the chain rule. What is tested is whether we
# have written it down right.

# %%
apart = {"from the library": [], "from nudging": []}
x, t = mt.from_numpy(inputs.data), mt.from_numpy(target.data)
for rng in np.random.default_rng(40).spawn(10):
    at, way, out = rng.standard_normal((3, 3, 4))
    ours, w2 = Value(at, learns=True), Value(out[:1].T)
    backward(network(ours, w2))
    nudged = [network(Value(at + e * way), w2) for e in (1e-6, -1e-6)]
    slope = (nudged[0].data - nudged[1].data) / 2e-6
    apart["from nudging"].append(slope / (ours.grad * way).sum() - 1)
    w = mt.tensor(at, dtype=mt.float64, requires_grad=True)
    d = (x @ w).tanh() @ mt.from_numpy(w2.data) - t
    (d**2).mean().backward()
    far = np.abs(w.grad.numpy() / ours.grad - 1)
    apart["from the library"].append(far.max())
agree = all(np.abs(some).max() < 1e-6 for some in apart.values())
claim(
    "K1",
    "an engine of thirty lines finds the gradient that the library finds, "
    "and that nudging finds (relative difference)",
    source="ours",
    refuted_by="a relative difference above 1e-6 in any of ten networks",
    control="nudging along a random direction, which knows no chain rule",
    **experiments.over_seeds(apart),
    verdict="holds" if agree else "does not hold",
    check=agree,
    format=".0e",
)

# %%
solved = np.array(runs)[:, :, -1] < 0.01
learnt = dict(zip(("cleared", "never cleared"), solved, strict=True))
gap = intervals.difference(*solved)
works = solved[0].all() and gap[0] > 0.5
claim(
    "K1/cleared",
    "this engine learns XOR, and hardly ever without clearing `.grad` "
    "(share of runs)",
    source="ours",
    refuted_by="a run that does not learn although it clears; an interval "
    "of the difference that reaches below one half",
    control="the same initial weights, never cleared",
    **experiments.over_seeds(learnt),
    effect=solved[0].mean() - solved[1].mean(),
    interval=gap,
    verdict="holds" if works else "does not hold",
    check=works,
    format=".2f",
)

# %% [markdown]
# ## Try it
#
# 1. Let `sent[source]` be overwritten instead of added to. Do the
#    figures change? Build a computation in which it matters.
# 2. Let only w1 learn: `draw.messages(chain("w1"))`. How many messages
#    does that save?
# 3. Let `backward` take the *oldest* value first (`min` for `max`) and
#    walk back `a = tanh(x)`, `matmul(a, tanh(a))`. What goes wrong?
#
# <details><summary>What you will see</summary>
#
# 1. They do not, for in all of them each value is used once. But
#    `matmul(a, a)` has half of its gradient then. So have a shortcut
#    around a layer and a weight that two layers share.
# 2. One, that to w2. The messages must still pass through to reach the
#    weight below, which learns.
# 3. `a` is older than `tanh(a)`. It passes its first message on, and then
#    gets a second one and passes that on as well. Here the sum comes out
#    right in the end, for messages are added; but everything below `a` is
#    walked twice, and with ten such joints a thousand times.
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(40)
first.check(...)
second.check(...)

# %% [markdown]
# ## Check yourself
#
# 1. Why does the way back begin at the loss, and not at the weights?
# 2. You walk two half batches back without clearing in between. What is
#    in `.grad`?
# 3. Which costs more in a layer whose weights learn: the way there or the
#    way back, and why?
#
# <details><summary>Answers</summary>
#
# 1. There is one loss and there are many weights. From the loss one walk
#    serves all of them; from the weights it takes a walk for each.
# 2. The sum of both gradients. With a mean in each half it is twice the
#    gradient of the whole batch.
# 3. The way back: there are two products of matrices for one on the way
#    there, one for the message to the weights, and one for the message
#    to what came in.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/40_a_gradient_by_hand_and_by_machine.py) of
#   this lesson (`minitransfer learn 40 --evidence`): the gradient in
#   seven lines by hand, and what freezing saves by the clock.
# - A. Baydin, B. Pearlmutter, A. Radul and J. Siskind, *Automatic
#   differentiation in machine learning: a survey*, 2018: where the idea
#   comes from, and the other direction, forward.
# - A. Karpathy, *micrograd*, 2020: the same in numbers instead of arrays.
