"""Figures of lesson 18 and of its evidence: data in, figure out."""

from dataclasses import replace

import numpy as np

from minitransfer import plots
from minitransfer.experiments import judge

#: A source and the task that it is to serve; its own kind comes first.
PAIRS = (
    "pictures for pictures",
    "sound for sound",
    "text for text",
    "pictures for sound",
    "pictures for text",
)
#: Labelled examples of each class.
SHOTS = {
    "pictures": (1, 2, 10),
    "sound": (1, 2, 5),
    "text": (2, 5, 20),
}


def as_pictures(examples):
    """28×28 pictures of sounds or snippets; what they are stays noted.

    An utterance: its first 28 moments from left to right, each of the 12
    numbers a bar two dots high, grey for its size. A snippet: a dot for
    each pair of letters, a row for the first, a column for the second.
    """
    x = np.zeros((len(examples), 1, 28, 28), np.float32)
    if examples.input_type == "sound":
        bars = examples.x[:, :28].transpose(0, 2, 1).repeat(2, axis=1)
        x[:, 0, 2:26] = np.clip(0.5 + bars / 8, 0, 1)
    else:
        table = examples.x.reshape(-1, 27, 27)
        x[:, 0, :27, :27] = np.clip(table / 2, 0, 1)
    return replace(examples, x=x, name=f"{examples.name}, drawn")


def gain(table, pair, ways, control):
    """Points of the better way beyond a control: a number per seed.

    Which way is the better one is told by the examples for choosing, for
    each number of labels and each seed by itself; what comes out is the
    mean over the numbers of labels.
    """
    chosen, accuracy, base = (
        np.stack(
            [
                table.curve(column, "shots", pair=pair, way=way)[1]
                for way in some
            ]
        )
        for column, some in (
            ("choosing", ways),
            ("accuracy", ways),
            ("accuracy", [control]),
        )
    )
    best = chosen.argmax(0)[None]
    mine = np.take_along_axis(accuracy, best, axis=0)[0]
    return (mine - base[0]).mean(1)


def worth(known, gains):
    """Both questions with intervals: pair → points."""
    told = ", ".join(
        f"{100 * values.mean():+.0f} {pair}"
        for pair, values in gains.items()
    ).replace("-", "−")
    figure, axes = plots.figure(
        f"Points that borrowing gains against scratch: {told}",
        width=6.5,
        height=4.2,
    )
    looks = (
        ("held, against a random body", known, "o", plots.COLOURS[6]),
        (
            "better option, against scratch",
            gains,
            "s",
            plots.COLOURS[0],
        ),
    )
    for k, (name, rows, mark, colour) in enumerate(looks):
        for row, values in enumerate(rows.values()):
            found = judge(100 * values)
            place = row + 0.24 * (2 * k - 1) * 0.8
            axes.plot(found.interval, [place] * 2, color=colour)
            axes.plot(
                found.middle,
                place,
                mark,
                color=colour,
                label=name if row == 0 else None,
            )
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(range(len(gains)), gains)
    axes.invert_yaxis()
    axes.set_xlabel(
        "points (mean over three numbers of labels, 95 %)"
    )
    axes.legend(frameon=False, fontsize=9)
    axes.grid(axis="x")
    return figure


NAMES = {
    "frozen": "borrowed, held",
    "random": "random, held",
    "all": "borrowed, all",
    "scratch": "scratch",
}


def curves(table):
    """Accuracy over labelled examples, a panel for each pair."""
    gaps = {
        p: gain(table, p, ["frozen", "all"], "scratch") for p in PAIRS
    }
    most = max(gaps, key=lambda p: gaps[p].mean())
    figure, panels = plots.figure(
        f"Borrowing gains most where it is {most} "
        f"({100 * gaps[most].mean():+.0f} points against scratch)",
        rows=3,
        columns=2,
        width=8,
        height=8,
    )
    panels = panels.ravel()
    for ax, pair in zip(panels, PAIRS, strict=False):
        shots = SHOTS[pair.split(" for ")[1]]
        plots.curves_with_spread(
            shots,
            {
                name: table.curve(
                    "accuracy", "shots", pair=pair, way=w
                )[1]
                for w, name in NAMES.items()
            },
            pair,
            "labelled examples of each class",
            "right",
            log_x=True,
            percent=True,
            axes=ax,
        )
        ax.set_xticks(shots, shots)
        ax.minorticks_off()
    panels[-1].set_visible(False)
    return figure
