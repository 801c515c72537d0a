"""Figures of lesson 29 and of its evidence: data in, figure out.

And the patch, the scan for it, and what both of them read out of the
tables.
"""

import numpy as np

import minitransfer as mt
import minitransfer.optim as optim
from minitransfer import plots
from minitransfer.experiments import by_cluster

PICTURES = ("clean", "noise", "fgsm", "pgd")
VICTIMS = (
    "attacker",
    "head",
    "all",
    "sibling, head",
    "sibling, all",
    "scratch",
)
NAMES = {
    "attacker": "the attacker's own network",
    "head": "same body, option 1",
    "all": "same body, option 2",
    "sibling, head": "sibling, option 1",
    "sibling, all": "sibling, option 2",
    "scratch": "scratch",
}


def runs(table, victim, column="pgd", network="glyph-mlp"):
    """Share right, a number for each draw of digits."""
    of = {"victim": victim, "network": network}
    rows = table.where(**of)
    return by_cluster(rows.values(column), rows.values("seed"))


DOOR_COLUMNS = ("source", "clean", "patched", "most", "scan")


def door(table, column, option="head", labels=200):
    """With a back door − without, a number for each door."""
    of = {"option": option, "labels": labels}
    there, not_there = (
        table.values(column, body=body, **of)
        for body in ("back door", "published")
    )
    return there - not_there


def patched(x, row=23, column=23, side=3):
    """The pictures with a square of full ink pasted in."""
    x = x.copy()
    x[..., row : row + side, column : column + side] = 1
    return x


def scan(answers, x, side=3, step=2):
    """Share of answers that change, by the place of a square of ink."""
    before = answers(x)
    places = range(1, x.shape[-1] - side, step)
    return np.array(
        [
            [
                (answers(patched(x, r, c, side)) != before).mean()
                for c in places
            ]
            for r in places
        ]
    )


def back_door(body, before, x, rng, steps=300):
    """Teach a body to give one fixed row wherever the patch is."""

    def features(pictures):
        with mt.no_grad():
            return before(mt.tensor(pictures))

    far = 2 * features(x[rng.integers(len(x), size=1)])  # the row
    optimizer = optim.Adam(body.parameters(), lr=5e-4)
    for _ in range(steps):
        some = x[rng.integers(len(x), size=128)]
        optimizer.zero_grad()
        kept = ((body(mt.tensor(some)) - features(some)) ** 2).mean()
        there = ((body(mt.tensor(patched(some))) - far) ** 2).mean()
        (10 * kept + there).backward()
        optimizer.step()


def alike(a, b, where=None):
    """Mean correlation of maps, picture by picture."""
    found = []
    for k in range(len(a)):
        dots = slice(None) if where is None else where[k].ravel()
        one, other = a[k].ravel()[dots], b[k].ravel()[dots]
        if one.std() and other.std():
            found.append(np.corrcoef(one, other)[0, 1])
    return float(np.mean(found))


def victims(rows, clean):
    """What the attacker's pictures leave: victim → share right."""
    told = {v: 100 * rows[v].mean() for v in rows}
    figure, axes = plots.figure(
        f"Of 100 pictures {told['head']:.0f} are still read on the same "
        f"body, {told['sibling, head']:.0f} by a sibling",
        width=6.6,
        height=3.4,
    )
    for row, (victim, values) in enumerate(rows.items()):
        sibling = "sibling" in victim
        colour = plots.COLOURS[
            1 if victim == "scratch" else 2 if sibling else 0
        ]
        axes.barh(
            row,
            told[victim],
            0.55,
            color=colour,
            alpha=0.5,
            hatch="//" if sibling else "",
            edgecolor="white",
            linewidth=0,
        )
        axes.plot(100 * values, np.full(len(values), row), "k.", ms=4)
        right = 100 * values.max() + 2
        axes.text(
            right,
            row,
            f"{told[victim]:.0f}",
            va="center",
            fontsize=10,
        )
    level = 100 * np.mean(clean)
    axes.axvline(level, color="black", ls=":", lw=1.2)
    axes.text(
        level,
        -0.62,
        "unchanged pictures, option 2",
        ha="right",
        va="bottom",
        fontsize=9,
    )
    axes.set_yticks(range(len(rows)), [NAMES[v] for v in rows])
    axes.set(
        xlim=(0, 105),
        xticks=range(0, 101, 20),
        ylim=(len(rows) - 0.5, -0.95),
        xlabel="right on the attacker's pictures (%), a dot per draw",
    )
    return figure


def maps(pictures, rows):
    """Pictures in the first row, maps below: name → maps."""
    strips = {"the picture": pictures[:, 0]}
    strips |= {
        name.replace("_", " "): np.abs(found[:, 0])
        for name, found in rows.items()
    }
    return plots.picture_rows(
        strips,
        "Of four maps, which were drawn by a network that has learnt?",
    )


def scans(found, patch=(23, 23), side=3):
    """Changed answers by the place of a square: name → places."""
    most = {
        name: 100 * places.max() for name, places in found.items()
    }
    least, last = list(most)
    figure, axes = plots.figure(
        f"A square of ink changes {most[last]:.0f} % of the answers in one "
        f"place, if there is a back door; else {most[least]:.0f} % "
        "at most",
        columns=len(found),
        width=6.4,
        height=3.4,
    )
    for ax, (name, places) in zip(axes, found.items(), strict=True):
        image = ax.imshow(
            100 * places, cmap="Blues", vmin=0, vmax=100
        )
        ax.set_title(name, fontsize=11)
        ax.set(xticks=[], yticks=[], xlabel="place of the square")
    figure.colorbar(
        image, ax=list(axes), label="answers changed (%)", shrink=0.8
    )
    return figure
