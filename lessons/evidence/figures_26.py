"""Figures of lesson 26 and of its evidence: data in, figure out.

And how a tactic moves from the network of one game into that of another.
"""

import numpy as np

from minitransfer import nn, plots


def network(buttons, rng):
    """What listens to a coach: sixteen numbers to a score a button."""
    return nn.Sequential(
        nn.Linear(16, 64, generator=rng),
        nn.ReLU(),
        nn.Linear(64, 64, generator=rng),
        nn.ReLU(),
        nn.Linear(64, buttons, generator=rng),
    )


def carried(tactic, align, buttons, count):
    """Weights of the one game's network as weights of the other's."""
    state = {
        k: v.numpy().copy() for k, v in tactic.state_dict().items()
    }
    first, bias = state["0.weight"], state["0.bias"]
    state["0.weight"] = first @ align.turn.T.astype("f4")
    shift = align.to - align.from_ @ align.turn
    state["0.bias"] = bias + first @ shift.astype("f4")
    weight, bias = state["4.weight"], state["4.bias"]
    state["4.weight"] = np.zeros((count, weight.shape[1]), "f4")
    state["4.bias"] = np.full(
        count, -2, "f4"
    )  # seldom pressed so far
    state["4.weight"][buttons], state["4.bias"][buttons] = (
        weight,
        bias,
    )
    return state


LABELS = (25, 50, 100, 200, 400, 800)
PAIRS = (4, 8, 12, 16, 24, 32, 64, 128)


def runs(table, way, column="score", pairs=0, labels=0, stretch=1.0):
    """A number for each world."""
    of = {"pairs": pairs, "labels": labels, "stretch": stretch}
    return table.values(column, way=way, **of)


def runs_over(table, way, axis, column="score"):
    """Worlds × pairs, or worlds × labels."""
    points = {"pairs": PAIRS, "labels": LABELS}[axis]
    columns = [
        runs(table, way, column, **{axis: point}) for point in points
    ]
    return np.stack(columns, 1)


def shares(table):
    """Hits as shares of a coach's who does not hunt: by structure,
    through shuffled pairs, and by structure in stretched worlds."""
    coach = runs(table, "coach without gold", "hits").mean()
    return (
        runs(table, "structure", "hits") / coach,
        runs(table, "shuffled", "hits", pairs=64) / coach,
        runs(table, "structure", "hits", stretch=3.0) / coach,
    )


def principal(rows):
    """The mean and the two directions in which rows vary most."""
    middle = rows.mean(0)
    return middle, np.linalg.svd(rows - middle, full_matrices=False)[
        2
    ][:2].T


def clouds(basketball, arena, logs, align):
    """Moments by role: at home, in the arena, and turned."""
    some = slice(0, None, 50)
    rows = [log["seen"][some] for log in logs]
    names = [
        np.array(game.roles)[log["role"][some]]
        for game, log in zip((basketball, arena), logs, strict=True)
    ]
    kinds = basketball.cast.roles | arena.cast.roles
    middle, axes_of = principal(rows[0])
    panels = {
        "basketball": (rows[0], names[0]),
        "arena, as it is": (rows[1], names[1]),
        "arena, turned": (align(rows[1]), names[1]),
    }
    known = dict.fromkeys(kinds.values())
    colour = {k: plots.COLOURS[n] for n, k in enumerate(known)}
    mark = dict(zip(known, "osD^v", strict=False))
    figure, axes = plots.figure(
        "Turned by what was found, the arena lies where basketball lies",
        columns=3,
        width=8.4,
        height=3.6,
        sharex=True,
        sharey=True,
    )
    for ax, (title, (seen, labels)) in zip(
        axes, panels.items(), strict=True
    ):
        flat = (seen - middle) @ axes_of
        for name in dict.fromkeys(labels):
            of = flat[np.array(labels) == name]
            kind = kinds[name]
            ax.plot(
                *of.T,
                mark[kind],
                color=colour[kind],
                ms=4,
                alpha=0.5,
                label=name,
            )
        ax.set_title(title, fontsize=11)
        ax.set(xticks=[], yticks=[])
        ax.legend(
            fontsize=9,
            frameon=False,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.02),
            ncols=2,
            columnspacing=0.8,
            handletextpad=0.1,
        )
    return figure


def _listed(names):
    """Names as a sentence has them."""
    text = " and ".join([", ".join(names[:-1]), names[-1]])
    return text[:1].upper() + text[1:]


def roles(apart, rows, columns, found):
    """How unlike the habits are; what was found is ringed."""
    shared = int(np.bincount(found).argmax())
    pairs = [
        r for r, f in zip(rows, found, strict=True) if f == shared
    ]
    figure, axes = plots.figure(
        f"{_listed(pairs)} find one partner, the {columns[shared]}"
        if len(pairs) > 1
        else "Every role finds a partner of its own",
        width=6.4,
        height=3.8,
    )
    axes.imshow(-np.sqrt(apart), cmap="Blues", aspect="auto")
    for row, column in enumerate(found):
        axes.plot(
            column, row, "o", ms=26, mfc="none", mec=plots.COLOURS[1]
        )
    for row in range(len(rows)):
        for column in range(len(columns)):
            value = np.sqrt(apart[row, column])
            dark = value < np.sqrt(apart).max() * 0.45
            axes.text(
                column,
                row,
                f"{value:.1f}",
                ha="center",
                va="center",
                color="white" if dark else "black",
            )
    axes.set_xticks(range(len(columns)), columns, fontsize=9)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlabel("distance of habits; ringed: the nearest")
    return figure


NAMES = {
    "held": "tactic held, new button learnt",
    "structure": "tactic carried, all learns",
    "scratch": "scratch",
    "shuffled": "wrong rotation, all learns",
}
LOOKS = {
    "held": (plots.COLOURS[0], "o", "-"),
    "structure": (plots.COLOURS[2], "s", "--"),
    "scratch": (plots.COLOURS[1], "^", "-."),
    "shuffled": (plots.COLOURS[6], "P", ":"),
}


def learning(ways, coach, before, labels=LABELS):
    """Points a match over moments of advice; way → worlds × labels."""
    first = {w: runs[:, 0].mean() for w, runs in ways.items()}
    figure, axes = plots.figure(
        f"With {labels[0]} moments of advice: {first['held']:.1f} points "
        f"if the tactic is held, {first['scratch']:.1f} from scratch",
        width=6.6,
        height=3.8,
    )
    ends = []
    for way, runs in ways.items():
        colour, mark, line = LOOKS[way]
        mean, sd = runs.mean(0), runs.std(0, ddof=1)
        axes.fill_between(
            labels,
            mean - sd,
            mean + sd,
            color=colour,
            alpha=0.13,
            lw=0,
        )
        axes.plot(
            labels, mean, color=colour, marker=mark, ls=line, ms=5
        )
        ends.append((mean[-1], NAMES[way], colour))
    for height, name in (
        (coach.mean(), "the arena's coach"),
        (before.mean(), "carried, no advice"),
    ):
        axes.axhline(height, color="black", ls=":", lw=1)
        ends.append((height, name, "black"))
    axes.set_xscale("log")
    axes.set_xticks(labels, labels)
    axes.minorticks_off()
    axes.set(
        xlabel="moments of the arena with its coach's advice",
        ylabel="points a match",
        ylim=(0.7, 2.9),
    )
    axes.grid(axis="y")
    plots.label_ends(axes, labels[-1], ends)
    return figure


def pairs(runs, levels, counts=PAIRS):
    """Hits over pairs; levels: name → runs."""
    mean, sd = runs.mean(0), runs.std(0, ddof=1)
    few = counts[np.argmax(mean > 0.9 * mean[-1])]
    figure, axes = plots.figure(
        f"{few} pairs make more than nine tenths of what {counts[-1]} "
        "make",
        width=6.4,
    )
    axes.fill_between(counts, mean - sd, mean + sd, alpha=0.2, lw=0)
    axes.plot(counts, mean, "o-", color=plots.COLOURS[0], ms=5)
    ends = [(mean[-1], "pairs", plots.COLOURS[0])]
    for (name, values), colour in zip(
        levels.items(), plots.COLOURS[1:4], strict=True
    ):
        axes.axhline(values.mean(), color=colour, ls="--", lw=1.3)
        ends.append((values.mean(), name, colour))
    axes.set_xscale("log")
    axes.set_xticks(counts, counts)
    axes.minorticks_off()
    axes.set(
        xlabel="pairs of moments that somebody calls alike",
        ylabel="hits a match in the arena",
        ylim=(0, None),
    )
    axes.grid(axis="y")
    plots.label_ends(axes, counts[-1], ends)
    return figure
