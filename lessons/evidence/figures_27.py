"""Figures of lesson 27 and of its evidence: data in, figure out.

And what both of them read out of the tables.
"""

import numpy as np

from minitransfer import plots
from minitransfer.experiments import (
    holm,
    judge,
    judge_each,
    kendall_tau,
)

SOURCES = (
    "characters",
    "ten characters",
    "animals",
    "gratings",
    "sounds",
    "shuffled",
    "ink",
    "noise",
)
CANDIDATES = (*SOURCES, "nothing")
LABELS = (20, 100, 1000, 4000)
SCORES = {
    "leep": "LEEP",
    "log_me": "LogME",
    "h_score": "H-score",
    "nearest_mean": "nearest mean",
    "linear_probe": "linear probe",
}
# The last two are controls: the formula as it was published first, and
# marks in the network's own task.
CONTROLS = {
    "h_score_as_published": "H-score, not shrunk",
    "school": "marks at school",
}
LENDERS = ("characters", "animals", "ink")
STROKES = ("line", "corner", "curve")
COUNTS = (100, 900)
MADE_ON = (
    "digits",
    "noisy digits",
    "other characters",
    "animals",
    "gratings",
    "shuffled digits",
)
ASKED = (
    "second scanner",
    "strokes",
    "which way up",
    "ink of digits",
    "sounds",
    "shuffled animals",
)
STRATEGIES = ("scratch", "head", "all", "head, then all")
MEASURED = (*SCORES, *CONTROLS)
# What is put into order in the lesson.
JUDGES = {**SCORES, "school": "marks at school"}
FACTS = ("examples", "classes", "borrowed", "raw")
# What lesson 14 measured of each transfer.
OTHERS = ("accuracy", "seconds", "source_accuracy", "upbringing")
POINT = 0.01  # a difference that would not matter


def rows_of(table, column, sources=CANDIDATES, seeds=5, **of):
    """(seeds, sources) of one column; the table has a row for each."""
    return np.transpose(
        [
            table.where(source=source, **of).values(column)[:seeds]
            for source in sources
        ]
    )


def both_orders(scores, trained, score, way, network="plain 256"):
    """For each number of digits: a score and what was reached, as rows."""
    return [
        (
            rows_of(scores, score, **of),
            rows_of(trained, "accuracy", way=way, **of),
        )
        for labels in LABELS
        for of in [
            {"network": network, "target": "digits", "labels": labels}
        ]
    ]


def taus(given, reached):
    """Kendall's tau of each seed: do scores order as training does?"""
    return np.array(
        [
            kendall_tau(a, b)
            for a, b in zip(given, reached, strict=True)
        ]
    )


def shuffled(given, reached, times=500, seed=27):
    """Mean tau if the networks' names are exchanged, in all seeds alike."""
    rng = np.random.default_rng(seed)
    return np.array(
        [
            taus(
                given[:, rng.permutation(given.shape[1])], reached
            ).mean()
            for _ in range(times)
        ]
    )


def by_chance(given, reached):
    """How often exchanged names order as well as the true ones, or better."""
    others = shuffled(given, reached)
    reach = taus(given, reached).mean() - 1e-9
    return (1 + (others >= reach).sum()) / (1 + len(others))


WAYS = {"held": "head", "all trained": "all"}


def all_taus(scores, trained):
    """Tau over labels, and 95 % of what exchanged names give.

    Returns way → judge → (seeds, labels), and way → (2, labels).
    """
    found, by_luck = {}, {}
    for way, option in WAYS.items():
        found[way] = {}
        for score, name in JUDGES.items():
            rows = both_orders(scores, trained, score, option)
            found[way][name] = np.transpose([taus(*b) for b in rows])
        others = [shuffled(*both) for both in rows]
        by_luck[way] = np.quantile(others, (0.025, 0.975), axis=1)
    return found, by_luck


def well_ordered(scores, trained):
    """Tau of each score, and which of them order well: body held, 100."""
    both = {
        name: both_orders(scores, trained, score, "head")[1]
        for score, name in SCORES.items()
    }
    tau = {name: taus(*rows) for name, rows in both.items()}
    luck = holm({n: by_chance(*rows) for n, rows in both.items()})
    well = [
        name
        for name, runs in tau.items()
        if luck[name] < 0.05 and judge(runs).interval[0] > 0.5
    ]
    return tau, well


def saved_by_advice(lost):
    """Points saved against each other rule, and what is sure of that.

    Returns rule → per task; the fixed strategies that surely lose more;
    the comparison with validation, and whether it is as good or better.
    """
    saved = {
        rule: runs - lost["recommend"]
        for rule, runs in lost.items()
        if rule != "recommend"
    }
    fixed = {r: s for r, s in saved.items() if r != "validation"}
    beaten = [
        r for r, j in judge_each(fixed).items() if j.word == "more"
    ]
    asked = judge(saved["validation"], margin=POINT)
    return saved, beaten, asked, asked.word in ("more", "equal")


def cost_of_trust(given, reached):
    """Points lost per seed by who takes the network with the best score."""
    taken = given.argmax(1)
    return reached.max(1) - reached[np.arange(len(reached)), taken]


def runs_of(tried, column, network, lender, target, labels):
    """Strategy → a number for each seed; nobody lends to scratch."""
    return {
        option: tried.values(
            column,
            network=network,
            source="nothing" if option == "scratch" else lender,
            target=target,
            labels=labels,
            option=option,
        )
        for option in STRATEGIES
    }


def fields(told, network, tasks):
    """(lender, target, labels) → what was seen of it, seed by seed."""
    found = {}
    for row in told.where(network=network).rows:
        if row["target"] in tasks:
            key = row["source"], row["target"], row["labels"]
            found.setdefault(key, []).append(row)
    return found


def losses(tried, told, expect, network, tasks, options=STRATEGIES):
    """Points lost against the best option: rule → a number per task.

    The best option of a field (lender, task, labels) is the one with
    the highest mean over seeds. expect: what was seen → strategy →
    expected gain. Where validation finds several options equally good,
    it takes any of them: their mean counts.
    """
    lost = {}
    for (lender, target, labels), seen in fields(
        told, network, tasks
    ).items():
        of = network, lender, target, labels
        right, asked = (
            np.array([runs_of(tried, c, *of)[o] for o in options])
            for c in ("accuracy", "held_out")
        )
        hoped = np.transpose(
            [[expect(row)[o] for o in options] for row in seen]
        )
        best = right.mean(1).max()
        top = asked == asked.max(0)
        taken = {
            f"always {o}": right[k] for k, o in enumerate(options)
        }
        taken["validation"] = (right * top).sum(0) / top.sum(0)
        taken["recommend"] = right[
            hoped.argmax(0), np.arange(right.shape[1])
        ]
        for rule, runs in taken.items():
            per_task = lost.setdefault(rule, {})
            per_task.setdefault(target, []).append(best - runs.mean())
    return {
        rule: np.array([np.mean(per_task[task]) for task in tasks])
        for rule, per_task in lost.items()
    }


COLOURS = dict(
    zip(
        CANDIDATES,
        [plots.COLOURS[k] for k in (0, 5, 2, 4, 4, 1, 3, 3, 6)],
        strict=True,
    )
)


def ranks(values):
    """Places from 1 for the best, of the means over seeds."""
    mean = values.mean(0)
    return 1 + np.array([(mean > one).sum() for one in mean])


def orders(columns, candidates=CANDIDATES):
    """Into which order each judge puts the networks: name → (seeds, nine)."""
    names = list(columns)
    places = np.array([ranks(values) for values in columns.values()])
    first = candidates[int(columns[names[-1]].mean(0).argmax())]
    agree = sum(
        row.argmin() == places[-1].argmin() for row in places[:-1]
    )
    figure, axes = plots.figure(
        f"{agree} of {len(names) - 1} scores put {first} first, as "
        "training does",
        width=7.5,
        height=4.2,
    )
    x = np.arange(len(names))
    for k, name in enumerate(candidates):
        colour = COLOURS[name]
        axes.plot(
            x,
            places[:, k],
            "os^Dvp*Ph"[k],
            color=colour,
            linestyle="-",
            linewidth=1.4,
            markersize=6,
        )
        axes.annotate(
            name,
            (x[-1], places[-1, k]),
            (9, 0),
            textcoords="offset points",
            va="center",
            color=colour,
        )
    axes.axvline(len(names) - 1.5, color="black", lw=0.8, ls=":")
    axes.set(
        xticks=x,
        yticks=range(1, len(candidates) + 1),
        ylim=(len(candidates) + 0.5, 0.5),
        ylabel="place (1 is best)",
    )
    axes.set_xticklabels(names, fontsize=9.5)
    return figure


def agreement(found, by_luck):
    """Tau over labels: way → score → (seeds, labels); by_luck: way → band."""
    held = {
        name: runs[:, 1].mean()
        for name, runs in next(iter(found.values())).items()
    }
    best = max(held, key=held.get)
    figure, panels = plots.figure(
        f"Held, 100 labels: τ = {held[best]:.2f} for the {best}, "
        f"{held['marks at school']:.2f} for marks at school",
        columns=len(found),
        width=8.5,
        height=4,
        sharey=True,
    )
    marks = dict(zip(held, "os^DvX", strict=True))
    for axes, (way, curves) in zip(
        panels, found.items(), strict=True
    ):
        ends = []
        axes.fill_between(
            LABELS,
            *by_luck[way],
            color=plots.COLOURS[6],
            alpha=0.15,
            lw=0,
        )
        for k, (name, runs) in enumerate(curves.items()):
            school = name == "marks at school"
            colour = plots.COLOURS[6 if school else k]
            mean = runs.mean(0)
            axes.plot(
                LABELS,
                mean,
                marker=marks[name],
                color=colour,
                linestyle=":" if school else "-",
                linewidth=1.5,
            )
            sd = runs.std(0, ddof=1)
            axes.fill_between(
                LABELS,
                mean - sd,
                mean + sd,
                color=colour,
                alpha=0.1,
                lw=0,
            )
            ends.append((mean[-1], name, colour))
        axes.set_xscale("log")
        axes.set_xticks(LABELS, LABELS)
        axes.minorticks_off()
        axes.set(
            ylim=(-0.8, 1.02), xlabel="labelled digits (logarithmic)"
        )
        axes.set_title(way, fontsize=11)
        axes.axhline(0, color="black", linewidth=0.8)
        plots.label_ends(axes, LABELS[-1], ends)
        axes.text(
            22,
            -0.43,
            "names exchanged (95 %)",
            fontsize=9,
            va="bottom",
        )
    panels[0].set_ylabel("Kendall's τ with the order\nafter training")
    return figure


def price(lost, tasks=ASKED):
    """Points lost on tasks that the rule was not made on: rule → per task."""
    told = ", ".join(
        f"{rule} {100 * lost[rule].mean():.1f}"
        for rule in ("recommend", "validation", "always all")
    )
    figure, axes = plots.figure(
        f"Points lost on six new tasks: {told}",
        width=7,
        height=1.3 + 0.42 * len(lost),
    )
    marks = dict(zip(tasks, "os^Dv*", strict=True))
    for row, per_task in enumerate(lost.values()):
        for task, points in zip(tasks, 100 * per_task, strict=True):
            axes.plot(
                points, row + 0.16, marks[task], ms=4, color=plots.COLOURS[6],
                alpha=0.6, label=task if row == 0 else None,
            )  # fmt: skip
        colour = plots.COLOURS[1 if row == len(lost) - 1 else 0]
        found = judge(100 * per_task)
        axes.plot(found.interval, [row - 0.12] * 2, color=colour)
        axes.plot(found.middle, row - 0.12, "o", color=colour, ms=7)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(
        yticks=range(len(lost)),
        yticklabels=lost,
        ylim=(len(lost) - 0.5, -0.5),
        xlabel="points lost against the best of four (95 % over tasks)",
    )
    axes.grid(axis="x")
    axes.legend(frameon=False, fontsize=8.5, loc="best")
    return figure


def hoped_and_had(pairs):
    """Expected and measured gain over scratch: strategy → (cases, 2)."""
    figure, panels = plots.figure(
        "-",
        columns=len(pairs),
        width=8.5,
        height=3.4,
        sharey=True,
        sharex=True,
    )
    told = []
    for axes, (name, cases) in zip(
        panels, pairs.items(), strict=True
    ):
        hoped, had = 100 * np.transpose(cases)
        told.append(f"“{name}” {np.corrcoef(hoped, had)[0, 1]:.2f}")
        axes.plot(
            hoped, had, "o", ms=4, alpha=0.6, color=plots.COLOURS[0]
        )
        ends = [
            min(hoped.min(), had.min()),
            max(hoped.max(), had.max()),
        ]
        axes.plot(ends, ends, color="black", lw=0.8)
        axes.set_title(name, fontsize=11)
        axes.set_xlabel("expected (points)")
        axes.grid()
    panels[0].set_ylabel("measured gain over\nscratch (points)")
    plots.set_title(
        figure,
        f"Expected and measured, correlation: {', '.join(told)}",
    )
    return figure
