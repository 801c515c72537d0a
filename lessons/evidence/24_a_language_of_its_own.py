# %% [markdown]
# # 24 · Evidence: a language of its own
#
# [Lesson 24](../24_a_language_of_its_own.py) has a translator write
# number words in languages that it never saw paired. Here is what stands
# behind its pictures: how words become numbers, which pairs were learnt,
# the controls, and country names in the place of numbers.
#
# ## Words, pieces, pairs
#
# `data.number_words` writes 0 to 999 in six languages by rule. All
# numbers up to 100 are known, so that every word has been met; of those
# above, two hundred are set apart and never learnt in any language. Words
# enter as pieces (`data.WordPieces`): pairs of neighbours that stand
# together most often are glued, two hundred times (of names a hundred and
# fifty). The pieces are learnt from the known numbers only.
#
# For country names nothing can be set apart, for no rule leads from
# *Germany* to *Németország*. All names are known in all languages, and
# what is new is the pair. The names are those of Unicode's CLDR, up to
# twelve letters long, with at least four different ones among the six.
# Where both languages write a name alike it is not counted.

# %%
import functools

import numpy as np

from minitransfer import experiments, nn, optim, plots, train
from minitransfer.course import claim, figures
from minitransfer.experiments import intervals, judge, judge_each

draw = figures(24)

# %% [markdown]
# ## The machine and its lessons
#
# The reader is a gated recurrent unit in both directions; its two last
# states are the message. The writer is another one. It is given the
# message and the language wanted at every step, and the piece that it
# wrote before. The reader does not know which language will be wanted,
# nor is it told in which the word is.
#
# Four ways of pairing six languages: a *star*, with one language paired
# with each of the others; a *ring*, where each is paired with two
# neighbours; nine pairs in *two camps* of three, each language with all
# of the other camp; and nine pairs *mixed*, each with the two of its own
# camp and one of the other. In both each language has three partners.
# Which language sits where is drawn anew in each run. With *copies* the
# machine also learns to write each word in its own language. (Width, rate
# and number of steps were chosen in trials with other draws of numbers
# and weights. They are the same for all rows.)


# %%
@functools.lru_cache(maxsize=4)
def taught(topic, pairs, copies, seed, twin=0):
    """A book, the pairs learnt, and the machine that learnt them."""
    rng = np.random.default_rng([seed, 24])
    book = {"numbers": draw.numbers, "names": draw.countries}[topic](
        rng
    )
    paired = draw.pairs(pairs, rng.permutation(6))
    rng = np.random.default_rng([seed, 24, twin])
    machine = draw.Translator(book.pieces.codes, rng)
    steps = {"numbers": 600, "names": 400}[topic]
    adam = optim.Adam(machine.parameters(), lr=0.02)
    train.fit(
        machine,
        book.lessons(paired + draw.COPIES * copies),
        loss=nn.CrossEntropyLoss(ignore_index=0),
        optimizer=adam,
        schedule=optim.CosineAnnealingLR(adam, steps),
        steps=steps,
        batch_size=64,
        clip_norm=1.0,
        generator=rng,
    )
    return book, paired, machine


# %% [markdown]
# What is counted: answers that are right to the letter, over all pairs of
# languages that were learnt (*paired*) and all that were not
# (*unpaired*), for new numbers, or for names that differ. *Relay* goes
# the same unpaired ways in steps that were learnt: the word is written in
# the language between, and what stands there, right or wrong, is read
# again. In *near* the messages are compared themselves: is the message
# nearest to that of *siebenhundertzwei*, among all Turkish ones, that of
# *yedi yüz iki*?
#
# Controls. *Two machines*: the reader of one, and the writer of another
# that has learnt the very same lessons from other initial weights.
# *Letters*: the word of the other language that shares most pairs of
# letters with the one given, chosen from all that could be right. *Raw*:
# nearness of messages in the reader as it was before it had learnt.


# %%
def right(book, said, here, there, meanings):
    """Share right to the letter, of words that are not alike."""
    words = [
        (word, book.words[there][m])
        for word, m in zip(said, meanings, strict=True)
        if book.words[here][m] != book.words[there][m]
    ]
    return np.mean([word == wanted for word, wanted in words])


def relayed(book, reader, writer, paired, here, there, meanings):
    """What is written after all steps of the shortest way."""
    sent = book.messages(reader, here, meanings)
    for middle in draw.way_between(paired, here, there)[1:-1]:
        words = book.say(writer, sent, middle)
        sent = book.read_again(reader, words)
    return book.say(writer, sent, there)


def means(found):
    return {k: round(float(np.mean(v)), 4) for k, v in found.items()}


def measure(topic, pairs, copies, machines, seed):
    book, paired, machine = taught(topic, pairs, copies, seed)
    other = machine
    if machines == 2:
        _, _, other = taught(topic, pairs, copies, seed, twin=1)
    raw = draw.Translator(
        book.pieces.codes, np.random.default_rng([seed, 24, 0])
    )
    meanings = book.new if topic == "numbers" else book.known
    found = {}

    def note(column, number):
        found.setdefault(column, []).append(number)

    for here, there in paired + draw.never(paired):
        way = here, there, meanings
        sent = book.messages(machine, here, meanings)
        said = book.say(other, sent, there)
        if (here, there) in paired:
            note("paired", right(book, said, *way))
            continue
        note("unpaired", right(book, said, *way))
        words = set(book.words[there])
        note("language", np.mean([word in words for word in said]))
        theirs = book.messages(other, there, meanings)
        note("near", draw.nearest(sent, theirs))
        sent, theirs = (
            book.messages(raw, k, meanings) for k in (here, there)
        )
        note("raw", draw.nearest(sent, theirs))
        given, wanted = (
            [book.words[k][m] for m in meanings]
            for k in (here, there)
        )
        said = draw.by_letters(given, wanted)
        note("letters", right(book, said, *way))
        said = relayed(book, machine, other, paired, *way)
        note("relay", right(book, said, *way))
    return means(found)


# %% [markdown]
# Five runs of each. With the table further down it takes nine minutes of
# one core; to measure all anew delete `lessons/results/translators.csv`
# and `inner_languages.csv`, and say
#
#     python lessons/evidence/24_a_language_of_its_own.py --full

# %%
SETTINGS = [
    ("numbers", "camps", True, 1),
    ("numbers", "camps", True, 2),
    ("names", "camps", True, 1),
    ("names", "camps", True, 2),
    ("numbers", "camps", False, 1),
    ("numbers", "ring", True, 1),
    ("numbers", "ring", False, 1),
    ("numbers", "star", True, 1),
    ("numbers", "star", False, 1),
]
NAMES = "topic", "pairs", "copies", "machines"
CELLS = [
    {**dict(zip(NAMES, setting, strict=True)), "seed": seed}
    for seed in range(5)
    for setting in SETTINGS
]
table = experiments.stored("translators", measure, CELLS)
agreement = experiments.measure_again(
    table,
    measure,
    "unpaired",
    topic="numbers",
    pairs="camps",
    copies=True,
    machines=1,
    seed=3,
)
print(table, agreement, sep="\n")
assert agreement.agrees

# %%
print(
    "right to the letter (near, raw: nearest), mean ± deviation (%)"
)
print(" ".join(f"{c:>11}" for c in draw.MEASURED))
for topic, kind, copies, machines in SETTINGS:
    of = {"pairs": kind, "copies": copies, "machines": machines}
    told = []
    for column in draw.MEASURED:
        row = 100 * draw.runs(table, column, topic, **of)
        told.append(f"{row.mean():.1f} ± {row.std(ddof=1):.1f}")
    name = f"{topic}, {kind}{', copies' * copies}"
    name += ", two machines" * (machines == 2)
    print(name + "\n" + " ".join(f"{t:>11}" for t in told))

# %% [markdown]
# ## Two inner languages
#
# Without copies numbers do not get over from one member of a camp to
# another, though *near* is as high as with copies. So we looked closer.
# *Within* are again pairs that were not learnt, *across* those that were:
# is the nearest message that of the same number? (In *mixed*, where each
# camp is paired within itself, the names are misleading: what was not
# learnt joins the two camps.) And if there are two
# inner languages, there should be a dictionary between them. *Mapped*
# finds the linear map that brings the messages of known numbers nearest to
# those of a language with which the wanted one is paired, and applies it
# to new numbers. *Shuffled* is the control: the same with known numbers
# in disorder.


# %%
def measure_inner(pairs, copies, seed):
    book, paired, machine = taught("numbers", pairs, copies, seed)
    rng = np.random.default_rng(seed)
    new, found = book.new, {}
    known = [book.messages(machine, k, book.known) for k in range(6)]
    for here, there in paired + draw.never(paired):
        sent = book.messages(machine, here, new)
        near = draw.nearest(sent, book.messages(machine, there, new))
        said = book.say(machine, sent, there)
        learnt = (here, there) in paired
        column = "paired" if learnt else "unpaired"
        found.setdefault(column, []).append(
            right(book, said, here, there, new)
        )
        column = "across" if learnt else "within"
        found.setdefault(column, []).append(near)
        if learnt:
            continue
        partner = next(a for a, b in paired if b == there)
        for column, order in (
            ("mapped", np.arange(len(book.known))),
            ("shuffled", rng.permutation(len(book.known))),
        ):
            turn, shift = draw.dictionary(
                known[here], known[partner][order]
            )
            said = book.say(machine, sent @ turn + shift, there)
            found.setdefault(column, []).append(
                right(book, said, here, there, new)
            )
        said = relayed(
            book, machine, machine, paired, here, there, new
        )
        found.setdefault("relay", []).append(
            right(book, said, here, there, new)
        )
    return means(found)


INNER_CELLS = experiments.grid(
    seed=range(5), pairs=("camps", "mixed"), copies=(False, True)
)
inner = experiments.stored(
    "inner_languages", measure_inner, INNER_CELLS
)
print("right to the letter, or nearest; mean ± deviation")
for kind in ("camps", "mixed"):
    for copies in (False, True):
        print(f"{kind}, {'with' if copies else 'no'} copies")
        for column in draw.INNER:
            row = inner.values(column, pairs=kind, copies=copies)
            print(
                f"  {column:10} {row.mean():.3f} ± "
                f"{row.std(ddof=1):.3f}"
            )

# %% [markdown]
# Across the camps the nearest message is seldom the right one, and within
# them nearly always. Those are two inner languages, each shared by three
# languages; and they differ by little more than a linear map, for with it
# 92 of 100 new numbers are right, and 98 on the learnt ways. Copies join
# the two, and so do mixed pairs, though not as well.
#
# The star and the ring are camps as well: one language against five, and
# every second one against the others. In the ring the opposite seats
# belong to different camps. They are a third of the unpaired ways, and
# without copies about a fifth of all answers is right.

# %%
plots.show(draw.seats(draw.seated(table, inner)), "24_seats_all")

# %% [markdown]
# ## What the numbers say
#
# Before the table was measured it was written down: five points are the
# difference that would not matter. The last claim but one was added when
# the first table had shown what happens without copies; so was the
# second table, with runs and a control of its own.

# %%
star, camps = (
    draw.runs(table, "unpaired", pairs=kind)
    for kind in ("star", "camps")
)
bare = draw.runs(table, "unpaired", pairs="star", copies=False)
lost = judge(star - camps, margin=0.05)
claim(
    "B8/star",
    "pairs with one common language are enough: unpaired languages are "
    "translated as well as with nine pairs (right, with copies)",
    source="ours",
    refuted_by="fewer right by the interval; equal only within 5 points",
    control="nine pairs, the same numbers of steps and examples a step",
    **experiments.over_seeds(
        {"star": star, "star, no copies": bare, "nine pairs": camps}
    ),
    effect=lost.middle,
    interval=lost.interval,
    verdict="does not hold" if lost.word != "equal" else "holds",
    check=-1 <= lost.middle < 0.3,
    format=".1%",
)

# %%
named = draw.found(table)["names of countries"]
more = judge(named["unpaired"] - named["letters"])
claim(
    "B8/names",
    "names of countries are translated between unpaired languages, and "
    "not only because they look alike (right, unpaired − letters)",
    source="ours",
    refuted_by="no more right than by the most letters in common",
    control="the name that shares most letter pairs, of all that are asked",
    **experiments.over_seeds(named),
    effect=more.middle,
    interval=more.interval,
    verdict="holds" if more.word == "more" else "does not hold",
    check=named["unpaired"].mean() > 0.5,
    format=".1%",
)

# %%
apart = {
    column: inner.values(column, pairs="camps", copies=False)
    for column in ("unpaired", "mapped", "shuffled", "paired")
}
gain = judge(apart["mapped"] - apart["shuffled"])
enough = judge(apart["mapped"] - apart["paired"] / 2)
claim(
    "B8/dictionary",
    "where two camps have an inner language each, a linear map for each "
    "pair of languages, found from known numbers, translates between the "
    "two (right, new numbers)",
    source="ours",
    refuted_by="no more right than with known numbers in disorder, or "
    "than half of what is right on learnt pairs",
    control="the same map from known numbers in disorder",
    **experiments.over_seeds(apart),
    effect=gain.middle,
    interval=gain.interval,
    verdict="holds"
    if gain.word == enough.word == "more"
    else "does not hold",
    check=apart["mapped"].mean() > 0.5,
    format=".1%",
)

# %%
copied = {
    kind: draw.runs(table, "unpaired", pairs=kind)
    - draw.runs(table, "unpaired", pairs=kind, copies=False)
    for kind in ("star", "ring", "camps")
}
copied["mixed"] = inner.values(
    "unpaired", pairs="mixed", copies=True
) - inner.values("unpaired", pairs="mixed", copies=False)
helped = {k: j.word for k, j in judge_each(copied).items()}
some = [kind for kind, word in helped.items() if word == "more"]
claim(
    "B8/copies",
    "learning to copy helps to translate between unpaired languages "
    "(right, with copies − without)",
    source="ours",
    refuted_by="more right with copies in none of the four (Holm)",
    control="the same pairs without copies, the same number of steps",
    **experiments.over_seeds(copied),
    effect=copied["camps"].mean(),
    interval=intervals.mean(copied["camps"]),
    verdict="holds"
    if len(some) == len(copied)
    else "holds narrowly"
    if some
    else "does not hold",
    condition=f"with {' and '.join(some)} only"
    if 0 < len(some) < len(copied)
    else "",
    check=all(np.abs(runs).max() <= 1 for runs in copied.values()),
    format="+.1%",
)
