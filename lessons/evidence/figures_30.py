"""Figures of lesson 30 and of its evidence: data in, figure out.

And what both of them read out of the table.
"""

import numpy as np

from minitransfer import plots
from minitransfer.experiments import judge

FEW, MANY = 50, 1000
OPTIONS = (
    "head",
    "head on 3",
    "head on 2",
    "head on 1",
    "all",
    "small steps",
    "scratch",
)
TASKS = ("digits", "animals", "shuffled digits")
COLOURS = dict(
    zip(
        OPTIONS,
        [plots.COLOURS[k] for k in (0, 5, 5, 5, 2, 4, 1)],
        strict=True,
    )
)
MARKS = dict(zip(OPTIONS, "o^v<sDX", strict=True))
POINT = 0.01  # a difference that would not matter


def results(table, target, labels, column="accuracy"):
    """Option → a number for each draw of labels."""
    return {
        option: table.values(
            column, target=target, labels=labels, option=option
        )
        for option in OPTIONS
    }


def chosen(table, target, labels):
    """Accuracy of the option that held-out data choose, per draw."""
    asked, right = (
        np.array(list(results(table, target, labels, c).values()))
        for c in ("held_out", "accuracy")
    )
    best = asked.argmax(0)
    names = [OPTIONS[k] for k in best]
    return names, right[best, np.arange(right.shape[1])]


#: The old hands' table; the earlier layer is the middle one.
ADVICE = {
    ("near", FEW): "head",
    ("far", FEW): "head on 2",
    ("near", MANY): "all",
    ("far", MANY): "all",
}


def advised(task, labels):
    """The option that the table of four fields names."""
    return ADVICE["near" if task == "digits" else "far", labels]


def losses(table, tasks=TASKS):
    """What rules lose against each field's best: rule → per draw.

    The best option of a field is the one with the highest mean.
    """
    found = {rule: [] for rule in (
        "always the head", "always everything", "always small steps",
        "always scratch",
        "table of four fields", "ask the labels",
    )}  # fmt: skip
    for task in tasks:
        for labels in (FEW, MANY):
            runs = results(table, task, labels)
            best = max(runs.values(), key=np.mean)
            taken = (
                runs["head"],
                runs["all"],
                runs["small steps"],
                runs["scratch"],
                runs[advised(task, labels)],
                chosen(table, task, labels)[1],
            )
            for rule, right in zip(found, taken, strict=True):
                found[rule].append(best - right)
    return {
        rule: np.mean(lost, axis=0) for rule, lost in found.items()
    }


def fields(table, tasks=TASKS[:2]):
    """The table of four fields: options with their runs in each."""
    best = {}
    figure, panels = plots.figure(
        "-", rows=2, columns=2, width=7, height=5.4, sharey=True
    )
    for row, labels in enumerate((FEW, MANY)):
        for column, task in enumerate(tasks):
            ax = panels[row, column]
            found = results(table, task, labels)
            mean = {o: v.mean() for o, v in found.items()}
            best[labels, task] = max(mean, key=mean.get)
            top = OPTIONS.index(best[labels, task])
            for k, (option, runs) in enumerate(found.items()):
                colour = COLOURS[option]
                ax.plot(
                    100 * runs, np.full(len(runs), k), ".",
                    color=colour, alpha=0.4,
                )  # fmt: skip
                ax.plot(
                    100 * runs.mean(), k, MARKS[option], color=colour
                )
                ax.annotate(
                    f"{100 * runs.mean():.1f}",
                    (100 * runs.max(), k),
                    (7, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=9,
                    color=colour,
                    fontweight="bold" if k == top else None,
                )
            ax.set(
                yticks=range(len(OPTIONS)),
                yticklabels=OPTIONS,
                ylim=(len(OPTIONS) - 0.5, -0.5),
            )
            left, right = ax.get_xlim()
            ax.set_xlim(left, right + 0.18 * (right - left))
            what = "near" if column == 0 else "far"
            ax.set_title(
                f"{labels:,} labels, {what} ({task})", fontsize=11
            )
            ax.grid(axis="x")
            if row:
                ax.set_xlabel("right on unseen images (%)")
    told = ", ".join(
        f"{option} ({labels:,} {task})"
        for (labels, task), option in best.items()
    )
    plots.set_title(figure, f"Best in each field: {told}")
    return figure


def price_of_rules(losses):
    """Points lost against the best option of each field: rule → runs."""
    told = ", ".join(
        f"{rule} {100 * losses[rule].mean():.1f}"
        for rule in sorted(losses, key=lambda r: losses[r].mean())[:3]
    )
    figure, axes = plots.figure(
        f"Points lost against the best option of each field: {told}",
        height=0.9 + 0.42 * len(losses),
        width=6.2,
    )
    for row, (rule, runs) in enumerate(losses.items()):
        found = judge(100 * runs)
        colour = plots.COLOURS[3 if rule == "ask the labels" else 6]
        axes.plot(found.interval, [row] * 2, color=colour)
        axes.plot(found.middle, row, "o", color=colour)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(
        yticks=range(len(losses)),
        yticklabels=losses,
        ylim=(len(losses) - 0.5, -0.5),
        xlabel="points lost, mean over tasks and labels (95 %)",
    )
    axes.grid(axis="x")
    return figure


def ahead_of_advice(table):
    """How far others are ahead: field → option → runs."""
    found = {}
    for labels, few in ((FEW, "few"), (MANY, "many")):
        for task, near in ((TASKS[0], "near"), (TASKS[1], "far")):
            runs = results(table, task, labels)
            mine = advised(task, labels)
            found[f"{few}, {near}"] = {
                option: right - runs[mine]
                for option, right in runs.items()
                if option != mine
            }
    return found


def not_behind(rows, points=0.02):
    """Whether no row may be more than so many points ahead."""
    return all(
        judge(row, level=0.9).interval[1] < points
        for row in rows.values()
    )


def promised(table, task, labels):
    """Held-out share of the option chosen, less its test accuracy."""
    asked = np.array(
        list(results(table, task, labels, "held_out").values())
    )
    return asked.max(0) - chosen(table, task, labels)[1]


def every_field(table):
    """All options against the last layer's head, task by task."""
    figure, panels = plots.figure(
        "-",
        rows=2,
        columns=3,
        width=8,
        height=5.2,
        sharex="col",
        sharey=True,
    )
    best = []
    for row, labels in enumerate((FEW, MANY)):
        for ax, task in zip(panels[row], TASKS, strict=True):
            runs = results(table, task, labels)
            others = [o for o in OPTIONS if o != "head"]
            for k, option in enumerate(others):
                found = judge(100 * (runs[option] - runs["head"]))
                colour = COLOURS[option]
                ax.plot(found.interval, [k] * 2, color=colour)
                ax.plot(found.middle, k, MARKS[option], color=colour)
            ax.axvline(0, color="black", linewidth=0.8)
            ax.set(
                yticks=range(len(others)),
                yticklabels=others,
                ylim=(len(others) - 0.5, -0.5),
            )
            ax.set_title(f"{task}, {labels:,}", fontsize=11)
            ax.grid(axis="x")
            if row:
                ax.set_xlabel(
                    "points ahead of “head” (95 %)", fontsize=10
                )
            mean = {o: r.mean() for o, r in runs.items()}
            best.append(max(mean, key=mean.get))
    told = "; ".join(
        f"{', '.join(names)} ({labels:,} labels)"
        for labels, names in ((FEW, best[:3]), (MANY, best[3:]))
    )
    plots.set_title(figure, f"Best on {', '.join(TASKS)}: {told}")
    return figure
