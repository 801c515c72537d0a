# %% [markdown]
# # 25 · Text as pretraining
#
# > A network has read sixteen texts, and nobody told it in which
# > languages. Is that of use when it sees a few names of countries and is
# > to say which language they are in?
#
# - **Time:** 13 minutes
# - **You need:** Python, and from lesson 11 what a held body, scratch and
#   the random body are
# - **You will be able to:** pretrain a small transformer on plain text;
#   put it to another task, wholly or with a few numbers; name the control
#   that has read the same text
#
# You are on a journey, and the hotel's drawer holds a booklet in sixteen
# languages. You speak none of them. To pass the evening you cover a line
# and guess it letter by letter. After a *q* comes a *u*, that is soon
# found out. After *sz* there is often an *e*, but a *y* only on pages
# where there are many *ł* and *ż* as well. Nobody has told you that these
# pages are Polish, or that there is such a thing as Polish. Yet to guess
# well, you had to notice which kind of page you are on.
#
# Article C says that the large language models are the recipe of this
# course, and nothing else ([sources](sources.md), C9): first read huge
# amounts of text, then learn the task at hand from little. Lesson 31
# takes it at its word for pictures. Here we do so for text, on the
# smallest scale that is honest.
#
# ## The next character
#
# The booklet is the Declaration of Human Rights, some nine thousand
# characters in each of sixteen languages. The network is a *transformer*:
# every place looks back at the places before it (a *mask* hides those
# after it), and takes from each as much as it finds fitting (*attention*);
# then a small network works on every place by itself. That happens twice.
# Its task sets itself: at every place, tell the character that comes next.

# %%
import copy

import numpy as np

from minitransfer import (
    experiments,
    nn,
    optim,
    plots,
    train,
    transfer,
)
from minitransfer.course import claim, code_of, exercises, figures
from minitransfer.experiments import judge, judge_each

# %%
draw, rng = figures(25), np.random.default_rng([25, 0])
print(code_of(draw.Reader))


# %%
reader = draw.Reader(draw.TOKENS, rng)
untrained = copy.deepcopy(reader)
text = draw.windows(rng, 32 * draw.STEPS, draw.LONG + 1)
history = train.fit(
    reader,
    (text[:, :-1], text[:, 1:]),
    loss=draw.each_place,
    optimizer=optim.Adam(reader.parameters(), lr=draw.RATE),
    schedule=optim.CosineAnnealingLR,
    steps=draw.STEPS,
    batch_size=32,
    generator=rng,
)
surprise = history["loss"][-1] / np.log(2)
print(f"at the end: {surprise:.1f} bits of surprise a character")


# %%
def chances(net, row):
    """Of every character to be the next one, at each place."""
    z = train.predict(net, np.array([row]))[0]
    z = np.exp(z - z.max(-1, keepdims=True))
    return z / z.sum(-1, keepdims=True)


def go_on(net, start, count=60):
    row = [int(k) for k in draw.numbers([start])[0] if k != draw.PAD]
    for _ in range(count):
        p = chances(net, row[-draw.LONG :])[-1]
        row.append(int(rng.choice(len(p), p=p)))
    return draw.text_of(row)


for start in (" jeder ", " todo ", " każdy "):
    print("before:", go_on(untrained, start, 30))
    print("after: ", go_on(reader, start))

# %% [markdown]
# Before, it is noise. After half a minute of reading it is still no
# language, but there are syllables that one can speak, and after *każdy*
# they look Polish for a while. Then it slides into another language.
# (Every *token*, here a character, is drawn by the chances that the
# network gives.)
#
# How well it guesses can be measured. If the network gives the character
# that really comes a chance of one in two, it is surprised by one bit; of
# one in four, by two bits. (The number at the end of its reading was the
# average of that.) Here is the name of a country, in German.

# %%
name = " vereinigte staaten "
row = [int(k) for k in draw.numbers([name])[0] if k != draw.PAD]
bits = {
    called: [
        -np.log2(p[k])
        for p, k in zip(chances(net, row), row[1:], strict=False)
    ]
    for called, net in (("before", untrained), ("after", reader))
}
plots.show(draw.surprise(name[1:], bits), "25_surprise")

# %% [markdown]
# That *ve* goes on with *r* it has found out. And in our run the *t*
# surprises it more than it did before: who expects something may be
# wrong.
#
# ## Names of countries
#
# Now the task. *Németország*, *Niemcy*, *Jerman*: one country, and you
# are to say the language. Of each of the sixteen you see one name with its
# label, or three, or ten; then 770 others come, of countries that were not
# among the labelled ones. Names that two languages write alike
# ("Andorra") are left out. One answer in sixteen is right by chance.
#
# The head that told the next character goes, and a new one comes on the
# mean of what stands at the places of a name. We know the two options from
# lesson 11: the body is *held*, or *all* learns. And their controls: a
# body that has *not read*, held as well, and *scratch*. (Where the body is
# held the head is a `ridge_probe`: the linear map that fits the labels
# best, with a penalty on large weights.)
#
# The strict control of this lesson is another one. Somebody might say:
# you need no network to see that *szy* goes with *ł*, you only have to
# count. So we count, in the same text and without labels, how often runs
# of one to three characters occur, and turn the counts into 64 features
# (the [evidence](evidence/25_text_as_pretraining.py) says how). They get
# the same head. If the network is not ahead of that, then reading was
# worth something, but the transformer was not needed for it.
#
# **Predict before you run.** Ten labelled names of each language. Scratch
# gets about 21 of a hundred right. How many will it be after reading, if
# all learns?

# %%
few, y = draw.labelled(10, seed=0)
asked, wanted = draw.names("test")
found = {}
bodies = {"has not read": untrained, "has read": reader}
for called, net in copy.deepcopy(bodies).items():
    net.whole, net.head = True, nn.Identity()
    seen = train.predict(net, draw.numbers(few))
    unseen = train.predict(net, draw.numbers(asked))
    said = transfer.ridge_probe(seen, y).predict(unseen).argmax(1)
    found[called] = draw.right(said, wanted)
    print(f"{called}, held: {found[called]:.1%} right")

# %%
table = experiments.read("text", ["right", "touched"])
stored = draw.runs(table, "next", "held", 10)
assert abs(found["has read"] - stored.mean()) < 0.08
plots.show(draw.by_labels(table), "25_by_labels")

# %% [markdown]
# (The bands are one standard deviation over six runs.) Reading helps this
# network. Held, the body that has read is ahead of the
# one that has not, at each number of labels. If all learns, it is six
# points ahead of scratch with ten labels; with one or three the runs do
# not show it. There, on average, holding is the better option.
#
# But look at the two curves on top. Counting in the same text, with no
# network at all, is eight points ahead with ten labels, and *n-grams of
# the names*, which has read nothing and counts in the labelled names
# alone (naive Bayes), is ten points ahead. Had we compared with scratch
# only, as one likes to, we would have praised a method that counting
# beats.
#
# Why? We think that a name is told by a few runs of characters: *-ország*,
# *-ien*, *île*. Who counts runs has them from the start. The network has
# to find out first that neighbours belong together, and 143,000
# characters, read some ten times over, are little for that. GPT-3
# has read 300 billion tokens. That such a network needs few examples or
# none has been shown elsewhere (Brown and others, 2020); on our scale it
# cannot be seen. (Each rate was chosen from two, and it was always the
# larger one: the network may have more in it than we found.)
#
# ## A few numbers
#
# Our network has 76,048 numbers. Those of the trade have billions, and
# nobody wants to store billions anew for every task. So one holds them
# and lets few learn. *LoRA* (Hu and others, 2021) puts beside a matrix a
# change that is the product of two narrow ones: for a matrix of 128 × 64
# they are 128 × 4 and 4 × 64, and one of them begins with zeros. An
# *adapter* is a small network behind a layer, which at first passes on
# what it gets. Or the *biases* alone learn. (In the library:
# `transfer.add_lora`, `add_adapters` and `bias_only`.)

# %%
plots.show(draw.touched(table), "25_touched")

# %% [markdown]
# With a tenth of the numbers or fewer, all three come near to what all
# numbers reach. For the biases the runs show that it is within two
# points; for LoRA and the adapters six runs are too few to tell. With 160
# labels for 76,048 numbers one might think that fewer would be *better*.
# On average they are not.
#
# ## What the numbers say
#
# What refutes these two got its exact words after the table was known.
# The first ones, "not ahead with 1, 3 or 10 labels", may be read so that
# one case that fails refutes. Then C9/text would not hold: where all
# learns, no lead shows with one label or with three. C9/counting fails
# by any words, for nowhere is the network ahead.

# %%
gains = {
    f"{name}, {n}": draw.runs(table, "next", way, n)
    - draw.runs(table, "none", control, n)
    for name, way, control in (
        ("all − scratch", "all", "scratch"),
        ("held − not read", "held", "random"),
    )
    for n in draw.SHOTS
}
ahead = {k: j.word == "more" for k, j in judge_each(gains).items()}
claim(
    "C9/text",
    "language models follow this very recipe: who has read text tells the "
    "languages of names better, after few labels, than who has not (right)",
    source="article",
    refuted_by="ahead in less than half of six comparisons (Holm, 5 %): 1, "
    "3 or 10 labels, all learning or held; narrowly, if not in all",
    control="the same network from scratch; the same network unread, held",
    **experiments.over_seeds(gains),
    effect=gains["all − scratch, 10"].mean(),
    interval=judge(gains["all − scratch, 10"]).interval,
    **experiments.over_cases(ahead),
    check=all(abs(gain.mean()) < 0.5 for gain in gains.values()),
    format="+.1%",
)

# %%
beyond = {
    f"{n} labels": draw.runs(table, "next", "all", n)
    - draw.runs(table, "n-grams", "text", n)
    for n in draw.SHOTS
}
ahead = {k: j.word == "more" for k, j in judge_each(beyond).items()}
claim(
    "C9/counting",
    "reading gives the network more than counting runs of characters in "
    "the same text gives (right; all − n-grams of the text)",
    source="ours",
    refuted_by="ahead with one of 1, 3 and 10 labels, or with none (Holm, "
    "5 %); narrowly, if with two",
    control="64 features of n-grams of the same text; no label, no network",
    **experiments.over_seeds(beyond),
    effect=beyond["10 labels"].mean(),
    interval=judge(beyond["10 labels"]).interval,
    **experiments.over_cases(ahead),
    check=all(abs(gain.mean()) < 0.5 for gain in beyond.values()),
    format="+.1%",
)

# %% [markdown]
# ## Try it
#
# 1. Let the network read only 150 batches: put `draw.STEPS = 150` before
#    the line that makes the reader.
# 2. Let `go_on` write 200 characters. Does it stay in one language?
#
# <details><summary>What you will see</summary>
#
# 1. There are no syllables yet, and held it is hardly ahead of the body
#    that has not read (12.9 % against 11.8 % in our run). The line with
#    `assert` stops the lesson: this is not the body of the table.
# 2. No. In our run it began as German and passed through Dutch to Finnish
#    within one line. It sees 32 characters at most, and each character
#    that is drawn badly draws others after it.
#
# </details>
#
# ## Exercises
#
# Put your answers in the place of the dots, and run the cell again.

# %%
first, second = exercises(25)
first.check(...)
second.check(...)

# %% [markdown]
# ## Check yourself
#
# 1. Nobody has written labels for the declarations. Where does the task
#    of the pretraining come from?
# 2. Suppose a network that has read a text had beaten naive Bayes on the
#    labelled names. Why would that be no evidence yet for transformers?
# 3. Why does LoRA start with one of its two matrices at zero?
#
# <details><summary>Answers</summary>
#
# 1. From the text itself: what comes next is known, because it stands
#    there. (BERT hides some characters instead, and they stand there
#    too.)
# 2. It has seen 143,000 characters more. The control has to see them too,
#    as counts for instance.
# 3. So that at first nothing has changed: the network begins as the one
#    that has read, and only what lowers the loss moves it away.
#
# </details>
#
# ## Read on
#
# - [The evidence](evidence/25_text_as_pretraining.py) of this lesson
#   (`minitransfer learn 25 --evidence`): hidden characters instead of the
#   next one, all ways in numbers, and what labels of the text are worth.
# - A. Radford and others, *Improving language understanding by generative
#   pre-training*, 2018: the first GPT, with the recipe of this lesson.
# - J. Devlin and others, *BERT: pre-training of deep bidirectional
#   transformers for language understanding*, 2019: hidden words.
# - E. Hu and others, *LoRA: low-rank adaptation of large language models*,
#   2021: a few numbers beside each matrix.
