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
# found out. After *sz* there is often an *e* or an *a*, but only on pages
# where there are many *gy* and *ő* as well. Nobody has told you that
# these pages are Hungarian, or that there is such a thing as Hungarian.
# Yet to guess well, you had to notice which kind of page you are on.
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
# every place looks back at the places before it, and takes from each as
# much as it finds fitting (*attention*); then a small network works on
# every place by itself. That happens twice. Its task sets itself: at every
# place, tell the character that comes next.

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
def each_place(outputs, y):
    tokens = outputs.reshape(-1, outputs.shape[-1])
    return nn.functional.cross_entropy(tokens, y.reshape(-1))


reader = draw.Reader(draw.TOKENS, rng)
untrained = copy.deepcopy(reader)
text = draw.windows(rng, 32 * draw.STEPS, draw.LONG + 1)
train.fit(
    reader,
    (text[:, :-1], text[:, 1:]),
    loss=each_place,
    optimizer=optim.Adam(reader.parameters(), lr=draw.RATE),
    schedule=optim.CosineAnnealingLR,
    steps=draw.STEPS,
    batch_size=32,
    generator=rng,
)


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
