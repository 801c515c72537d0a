# %% [markdown]
# # 23 · Learning to learn
#
# > Can one learn, from many tasks, how to learn the next one, and is that
# > more than having learnt much?
#
# - **Time:** 13 minutes
# - **You need:** Python, and from lesson 11 what a body, a head and
#   scratch are
# - **You will be able to:** train weights from which a new task is a few
#   steps away; say which control such a promise needs; carry the body of
#   a robot's policy into a new room
#
# Article B imagines a robot ([sources](sources.md), B7). It has learnt to
# handle things, and carries that understanding from task to task, as a
# cook carries the principles of cooking from dish to dish. No dish is
# like the last one. But whoever has cooked a hundred learns the next one
# from a single look over somebody's shoulder.
#
# So far our networks learnt *something*, and we hoped that it would
# serve. Now we ask for it outright: weights that are good for nothing yet
# and become good after a few steps, whatever the task.
#
# ## Ten points of a wave
#
# A task is a sine wave of some height and phase. You are shown ten
# points, and are to draw the rest. `reptile` does two things, again and
# again: it walks ten steps towards a new wave, and comes back half
# of the way or more. What is left after 1,500 waves should be a place
# from which each of them is near.

# %%
import numpy as np

import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import (
    data,
    experiments,
    plots,
    train,
    transfer,
)
from minitransfer.course import claim, exercises, figures
from minitransfer.experiments import intervals, judge, judge_each

# %%
draw, rng = figures(23), np.random.default_rng(0)
walk = {"lr": 0.05, "loss": nn.MSELoss()}
ready, rounds = draw.wave_network(rng), 1500
going = {"steps": 10, "outer_lr": 0.5, "generator": rng}
transfer.reptile(ready, draw.wave, rounds, **going, **walk)

many = [draw.wave(rng) for _ in range(1000)]
average = draw.wave_network(rng)  # the control: all waves at once
train.fit(
    average,
    tuple(map(np.concatenate, zip(*many, strict=True))),
    loss=nn.MSELoss(),
    optimizer=optim.Adam(average.parameters(), lr=1e-3),
    steps=1000,
    generator=rng,
)
x, y, _, _ = draw.wave_twice(np.random.default_rng(3))
line = np.linspace(-4, 4, 100, dtype="f4")[:, None]
drawn = {}
for name, net in (("Reptile", ready), ("pretrained", average)):
    near = transfer.adapted(net, x, y, steps=5, **walk)
    drawn[name] = [train.predict(n, line)[:, 0] for n in (net, near)]
plots.show(draw.waves(line[:, 0], drawn, x, y), "23_waves")

# %% [markdown]
# The control is a network of the same size that was trained, as usual, on
# points of a thousand waves at once. It has learnt the best single
# answer to all of them, and that is next to nothing: what is up in one
# wave is down in another. Five steps do not get it far. Reptile's weights
# are no better at the start, but five steps from there are enough for the
# shape of the wave. (This is one wave; the evidence behind this lesson
# measures the error over many, and gives every way the rate that suits
# it.)
#
# ## Characters never seen
#
# A task now: five characters that nobody has met, one drawing of each (or
# five), and ten more of each to be told apart. Reptile and *first-order
# MAML* (which steps where *fresh* examples of the task want to go) have
# gone through 1,000 such tasks of other characters. Against them stands
# the simplest thing. A network learns five hundred characters at once, as
# any network in this course. For a new task nothing is trained: the mean
# of the shown drawings' features is a *prototype*, and the nearest
# prototype is the answer. And beside all stand the dots themselves, with
# no network at all.
#
# **Predict before you run.** Waves contradict each other. Characters do
# not: what an A looks like does not make a B wrong. With one drawing of
# each of the five, by how many points of a hundred will Reptile be ahead
# of ordinary pretraining, or behind it?

# %%
shots = experiments.read("few_shots", ["right"])
found = {
    (way, n): shots.values("right", way=way, shots=n)
    for way in draw.SHOT_WAYS
    for n in (1, 5)
}
plots.show(draw.shots(found), "23_shots")

# %% [markdown]
# Plain pretraining with the nearest prototype (*prototype*) is ahead, and
# trains nothing at all for the new task. With five drawings a fresh head
# on the same body (*fine-tuned*) does as well, with one it does not. The
# two methods that practised this very game for a thousand tasks come
# after it: with five drawings Reptile is about where scratch is, and MAML
# far behind. The random body tells that it is not the shape: its
# prototypes are worse than those of the bare dots.
#
# Why so? We think that a new character needs good features, and that five
# hundred classes at once teach more of them than five at a time. (Both
# methods also saw fewer drawings than pretraining did, MAML far fewer; and
# larger networks that have seen far more tasks do better than ours. That
# plain features are hard to beat has been found there as well.)
#
# ## A robot in a new room
#
# And the robot of article B? Ours stands in a room with walls, sees the
# eight fields around it and where the door lies, and has four motors. Its
# motors are wired in another order in every room: nobody tells it which
# one moves it where. It learns by reward alone, as a cook by tasting. It
# has been through eight rooms, with one body and a fresh head in each.
# Now it enters a ninth.

# %%
robot, rng = draw.policy(rng), np.random.default_rng(7)
for number in range(8):
    transfer.replace_head(robot, 4, generator=rng)
    train.policy_gradient(
        robot, data.rooms.Room(number), 30, lr=0.01, generator=rng
    )
transfer.freeze(transfer.strip_head(robot))
transfer.replace_head(robot, 4, generator=rng)
room, fresh = data.rooms.Room(99), draw.policy(rng)
for name, policy in (("carried", robot), ("scratch", fresh)):
    arrived = train.policy_gradient(
        policy, room, 30, lr=0.01, generator=rng
    )
    told = " ".join(f"{share:4.0%}" for share in arrived[::5])
    print(f"{name}: at the door, every 160 episodes: {told}")

# %%
rooms = experiments.read(
    "rooms", ["episodes", *(f"at {k}" for k in draw.MARKS)]
)
needed = {
    way: rooms.values("episodes", way=way) for way in draw.ROOM_WAYS
}
plots.show(draw.episodes(needed), "23_rooms")

# %% [markdown]
# The robot that you just saw is one of many: the carried body is soon
# ahead, and scratch may pass it later. Over twelve robots and rooms, in
# the figure, the carried body saves a part of the episodes on average.
# (Those in the eight rooms before are not counted.) We read it so: the
# body brings what walls and the way to a door mean, and the head has to
# find out which motor does what. The random body, held, shows that it is
# not only the smaller number of weights: within the 1,920 episodes that
# each was given, it seldom gets nine of ten to the door.
#
# Look at the spread, too. In some rooms the carried body needed a hundred
# episodes, in a few more than scratch, or no fewer. What it brings along
# is a first impression (lesson 14), and it does not fit every room. In
# the end scratch is the better one by a few points (the evidence has the
# numbers).
#
# So the cook has two ways of being prepared. Characters and rooms have
# parts in common that one body can learn while the heads change; there it
# was enough to carry the body. Waves contradict each other; there learning
# to learn helped. Three examples are no law, but they tell what to ask of
# a new task first.
#
# ## What the numbers say
#
# When the second sentence is refuted was settled after its table was
# known: if learning to learn is ahead in less than half of the four
# comparisons. At first a single lead was to be enough for "narrowly".
# There is none, so the verdict is the same.

# %%
saved = needed["scratch"] - needed["carried"]
held = judge(saved)
against = judge(needed["random"] - needed["carried"])
knows = held.word == against.word == "more"
claim(
    "B7",
    "a robot that carries its body, held, into a new room of the same kind "
    "needs fewer episodes there (until nine of ten arrive; scratch − "
    "carried)",
    source="article",
    refuted_by="no fewer than scratch, or than a random body held",
    control="scratch, and a random body that is held",
    **experiments.over_seeds(needed),
    effect=saved.mean(),
    interval=held.interval,
    verdict="holds" if knows else "does not hold",
    check=np.isfinite(saved).all(),
    format=".0f",
)

# %%
lead = {
    f"{way}, {n}": found[way, n] - found["prototype", n]
    for way in ("reptile", "maml")
    for n in (1, 5)
}
ahead = {k: j.word == "more" for k, j in judge_each(lead).items()}
claim(
    "B7/characters",
    "who learnt to learn tells new characters apart better than ordinary "
    "pretraining with nearest prototypes (right, 5 ways; difference)",
    source="ours",
    refuted_by="ahead in less than half of the four comparisons (Holm)",
    control="pretraining on the same characters, nearest prototype",
    **experiments.over_seeds(lead),
    effect=lead["reptile, 1"].mean(),
    interval=intervals.mean(lead["reptile, 1"]),
    **experiments.over_cases(ahead),
    check=all(np.abs(runs).max() < 0.5 for runs in lead.values()),
    format="+.1%",
)

# %% [markdown]
# ## Try it
#
# 1. Give `transfer.adapted` for the waves 50 steps instead of five. Does
#    the pretrained network catch up?
# 2. Call `transfer.reptile` with `steps=1`. With one step in a walk it
#    only follows the mean slope. What kind of training is that, and what
#    does its picture look like?
#
# <details><summary>What you will see</summary>
#
# 1. It comes nearer, and Reptile's curve stays the better one: the ten
#    points do not say what lies between them, and only one of the two has
#    an idea of what waves are like.
# 2. It is the control: the mean of the slopes of all tasks is the slope
#    of all data at once. The curve before the walk lies flat, and five
#    steps bring it little farther.
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(23)
first.check(...)
second.check(...)

# %% [markdown]
# ## Check yourself
#
# 1. What does Reptile look for that pretraining does not?
# 2. Somebody reports that a method of learning to learn tells new
#    characters apart. Which two controls do you ask for?
# 3. Why do waves need learning to learn, and characters hardly?
#
# <details><summary>Answers</summary>
#
# 1. Weights that become good after a few steps. Pretraining looks for
#    weights that are good as they are.
# 2. Ordinary pretraining with the nearest prototype, on the same
#    characters; and the nearest prototype of the bare dots, which says
#    how hard the task is at all.
# 3. Waves contradict each other: at the same x each wants another answer,
#    and their mean is next to nothing. Characters can all be learnt at
#    once, and features that tell five hundred apart serve for others too.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/23_learning_to_learn.py) behind this lesson
#   (`minitransfer learn 23 --evidence`): all three tables, and how rates
#   were chosen.
# - C. Finn, P. Abbeel and S. Levine, *Model-agnostic meta-learning for
#   fast adaptation of deep networks*, 2017: MAML.
# - A. Nichol, J. Achiam and J. Schulman, *On first-order meta-learning
#   algorithms*, 2018: Reptile, in five lines.
# - Y. Tian and others, *Rethinking few-shot image classification: a good
#   embedding is all you need?*, 2020: plain pretraining, hard to beat.
