"""Figures of lesson 22 and of its evidence: data in, figure out.

And the drawings that both of them learn from.
"""

import numpy as np

from minitransfer import plots
from minitransfer.experiments import judge

SCRIPTS = ("Latin", "Greek", "Cyrillic", "Armenian")
EACH = 25
TASKS = ("class", "script", "ink")


def four_scripts(drawings, script_of):
    """The first 25 characters of each script: x, [class, script, ink]."""
    scripts = [script_of(character) for character in drawings.classes]
    chosen = [
        label
        for script in SCRIPTS
        for label in [
            k for k, s in enumerate(scripts) if s == script
        ][:EACH]
    ]
    place = np.full(len(drawings.classes), -1)
    place[chosen] = np.arange(len(chosen))
    kept = place[drawings.y] >= 0
    x = drawings.x[kept] / np.float32(255)
    label = place[drawings.y[kept]]
    ink = x.mean((1, 2, 3))
    return x, np.column_stack([label, label // EACH, ink]).astype(
        "f4"
    )


def drawings(glyphs, script_of, per_class, seed):
    """To learn from and to test on: (x, [class, script, ink]) each.

    Every seed draws from the forty drawings of each character anew; ink
    is brought to mean 0 and deviation 1 over what is learnt from.
    """
    rng = np.random.default_rng(seed)
    x, y = four_scripts(glyphs, script_of)
    known, kept = [], []
    for k in range(EACH * len(SCRIPTS)):
        order = rng.permutation(np.flatnonzero(y[:, 0] == k))
        known.append(order[:per_class])
        kept.append(order[-10:])
    known, kept = np.concatenate(known), np.concatenate(kept)
    ink = y[known, 2]
    y[:, 2] = (y[:, 2] - ink.mean()) / ink.std()
    return (x[known], y[known]), (x[kept], y[kept])


def scores(said, y):
    """Right answers of class and script; of ink the variance explained."""
    off = said["ink"][:, 0] - y[:, 2]
    return {
        "class": float((said["class"].argmax(1) == y[:, 0]).mean()),
        "script": float((said["script"].argmax(1) == y[:, 1]).mean()),
        "ink": float(1 - (off**2).mean() / y[:, 2].var()),
    }


MEASURED = TASKS
TOGETHER = "class+script+ink"
LEARNT = f"{TOGETHER}, learnt"
UNITS = {
    "class": "points",
    "script": "points",
    "ink": "hundredths of R²",
}
MARGIN = 0.02  # a difference that would not matter, in each task
COLOURS = {4: plots.COLOURS[0], 20: plots.COLOURS[1]}
MARKS = {4: "o", 20: "s"}


def with_company(asked, task):
    """Whether this network was asked this task beside others."""
    return task in asked.split(", ")[0].split("+") and asked != task


def gain(table, asked, task, per_class, base=None):
    """What company is worth to a task, seed by seed."""
    of = {"per_class": per_class}
    mine = table.values(task, asked=asked, **of)
    return mine - table.values(task, asked=base or task, **of)


def asked_of(glyphs, script_of):
    """Eight drawings and the three answers to each."""
    x, y = four_scripts(glyphs, script_of)
    names = [
        [c for c in glyphs.classes if script_of(c) == script][:EACH]
        for script in SCRIPTS
    ]
    figure, panels = plots.figure(
        "One drawing, three questions: which character, which script, "
        "how much ink (in standard deviations from the mean)",
        columns=8,
        width=6.5,
        height=1.8,
    )
    ink = (y[:, 2] - y[:, 2].mean()) / y[:, 2].std()
    for at, axes in enumerate(panels):
        row = np.flatnonzero(y[:, 0] == 12 * at + 3)[0]
        axes.imshow(x[row, 0], cmap="gray_r", vmin=0, vmax=1)
        axes.set_anchor("N")  # directly below the title
        label, script = y[row, :2].astype(int)
        axes.set(xticks=[], yticks=[])
        axes.set_xlabel(
            f"{names[script][label % EACH]}\n{SCRIPTS[script]}\n"
            + f"{ink[row]:+z.1f}".replace("-", "−"),
            fontsize=9,
        )
    return figure


def company(table, tasks=TASKS):
    """Points beyond the task alone, by company: a panel a task."""
    sizes = sorted({row["per_class"] for row in table.rows})
    every = list(dict.fromkeys(row["asked"] for row in table.rows))
    found = {
        (task, asked, size): judge(
            100 * gain(table, asked, task, size)
        )
        for task in tasks
        for asked in every
        for size in sizes
        if with_company(asked, task) and asked != LEARNT
    }
    sure = [t for (t, *_), j in found.items() if j.word == "more"]
    helped = dict.fromkeys(sure)
    told = ", ".join(
        f"{t} {found[t, TOGETHER, sizes[0]].middle:+.0f}"
        for t in tasks
    )
    figure, panels = plots.figure(
        f"Company surely helps {', '.join(helped) or 'no task'}; "
        f"both others, {sizes[0]} drawings: "
        + told.replace("-", "−"),
        columns=len(tasks),
        width=7.0,
        height=2.9,
    )
    for axes, task in zip(panels, tasks, strict=True):
        rows = list(
            dict.fromkeys(a for t, a, _ in found if t == task)
        )
        axes.axvspan(
            -100 * MARGIN, 100 * MARGIN, color=plots.COLOURS[6], alpha=0.15,
            lw=0,
        )  # fmt: skip
        axes.axvline(0, color="black", linewidth=0.8)
        for at, asked in enumerate(rows):
            for k, size in enumerate(sizes):
                one = found[task, asked, size]
                place = at + 0.22 * (k - (len(sizes) - 1) / 2)
                axes.plot(
                    one.interval, [place] * 2, color=COLOURS[size]
                )
                axes.plot(
                    one.middle,
                    place,
                    MARKS[size],
                    color=COLOURS[size],
                    label=f"{size} drawings each" if not at else None,
                )
        others = [
            "+ "
            + " + ".join(t for t in asked.split("+") if t != task)
            for asked in rows
        ]
        axes.set(
            yticks=range(len(rows)),
            yticklabels=[
                o.replace(" + ", "\n+ ")[:40] for o in others
            ],
            ylim=(len(rows) - 0.5, -0.5),
            xlabel=UNITS[task],
        )
        axes.tick_params(axis="y", labelsize=9)
        axes.set_title(task, fontsize=11)
        axes.grid(axis="x")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=2, frameon=False,
        fontsize=9,
    )  # fmt: skip
    return figure


def weights(table):
    """Learnt weights against equal ones, task by task."""
    sizes = sorted({row["per_class"] for row in table.rows})
    found = {
        (task, size): judge(
            100 * gain(table, LEARNT, task, size, TOGETHER)
        )
        for task in TASKS
        for size in sizes
    }
    told = ", ".join(
        f"{t} {found[t, sizes[0]].middle:+.0f}" for t in TASKS
    )
    figure, axes = plots.figure(
        f"Weights that are learnt change ({sizes[0]} drawings each): "
        + told.replace("-", "−"),
        width=6.0,
        height=2.8,
    )
    axes.axvspan(
        -100 * MARGIN,
        100 * MARGIN,
        color=plots.COLOURS[6],
        alpha=0.15,
        lw=0,
    )
    axes.axvline(0, color="black", linewidth=0.8)
    for (task, size), one in found.items():
        place = TASKS.index(task) + 0.22 * (sizes.index(size) - 0.5)
        axes.plot(one.interval, [place] * 2, color=COLOURS[size])
        axes.plot(
            one.middle,
            place,
            MARKS[size],
            color=COLOURS[size],
            label=f"{size} drawings each"
            if task == TASKS[0]
            else None,
        )
    axes.set(
        yticks=range(len(TASKS)),
        yticklabels=TASKS,
        ylim=(len(TASKS) - 0.5, -0.5),
        xlabel="points, or hundredths of R² (95 %; grey: would not matter)",
    )
    axes.grid(axis="x")
    axes.legend(frameon=False, fontsize=9)
    return figure
