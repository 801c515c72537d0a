# %% [markdown]
# # 18 · Same kind of input only
#
# **The question.** There is a network that knows pictures, trained for
# hours, free to take. The task at hand is sound. May one borrow a
# network that knows pictures for a task of sound?
#
# This lesson mirrors article C, the limit that it sets to its own recipe:
# claim C8. The page of [sources](sources.md) says who the articles are.
#
# ## The tea taster and the piano
#
# Somebody has tasted tea for thirty years. She tells two hills of the
# same valley apart. Now a piano has to be tuned, and you think: thirty
# years of attention, of telling fine things apart, that must be good for
# something. But all that she knows, she knows about what comes in by the
# tongue. At the piano she is a beginner with a great career behind her.
#
# Article C says it soberly. The type of the input has to be the same in
# both steps. Pictures serve pictures, sound serves sound, text serves
# text. Weights that were learnt from pictures are of little use for
# speech. For pictures even the size must be the same.
#
# A network is a function of *these* numbers in *this* order. A sound can
# be brought into the shape of a picture, though, and then nothing stops
# the machine from multiplying. It will not complain. So the library does.
#
# ## Three kinds of input
#
# *Sound*: nine men say the same two vowels, for up to 29 moments, each
# moment 12 numbers (shorter ones are filled up with zeros). Who is
# speaking? *Text*: the Declaration of Human Rights in sixteen languages,
# in snippets of forty pairs of letters (accents are taken off, as they
# would give too much away). Which language is it? *Pictures* we know.

# %%
import textwrap
import unicodedata

import numpy as np

import minitransfer.nn as nn
import minitransfer.optim as optim
from minitransfer import data, plots, train, transfer, zoo
from minitransfer.course import claim
from minitransfer.experiments import intervals

vowels = data.japanese_vowels()
rights = data.languages()["udhr"]
loudness = vowels.x[vowels.y < 6].std((0, 1))  # of the 12 numbers


def speakers(part, wanted):
    """The utterances of some of the men, each number about as large."""
    utterances = data.japanese_vowels(part)
    theirs = np.isin(utterances.y, wanted)
    return data.Dataset(
        utterances.x[theirs] / loudness,
        np.searchsorted(wanted, utterances.y[theirs]),
        name="vowels",
        classes=[f"speaker {k}" for k in wanted],
        input_type="sound",
    )


def letter_pairs(text):
    """The numbers of all pairs of neighbouring letters, 27 times 27."""
    text = unicodedata.normalize("NFD", text.lower())
    plain = [c for c in text if not unicodedata.combining(c)]
    words = "".join(
        c if "a" <= c <= "z" else " " for c in plain
    ).split()
    letters = np.array([" abcdefghijklmnopqrstuvwxyz".index(c)
                        for c in " ".join(words)])  # fmt: skip
    return 27 * letters[:-1] + letters[1:]


def snippets(languages, articles, count, generator, length=40):
    """How often each pair of letters stands in snippets of text."""
    x = np.zeros((len(languages), count, 27 * 27), np.float32)
    for k, language in enumerate(languages):
        text = " ".join(rights[language][a] for a in articles)
        pairs = letter_pairs(text)
        starts = generator.integers(0, len(pairs) - length, count)
        for i, start in enumerate(starts):
            np.add.at(x[k, i], pairs[start : start + length], 1)
    return data.Dataset(
        x.reshape(-1, 27 * 27),
        np.arange(len(languages)).repeat(count),
        name="snippets",
        classes=languages,
        input_type="text",
    )


def small_network(features, classes, kind, generator):
    """Two hidden layers; it knows what kind of input it takes."""
    network = nn.Sequential(
        nn.Flatten(),
        nn.Linear(features, 64, generator=generator),
        nn.ReLU(),
        nn.Linear(64, 64, generator=generator),
        nn.ReLU(),
        nn.Linear(64, classes, generator=generator),
    )
    network.input_type = kind
    return network


# %% [markdown]
# ## Refused
#
# Every published network says what it learnt from, every data set what it
# holds. Where they differ, training does not start. Here are three
# networks and three data sets; only the diagonal may pass. The last line
# tries pictures of another size.

# %%
rng = np.random.default_rng(0)
networks = {
    "image": zoo.load("glyph-conv"),
    "sound": small_network(29 * 12, 6, "sound", rng),
    "text": small_network(27 * 27, 10, "text", rng),
}
examples = {
    "image": data.mnist("validation"),
    "sound": speakers("pool", [6, 7, 8]),
    "text": snippets(["de", "fr"], range(20), 10, rng),
}


def complaint(network, data):
    """What the library says to this pair, or nothing."""
    try:
        transfer.check_input(network, data)
    except ValueError as error:
        return str(error)
    return ""


said = {
    (learnt, given): complaint(network, some)
    for learnt, network in networks.items()
    for given, some in examples.items()
}
for learnt in networks:
    print(f"learnt from {learnt:6}", end="")
    for given in examples:
        answer = "refused" if said[learnt, given] else "taken"
        print(f"  {given}: {answer:8}", end="")
    print()
print()
print(textwrap.fill("To sound: " + said["image", "sound"], 72))
print()
small_pictures = complaint(networks["image"], data.uci_digits("pool"))
print(textwrap.fill("To 8×8 dots: " + small_pictures, 72))

right = [bool(text) is (a != b) for (a, b), text in said.items()]
named = all(
    repr(a) in text and repr(b) in text
    for (a, b), text in said.items()
    if a != b
)
claim(
    "C8/refused",
    "the wrong type of input is refused and the right one taken, with an "
    "error that names both (pairs of network and data treated rightly, "
    "of 9), and so is the wrong size of a picture",
    measured=sum(right),
    spread=0,
    seeds=1,
    verdict="holds" if all(right) else "does not hold",
    check=all(right) and named and "(1, 8, 8)" in small_pictures,
)

# %% [markdown]
# ## Sound to sound, text to text
#
# First as it should be. A small network learns to tell speakers 0 to 5
# apart, then is to know speakers 6 to 8 from one, two or five utterances
# each. Another one learns ten languages (drawn anew for every seed), then
# is to know the other six from a few snippets; the articles of the
# Declaration that it is tested on were never seen in any language.
#
# Four ways: the borrowed body frozen; a *random* body frozen, which shows
# what the shape alone can do; all of it trained, from the borrowed
# weights; all of it trained from scratch.


# %%
WAYS = {
    "borrowed, frozen": ("borrowed", "head"),
    "random, frozen": ("fresh", "head"),
    "borrowed, all trained": ("borrowed", "all"),
    "from scratch": ("fresh", "all"),
}


def accuracy(way, source, build, few, test, seed):
    """Train one way on a few examples and ask for unseen ones."""
    generator = np.random.default_rng([seed, len(few)])
    weights, option = WAYS[way]
    classes = len(few.classes)
    if weights == "borrowed":
        old = len(source["head"])
        network = build(old, generator)
        network.load_state_dict(source["state"])
        transfer.replace_head(network, classes, generator)
    else:
        network = build(classes, generator)
    transfer.fine_tune(
        network,
        few,
        option,
        generator=generator,
        allow_other_input=source["other input"],
    )
    return train.evaluate(network, test)["accuracy"]


def as_source(network, other_input=False):
    state = network.state_dict()
    head = transfer.find_head(network)[1].bias.array
    return {"state": state, "head": head, "other input": other_input}


def pretrained(network, examples, generator):
    train.fit(
        network,
        examples,
        optimizer=optim.Adam(network.parameters(), lr=2e-3),
        schedule=optim.CosineAnnealingLR,
        steps=300,
        generator=generator,
    )
    return as_source(network)


def sound_network(classes, generator):
    return small_network(29 * 12, classes, "sound", generator)


def text_network(classes, generator):
    return small_network(27 * 27, classes, "text", generator)


SIX, THREE = np.arange(6), np.array([6, 7, 8])
new_voices = speakers("pool", THREE)
voices_test = speakers("test", THREE)


def sound_to_sound(seed, counts):
    generator = np.random.default_rng(seed)
    network = sound_network(6, generator)
    source = pretrained(network, speakers(None, SIX), generator)
    return [
        [
            accuracy(
                way,
                source,
                sound_network,
                new_voices.sample(
                    3 * n, np.random.default_rng([seed, n])
                ),
                voices_test,
                seed,
            )
            for n in counts
        ]
        for way in WAYS
    ]


def text_task(seed):
    """A source of ten languages, and snippets of the other six."""
    generator = np.random.default_rng(seed)
    languages = generator.permutation(list(rights))
    articles = generator.permutation(30)
    old = snippets(languages[:10], articles[:20], 300, generator)
    new = snippets(languages[10:], articles[:20], 30, generator)
    test = snippets(languages[10:], articles[20:], 150, generator)
    source = pretrained(text_network(10, generator), old, generator)
    return source, new, test


def text_to_text(seed, counts):
    source, new, test = text_tasks[seed]
    return [
        [
            accuracy(
                way,
                source,
                text_network,
                new.sample(6 * n, np.random.default_rng([seed, n])),
                test,
                seed,
            )
            for n in counts
        ]
        for way in WAYS
    ]


# %% [markdown]
# **Predict before you run.** Chance is a third for three speakers and a
# sixth for six languages. Where will borrowing help more: with six men
# behind it, or with ten languages?

# %%
UTTERANCES, SNIPPETS = (1, 2, 5), (2, 5, 20)
sound = np.array(
    [sound_to_sound(seed, UTTERANCES) for seed in range(8)]
)
text_tasks = [text_task(seed) for seed in range(6)]
text = np.array([text_to_text(seed, SNIPPETS) for seed in range(6)])
for name, counts, runs in (
    ("sound: utterances of each speaker", UTTERANCES, sound),
    ("text: snippets of each language", SNIPPETS, text),
):
    print(f"{name} {counts}")
    for k, way in enumerate(WAYS):
        shares = (f"{share:6.1%}" for share in runs[:, k].mean(0))
        print(f"  {way:22}", *shares)

# %%
figure, axes = plots.figure(
    "Frozen, text helps text; six voices help no three",
    rows=2,
    height=6.0,
)
for axis, counts, runs, what, chance in (
    (axes[0], UTTERANCES, sound, "utterances of each speaker", 1 / 3),
    (axes[1], SNIPPETS, text, "snippets of each language", 1 / 6),
):
    axis.set_ylim(10, 102)
    plots.curves_with_spread(
        counts,
        {way: runs[:, k] for k, way in enumerate(WAYS)},
        "",
        what,
        "right",
        log_x=True,
        percent=True,
        chance=chance,
        axes=axis,
    )
    axis.set_xticks(counts, [str(n) for n in counts])
    axis.minorticks_off()
plots.show(figure, "18_same_kind")


def worth(runs, a="borrowed, frozen", b="random, frozen"):
    """What way a has over way b, mean over the label counts."""
    names = list(WAYS)
    return (runs[:, names.index(a)] - runs[:, names.index(b)]).mean(1)


ALL = ("borrowed, all trained", "from scratch")
for kind, runs in (("sound", sound), ("text", text)):
    knows, gains = worth(runs), worth(runs, *ALL)
    low, high = intervals.mean(knows)
    if low <= 0:
        verdict, condition = "does not hold", ""
    elif intervals.mean(gains)[0] > 0:
        verdict, condition = "holds", ""
    else:
        verdict = "holds narrowly"
        condition = (
            "as a frozen body; all trained, scratch is no worse"
        )
    claim(
        f"C8/{kind}",
        f"what was learnt from {kind} serves {kind}: points by which the "
        "borrowed body beats a random one (frozen), and by which all "
        "trained from it beats scratch, mean over three numbers of labels",
        measured={
            "frozen": knows.mean(),
            "all trained": gains.mean(),
        },
        spread={
            "frozen": knows.std(ddof=1),
            "all trained": gains.std(ddof=1),
        },
        seeds=len(runs),
        effect=knows.mean(),
        interval=(low, high),
        format=".1%",
        verdict=verdict,
        condition=condition,
        check=low > 0.05
        if kind == "text"
        else abs(knows.mean()) < 0.1,
    )

# %% [markdown]
# Look at the two frozen bodies. For text the borrowed one is far ahead of
# the random one. For sound it is not ahead at all: six men saying two
# vowels have taught nothing that helps with three others. We tried more
# on the validation utterances (noise on the source, shifts in time, one
# layer, a shorter training), and none of it changed that. And where all
# is trained, scratch is as good or a little better in both cases: these
# networks are small, and learn quickly anyway.
#
# So the same kind of input is a condition and not a promise. How much is
# carried over depends on how much the source had to find out.
#
# ## Pictures for sound and text, against all advice
#
# Now the tea taster at the piano. We draw each utterance as a picture:
# 28 moments from left to right, each of the 12 numbers a bar two dots
# high, grey for its size. We draw each snippet, too: a dot for each pair
# of letters, a row for the first and a column for the second. To the eye
# these are pictures. To the network that has learnt a thousand characters
# they have the right shape.


# %%
def drawn(examples):
    """28×28 pictures of sounds or snippets; what they are stays noted."""
    x = np.zeros((len(examples), 1, 28, 28), np.float32)
    if examples.input_type == "sound":
        bars = examples.x[:, :28].transpose(0, 2, 1).repeat(2, axis=1)
        x[:, 0, 2:26] = np.clip(0.5 + bars / 8, 0, 1)
    else:
        table = examples.x.reshape(-1, 27, 27)
        x[:, 0, :27, :27] = np.clip(table / 2, 0, 1)
    return data.Dataset(
        x,
        examples.y,
        name=f"{examples.name}, drawn",
        classes=examples.classes,
        input_type=examples.input_type,
    )


figure = plots.picture_rows(
    {
        "sounds, drawn": drawn(new_voices).x[:7],
        "snippets, drawn": drawn(text_tasks[0][1]).x[::26][:7],
        "what the network has learnt from": data.glyphs(
            7, 1, seed=1
        ).x,
    },
    "A sound drawn as a picture is still a sound",
)
plots.show(figure, "18_drawn")

# %% [markdown]
# The library refuses: the shape is right, the type is not. Whoever wants
# to try all the same says so, with `allow_other_input=True`. **Predict
# before you run**: what will the thousand characters be worth here,
# compared with the same network at random weights? And compared with ten
# languages?

# %%
refusal = complaint(zoo.load("glyph-mlp"), drawn(new_voices))
print(textwrap.fill(refusal, 72))
print()


def image_network(classes, generator):
    return zoo.glyph_mlp(classes, generator=generator)


pictures = as_source(zoo.load("glyph-mlp"), other_input=True)
FROZEN = list(WAYS)[:2]


def with_pictures(seed, counts, new, test):
    """The network that knows pictures, on the same few examples."""
    new, test, classes = drawn(new), drawn(test), len(new.classes)
    return [
        [
            accuracy(
                way,
                pictures,
                image_network,
                new.sample(
                    classes * n, np.random.default_rng([seed, n])
                ),
                test,
                seed,
            )
            for n in counts
        ]
        for way in FROZEN
    ]


image_sound = np.array(
    [
        with_pictures(seed, UTTERANCES, new_voices, voices_test)
        for seed in range(len(sound))
    ]
)
image_text = np.array(
    [
        with_pictures(seed, SNIPPETS, *text_tasks[seed][1:])
        for seed in range(len(text))
    ]
)
for name, runs in (("sound", image_sound), ("text", image_text)):
    print(f"network that knows pictures, for {name}")
    for k, way in enumerate(FROZEN):
        shares = (f"{share:6.1%}" for share in runs[:, k].mean(0))
        print(f"  {way:22}", *shares)

# %%
points = {
    "text → text": worth(text),
    "image → text": worth(image_text),
    "sound → sound": worth(sound),
    "image → sound": worth(image_sound),
}
figure, axes = plots.figure(
    "What text has taught is worth most for text", height=3.2
)
for row, (name, gains) in enumerate(points.items()):
    colour = plots.COLOURS[1 if "image" in name else 0]
    low, high = intervals.mean(100 * gains)
    axes.barh(
        row, 100 * gains.mean(), height=0.5, color=colour, alpha=0.6
    )
    axes.plot([low, high], [row, row], color="black", linewidth=1.5)
    scatter = row + np.linspace(-0.18, 0.18, len(gains))
    axes.plot(100 * gains, scatter, "k.", markersize=4)
axes.axvline(0, color="black", linewidth=0.8)
axes.set_yticks(range(len(points)), points)
axes.invert_yaxis()
axes.set_xlabel(
    "lead of the borrowed body over a random one (points)\n"
    "both frozen; line: 95 % interval of the mean"
)
plots.show(figure, "18_worth")

own, other = points["text → text"], points["image → text"]
gap = own - other
interval = intervals.mean(gap)
pictures_help = [
    intervals.mean(points[name])[0] > 0
    for name in ("image → text", "image → sound")
]
sound_helps = intervals.mean(points["sound → sound"])[0] > 0
if interval[0] <= 0:
    verdict = "does not hold"
elif sound_helps and not any(pictures_help):
    verdict = "holds"
else:
    verdict = "holds narrowly"
reasons = []
if not sound_helps:
    reasons.append(
        "the same kind is needed but not enough: six voices"
    )
    reasons.append("did not help with three others")
if any(pictures_help):
    reasons.append(
        "and pictures are worth something elsewhere, but less"
    )
claim(
    "C8",
    "a body serves its own kind of input and hardly any other: points by "
    "which the borrowed body beats a random one, both frozen (the effect: "
    "text for text against pictures for text)",
    measured={name: gains.mean() for name, gains in points.items()},
    spread={
        name: gains.std(ddof=1) for name, gains in points.items()
    },
    seeds=min(len(gains) for gains in points.values()),
    effect=gap.mean(),
    interval=interval,
    format=".1%",
    verdict=verdict,
    condition=" ".join(reasons)
    if verdict == "holds narrowly"
    else "",
    check=interval[0] > 0,
)

# %% [markdown]
# ## Try it
#
# 1. Borrow from *fewer* languages: two instead of ten. What becomes of
#    the points that text is worth for text?
# 2. Turn each drawn sound by a quarter (`np.rot90`), so that time runs
#    upwards. What does the network that knows pictures gain or lose
#    against one at random weights?
# 3. Give the text network the letter pairs in another order: apply one
#    fixed permutation to the 729 columns of the *new* languages only. The
#    type and the shape are still right. What does the library say, and
#    what do the numbers say?
#
# <details>
# <summary>Answers</summary>
#
# 1. They shrink. To tell two languages apart, a few pairs of letters are
#    enough, and whatever else there is to know about pairs is never
#    found out.
# 2. There was no lead to lose, and turned the borrowed body even falls
#    behind the random one. What the thousand characters taught is of no
#    use for a sound, whichever way it is drawn.
# 3. The library says nothing: to it, text is text. The numbers fall
#    below those of a random body. Sameness of type is what a program
#    can check. Whether column 5 still *means* the same is for you to
#    know.
#
# </details>
#
# ## What the numbers say
#
# Article C is right to set its limit. What was learnt from text is worth
# much for text, and the thousand characters are worth nothing for either
# sound or text, although the numbers fit and nothing breaks. But to have
# the same kind of input is where borrowing begins to be possible. It is
# not where it begins to be worthwhile: for that the source must have had
# to find out much of what the target needs.
