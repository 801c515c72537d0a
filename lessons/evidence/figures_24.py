"""Figures of lesson 24 and of its evidence: data in, figure out.

And the translator itself, with the words that it learns from.
"""

import itertools

import numpy as np

import minitransfer as mt
from minitransfer import data, nn, plots
from minitransfer.data.word_pieces import START
from minitransfer.experiments import judge

LANGUAGES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "tr": "Turkish",
    "hu": "Hungarian",
}


class Translator(nn.Module):
    """Reads a word into a message, and writes a message as a word."""

    def __init__(self, codes, rng, width=96):
        super().__init__()
        half = {"batch_first": True, "bidirectional": True}
        self.pieces = nn.Embedding(codes, 32, generator=rng)
        self.languages = nn.Embedding(6, 32, generator=rng)
        self.reader = nn.GRU(32, width // 2, generator=rng, **half)
        self.writer = nn.GRU(
            64 + width, width, batch_first=True, generator=rng
        )
        self.scores = nn.Linear(width, codes, generator=rng)

    def read(self, word):
        """The message: all that the writer learns about a word."""
        _, (forwards, backwards) = self.reader(self.pieces(word))
        return mt.cat([forwards, backwards], 1)

    def write(self, message, language, before, state=None):
        """Scores of the next piece, after each of those before."""
        told = mt.cat([message, self.languages(language)], 1)
        told = told.unsqueeze(1).expand(*before.shape, told.shape[1])
        states, state = self.writer(
            mt.cat([self.pieces(before), told], 2), state
        )
        return self.scores(states), state

    def forward(self, x):
        """A row is a word, the language wanted, and its own start."""
        length = x.shape[1] // 2
        message = self.read(x[:, :length])
        before = x[:, length + 1 :]
        scores, _ = self.write(message, x[:, length], before)
        return scores.transpose(1, 2)


class Book:
    """The same meanings in six languages, as words and as rows.

    words: six rows of words; known: places of the meanings to learn.
    """

    def __init__(self, words, known, merges):
        self.words, self.known = words, np.asarray(known)
        count = range(len(words[0]))
        self.new = np.setdiff1d(count, self.known)
        self.pieces = data.WordPieces(
            [row[m] for row in words for m in self.known], merges
        )
        flat = [word for row in words for word in row]
        shape = len(words), len(count), -1
        rows = self.pieces.encode(flat, at_end=True)
        self.length = rows.shape[1]
        self.read = rows.reshape(shape)
        self.written = self.pieces.encode(flat).reshape(shape)

    def lessons(self, pairs):
        """Rows for the translator, and what it ought to write."""
        x, y = [], []
        for here, there in pairs:
            right = self.written[there, self.known]
            row = np.full((len(right), 1), there)
            start = np.full((len(right), 1), START)
            word = self.read[here, self.known]
            x.append(np.hstack([word, row, start, right[:, :-1]]))
            y.append(right)
        return np.concatenate(x), np.concatenate(y)

    def messages(self, machine, language, meanings):
        """What the reader makes of the words for some meanings."""
        with mt.no_grad():
            rows = mt.tensor(self.read[language, meanings])
            return machine.read(rows).numpy()

    def say(self, machine, messages, language):
        """Messages as words: always the piece that scores highest."""
        wanted = mt.tensor(np.full(len(messages), language))
        last = np.full((len(messages), 1), START)
        state, told = None, []
        with mt.no_grad():
            messages = mt.tensor(messages)
            for _ in range(self.length):
                scores, state = machine.write(
                    messages, wanted, mt.tensor(last), state
                )
                last = scores.numpy().argmax(2)
                told.append(last)
        return self.pieces.decode(np.hstack(told))

    def right(self, machine, here, there):
        """Share of new meanings that go over right to the letter."""
        sent = self.messages(machine, here, self.new)
        wanted = [self.words[there][m] for m in self.new]
        said = self.say(machine, sent, there)
        return np.mean(
            [a == b for a, b in zip(said, wanted, strict=True)]
        )

    def read_again(self, machine, words):
        """Messages of words that somebody has written."""
        fits = [
            word if len(self.pieces.split(word)) < self.length else ""
            for word in words
        ]
        rows = self.pieces.encode(fits, self.length, at_end=True)
        with mt.no_grad():
            return machine.read(mt.tensor(rows)).numpy()


def numbers(rng):
    """0 to 999; two hundred of those above a hundred are new."""
    words = [
        [data.number_words(language, n) for n in range(1000)]
        for language in LANGUAGES
    ]
    new = 101 + rng.permutation(899)[:200]
    return Book(words, np.setdiff1d(range(1000), new), 200)


def countries(rng):
    """Short names that differ between languages; all are known."""
    names = [
        data.languages()["territories"][language]
        for language in LANGUAGES
    ]
    codes = [
        code
        for code in names[0]
        if code.isalpha()
        and max(len(row[code]) for row in names) <= 12
        and len({row[code] for row in names}) >= 4
    ]
    words = [[row[code].lower() for code in codes] for row in names]
    return Book(words, np.arange(len(codes)), 150)


def pairs(kind, order=range(6)):
    """Which languages are paired, both ways; `order` seats them."""
    ring = [(k, (k + 1) % 6) for k in range(6)]
    camps = [[(k, k + 2), (k, k + 4), (k + 2, k + 4)] for k in (0, 1)]
    chosen = {
        "star": [(0, k) for k in range(1, 6)],
        "ring": ring,
        "camps": ring + [(k, k + 3) for k in range(3)],
        "mixed": camps[0] + camps[1] + ring[::2],
    }[kind]
    seated = [(int(order[a]), int(order[b])) for a, b in chosen]
    return seated + [(b, a) for a, b in seated]


COPIES = [(k, k) for k in range(6)]


def never(paired):
    """The pairs of languages that are not among these."""
    both = itertools.permutations(range(6), 2)
    return [pair for pair in both if pair not in paired]


def way_between(paired, here, there):
    """The languages of the shortest way from pair to pair."""
    ways = [(here,)]
    while all(way[-1] != there for way in ways):
        ways = [
            (*way, b)
            for way in ways
            for a, b in paired
            if a == way[-1] and b not in way
        ]
    return next(way for way in ways if way[-1] == there)


def nearest(here, there):
    """Share of rows whose nearest row there is their partner."""
    apart = (
        (here**2).sum(1)[:, None]
        - 2 * here @ there.T
        + (there**2).sum(1)
    )
    return float((apart.argmin(1) == np.arange(len(here))).mean())


def by_letters(words, candidates):
    """For each word the candidate that shares most letter pairs."""
    both = [
        set(itertools.pairwise(f" {word} "))
        for word in [*words, *candidates]
    ]
    place = {pair: k for k, pair in enumerate(set.union(*both))}
    has = np.zeros((len(both), len(place)), "f4")
    for row, found in zip(has, both, strict=True):
        row[[place[pair] for pair in found]] = 1
    ours, theirs = has[: len(words)], has[len(words) :]
    size = ours.sum(1)[:, None] + theirs.sum(1)
    best = (ours @ theirs.T / size).argmax(1)
    return [candidates[k] for k in best]


WAYS = {
    "paired": "pairs that were learnt",
    "unpaired": "pairs never seen",
    "relay": "… through words of a third",
    "two machines": "reader and writer of two machines",
    "letters": "most letters in common",
}


def right(found):
    """Share right; topic → way → runs."""
    first, second = found.values()
    figure, axes = plots.figure(
        f"Never paired, and right: {100 * first['unpaired'].mean():.0f} of "
        f"100 new numbers, {100 * second['unpaired'].mean():.0f} of 100 "
        "names",
        columns=2,
        width=7.6,
        height=3.0,
        sharey=True,
    )
    for ax, (topic, ways) in zip(axes, found.items(), strict=True):
        for row, way in enumerate(WAYS):
            runs = 100 * ways[way]
            colour = plots.COLOURS[0 if row < 3 else 1]
            one = judge(runs)
            ax.plot(one.interval, [row] * 2, color=colour, lw=2)
            mark = "o" if row < 3 else "D"
            ax.plot(one.middle, row, mark, color=colour, ms=6)
            ax.plot(
                runs,
                np.full(len(runs), row),
                ".",
                color="black",
                ms=3,
                alpha=0.6,
            )
        ax.set_title(topic, fontsize=11)
        ax.set(xlim=(-3, 103), xlabel="right to the letter (%)")
        ax.grid(axis="x")
    axes[0].set_yticks(range(len(WAYS)), list(WAYS.values()))
    axes[0].set_ylim(len(WAYS) - 0.5, -0.5)
    return figure


def messages(sent, words, share):
    """Messages on a plane; sent: languages × meanings × numbers."""
    flat = sent.reshape(-1, sent.shape[-1])
    middle = flat.mean(0)
    axes_of = np.linalg.svd(flat - middle, full_matrices=False)[2][:2]
    places = (sent - middle) @ axes_of.T
    figure, axes = plots.figure(
        f"The nearest message of another language: for {100 * share:.0f} "
        "of 100 the same number",
        width=6.8,
        height=4.4,
    )
    for k, marker in enumerate("os^Dv*"):
        for number in range(len(words)):
            axes.plot(
                *places[k, number],
                marker,
                color=plots.COLOURS[number % len(plots.COLOURS)],
                ms=6,
                alpha=0.85,
            )
        axes.plot(
            [],
            [],
            marker,
            color="black",
            mfc="none",
            label=list(LANGUAGES.values())[k],
        )
    spread = np.ptp(places, axis=(0, 1))
    for number, word in enumerate(words):
        centre = places[:, number].mean(0)
        others = np.delete(places, number, axis=1)
        ends = places[:, number, 1].min(), places[:, number, 1].max()
        away = [
            np.abs((others - (centre[0], y)) / spread).sum(-1).min()
            for y in ends
        ]
        above = bool(away[1] >= away[0])  # where others leave room
        for k in range(len(places)):
            axes.plot(
                *np.stack([centre, places[k, number]]).T,
                color=plots.COLOURS[number % len(plots.COLOURS)],
                lw=0.7,
                alpha=0.6,
            )
        axes.annotate(
            word,
            (centre[0], ends[above]),
            (0, 7 if above else -7),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            fontsize=10,
            fontweight="bold",
            color=plots.COLOURS[number % len(plots.COLOURS)],
        )
    axes.margins(y=0.12)
    axes.set(
        xticks=[],
        yticks=[],
        xlabel="the two directions in which messages vary most",
    )
    axes.legend(
        frameon=False,
        fontsize=9,
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
    )
    return figure


SEATS = {
    "star": "star\n5 pairs",
    "ring": "ring\n6 pairs",
    "camps": "two camps\n9 pairs",
    "mixed": "mixed\n9 pairs",
}


def seats(found):
    """Right on unpaired ways; (kind, copies, way) → runs."""
    camps, mixed = (
        100 * found[kind, False, "unpaired"].mean()
        for kind in ("camps", "mixed")
    )
    figure, axes = plots.figure(
        f"Nine pairs, no copies: {camps:.0f} of 100 right in two camps, "
        f"{mixed:.0f} of 100 if mixed",
        width=6.8,
        height=3.6,
    )
    looks = {
        (False, "relay"): (1, "^", "words of a third"),
        (True, "unpaired"): (2, "s", "direct, with copies"),
        (False, "unpaired"): (0, "o", "direct, no copies"),
    }
    ends = []
    for k, (look, (tint, mark, name)) in enumerate(looks.items()):
        runs = [100 * found[kind, *look] for kind in SEATS]
        x = np.arange(len(SEATS)) + 0.07 * (k - 1)
        colour, means = plots.COLOURS[tint], [r.mean() for r in runs]
        axes.plot(x, means, mark, color=colour, ms=7)
        for place, one in zip(x, map(judge, runs), strict=True):
            axes.plot([place] * 2, one.interval, color=colour, lw=1.5)
        ends.append((means[-1], name, colour))
    axes.set_xticks(range(len(SEATS)), list(SEATS.values()))
    axes.set(ylabel="right to the letter (%)", ylim=(-3, 103))
    axes.grid(axis="y")
    plots.label_ends(axes, len(SEATS) - 1 + 0.1, ends)
    return figure


MEASURED = (
    "paired",
    "unpaired",
    "relay",
    "language",
    "near",
    "raw",
    "letters",
)


def runs(table, column, topic="numbers", **of):
    """A number for each run; two camps, copies, if not said."""
    cell = {"pairs": "camps", "copies": True, "machines": 1} | of
    return table.values(column, topic=topic, **cell)


def found(table):
    """Share right, as `right` draws it: topic → way → runs."""
    return {
        title: {
            "two machines": runs(
                table, "unpaired", topic, machines=2
            ),
            **{
                way: runs(table, way, topic)
                for way in ("paired", "unpaired", "relay", "letters")
            },
        }
        for title, topic in (
            ("new numbers", "numbers"),
            ("names of countries", "names"),
        )
    }


def bars(table):
    """What B8 has to stand: above the two machines, above half of what
    is right on learnt pairs; how far a third language is ahead; and
    without copies: the share right, and whether it is above the half."""
    ways = found(table)["new numbers"]
    alone, learnt = (
        runs(table, way, copies=False)
        for way in ("unpaired", "paired")
    )
    return (
        judge(ways["unpaired"] - ways["two machines"]),
        judge(ways["unpaired"] - ways["paired"] / 2),
        judge(ways["relay"] - ways["unpaired"]),
        alone.mean(),
        judge(alone - learnt / 2),
    )


def seated(table, inner):
    """Share right, as `seats` draws it, from both tables."""
    read = {}
    for kind in SEATS:
        for copies in (False, True):
            for way in ("unpaired", "relay"):
                of = {"pairs": kind, "copies": copies}
                read[kind, copies, way] = (
                    inner.values(way, **of)
                    if kind == "mixed"
                    else runs(table, way, **of)
                )
    return read


INNER = (
    "paired",
    "unpaired",
    "relay",
    "within",
    "across",
    "mapped",
    "shuffled",
)


def dictionary(ours, theirs):
    """The linear map that brings messages nearest to others."""
    ours = np.c_[ours, np.ones(len(ours))]
    weights = np.linalg.lstsq(ours, theirs, rcond=None)[0]
    return weights[:-1].astype("f4"), weights[-1].astype("f4")
