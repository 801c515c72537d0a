# %% [markdown]
# # 9 · The recipe in twenty lines
#
# > How much of a network that knows characters has to learn anew before
# > it reads digits by the thousand?
#
# - **Time:** 12 minutes
# - **You need:** Python, and what a layer, a weight and training are
# - **You will be able to:** borrow a trained network in five lines; name
#   the two controls that show whether anything was borrowed; find the
#   mistake in a program that borrows nothing
#
# It is Friday noon. Somebody wants a program that reads handwritten
# digits, and wants it by the evening. You have a laptop, and a hundred
# digits with their labels.
#
# Networks grew because computers grew, and few people own the large ones.
# Article B says what the others do. Clever people are lazy: they look for
# a giant and stand on its shoulders. Firms in one trade have always done
# so. The second search engine did not start by asking what people search
# for, nor the second social network by asking what they like to show
# each other. And whoever opens a fried chicken shop looks across the
# street, at the shop that has been there for twenty years. That shop has
# *paid* for knowing where to stand and what to put on the menu. Most of
# it is as true on this side of the street. What is left to learn is what
# is different here.
#
# Our old shop is a network called `glyph-mlp`, which tells a thousand
# printed characters apart. Digits were not among them, nor anything else
# that means a number.
#
# ## The whole game
#
# Its last layer answers the question that it was trained for: which of
# these thousand? All layers before it prepare the answer. They have found
# out what a stroke is, where it bends and what it crosses, and that part
# we want. To carry it over is *transfer learning*. Article A needs two
# steps. First, train a network, *A1*, on plenty of data, *D1*. (Somebody
# has.) Then take off its last layer, which leaves *A1′*; hold all its
# *parameters*, the weights and biases, still; put something small and
# fresh behind it, *B*; and train the whole, *A2*, on the new data, *D2*.
# Only B learns.
#
# (`draw` below holds what draws the pictures; it is no part of the
# story.)

# %%
import numpy as np

import minitransfer as mt
import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, plots, train, transfer, zoo
from minitransfer.course import claim, exercises, figures
from minitransfer.experiments import judge, over_seeds

# %%
draw = figures(9)
test = data.mnist("test")  # 4,000 digits that nobody learns from


def digits(seed):
    rng = np.random.default_rng(seed)
    return data.mnist("pool").sample(100, rng)


A1 = zoo.load("glyph-mlp")
D2 = digits(seed=0)

body = transfer.strip_head(A1)  # what is left is A1′
transfer.freeze(body)
rng = np.random.default_rng(0)
B = nn.Linear(128, 10, generator=rng)
A2 = transfer.append(body, B)
transfer.fine_tune(A2, D2, "head", generator=rng)

print(f"right: {train.evaluate(A2, test)['accuracy']:.1%}")
plots.show(draw.recipe(A1, B), "09_recipe")

# %% [markdown]
# That is all of it. The field calls A1′ the *body*, B the *head*, the
# first training *pretraining* and the second *fine-tuning*. A body turns a
# picture into *features*, here 128 numbers, and the head learns to weigh
# them. ("Held still" is easily said; the evidence compares the bits.)
#
# ## Was anything borrowed?
#
# A number by itself says little. Two controls tell what it is worth.
# *From scratch* is a network of the same architecture that starts from
# random weights and is trained on the same hundred digits. And a *random
# body* is one with random weights, held still, below a trained head: the
# recipe with the knowledge left out. All three are given five different
# draws of a hundred digits, since one draw is luck. (They train by the
# library's defaults: a head 400 steps at the learning rate .005, a whole
# network 200 steps at .001. In lesson 10 each way chooses its own rate.)
#
# **Predict before you run.** The recipe has 1,290 numbers to learn,
# scratch has 317,450. How many of a hundred unseen digits will each of
# the three get right?


# %%
def reads(way, seed):
    rng = np.random.default_rng(seed)
    network = zoo.glyph_mlp(10, generator=rng)
    if way == "recipe":
        network = transfer.append(body, network[-1])
    option = "all" if way == "scratch" else "head"
    transfer.fine_tune(network, digits(seed), option, generator=rng)
    return train.evaluate(network, test)["accuracy"]


ways = {}
for way in ("recipe", "scratch", "random body"):
    ways[way] = np.array([reads(way, seed) for seed in range(5)])
plots.show(draw.ways(ways), "09_ways")

# %% [markdown]
# The random body is the lowest. So it is not the shape of the network that
# helps, nor that there is little to learn. It is what A1 knows.
#
# ## Two formulas
#
# Article D writes the two trainings as formulas. Let $f_\theta$ be the
# network with all its parameters $\theta$, and $L$ the *loss*, a number
# that says how wrong its answer to one picture $x_i$ with the label $y_i$
# is. Pretraining makes the mean loss over
# the $m$ pictures of the source small, fine-tuning that over the $n$
# pictures of the target, and starts from what the first one found:
#
# $$\min_\theta \frac{1}{m} \sum_{i=1}^{m} L(y_i, f_\theta(x_i)),
#   \qquad
#   \min_\theta \frac{1}{n} \sum_{i=1}^{n} L(y_i, f_\theta(x_i)).$$
#
# Two things are hidden in them. Article D lets *all* of $\theta$ move,
# where article A moves the head alone (lesson 10 compares the two). And
# the two formulas are the same: what is borrowed stands in neither. It is
# in the words "starts from". (In the evidence we take them at their word:
# the loss on the hundred digits becomes as small from either start.)
#
# ## A listing that transfers nothing
#
# Article D ends with a program for PyTorch: a network is trained on one
# task, then `NewTaskNet` on another. Here are its two classes. The article
# writes the training loop out twice, we once, in `run`; its two data sets
# and the sizes of the second network it leaves open.


# %%
class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(784, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = x.view(-1, 784)
        return self.fc2(mt.relu(self.fc1(x)))


class NewTaskNet(Net):
    """Written out like Net in the article, word for word."""


def run(net, loader):
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(net.parameters(), lr=0.01)
    for _epoch in range(10):
        for images, labels in loader:
            optimizer.zero_grad()
            criterion(net(images), labels).backward()
            optimizer.step()


# %% [markdown]
# **Predict before you run.** The first task is ten letters, the second
# our hundred digits, in *batches* of ten (so many are seen in one step).
# With what the first network has learnt, how many of a hundred unseen
# digits will the second one get right?


# %%
def second_task(seed, fc1=None):
    mt.manual_seed(1000 + seed)
    new = NewTaskNet()
    if fc1 is not None:
        new.fc1.load_state_dict(fc1)
    run(new, data.DataLoader(digits(seed), 10, shuffle=True))
    return train.evaluate(new, test)["accuracy"]


alone = second_task(seed=0)  # there is no first task yet
letters = data.glyphs(10, 600, seed=7)
mt.manual_seed(0)
net = Net()
run(net, data.DataLoader(letters, 32, shuffle=True))
print(f"no first task: {alone:.2%}")
print(f"as printed:    {second_task(seed=0):.2%}")
print(f"mended:        {second_task(0, net.fc1.state_dict()):.2%}")

# %% [markdown]
# Did you see it? As printed, `net` is trained, then `NewTaskNet()` is
# called, and a fresh network comes out. Nobody has told it about `net`.
# Nothing on the way is wrong enough to raise an error. With the same
# *seed*, the number from which all that is random is drawn, the second
# network is, bit for bit, the one that never had a first task.
#
# The repair is two lines, the `if` in `second_task`: copy the layer whose
# shape and meaning both tasks share, and let the other start anew.
#
# One seed is luck, and there is a doubt besides. Trained weights are
# larger than fresh ones, and with larger weights the same few steps go
# farther. Is that all that was gained? The evidence repeats it with eight
# seeds, and copies `fc1` once more with the dots of the picture shuffled:
# the same numbers at wrong places. They bring some of the gain. The rest
# is knowledge of letters.
#
# ## What the numbers say

# %%
gain = judge(ways["recipe"] - ways["scratch"])
knowledge = judge(ways["recipe"] - ways["random body"])
claim(
    "A1",
    "a body held still and a small new part, trained alone on a hundred "
    "labels, read digits better than training all from scratch",
    source="article",
    refuted_by="no lead over scratch, or none over a random body",
    control="scratch and a random body on the same digits",
    **over_seeds(ways),
    effect=gain.middle,
    interval=gain.interval,
    verdict="holds narrowly"
    if gain.word == knowledge.word == "more"
    else "does not hold",
    condition="one body, from a near task"
    if gain.word == knowledge.word == "more"
    else "",
    check=gain.middle >= 0.06,
    format=".1%",
)

# %% [markdown]
# ## Try it
#
# 1. In the first cell leave out `transfer.freeze(body)`, and fine-tune
#    with `option="all"`. How much learns now, and
#    does it help?
# 2. Let B be two layers: `nn.Sequential(nn.Linear(128, 64), nn.ReLU(),
#    nn.Linear(64, 10))`. Is more B better?
# 3. In the mended listing copy `fc2` as well. Both have ten outputs, so
#    no shape stands in the way.
#
# <details><summary>What you will see</summary>
#
# 1. Now everything learns. With a hundred digits the accuracy falls by a
#    few points; lesson 11 shows from how many labels on it gains.
# 2. Hardly any different. A hundred digits are enough to weigh 128 good
#    features, and say little about anything more.
# 3. It does worse than with nothing copied at all. The copied `fc2` is
#    sure of its ten letters, and a hundred small steps are not enough to
#    unlearn them. A shape that fits is not a meaning that fits.
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(9)
first.check(...)
second.check(...)

# %% [markdown]
# ## Check yourself
#
# 1. Which of these does the head of A2 share with the head of A1: its
#    inputs, its outputs, its weights?
# 2. A network with a borrowed, frozen body is right 85 times of 100. Which
#    two runs tell you whether knowledge was borrowed?
# 3. You run a program for transfer learning, and it ends without an error.
#    How do you find out whether it transfers anything?
#
# <details><summary>Answers</summary>
#
# 1. Only the inputs, the 128 features. One has a thousand outputs, the
#    other ten, and the weights start fresh.
# 2. The same network from scratch, and a random body below a trained head,
#    both on the same labels.
# 3. Run it once more without the first task, with the same seed. If the
#    results are the same, it does not.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/09_the_recipe.py) of this lesson
#   (`minitransfer learn 9 --evidence`): both trainings done by ourselves,
#   the two formulas taken at their word, the listing with eight seeds, a
#   larger B, a head that is copied as well.
# - J. Yosinski and others, *How transferable are features in deep neural
#   networks?*, 2014: the recipe, layer by layer.
# - A. S. Razavian and others, *CNN features off-the-shelf: an astounding
#   baseline for recognition*, 2014: a borrowed body below a linear head.
