"""Figures of lesson 25 and of its evidence: data in, figure out.

And the text, the network and the n-grams that both of them need.
"""

from collections import Counter

import numpy as np

from minitransfer import arange, data, nn, plots, tensor
from minitransfer.experiments import judge

NAMES = {
    "en": "English",
    "de": "German",
    "nl": "Dutch",
    "sv": "Swedish",
    "da": "Danish",
    "fr": "French",
    "es": "Spanish",
    "pt": "Portuguese",
    "it": "Italian",
    "ro": "Romanian",
    "pl": "Polish",
    "cs": "Czech",
    "fi": "Finnish",
    "hu": "Hungarian",
    "tr": "Turkish",
    "id": "Indonesian",
}
PAD, BLANK = 0, 1  # filling behind a name; a character that is hidden
LONG = 32  # characters that the network sees at once
SHOTS = (1, 3, 10)
STEPS, RATE = 1500, 0.003  # of reading
SPREAD = 0.1  # of the initial embeddings

_SOURCE = data.languages()
TEXTS = [" ".join(_SOURCE["udhr"][code]).lower() for code in NAMES]
LETTERS = sorted(set("".join(TEXTS)))
_NUMBER = {letter: k + 2 for k, letter in enumerate(LETTERS)}
_DECLARATIONS = [
    np.array([_NUMBER[letter] for letter in text]) for text in TEXTS
]
TOKENS = len(LETTERS) + 2


def numbers(texts):
    """Characters as numbers (N, LONG), filled up behind."""
    rows = np.full((len(texts), LONG), PAD)
    for row, text in zip(rows, texts, strict=True):
        found = [_NUMBER.get(letter, BLANK) for letter in text[:LONG]]
        row[: len(found)] = found
    return rows


def text_of(row):
    """The characters that numbers stand for, a blank as a dot."""
    return "".join(
        "·" if k == BLANK else LETTERS[k - 2] for k in row if k != PAD
    )


def windows(rng, count, long=LONG):
    """Pieces cut out of the sixteen declarations, nobody says which."""
    rooms = np.array([len(row) - long for row in _DECLARATIONS])
    which = rng.choice(len(rooms), count, p=rooms / rooms.sum())
    starts = (rng.random(count) * rooms[which]).astype(int)
    return np.stack(
        [
            _DECLARATIONS[k][start : start + long]
            for k, start in zip(which, starts, strict=True)
        ]
    )


def blanked(x, rng, share=0.15):
    """Some characters hidden, and these alone to be told (else −100)."""
    hidden = rng.random(x.shape) < share
    return np.where(hidden, BLANK, x), np.where(hidden, x, -100)


def names(part):
    """Names of countries and the numbers of their languages.

    "pool" to draw labels from, "choosing" for settings, "test": three
    parts that share no country. A name that is written alike in two of
    the languages is left out.
    """
    every = _SOURCE["territories"]
    countries = sorted(every["en"])
    order = np.random.default_rng(25).permutation(len(countries))
    parts = dict(
        zip(
            ("pool", "choosing", "test"),
            np.split(order, [100, 150]),
            strict=True,
        )
    )
    written = {
        code: {c: every[code][c].lower() for c in countries}
        for code in NAMES
    }
    often = Counter(
        name
        for of_language in written.values()
        for name in set(of_language.values())
    )
    found = [
        (f" {written[code][countries[c]]} ", label)
        for label, code in enumerate(NAMES)
        for c in parts[part]
        if often[written[code][countries[c]]] == 1
    ]
    texts, labels = zip(*found, strict=True)
    return list(texts), np.array(labels)


def labelled(shots, seed):
    """So many names of each language, drawn from the pool."""
    texts, y = names("pool")
    rng = np.random.default_rng([shots, seed])
    chosen = np.concatenate(
        [
            rng.permutation(np.flatnonzero(y == label))[:shots]
            for label in range(len(NAMES))
        ]
    )
    return [texts[k] for k in chosen], y[chosen]


def right(said, y):
    """Share of right answers; each language counts alike."""
    return float(
        np.mean(
            [(said[y == k] == k).mean() for k in range(len(NAMES))]
        )
    )


def each_place(outputs, y):
    """Cross-entropy over all places of all pieces."""
    tokens = outputs.reshape(-1, outputs.shape[-1])
    return nn.functional.cross_entropy(tokens, y.reshape(-1))


class Reader(nn.Module):
    """A transformer that reads up to 32 characters."""

    def __init__(self, outputs, rng, ahead=True, whole=False):
        super().__init__()
        self.letters = nn.Embedding(TOKENS, 64, generator=rng)
        self.places = nn.Embedding(LONG, 64, generator=rng)
        for table in (self.letters, self.places):
            nn.init.normal_(table.weight, std=SPREAD, generator=rng)
        options = {"batch_first": True, "norm_first": True}
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                64, 4, 128, dropout=0.0, generator=rng, **options
            )
            for _ in range(2)
        )
        self.norm = nn.LayerNorm(64)
        self.head = nn.Linear(64, outputs, generator=rng)
        self.ahead, self.whole = ahead, whole

    def body(self, x):
        long = x.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(long)
        h = self.letters(x) + self.places(arange(long))
        for layer in self.layers:
            h = layer(h, mask if self.ahead else None, x == PAD)
        h = self.norm(h)
        if self.whole:  # the mean over the places of a name
            there = tensor((x.array != PAD)[..., None].astype("f4"))
            h = (h * there).sum(1) / there.sum(1)
        return h

    def forward(self, x):
        return self.head(self.body(x))


def runs(table, kind, way, shots):
    """Share of right answers, a number for each seed."""
    return table.values("right", kind=kind, way=way, shots=shots)


def surprise(text, bits):
    """Bits of surprise at each character; name of a network → bits."""
    means = {name: np.mean(row) for name, row in bits.items()}
    told = ", ".join(f"{m:.1f} {name}" for name, m in means.items())
    figure, axes = plots.figure(
        f"Bits of surprise at a character: {told}",
        width=7.0,
        height=3.0,
    )
    places = np.arange(len(text))
    for k, (name, row) in enumerate(bits.items()):
        axes.bar(
            places + 0.4 * k - 0.2,
            row,
            0.4,
            color=plots.COLOURS[(6, 0)[k]],
            hatch=("//", "")[k],
            edgecolor="white",
            label=name,
        )
    axes.set_xticks(
        places, [c if c != " " else "␣" for c in text], fontsize=9
    )
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel("bits of surprise")
    axes.margins(y=0.2)
    axes.legend(frameon=False, fontsize=9, ncols=2)
    return figure


CALLED = {
    ("next", "all"): "has read, all learns",
    ("next", "held"): "has read, held",
    ("none", "scratch"): "scratch",
    ("none", "random"): "has not read, held",
    ("n-grams", "text"): "n-grams of the text",
    ("n-grams", "labels"): "n-grams of the names",
}


def _reached(table, *of):
    """What ten labels of each lead to, in words for a title."""
    return f"{100 * runs(table, *of, SHOTS[-1]).mean():.0f} %"


def _over_labels(table, ways, title):
    """Right answers over labels, a curve for each way."""
    figure = plots.curves_with_spread(
        SHOTS,
        {
            name: table.curve("right", "shots", kind=kind, way=way)[1]
            for (kind, way), name in ways.items()
        },
        f"{SHOTS[-1]} names each{title}",
        "labelled names of each language",
        "right answers",
        log_x=True,
        percent=True,
        chance=1 / len(NAMES),
    )
    axes = figure.axes[0]
    axes.set_xticks(SHOTS, SHOTS)
    axes.minorticks_off()
    return figure


def by_labels(table):
    """Right answers over labels, with and without having read."""
    title = (
        f": {_reached(table, 'none', 'scratch')} from scratch, "
        f"{_reached(table, 'next', 'all')} after reading, "
        f"{_reached(table, 'n-grams', 'text')} by counting"
    )
    return _over_labels(table, CALLED, title)


TASKS = {
    ("next", "all"): "next, all learns",
    ("masked", "all"): "masked, all learns",
    ("next", "held"): "next, held",
    ("masked", "held"): "masked, held",
}


def tasks(table):
    """Right answers over labels: both tasks of the text."""
    told = (
        f"{task} {_reached(table, task, 'all')}"
        for task in ("next", "masked")
    )
    return _over_labels(
        table, TASKS, ", all learns: " + ", ".join(told)
    )


MARGIN = 0.02  # a difference that would not matter
ROWS = {
    ("next", "all"): "has read, all",
    ("next", "LoRA"): "has read, LoRA",
    ("next", "adapters"): "has read, adapters",
    ("next", "biases"): "has read, biases",
    ("next", "held"): "has read, head alone",
    ("none", "scratch"): "scratch, all",
}


def touched(table, shots=10):
    """Right answers by what learns: a dot per run, mean, interval."""
    figure, axes = plots.figure("", width=6.6, height=3.2)
    found, ticks = {}, []
    for row, ((kind, way), name) in enumerate(ROWS.items()):
        of = {"kind": kind, "way": way, "shots": shots}
        told = 100 * runs(table, **of)
        count = int(table.values("touched", **of)[0])
        found[way] = count, told.mean()
        ticks.append(f"{name}: {count:,}")
        colour = plots.COLOURS[6 if kind == "none" else 0]
        interval = judge(told).interval
        axes.plot(interval, [row] * 2, color=colour, lw=2)
        axes.plot(
            told.mean(), row, "so"[kind == "next"], color=colour
        )
        axes.plot(told, [row] * len(told), ".", color="black", ms=3)
    axes.set_yticks(range(len(ticks)), ticks)
    axes.set(
        ylim=(len(ticks) - 0.5, -0.5),
        xlabel="right answers (%): mean, 95 %, a dot per run",
    )
    axes.grid(axis="x")
    share = 100 * found["LoRA"][0] / found["all"][0]
    plots.set_title(
        figure,
        f"LoRA moves {share:.0f} % of the numbers: "
        f"{found['LoRA'][1]:.0f} % right, and {found['all'][1]:.0f} % "
        "if all learn",
    )
    return figure
