# %% [markdown]
# # 43 · From a tape to one function
#
# > A step of a small network is two hundred multiplications and takes
# > as long as a million of them do in a large one. Where does the time
# > go, and what is left when a compiler has been over the step?
#
# - **Time:** 12 minutes
# - **You need:** Python, and from lesson 40 how a computation is
#   recorded and walked backwards
# - **You will be able to:** say what tracing, dead code and fusion are;
#   write a small compiler that fuses; read from a program what freezing
#   a layer saves
#
# Nobody's article speaks of this; the claims, K5 (in the evidence) and
# K6, are our own ([sources](sources.md)). A *compiler* is a program that
# makes of a program another one, which does the same and is quicker.
#
# ## The whole game
#
# Here is a network as in lesson 3, two inputs, eight hidden nodes, one
# output, on the four states of XOR. A step of training is a function of
# ours; `mt.compile` makes another function of it.

# %%
import itertools
import re

import minitransfer as mt
import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, plots, transfer
from minitransfer.course import claim, exercises, figures
from minitransfer.kernels.gemm.ladder import median_time

# %%
draw = figures(43)
x, y = map(mt.tensor, data.xor())
loss = nn.BCEWithLogitsLoss()


def training(*sizes, frozen=0):  # the step, as a plain function
    layers = []
    for a, b in itertools.pairwise(sizes):
        layers += [nn.Linear(a, b), nn.Sigmoid()]
    net = transfer.freeze_to(nn.Sequential(*layers[:-1]), frozen)
    sgd = optim.SGD(net.parameters(), lr=1.0)

    def step(x, y):
        sgd.zero_grad()
        value = loss(net(x), y)
        value.backward()
        sgd.step()
        return value

    return step


step, quick = training(2, 8, 1), mt.compile(training(2, 8, 1))
for _ in range(2):
    quick(x, y)
print(quick)

# %% [markdown]
# That is the step, all of it, as a person might write it: a few lines
# forward, some back, four arrays of parameters moved. The brace joins
# lines that are done in one loop. (We called it twice, since the first
# call is an ordinary one; the program is made at the second.)
#
# **Predict before you run.** The lines above do about two hundred
# multiplications. How many times as quick is the function that was made
# of them, against the step as we wrote it? And if it is told to take a
# thousand steps before it comes back?


# %%
ways = {
    "as written": lambda: [step(x, y) for _ in range(1000)],
    "a call a step": lambda: [quick(x, y) for _ in range(1000)],
    "1,000 in a call": lambda: quick.repeat(1000, x, y),
}
took = {
    name: 1e3 * median_time(way, 0.4) for name, way in ways.items()
}
plots.show(draw.ways(took), "43_ways")

# %% [markdown]
# All three do the same arithmetic. (The evidence trains ten networks both
# ways; after 50 steps losses and weights agree to the last bit.) The last
# mark is little more than this arithmetic. All else in the first is
# bookkeeping: Python looks up what `net` is, tests shapes, makes arrays
# and throws them away, writes down what was computed from what (that
# record is the *tape*), reads it backwards. Each of these is useful the
# first time. The thousandth time it finds out what it found out before.
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

    def __init__(self, notes, line=""):
        self.notes, self.name = notes, f"v{len(notes)}"
        notes.append(line)

    def note(self, line):
        return Box(self.notes, line)

    def __radd__(self, number):
        return self.note(f"{number} + {self.name}")

    def __truediv__(self, other):
        return self.note(f"{self.name} / {other.name}")

    def __abs__(self):
        return self.note(f"abs({self.name})")


def squash(x):
    return x / (1.0 + abs(x))


notes = []
squash(Box(notes))
print(notes)

# %% [markdown]
# Three operations. NumPy would make three passes over memory for them
# and two arrays that nobody asked for. From the same list we can write code
# in two ways: a loop for each line, or one loop in which a number goes
# through all lines before the next one's turn comes. The second is
# **fusion**. What lies between the lines then never goes to memory; it
# stays in a *register*, one of the few places on which the processor works
# directly.


# %%
def code(notes, fused):
    """The text of a function that does what the notes say."""
    last, loop = len(notes) - 1, "for i in range(v0.size):"
    new = [f"v{k} = np.empty_like(v0)" for k in range(1, last)]
    text = [f"def f(v0, v{last}):", *([loop] if fused else new)]
    for k, line in enumerate(notes[1:], 1):
        line = re.sub(r"(v\d+)", r"\1[i]", f"    v{k} = {line}")
        if fused:  # a number, and no array
            line = re.sub(rf"(v[1-{last - 1}])\[i\]", r"\1", line)
        text += [line] if fused else [loop, line]
    return "\n    ".join(text)


print(code(notes, fused=False), code(notes, fused=True), sep="\n\n")

# %% [markdown]
# Give either text to numba, which makes machine code of Python's loops,
# and you have a compiler. (The evidence does: both give the same bits, and
# once the arrays are too large for the *caches*, the small quick memory
# near the core, the single loop is many times as quick. Nothing is
# computed differently, only fewer numbers travel, and no new memory is
# asked for.)
#
# What lines compute and nobody uses is **dead code** and is left out.
# (If our step did not return its loss, the loss itself would be dead: its
# slope does not need it.) And where a value is not needed any more, the
# next one may take its memory. In the program at the top the last line
# says how much that saved.
#
# What must not happen: that the function goes on doing what was right
# when it was traced. If a label names no class, a layer was frozen, a rate
# changed, then the list may be wrong. So a compiled step looks at each
# call whether network, optimiser and arguments are such as they were; the
# learning rate, which may change, is handed over each time; and what it
# does not understand it does not compile (`quick.why_not` says why).
#
# ## What the numbers say
#
# Lesson 40 found that the walk back never comes to what lies below the
# first layer that learns. In a program this can be counted. On the way
# there a layer takes one product of matrices. On the way back it takes
# two, one for its weights and one for the message to the layer below; but
# the first layer that learns sends no message. Here are four layers, of
# which the first three, two, one or none are frozen.

# %%
counts = {}
for frozen in range(4):
    quick = mt.compile(training(2, 6, 6, 6, 1, frozen=frozen))
    for _ in range(2):
        quick(x, y)
    lines = quick.program.instructions
    parts = [n.options["phase"] for n in lines if n.kind == "product"]
    counts[frozen] = parts.count("forward"), parts.count("backward")
plots.show(draw.products(counts), "43_products")
expected = {k: (4, 7 - 2 * k) for k in range(4)}
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

# %%
print(quick)

# %% [markdown]
# With three of four layers frozen a single product is left on the way
# back, that for the last layer's weights. On the way there nothing is
# saved: whoever wants to save that, too, keeps what the frozen part said
# and does not ask it again (lesson 16).
#
# ## Try it
#
# 1. Let `step` return nothing and print the program. Which lines are
#    gone, and why not the loss's slope?
# 2. Put `print(value.item())` into the step. What does `quick.why_not`
#    say?
# 3. Let `squash` take the absolute value twice. What becomes of the two
#    texts?
#
# <details><summary>What you will see</summary>
#
# 1. The sum and the mean of the losses. The slope, sigmoid less target,
#    comes out of the same line as the single losses and is needed.
# 2. That the step looks at a number. A stand-in could say which number
#    it was today, and the program would print it for ever. So the step is
#    done as it stands.
# 3. The one has a loop and an array more, the other a line more.
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(43)
first.check(...)
second.check(...)

# %% [markdown]
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
# 3. The bookkeeping takes as long as before, but the products take
#    thousands of times as long. What is gone was a small part.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/43_one_function.py) of this lesson
#   (`minitransfer learn 43 --evidence`): the step and its function, bit
#   for bit and side by side; both loops on small arrays and large ones.
# - `minitransfer/compiler/`: the compiler of this library, which begins
#   like yours; `print(quick.source)` shows the code that it wrote.
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
