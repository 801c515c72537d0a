# %% [markdown]
# # 31 · Standing on a giant's shoulders
#
# > You have a few dozen photographs with labels, and no computer worth
# > speaking of. What does a network bring you that somebody else has
# > trained on more than a million photographs?
#
# - **Time:** 13 minutes
# - **You need:** Python, from lesson 11 what a body and a head are, and
#   from lesson 13 why one may cut a network elsewhere
# - **You will be able to:** put a head on a real ImageNet network in ten
#   lines; judge it without flattering yourself; say what the borrowed
#   weights did and what the rest of it did
#
# An aunt has left you ten jigsaw puzzles. The boxes are gone, and all
# the pieces lie in one sack. Somebody had begun: of every puzzle the left
# half is laid. The rest, you would like a machine to sort into ten heaps.
#
# We know of no network that was trained for these ten puzzles. But some
# have seen a great many photographs, and article C says that you may have
# them for nothing: researchers publish their networks, and the famous
# ones were made by the very recipe of this course (C6 and C9, see the
# [sources](sources.md)). So far we have borrowed small networks of our
# own, most of which had learnt printed characters. Today we climb on the
# shoulders of a large one.
#
# ## The giant
#
# *EfficientNet-Lite0* has 4.6 million weights. It has learnt to tell a
# thousand classes apart, from tench to toilet tissue, on the 1.28 million
# photographs of ImageNet. That took others a great deal of computing; the
# weights are 19 megabytes, under a licence that lets you do with them
# nearly what you like (Apache-2.0).
#
# Our puzzles are ten photographs in the public domain, which come with
# scikit-image. (Whether one of them is among the 1.28 million we cannot
# check. Nobody asked the giant which pieces belong together, though.) We
# have taken the colours away, so that no red gives a puzzle away, and cut
# each into 11 × 11 pieces of 40 × 40 dots.

# %%
import numpy as np

from minitransfer import (
    data,
    experiments,
    folders,
    pictures,
    plots,
    train,
    transfer,
    zoo,
)
from minitransfer.course import claim, exercises, figures
from minitransfer.experiments import judge

# %%
draw = figures(31)
ready = draw.photographs() and draw.weights()
if ready:
    parts = draw.jigsaws(folders.cache_folder() / "jigsaws")
    plots.show(draw.box_of_pieces(draw.photographs()), "31_pieces")
else:
    print(draw.MISSING)

# %% [markdown]
# Some pieces are easy. Others show nothing but black, and nobody could say
# of which puzzle. So a hundred percent is not to be had.
#
# Notice what the division does. Two pieces that lie side by side are
# nearly the same picture. Had we thrown all pieces together and drawn the
# asked ones from anywhere, nearly each would have a labelled neighbour,
# and the result would look better than it is (by some nine points with
# fifty labels, says the evidence, though four halves are too few to be
# sure of it). So the asked pieces lie in the *right* half, and a column of
# pieces between the halves is in neither. If you have several photographs
# of one person, one street or one day, divide by person, street or day.
#
# ## Ten lines
#
# Five labelled pieces of each puzzle go through the body once. What comes
# out, 1,280 numbers a piece, goes to a head: the linear map that fits
# the labels best, with a penalty on large weights (`ridge_probe` solves
# for it, in one go, where `fine_tune` would take steps). The same head
# gets the raw dots as well, to compare.
#
# **Predict before you run.** Ten puzzles, so one piece in ten is right by
# chance. How many of a hundred will the head on the raw dots sort rightly,
# and how many the head on the giant?


# %%
def read(found):
    """All pictures of a collection, as the giant takes them."""
    x, y, _ = zip(*pictures.batches(found, size=96), strict=True)
    return data.Dataset(
        np.concatenate(x),
        np.concatenate(y),
        classes=found.classes,
        input_type="image",
    )


if ready:
    labelled, asked = (read(pictures.collect(p)) for p in parts)
    few = labelled.sample(50, np.random.default_rng(0))
    raw = transfer.ridge_probe(few.x, few.y).score(asked.x, asked.y)
    giant = zoo.load("efficientnet-lite0")
    body = transfer.strip_head(giant)
    seen = transfer.features_of(body, few, batch_size=32)
    unseen = transfer.features_of(body, asked, batch_size=32)
    head = transfer.ridge_probe(seen.x, seen.y)
    right = head.score(unseen.x, unseen.y)
    print(f"raw dots {raw:.1%}, on the giant {right:.1%}")

# %% [markdown]
# A few seconds, and most of the pieces asked are sorted rightly. Not one
# weight of the giant has moved.
#
# To do the same with *your own* photographs, put them into a folder with
# a sub-folder for each class, and say instead of the line with `parts`
#
#     found = pictures.collect("my/photographs")
#     two = pictures.split(found, (0.7, 0, 0.3))[::2]
#     labelled, asked = (read(part) for part in two)
#
# That division is drawn at random; `pictures.near_duplicates` tells which
# pictures across it are nearly the same. (`minitransfer finetune` does all
# this and writes a report.)
#
# ## Who has done it?
#
# A large network, a good head, easy pieces: which of them was it? So there
# are controls. *Lite0, untrained* is the same network with weights drawn
# anew, once. *Body from characters* is our small network from lesson 11,
# and *from scratch* the same small network, all of it trained on the
# labelled pieces. *How grey* only counts how often each of 32 greys occurs
# in a piece: no network, and nothing of how the dots lie. The halves
# change places, left and right, upper and lower; the bars show how far the
# four results lie apart (one standard deviation).

# %%
table = experiments.read("giants", ["accuracy"])
if ready:
    stored = table.where(body="lite0", n=5).values("accuracy")
    assert abs(right - stored.mean()) < 0.15
plots.show(draw.by_labels(table), "31_by_labels")

# %% [markdown]
# Look at the left end of the uppermost line. *One* labelled piece of each
# puzzle, with the giant, is on average ahead of fifty with everything
# else. Untrained, the giant sorts fewer rightly than a count of greys: its
# size did not do it, nor its head. What its weights have learnt did.
#
# And look at *how grey*: half of the pieces, by counting greys. So 50 %
# here need not show that anything was learnt about shapes. Had we compared
# with raw dots alone, every method would have looked good. Take the
# trouble to find the simplest thing that might work, and put it into your
# figure.
#
# The small body that learnt characters is a warning. At no number of
# labels is it surely ahead of its own architecture from scratch, and with
# fifty it is behind on average (not surely, if one looks at six numbers).
# Perhaps strokes of ink are too little like gravel; lesson 14 has more on
# what fits what.
#
# ## Where to get off
#
# The giant was trained to name tenches and toilet tissue. Are its last
# layers too much bent on that? Lesson 13 cut a network at every layer.
# Here are the ends of Lite0's seven stages, and the features before the
# head, with ten labels a puzzle.

# %%
layers = experiments.read("giants_layers", ["accuracy"])
plots.show(draw.by_depth(layers), "31_by_depth")

# %% [markdown]
# After the first two stages the head has too little to go by. (They hand
# on 16 and 24 numbers, so it may be their count as well as their kind.)
# From the third on it hardly matters. The features before the head
# are not the best place on average, though the ends of the later stages
# are ahead by three points at most, and four halves are too few to be
# sure of that. So the habit of cutting before the head costs little here.
#
# ## Give it away
#
# The head goes where the thousand classes were, into the layer `_fc`. Then
# the network is written to a file, with a card for whoever will stand on
# *your* shoulders.

# %%
if ready:
    transfer.replace_head(giant, len(asked.classes))
    layer = head.as_layer()
    giant._fc.load_state_dict(layer.state_dict())
    card = zoo.read_card("efficientnet-lite0") | {
        "name": "ten puzzles",
        "classes": list(asked.classes),
        "source": "ImageNet; a head on 50 pieces of ten photographs",
        "accuracy": {"pieces of the right halves": right},
        "command": "lessons/31_giants.py",
    }
    file = folders.cache_folder() / "ten-puzzles.safetensors"
    zoo.publish(giant, file, **card)
    again = train.evaluate(zoo.load(file), asked, batch_size=32)
    print(f"loaded back: {again['accuracy']:.1%}")

# %% [markdown]
# ## What the numbers say
#
# Both sentences are the article's. "With nothing borrowed" is taken
# strictly: whatever did best so, at each number of labels. The four halves
# overlap and come from the same ten photographs. So the intervals tell
# what other pieces of these would bring, and nothing of other photographs.
# (At first one number of labels without a gain was to refute the first
# sentence, too. That it takes more than half of them was settled when the
# numbers were known. With a gain at all six it holds either way.)

# %%
without = ("untrained", "scratch", "greys", "pixels")
lite0 = {n: draw.runs(table, "lite0", n) for n in draw.COUNTS}
gains = {}
for n in draw.COUNTS:
    every = [draw.runs(table, body, n) for body in without]
    gains[f"{n} labels"] = lite0[n] - max(every, key=np.mean)
ahead = {n: judge(gain).word == "more" for n, gain in gains.items()}
claim(
    "C6/photographs",
    "download a published network and change its head: pieces of ten "
    "photographs are told apart better than with nothing borrowed (Lite0 − "
    "the best of four at that number of labels)",
    source="article",
    refuted_by="four numbers of labels of six, 1 to 50, without a gain; "
    "narrowly, if one to three",
    control="the best of: a small network from scratch, Lite0 untrained, a "
    "count of greys, raw dots; same pieces",
    **experiments.over_seeds(gains),
    effect=gains["5 labels"].mean(),
    interval=judge(gains["5 labels"]).interval,
    **experiments.over_cases(ahead),
    check=gains["5 labels"].mean() > 0.05,
    format="+.1%",
)

# %%
learnt = {
    f"{n} labels": lite0[n] - draw.runs(table, "untrained", n)
    for n in draw.COUNTS
}
words = [judge(gain).word for gain in learnt.values()]
claim(
    "C9",
    "the ImageNet networks follow this very recipe: what their weights have "
    "learnt on one task serves another (Lite0 − the same network untrained)",
    source="article",
    refuted_by="a number of labels of six, 1 to 50, without a gain",
    control="the same architecture, weights drawn anew, batch norm counted "
    "over the pieces; same head, same pieces",
    **experiments.over_seeds(learnt),
    effect=learnt["5 labels"].mean(),
    interval=judge(learnt["5 labels"]).interval,
    verdict="holds narrowly"
    if set(words) == {"more"}
    else "does not hold",
    condition="for an ImageNet network and pieces of ten photographs (of "
    "text, see lesson 25)"
    if set(words) == {"more"}
    else "",
    check=learnt["5 labels"].mean() > 0.1,
    format="+.1%",
)

# %% [markdown]
# ## Try it
#
# 1. Give `read` another size: 48 or 160 in the place of 96. What happens
#    to the result, and to the time?
# 2. Which pieces does it get wrong? Count, for every puzzle, how many
#    of the asked pieces are sorted rightly
#    (`head.predict(unseen.x).argmax(1)`).
#
# <details><summary>What you will see</summary>
#
# 1. At 48 it is some five points worse and takes half the time; at 160 it
#    is a point better, for more than twice the time. The pieces have 40
#    dots, and enlarging adds nothing that is not there; but it brings
#    textures to the size at which the giant has learnt them.
# 2. Brick, grass, gravel, the cell and the stars: all of them. The
#    astronaut: two in ten. On the left there is a flag, on the right a
#    shuttle, and nothing says that they belong to one picture. The head
#    can use what pieces look like, and not which belong together.
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(31)
first.check(...)
second.check(...)

# %% [markdown]
# ## Check yourself
#
# 1. Why does *Lite0, untrained* stand in the figure, and not only *from
#    scratch*?
# 2. You photograph forty mushrooms of eight kinds, ten times each, and
#    divide the 400 photographs at random. What will be wrong with the
#    result?
# 3. Somebody reports 52 % on ten classes, "five times as good as chance".
#    What do you ask?
#
# <details><summary>Answers</summary>
#
# 1. It has the architecture, the size, the head and the pieces in common
#    with the trained one. Only what the weights have learnt is missing, so
#    the distance between the two is owed to that. The small network from
#    scratch differs in its size as well.
# 2. Of nearly every mushroom there are photographs on both sides. It is
#    asked whether it knows *this mushroom* again, and you wanted to know
#    whether it knows the kind. Divide by mushroom.
# 3. What the simplest thing reaches: counting greys, or colours, or the
#    most frequent class. Chance is a control that nearly everything beats.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/31_giants.py) of this lesson (`minitransfer
#   learn 31 --evidence`): all controls, what neighbours would have
#   flattered, and the large network from scratch.
# - [Your own data](own_data.md): folders, tables, messages.
# - M. Tan and Q. Le, *EfficientNet: rethinking model scaling for
#   convolutional neural networks*, 2019: how the giant was drawn up.
# - S. Kornblith, J. Shlens and Q. Le, *Do better ImageNet models transfer
#   better?*, 2019: sixteen networks on twelve tasks.
