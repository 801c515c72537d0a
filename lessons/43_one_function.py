# %% [markdown]
# # 43 · From a tape to one function
#
# > A step of a small network is a thousand multiplications and takes as
# > long as a million. Where does the time go, and what is left of the
# > step when a compiler has been over it?
#
# - **Time:** 12 minutes
# - **You need:** Python, and from lesson 40 how a computation is
#   recorded and walked backwards
# - **You will be able to:** say what tracing, dead code and fusion are;
#   write a small compiler that fuses; read from a program what freezing
#   a layer saves
#
# Nobody's article speaks of this; the claims, K5 and K6, are our own
# ([sources](sources.md)).
#
# ## The whole game
#
# Here is the network of lesson 3, two inputs, eight hidden nodes, one
# output, on the four states of XOR. A step of training is a function of
# ours; `mt.compile` makes another function of it.

# %%
import re
import time

import numba
import numpy as np

import minitransfer as mt
import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, plots, transfer
from minitransfer.course import claim, figures

# %%
draw = figures(43)
x, y = map(mt.tensor, data.xor())
loss = nn.BCEWithLogitsLoss()


def training(sizes, seed, frozen=0):
    """A network and the step that trains it, as a plain function."""
    rng, layers = np.random.default_rng(seed), []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b, generator=rng), nn.Sigmoid()]
    net = transfer.freeze_to(nn.Sequential(*layers[:-1]), frozen)
    sgd = optim.SGD(net.parameters(), lr=1.0)

    def step(x, y):
        sgd.zero_grad()
        value = loss(net(x), y)
        value.backward()
        sgd.step()
        return value

    return net, step


net, step = training((2, 8, 1), seed=0)
quick = mt.compile(step)
for _ in range(3):
    quick(x, y)
print(quick)

# %% [markdown]
# That is the step, all of it, as a person might write it: three lines
# forward (and the loss), some lines back, four parameters moved. The
# brace joins lines that are done in one loop.
#
# **Predict before you run.** The lines above do about two hundred
# multiplications. How many times as quick is the function that was made
# of them, against the step as we wrote it? And if it is told to take a
# thousand steps before it comes back?


# %%
def microseconds(call, repeats, steps=1, turns=7):
    """The median time of a step, in time of the processor."""
    times = []
    for _ in range(turns):
        start = time.process_time()
        for _ in range(repeats):
            call()
        times.append((time.process_time() - start) / repeats / steps)
    return 1e6 * float(np.median(times))


ratios, same = {"a call a step": [], "1,000 in a call": []}, []
for seed in range(5):
    (a, eager), (b, other) = (training((2, 8, 1), seed) for _ in "ab")
    quick = mt.compile(other)
    losses = [
        (eager(x, y).item(), quick(x, y).item()) for _ in range(20)
    ]
    pairs = zip(a.parameters(), b.parameters())
    same.append(
        all(p == q for p, q in losses)
        and all(p.tobytes() == q.tobytes() for p, q in pairs)
    )
    took = {
        "as written": microseconds(lambda: eager(x, y), 200),
        "a call a step": microseconds(lambda: quick(x, y), 3000),
        "1,000 in a call": microseconds(
            lambda: quick.repeat(1000, x, y), 5, 1000
        ),
    }
    for name in ratios:
        ratios[name].append(took["as written"] / took[name])
plots.show(draw.ways(took), "43_ways")

# %% [markdown]
# The arithmetic is the shortest bar. All else in the longest one is
# bookkeeping: Python looks up what `net` is, tests shapes, makes arrays
# and throws them away, writes the tape, reads it backwards. Each of these
# is useful the first time. The thousandth time it finds out what it found
# out before.
#
# A compiler does the finding out once. It lets the step run with
# *stand-ins*, objects that answer as arrays do and write down what is
# asked of them. That is called **tracing**. Because the library's own
# derivatives are run on the stand-ins, the list has the way back in it,
# and the optimiser. No derivative is written a second time.
#
# ## A compiler of your own
#
# Tracing takes a dozen lines. `Box` stands for an array; what is done to
# boxes goes to a list, one line for each operation.


# %%
class Box:
    """Stands for an array, and notes what is done to it."""

    def __init__(self, notes, line=None):
        self.notes, self.name = notes, f"v{len(notes)}"
        notes.append(line)

    def note(self, line):
        return Box(self.notes, line)

    def __rmul__(self, number):
        return self.note(f"{number} * {self.name}")

    def __radd__(self, number):
        return self.note(f"{number} + {self.name}")

    def __truediv__(self, other):
        return self.note(f"{self.name} / {other.name}")

    def __abs__(self):
        return self.note(f"abs({self.name})")


def squash(x):
    return x / (1.0 + abs(2.0 * x))


notes = []
squash(Box(notes))
for number, line in enumerate(notes[1:], 1):
    print(f"v{number} = {line}")

# %% [markdown]
# Four operations, so NumPy would make four passes over memory and three
# arrays that nobody asked for. From the same list we can write code in
# two ways: a loop for each line, or one loop in which a number goes
# through all lines before the next one's turn comes. The second is
# **fusion**. What lies between the lines then never goes to memory; it
# stays in a register of the processor.


# %%
def compiled(notes, fused):
    """One function of (array, result) that does what the notes say."""
    last = f"v{len(notes) - 1}"

    def place(name):
        whole = not fused or name[0] in ("v0", last)
        return f"{name[0]}[i]" if whole else name[0]

    lines = [
        re.sub(r"v\d+", place, f"    v{k} = {line}")
        for k, line in enumerate(notes[1:], 1)
    ]
    made = [f"v{k} = empty_like(v0)" for k in range(1, len(lines))]
    text = [f"def f(v0, {last}):", *([] if fused else made)]
    for loop in [lines] if fused else [[one] for one in lines]:
        text += ["for i in range(v0.size):", *loop]
    text = "\n    ".join(text)
    print(text, end="\n\n")
    names = {"empty_like": np.empty_like}
    exec(text, names)
    return numba.njit(error_model="numpy")(names["f"])


four, one = compiled(notes, fused=False), compiled(notes, fused=True)

# %%
sizes = [1_000, 10_000, 100_000, 1_000_000, 4_000_000]
nanoseconds = {"a loop for each line": [], "one loop": []}
for size in sizes:
    v = np.linspace(-3, 3, size)
    out, repeats = np.empty_like(v), max(4_000_000 // size, 1)
    for name, f in zip(nanoseconds, (four, one)):
        f(v, out)
        assert np.array_equal(out, squash(v))
        each = microseconds(lambda: f(v, out), repeats, size, turns=5)
        nanoseconds[name].append(1e3 * each)
plots.show(draw.passes(sizes, nanoseconds), "43_passes")

# %% [markdown]
# The results are equal to the last bit: nothing is computed differently,
# only fewer numbers travel. While all arrays fit into the caches near the
# core that saves little or much, as the machine is made; when they do
# not, most of the time was travelling.
#
# What lines compute and nobody uses is **dead code** and is left out.
# (If our step did not return its loss, the loss itself would be dead: its
# slope does not need it.) And where a value is not needed any more, the
# next one may take its memory. In the program at the top the last line
# says how much that saved.
#
# What must not happen: that the function goes on doing what was right
# when it was traced. If a label is no class, a layer was frozen, a rate
# changed, then the list may be wrong. So a compiled step looks before each
# call whether all is as it was; numbers that may change, as the learning
# rate, are handed over each time; and what it does not understand it does
# not compile (`quick.why_not` says why).
#
# ## What freezing takes out
#
# Lesson 40 found that the walk back never comes to what lies below the
# first layer that learns. In a program this can be seen. Four layers, of
# which the first few are frozen:


# %%
def products(text):
    """Matrix products of a printed program: forward, back."""
    counts, part = {"forward": 0, "backward": 0, "optimiser": 0}, ""
    for line in text.splitlines():
        part = (
            line.strip(" #") if line.strip(" #") in counts else part
        )
        counts[part or "forward"] += " @ " in line
    return counts["forward"], counts["backward"]


counts = {}
for frozen in range(4):
    net, step = training((2, 6, 6, 6, 1), seed=0, frozen=frozen)
    quick = mt.compile(step)
    for _ in range(2):
        quick(x, y)
    counts[frozen] = products(repr(quick))
print(repr(quick))
plots.show(draw.products(counts), "43_products")

# %% [markdown]
# With three of four layers frozen a single product is left on the way
# back, that for the last layer's weights. On the way there nothing is
# saved: whoever wants to save that, too, keeps what the frozen part said
# and does not ask it again (lesson 10).
#
# ## What the numbers say

# %%
worst = min(min(values) for values in ratios.values())
holds = all(same) and worst > 5
claim(
    "K5",
    "a small network's step, made one function, ends with the same "
    "bits, many times as quickly (times as quick as the step as written)",
    source="ours",
    refuted_by="a bit that differs after 20 steps, or less than fivefold",
    control="the step as written, from the same initial weights",
    measured={name: np.median(v) for name, v in ratios.items()},
    spread={name: np.std(v, ddof=1) for name, v in ratios.items()},
    seeds=len(same),
    verdict="holds" if holds else "does not hold",
    check=holds,
    format=".0f",
)

# %%
expected = {k: (4, (4 - k) + (3 - k)) for k in range(4)}
claim(
    "K6",
    "k frozen layers at the bottom take 2k products off the way back "
    "of a program and none off the way there (products back, by k)",
    source="ours",
    refuted_by="a program with a product more or less",
    control="the same network with nothing frozen, k = 0",
    measured={f"k = {k}": back for k, (_, back) in counts.items()},
    spread=0,
    seeds=1,
    verdict="holds" if counts == expected else "does not hold",
    check=counts == expected,
    format=".0f",
)

# %% [markdown]
# ## Try it
#
# 1. Let `step` return nothing and print the program. Which lines are
#    gone, and why not the loss's slope?
# 2. Put `print(value.item())` into the step. What does `quick.why_not`
#    say?
# 3. Give `squash` a second division, `x / (1.0 + abs(2.0 * x)) / …`, and
#    look at the two curves again.
#
# <details><summary>What you will see</summary>
#
# 1. The sum and the mean of the losses. The slope, sigmoid less target,
#    comes out of the same line as the single losses and is needed.
# 2. That the step looks at a number. A stand-in could say which number
#    it was today, and the program would print it for ever. So the step is
#    done as it stands.
# 3. A loop more for the one, a division more for the other: the gap
#    grows.
#
# </details>
#
# ## Check yourself
#
# 1. A step multiplies by a global variable, `temperature`, which you
#    lower after each epoch. What does the compiled step do, and what do
#    you do about it?
# 2. Why does fusing two matrix products not work as fusing two lines of
#    `squash` does?
# 3. On a network with a thousand nodes in each layer the compiled step is
#    hardly quicker than the other one. Why?
#
# <details><summary>Answers</summary>
#
# 1. It goes on with the temperature it was traced with. Make it an
#    argument of the step.
# 2. Each number of the second needs a whole row of the first, not one
#    number at the same place.
# 3. The bookkeeping takes as long as before, but the products take a
#    thousand times as long. What is gone was a small part.
#
# </details>
#
# ## Read on
#
# - `minitransfer/compiler/`: the compiler of this library, some two
#   thousand lines that begin like yours; `mt.compile`'s `source` is the
#   code that it wrote.
# - R. Frostig, M. Johnson and C. Leary, *Compiling machine learning
#   programs via high-level tracing*, 2018: JAX. Functions are traced with
#   stand-ins, as here; they must have no side effects, and arrays are
#   never changed.
# - J. Ansel and others, *PyTorch 2: faster machine learning through
#   dynamic Python bytecode transformation and graph compilation*, 2024:
#   PyTorch reads Python's own bytecode instead, cuts out what it
#   understands, leaves the rest to Python, and guards what it assumed.
#   The walk back is traced ahead of time, and fused loops are written for
#   the processor or the graphics card.
# - T. Chen and others, *TVM: an automated end-to-end optimizing compiler
#   for deep learning*, 2018: fusion and memory, worked out in full.
