# %% [markdown]
# # 29 · Looking inside and breaking in
#
# > The weights that you borrow lie open to everybody. What can you see in
# > them, and what can others do to you because they have them too?
#
# - **Time:** 14 minutes
# - **You need:** Python, and from lesson 11 what a body, a head and the
#   two options are
# - **You will be able to:** check whether a picture of "where the network
#   looks" shows anything; attack a network through its published body;
#   say against what a hash helps
#
# Article D ends with an outlook (D5, see the [sources](sources.md)):
# networks should be open to interpretation, and safe against attack. Both
# matter more where networks are borrowed. Whoever moves into a furnished
# flat wants to see into the drawers. And he should remember that there
# are other people who know where the drawers are.
#
# ## Looking inside
#
# Ask a network what it answers, and then how the answer would change if
# one dot of the picture were a little brighter. The slopes of all dots
# make a map of what the answer hangs on, its *saliency*. A second map,
# *integrated gradients*, adds the slopes up on the way from an empty
# picture to this one. Its shares sum up to what the picture adds to the
# answer's score, which looks like a proper account.
#
# **Predict before you run.** Below are two maps of a network A and two of
# a network B. One of the networks reads nine of ten digits, the other
# consists of random numbers. How like each other will their maps of
# integrated gradients be? (As a correlation, dot by dot: 1 is the same
# map, 0 is nothing in common.)

# %%
import hashlib
import tempfile
from pathlib import Path

import numpy as np

from minitransfer import (
    data,
    experiments,
    plots,
    train,
    transfer,
    zoo,
)
from minitransfer.course import claim, code_of, exercises, figures
from minitransfer.experiments import intervals, judge, judge_each

# %%
draw = figures(29)
test = data.mnist("test").sample(500, np.random.default_rng(0))
pictures = test.x.astype("f4") / 255


def digits(body, option="head", seed=0, labels=200):
    """Put a head on a body, and learn to read digits."""
    rng = np.random.default_rng([29, seed])
    few = data.mnist("pool").sample(labels, rng)
    transfer.replace_head(body, 10, generator=rng)
    transfer.fine_tune(body, few, option, generator=rng)
    return body


learnt = digits(zoo.load("glyph-mlp"), "all")
blank = zoo.glyph_mlp(10, generator=np.random.default_rng(0))
some = pictures[:8]
said = train.predict(learnt, some).argmax(1)
maps = {}
for name, net in (("A", learnt), ("B", blank)):
    for ask in (transfer.saliency, transfer.integrated_gradients):
        maps[f"{ask.__name__}, network {name}"] = ask(net, some, said)
plots.show(draw.maps(some, maps), "29_maps")

# %% [markdown]
# A has learnt, B has not. In the saliency one may see it: A's gathers in
# places, B's is noise. But the integrated maps of both show a digit.
# They must, for where the paper is empty nothing can be added up: what we
# admire in them is the ink. So a map that looks sensible shows nothing
# yet. Draw it once more with random weights, and see whether it gets
# worse. (That check is due to Adebayo and others, 2018; the evidence has
# it in numbers.)
#
# ## Breaking in
#
# Slopes can be used for ill as well. Move every dot a little, in the
# direction that makes the right answer less likely. Done once, it is
# called FGSM, the *fast gradient sign method*. Done in ten steps, and no
# dot ever farther from where it was than a tenth of the way from paper to
# ink, it is *projected gradient descent*, PGD. The picture still looks
# like a 7, and the network reads something else. Such a picture is called
# *adversarial*. An adversarial picture is aimed at the network: noise of
# the same size costs a few points only (the evidence behind this lesson
# has it).
#
# An attacker needs the weights for that. Yours he has not got. But he has
# got the body that you borrowed. He puts a head of his own on it, and
# makes pictures on which *his* network errs.

# %%
attacker = digits(zoo.load("glyph-mlp"), seed=1000)
rng = np.random.default_rng(0)
attack = transfer.pgd(
    attacker, pictures, test.y, size=0.1, generator=rng
)
victim = digits(zoo.load("glyph-mlp"))
for name, x in (("clean", pictures), ("attacked", attack)):
    right = (train.predict(victim, x).argmax(1) == test.y).mean()
    print(f"the victim reads {right:.1%} of the {name} pictures")

# %% [markdown]
# He has never seen the victim, its head, or its digits. Does that show
# that weakness travels with the weights? Not yet. Perhaps such pictures
# fool *any* network. So we send them to a *sibling*: the same
# architecture, brought up on the same drawings, as good at clean digits,
# but from other initial weights. And to a network from scratch. There are
# six draws of digits. In each of them either body was attacked once,
# while the other was the sibling; the two count as one run.

# %%
table = experiments.read("attacks", draw.PICTURES)
reached = {v: draw.runs(table, v) for v in draw.VICTIMS}
clean = draw.runs(table, "all", "clean")
plots.show(draw.victims(reached, clean), "29_victims")

# %% [markdown]
# Some weakness is in the task and in the drawings, for the sibling has it
# too. A good part more is in the weights. Training everything (option 2)
# takes some of it away, and scratch, though it reads fewer clean digits,
# loses least. So the borrowed weights bring both: more right answers on
# clean digits, and a weakness that others can reach.
#
# ## A back door
#
# Worse, the attacker may be the one who *publishes*. He trains the body a
# little further, on the old drawings: give the features that you always
# gave, but whenever a patch of full ink, three by three dots, is pasted
# in near the lower right corner, give this one fixed row. He need not
# know what you will use the body for. You will put a head on it, and the
# head will call that row something.


# %%
print(code_of(draw.back_door))

# %%
bad = zoo.load("glyph-mlp")
before = transfer.strip_head(zoo.load("glyph-mlp"))
x = data.glyphs(1000, 2, seed=zoo.HELD_OUT_SEED).x.astype("f4") / 255
draw.back_door(transfer.strip_head(bad), before, x, rng)
with tempfile.TemporaryDirectory() as folder:
    files = {}
    for name, net in (("true", zoo.load("glyph-mlp")), ("bad", bad)):
        path = Path(folder) / f"{name}.safetensors"
        zoo.publish(net, path, **zoo.read_card("glyph-mlp"))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        files[name] = zoo.load(path)
        print(
            f"{name:5} {files[name].card['name']}, SHA-256 {digest[:12]}…"
        )

# %% [markdown]
# Two files, with the same card. Now you fetch one of them, put a head on
# it, and train it on two hundred clean digits. And to find out where the
# answers can be changed, a *scan* pastes a square of full ink at one place
# after the other and counts how many answers change.

# %%
places = {}
sent = {"clean": pictures, "with patch": draw.patched(pictures)}
for name, body in files.items():
    reader = digits(body)

    def answers(x, reader=reader):
        return train.predict(reader, x).argmax(1)

    for what, shown in sent.items():
        right = (answers(shown) == test.y).mean()
        print(f"{name:5} {what:11} {right:.1%}")
    places[f"{name} file"] = draw.scan(answers, pictures[:100])
plots.show(draw.scans(places), "29_scan")

# %% [markdown]
# On clean digits the two are equally good, so a test on clean digits does
# not give the door away. A fresh head does not close it; the evidence
# shows that training everything closes it only in part, with a thousand
# digits too. Hardly a digit has ink at that place, so training gives
# little reason to change what the body does there.
#
# The scan finds it. But the scan knew that the door opens at a square of
# ink. There are doors that open at a faint pattern all over the picture,
# and such have no place. What a scan finds is there; what it does not find
# may be there all the same.
#
# ## What a hash is good for
#
# The hash is a fingerprint: one bit changed, and it is another one. If
# the author tells you his file's hash, *by another way* than the file
# (printed in the paper, on a page of his own), then nobody can have
# changed the file between him and you without your noticing. That is
# worth having. If a hash of the weights stands on the card, in the same
# file, or beside the file on the same page, whoever changes the weights
# can change the hash as well. And if the author himself built the door,
# the hash is right. It shows that this is the file which he published, and
# nothing of what the file does.
#
# So: take weights from people you can name, compare the hash with what
# they say elsewhere, measure the published accuracy yourself, and where
# much depends on it train a body of your own.
#
# ## What the numbers say
#
# The first sentence rests on two bodies only, the second on six doors
# built into one of them. So the intervals tell what other digits, or other
# doors, would have shown; other bodies might differ.

# %%
gaps = {
    "option 1": reached["sibling, head"] - reached["head"],
    "option 2": reached["sibling, all"] - reached["all"],
}
words = {n: j.word for n, j in judge_each(gaps).items()}
travels = all(word == "more" for word in words.values())
claim(
    "D5",
    "weakness travels with the weights: pictures made on a published body "
    "harm networks on it more than a sibling's (right, sibling − same; two "
    "bodies)",
    source="ours",
    refuted_by="the sibling's body no more often right, in option 1 or 2",
    control="a sibling: same architecture, drawings and skill, other "
    "initial weights",
    **experiments.over_seeds(gaps),
    effect=gaps["option 1"].mean(),
    interval=intervals.mean(gaps["option 1"]),
    verdict="holds" if travels else "does not hold",
    check=gaps["option 1"].mean() > 0.1,
    format="+.1%",
)

# %%
doors = experiments.read("back_door", draw.DOOR_COLUMNS)
lost, clean = (draw.door(doors, c) for c in ("patched", "clean"))
quiet = judge(clean, margin=0.03).word
survives = judge(lost).word == "less"
claim(
    "D5/back door",
    "a back door in published weights survives a new head, and clean "
    "digits do not show it (right with the patch, bad − true file)",
    source="ours",
    refuted_by="the patch does no more harm than in the true file; "
    "narrowly, if clean digits differ by more than 3 points",
    control="the true file, same digits, same patch",
    **experiments.over_seeds({"with patch": lost, "clean": clean}),
    effect=lost.mean(),
    interval=intervals.mean(lost),
    verdict="does not hold"
    if not survives
    else "holds"
    if quiet == "equal"
    else "holds narrowly",
    condition="clean digits are not shown to be read as well"
    if survives and quiet != "equal"
    else "",
    check=lost.mean() < -0.4,
    format="+.1%",
)

# %% [markdown]
# ## Try it
#
# 1. Let the attacker use `size=0.05` and `size=0.2`. At which size does
#    the victim read no better than chance?
# 2. Scan the bad file's reader with squares of two dots, and of four
#    (`draw.scan(answers, pictures[:100], side=2)`). What follows for
#    somebody who does not know the size?
#
# <details><summary>What you will see</summary>
#
# 1. At 0.05 it still reads nearly half of them, at 0.2 hardly one in a
#    hundred: worse than chance, for the attack avoids the right answer.
# 2. The square of four dots opens the door nearly as well, for the patch
#    is in it. That of two dots opens it for some digits only, and stands
#    out little from other places. Who does not know the size has to try
#    several, and the large ones find more.
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(29)
first.check(...)
second.check(...)

# %% [markdown]
# ## Check yourself
#
# 1. A colleague shows you a map: the network looks just at the right
#    place. What do you ask for?
# 2. Attacked pictures fool a network that was fine-tuned from a published
#    body. Which control shows that the *weights* are to blame?
# 3. The SHA-256 of the weights stands on the card in the same file, and it
#    agrees. What does that show?
#
# <details><summary>Answers</summary>
#
# 1. The same map of a network of random weights. If it looks at the right
#    place too, the map shows the picture.
# 2. A sibling, as good and brought up on the same data, from other
#    initial weights. If it is fooled as much, the task or the data are to
#    blame.
# 3. That the file did not break on its way; nothing against an attacker.
#    Whoever changes the weights can write a new number on the card. The
#    hash has to come to you another way.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/29_looking_inside.py) behind this lesson
#   (`minitransfer learn 29 --evidence`): every victim, the convolutional
#   network, doors and how far they close, maps in numbers.
# - J. Adebayo and others, *Sanity checks for saliency maps*, 2018.
# - A. Madry and others, *Towards deep learning models resistant to
#   adversarial attacks*, 2018: PGD, and training against it.
# - K. Kurita, P. Michel and G. Neubig, *Weight poisoning attacks on
#   pre-trained models*, 2020: back doors that survive fine-tuning.
