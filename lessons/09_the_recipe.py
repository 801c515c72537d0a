# %% [markdown]
# # 9 · The recipe in twenty lines
#
# **The question.** A network has learnt to tell a thousand printed
# characters apart. It has never seen a digit. Somebody hands it a
# hundred handwritten digits with their names. How much of a network
# that knows characters has to learn anew before it reads digits by the
# thousand?
#
# This lesson mirrors article A (the recipe A1), article B (the giant's
# shoulders, B1) and article D (the formulas D3 and the listing D4). Who
# they are stands on the page of [sources](sources.md).
#
# ## On the giant's shoulders
#
# Networks grew because computers grew. Whoever has a hall full of them
# can train for weeks; most of us have a laptop and an afternoon. But look
# at how people with little behave elsewhere. Nobody who opens a fried
# chicken shop finds out for himself, over twenty years, where shops do
# well and what people like. He looks at the shop that has been there for
# twenty years. Not because he is lazy, or not only: the old shop has
# *paid* for that experience, and most of it is as true for his street as
# for theirs. What he has to learn himself is what is different about his
# own street.
#
# A trained network is such an old shop. Its last layer answers the
# question that it was trained for: which of these thousand characters?
# All layers before it prepare the answer: they have found out what a
# stroke is, where it bends, where it ends and what it crosses. That part
# is as true for digits. To carry it over to them is *transfer learning*.
#
# ## The recipe
#
# Article A puts it into five steps.
#
# 1. Train a network, *A1*, on plenty of data, *D1*.
# 2. Take off its last layer. What is left, *A1′*, turns a picture into
#    128 numbers, its features.
# 3. Fix all parameters of A1′.
# 4. Append something small and fresh, *B*. Together they are *A2*.
# 5. Train A2 on the new data, *D2*. Only B learns.
#
# Article D writes the two training runs as two formulas. Let $f$ be the
# network, $\theta$ the parameters of its body and $w$ those of a head, and
# let $L$ be the loss on one picture $x_i$ with the label $y_i$.
# Pretraining looks, over the $m$ pictures of the source, for
#
# $$\theta^*, w^* = \arg\min_{\theta,\, w}
#   \frac{1}{m} \sum_{i=1}^{m} L\bigl(y_i, f_{\theta, w}(x_i)\bigr)$$
#
# and fine-tuning, over the $n$ pictures of the target, for
#
# $$w' = \arg\min_{w}
#   \frac{1}{n} \sum_{i=1}^{n} L\bigl(y_i, f_{\theta^*, w}(x_i)\bigr)$$
#
# The second starts from the $\theta^*$ at which the first one ended, and
# here leaves it where it is. The two heads $w^*$ and $w'$ have nothing in
# common: one has a thousand outputs, the other ten.
#
# ## Step 1: train A1 on D1
#
# D1 are drawings of a thousand characters: letters of several alphabets,
# arrows, mathematical signs. Digits and everything that means a number
# have been left out, so that nothing of the second task leaks into the
# first.

# %%
import numpy as np

import minitransfer as mt
import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, plots, train, transfer, zoo
from minitransfer.course import claim
from minitransfer.experiments import intervals

generator = np.random.default_rng(0)
D1 = data.glyphs(classes=1000, per_class=60, seed=7)
A1 = zoo.glyph_mlp(1000, generator=generator)
pretraining = train.fit(
    A1,
    D1,
    optimizer=optim.Adam(A1.parameters(), lr=2e-3),
    schedule=optim.CosineAnnealingLR,
    steps=2000,
    batch_size=128,
    generator=generator,
)
print(nn.summary(A1, D1.input_shape))

# %% [markdown]
# ## Steps 2 to 5: strip, fix, append, train
#
# Each of the next lines is one sentence of the recipe. Before anything is
# trained we put a copy of every frozen number aside: "fixed" is easily
# said, and later we want to see that not one bit has moved.
#
# **Predict before you run.** A1 has some 445,000 parameters, B will
# have 1,290. Trained with ten examples of each digit, how many of
# 4,000 unseen digits will A2 get right? And the same network trained
# on the same hundred digits, but from scratch?

# %%
D2 = data.mnist("pool").sample(100, np.random.default_rng(0))
held_out = data.mnist("test")

body = transfer.strip_head(A1)
transfer.freeze(body)
B = nn.Linear(128, 10)
nn.init.zeros_(B.weight)
nn.init.zeros_(B.bias)
A2 = transfer.append(body, B)
before = {
    k: v.numpy().tobytes() for k, v in body.state_dict().items()
}
fine_tuning = transfer.fine_tune(
    A2, D2, option="head", generator=generator
)
after = {k: v.numpy().tobytes() for k, v in body.state_dict().items()}

unmoved = before == after
print(nn.summary(A2, D2.input_shape).splitlines()[-1])
print("frozen parameters bitwise unchanged:", unmoved)
print(
    f"right on unseen digits: {train.evaluate(A2, held_out)['accuracy']:.1%}"
)

# %% [markdown]
# One run is an anecdote. So B is trained five times, each time on another
# hundred digits, beside the same network from fresh weights on the same
# hundred.


# %%
def from_scratch(digits, rng):
    network = zoo.glyph_mlp(10, generator=rng)
    transfer.fine_tune(network, digits, option="all", generator=rng)
    return train.evaluate(network, held_out)["accuracy"]


def by_the_recipe(digits, rng):
    network = transfer.append(body, nn.Linear(128, 10, generator=rng))
    transfer.fine_tune(network, digits, option="head", generator=rng)
    return train.evaluate(network, held_out)["accuracy"]


recipe, scratch = [], []
for seed in range(5):
    digits = data.mnist("pool").sample(
        100, np.random.default_rng(seed)
    )
    recipe.append(by_the_recipe(digits, np.random.default_rng(seed)))
    scratch.append(from_scratch(digits, np.random.default_rng(seed)))
recipe, scratch = np.array(recipe), np.array(scratch)
gain = recipe - scratch
print(
    f"by the recipe: {recipe.mean():.1%} ± {recipe.std(ddof=1):.1%}"
)
print(
    f"from scratch:  {scratch.mean():.1%} ± {scratch.std(ddof=1):.1%}"
)

# %% [markdown]
# Look at the two losses that article D's formulas minimise. The second
# curve does not go on where the first one ended, although the body is the
# same: $L$ is a mean over other pictures, and $w'$ starts at zero, where
# each of the ten digits is as likely as every other. The loss of knowing
# nothing is $\ln 10 \approx 2.3$ there, and $\ln 1000 \approx 6.9$ in
# the first training run.

# %%
phases = (
    (
        "pretraining: θ and w*",
        pretraining,
        1000,
        "step of 128 drawings",
    ),
    ("fine-tuning: w′ alone", fine_tuning, 10, "step of 64 digits"),
)
figure, both = plots.figure(
    "Two training runs: the second one moves only the head", columns=2
)
for axes, colour, phase in zip(
    both, plots.COLOURS, phases, strict=False
):
    name, history, classes, unit = phase
    axes.plot(history.step_losses, color=colour, linewidth=0.9)
    axes.axhline(
        np.log(classes), color=plots.COLOURS[-1], linestyle=":"
    )
    axes.annotate(
        f"knowing nothing: ln {classes}",
        (len(history.step_losses), np.log(classes)),
        xytext=(0, -4),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=10,
    )
    axes.set(xlabel=unit, ylabel="mean loss (nats)", ylim=0)
    axes.set_title(name, fontsize=11)
plots.show(figure, "09_two_trainings")

# %% [markdown]
# ## A listing that transfers nothing
#
# Article D ends with a program. It is written for PyTorch; here only its
# import lines are changed. Read it slowly, and **predict**: how much
# better will the second network be for what the first one has learnt?


# %%
class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(784, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = x.view(-1, 784)
        x = mt.relu(self.fc1(x))
        return self.fc2(x)


class NewTaskNet(nn.Module):
    def __init__(self):
        super(NewTaskNet, self).__init__()
        self.fc1 = nn.Linear(784, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = x.view(-1, 784)
        x = mt.relu(self.fc1(x))
        return self.fc2(x)


def run(net, loader):
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(net.parameters(), lr=0.01)
    for _epoch in range(10):
        for images, labels in loader:
            optimizer.zero_grad()
            outputs = net(images)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()


# %% [markdown]
# The article leaves the two data sets open. Let the first task be ten
# letters, 600 drawings of each, and the second one a hundred digits in
# batches of ten.
#
# Have you seen it? `net` is trained, then `NewTaskNet()` is called, and a
# fresh network comes out: nobody has told it about `net`. Nothing on the
# way is wrong enough to raise an error. It just transfers nothing.
#
# The repair is two lines: copy the layer whose shape and meaning both
# tasks share, and let the rest start anew. To be sure of what we see,
# each way runs with eight seeds, and a third way leaves the first task
# out altogether.


# %%
letters = data.glyphs(classes=10, per_class=600, seed=7)


def listing(seed, way):
    mt.manual_seed(seed)
    if way != "no first task":
        net = Net()
        run(
            net, data.DataLoader(letters, batch_size=32, shuffle=True)
        )
    mt.manual_seed(1000 + seed)
    new = NewTaskNet()
    if way == "mended":
        borrowed = net.fc1.state_dict()  # the two lines that
        new.fc1.load_state_dict(borrowed)  # the listing lacks
    digits = data.mnist("pool").sample(
        100, np.random.default_rng(seed)
    )
    run(new, data.DataLoader(digits, batch_size=10, shuffle=True))
    return train.evaluate(new, held_out)["accuracy"]


ways = ("no first task", "as printed", "mended")
accuracy = {
    way: np.array([listing(seed, way) for seed in range(8)])
    for way in ways
}
for way, values in accuracy.items():
    print(f"{way:15} {values.mean():.1%} ± {values.std(ddof=1):.1%}")

# %% [markdown]
# The first two rows are not just close. They are the same numbers, seed
# by seed: with the same fresh weights and the same digits, the network
# that comes after a first task and the one that comes after nothing end
# bit for bit alike.

# %%
helped = accuracy["mended"] - accuracy["as printed"]
figure, axes = plots.figure(
    f"Two lines of repair are worth {100 * helped.mean():.0f} points"
)
for i, values in enumerate(accuracy.values()):
    axes.scatter(
        100 * values,
        np.full(8, i) + np.linspace(-0.15, 0.15, 8),
        color=plots.COLOURS[i],
        s=28,
    )
    axes.plot(
        [100 * values.mean()] * 2,
        [i - 0.3, i + 0.3],
        color=plots.COLOURS[i],
    )
axes.set(
    xlabel="right on 4,000 unseen digits (%), a dot per seed",
    yticks=range(3),
    yticklabels=ways,
    ylim=(2.5, -0.5),
)
plots.show(figure, "09_listing")

# %% [markdown]
# ## Try it
#
# 1. Leave out `transfer.freeze(body)` in the second cell, and call
#    `fine_tune` with `option="all"`. What happens to the line about the
#    bits, and what to the accuracy?
# 2. Pretrain on `classes=50` instead of a thousand.
# 3. In the mended listing copy `fc2` as well. Both have ten outputs, so
#    no shape stands in the way.
#
# <details><summary>What you will see</summary>
#
# 1. The bits move: everything learns now, which is article C's option 2.
#    With a hundred digits it hardly matters for the accuracy; lesson 11
#    shows from how many labels on it pays.
# 2. The gain over scratch is all but gone. Fifty kinds with 60 drawings
#    each are 3,000 drawings, where there were 60,000, and how much a body
#    has seen decides what it is worth. With `per_class=1200` it sees as
#    many as before, and most of the gain is back: it need not be a
#    thousand kinds.
# 3. It does worse than a network that was never pretrained. The copied
#    `fc2` is sure of its ten letters, and a hundred small steps are not
#    enough to unlearn them. A shape that fits is not a meaning that fits.
#
# </details>
#
# ## What the numbers say

# %%
low, high = intervals.mean(gain)
claim(
    "A1",
    "a body that is fixed and a small new head, trained alone on a hundred "
    "labels, beat the same network trained from scratch on them",
    measured={"recipe": recipe.mean(), "scratch": scratch.mean()},
    spread={
        "recipe": recipe.std(ddof=1),
        "scratch": scratch.std(ddof=1),
    },
    seeds=len(gain),
    effect=gain.mean(),
    interval=(low, high),
    verdict="holds" if low > 0 else "does not hold",
    check=unmoved and gain.mean() >= 0.06,
    format=".1%",
)
falls = [np.mean(h.step_losses[-20:]) for _, h, _, _ in phases]
starts = [h.step_losses[0] for _, h, _, _ in phases]
claim(
    "D3",
    "both trainings minimise a mean loss; the second starts from the body "
    "at which the first one ended, and it alone decides about the head",
    measured={"source": falls[0], "target": falls[1]},
    spread=None,
    seeds=1,
    verdict="holds" if unmoved else "does not hold",
    check=unmoved and falls[0] < starts[0] and falls[1] < starts[1],
    unit="nats at the end",
)
low, high = intervals.mean(helped)
same = np.array_equal(
    accuracy["as printed"], accuracy["no first task"]
)
claim(
    "D4",
    "the listing as printed transfers nothing: its second network ends as "
    "if there had been no first; copying a layer mends it",
    measured={way: values.mean() for way, values in accuracy.items()},
    spread={way: v.std(ddof=1) for way, v in accuracy.items()},
    seeds=8,
    effect=helped.mean(),
    interval=(low, high),
    verdict="holds" if same and low > 0 else "does not hold",
    check=same and low > 0,
    format=".1%",
)
