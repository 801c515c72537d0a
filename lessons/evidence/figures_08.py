"""Figures of lesson 8 and of its evidence: data in, figure out.

And two helpers that both of them need.
"""

import numpy as np

from minitransfer import plots

BLUE, ORANGE = plots.COLOURS[:2]
GREY = plots.COLOURS[6]
MARKS = "os^DvPX"
LINES = ("-", "--", "-.", ":")


def shown_first(rng):
    """The 25 things in an order whose first five show every factor."""
    first = 5 * np.arange(5) + rng.permutation(5)
    rest = np.setdiff1d(np.arange(25), first)
    return np.concatenate([first, rng.permutation(rest)])


def unit_rows(D):
    """No negative ink, and each atom of length 1."""
    D = np.maximum(D, 0)
    length = np.linalg.norm(D, axis=1, keepdims=True)
    return (D / np.maximum(length, 1e-8)).astype(np.float32)


def _network(axes):
    """Ten one-hot inputs, a hidden layer, a value."""
    names = ("red", "green", "blue", "gold", "grey")
    names += ("disc", "star", "ring", "cross", "heart")
    on = ("blue", "star")
    at = [9.5 - k - 0.5 * (k >= 5) for k in range(10)]
    hidden = np.linspace(1.5, 7.5, 5)
    for y, name in zip(at, names, strict=True):
        lit = name in on
        for h in hidden:
            axes.plot(
                [0, 1],
                [y, h],
                color=ORANGE if lit else GREY,
                linewidth=1.6 if lit else 0.4,
                alpha=1 if lit else 0.5,
                zorder=1,
            )
        axes.scatter(
            0,
            y,
            s=90,
            color=ORANGE if lit else "white",
            edgecolor="black",
            zorder=2,
        )
        axes.text(-0.12, y, f"{name} {int(lit)}", ha="right", va="center",
                  fontsize=9)  # fmt: skip
    for h in hidden:
        axes.plot(
            [1, 2], [h, 4.5], color=GREY, linewidth=0.8, zorder=1
        )
        axes.scatter(
            1, h, s=90, color="white", edgecolor="black", zorder=2
        )
    axes.scatter(
        2, 4.5, s=120, color="white", edgecolor="black", zorder=2
    )
    axes.text(1, 8.2, "16 tanh nodes", ha="center", fontsize=9)
    axes.text(2, 5.2, "value", ha="center", fontsize=9)
    axes.set(xlim=(-0.9, 2.3), ylim=(-0.7, 10))
    axes.axis("off")


def factors(error):
    """The network, and its errors by how it is told of a thing."""
    middle = {name: np.median(e) for name, e in error.items()}
    figure, (left, right) = plots.figure(
        f"Error on things not shown: {middle['one-hot each']:.2f} if each "
        "factor is one-hot, "
        f"{min(v for n, v in middle.items() if n != 'one-hot each'):.1f} "
        "or more otherwise",
        columns=2,
        width=7.5,
        height=3.6,
        gridspec_kw={"width_ratios": (1, 1.3)},
    )
    _network(left)
    for row, (name, values) in enumerate(error.items()):
        colour = BLUE if name == "one-hot each" else GREY
        low, high = np.quantile(values, (0.25, 0.75))
        right.plot(
            values,
            row + np.linspace(-0.2, 0.2, len(values)),
            ".",
            color=colour,
            alpha=0.35,
            markersize=4,
        )
        right.plot([low, high], [row, row], color=colour, linewidth=5)
        right.plot(
            middle[name], row, "|", color="white", markersize=9
        )
    right.axvline(1, color=GREY, linestyle=":", linewidth=1)
    names = [
        "one-hot each,\nno factors" if n == "no factors" else n
        for n in error
    ]
    right.set(
        xscale="log",
        yticks=range(len(error)),
        yticklabels=names,
        ylim=(len(error) - 0.5, -0.6),
        xlabel="error on things not shown",
    )
    return figure


def atoms(D):
    """All atoms of a dictionary on one sheet, each at its darkest."""
    figure, axes = plots.figure(
        "The atoms of handwriting are strokes", width=5.5, height=5.9
    )
    sheet = np.ones((8 * 9 + 1, 8 * 9 + 1)) * 0.25
    for number, atom in enumerate(D):
        row, column = 9 * (number // 8) + 1, 9 * (number % 8) + 1
        square = atom.reshape(8, 8) / max(atom.max(), 1e-8)
        sheet[row : row + 8, column : column + 8] = square
    axes.imshow(
        sheet, cmap="Greys", vmin=0, vmax=1, interpolation="nearest"
    )
    axes.axis("off")
    return figure


def growing(frames):
    """The same atoms after more and more rounds of learning."""
    return plots.picture_rows(frames, "Strokes grow out of noise")


def spelling(patches, codes, D, most=6):
    """Patches, their largest atoms in their amounts, the sum of all."""
    used = (codes > 0.01).sum(axis=1)
    figure, panels = plots.figure(
        f"A patch is spelt with {used.min()} to {used.max()} of "
        f"{len(D)} strokes",
        columns=most + 2,
        rows=len(patches),
        width=7,
        height=0.6 + 0.9 * len(patches),
    )
    for row, (patch, code) in enumerate(
        zip(patches, codes, strict=True)
    ):
        largest = np.argsort(-code)[:most]
        pictures = [
            patch,
            *(code[largest, None] * D[largest]),
            code @ D,
        ]
        for k, (axes, picture) in enumerate(
            zip(panels[row], pictures, strict=True)
        ):
            axes.imshow(
                picture.reshape(8, 8),
                cmap="Greys",
                vmin=0,
                vmax=1,
                interpolation="nearest",
            )
            axes.set(xticks=[], yticks=[])
            if k == most + 1:
                axes.set_ylabel(f"all {used[row]}", fontsize=9)
    titles = ["patch", *["atom"] * most, "sum"]
    for axes, title in zip(panels[0], titles, strict=True):
        axes.set_title(title, fontsize=9)
    return figure


def few_words(curves):
    """Share of unseen ink explained over the atoms that a patch uses."""
    figure, axes = plots.figure(
        "With few words learnt strokes say most; with a dozen, "
        "components"
    )
    for k, (name, points) in enumerate(curves.items()):
        colour = plots.COLOURS[k]
        for run in points:
            axes.plot(*run.T, color=colour, linewidth=0.8, alpha=0.4)
        used, share = points.mean(axis=0).T
        axes.plot(
            used,
            share,
            color=colour,
            marker=MARKS[k],
            linestyle=LINES[k],
        )
        last = used.argmax()
        above = 0.02 if name == "learnt" else -0.01
        axes.text(
            used[last] + 0.4, share[last] + above, name, color=colour
        )
    axes.axvline(5, color=GREY, linestyle=":", linewidth=1)
    axes.set(
        xlabel="atoms used for a patch, of 64",
        ylabel="share of unseen ink explained",
        xlim=(0, 17),
        xticks=range(0, 16, 5),
    )
    return figure


def moved(by):
    """By how much nine values move when the tenth is learnt anew."""
    shared, free = (
        np.mean(by[n]) for n in ("one-hot, hidden", "one-hot, none")
    )
    figure, axes = plots.figure(
        f"One value changes by 2: the others move by {shared:.1f} below "
        f"a shared layer, by {free:.1f} without",
        height=3.4,
    )
    for row, (_name, values) in enumerate(by.items()):
        colour = plots.COLOURS[row]
        axes.plot(
            values,
            row + np.linspace(-0.2, 0.2, len(values)),
            MARKS[row],
            color=colour,
            alpha=0.35,
            markersize=4,
        )
        axes.plot(
            [values.mean()] * 2,
            [row - 0.35, row + 0.35],
            color=colour,
        )
    axes.set(
        yticks=range(len(by)),
        yticklabels=list(by),
        ylim=(len(by) - 0.5, -0.6),
        xlabel="mean change of the other nine values",
    )
    return figure
