"""Figures of lesson 10 and of its evidence: data in, figure out.

And what both of them read out of the table of rates.
"""

import numpy as np

from minitransfer import plots

BLUE, ORANGE, GREEN = plots.COLOURS[:3]
GREY = plots.COLOURS[6]
CHOOSING = (90, 91, 92)  # draws that choose the rate
DRAWS = (0, 1, 2, 3, 4)


def rates_of(table, way, rule):
    """Rates; right on validation when choosing, on test otherwise."""
    rows = table.where(way=way, rule=rule).rows
    rates = sorted({row["rate"] for row in rows})
    of = {(row["rate"], row["seed"]): row for row in rows}
    seen = [[of[r, s]["validation"] for r in rates] for s in CHOOSING]
    told = [[of[r, s]["test"] for r in rates] for s in DRAWS]
    return rates, np.array(seen), np.array(told)


def chosen(table, way, rule):
    """The rate that validation prefers, and the runs with it."""
    rates, seen, told = rates_of(table, way, rule)
    best = int(seen.mean(0).argmax())
    return rates[best], told[:, best]


def better_scratch(table):
    """The rule by which validation prefers to train from scratch."""
    return max(
        ("SGD", "Adam"),
        key=lambda rule: (
            rates_of(table, "scratch", rule)[1].mean(0).max()
        ),
    )


def two_heaps(characters, digits):
    """Thirty pictures of each heap."""
    figure, parts = plots.figure(
        "Strokes in both heaps, digits only in the small one",
        rows=2,
        height=2.4,
    )
    heaps = {"characters": characters, "digits": digits}
    for axes, (name, heap) in zip(parts, heaps.items(), strict=True):
        rows = heap[:30, 0].reshape(2, 15, 28, 28)
        sheet = np.vstack([np.hstack(list(row)) for row in rows])
        axes.imshow(sheet, cmap="gray_r")
        axes.set(xticks=[], yticks=[], ylabel=name)
    return figure


def copied():
    """The lecture's two networks, and which layers are copied."""
    figure, axes = plots.figure(
        "Four layers are copied, the fifth starts fresh",
        height=3.4,
        width=6.2,
    )
    sizes = (784, 256, 256, 128, 128)
    for y, outputs, last in ((1, 1000, GREY), (0, 10, ORANGE)):
        for k, size in enumerate((*sizes, outputs)):
            height = 0.09 * np.log2(size)
            colour = BLUE if k < 5 else last
            axes.bar(
                k,
                height,
                0.2,
                bottom=2 * y - height / 2,
                color=colour,
            )
            axes.text(
                k, 2 * y + height / 2 + 0.05, f"{size}", ha="center"
            )
            if k:
                axes.text(
                    k - 0.5,
                    2 * y,
                    f"$W_{k}$\n$b_{k}$",
                    ha="center",
                    va="center",
                    color=colour,
                )
    for k in range(4):
        axes.annotate(
            "",
            (k + 0.5, 0.42),
            (k + 0.5, 1.58),
            arrowprops={"arrowstyle": "->", "color": BLUE},
        )
    axes.text(2, 1, "copied", color=BLUE, ha="center", va="center")
    axes.text(
        4.5,
        1,
        "starts\nfresh",
        color=ORANGE,
        ha="center",
        va="center",
    )
    axes.text(-0.4, 2.78, "characters", ha="left")
    axes.text(-0.4, 0.75, "digits", ha="left")
    axes.set(xlim=(-0.5, 5.4), ylim=(-0.6, 3.0))
    axes.axis("off")
    return figure


def options(ways):
    """Six ways to spend 200 steps, a dot for each draw of digits."""
    means = {name: 100 * runs.mean() for name, runs in ways.items()}
    four = [m for name, m in means.items() if name.startswith("opt")]
    two = [m for name, m in means.items() if name.startswith("scr")]
    figure, axes = plots.figure(
        f"The worst of four borrowed ways is {min(four) - max(two):.0f} "
        "points above the better way from scratch",
        height=3.8,
    )
    for row, (name, runs) in enumerate(ways.items()):
        kind = ("option 1", "option 2", "scratch").index(
            name.split(",")[0]
        )
        colour = (BLUE, GREEN, ORANGE)[kind]
        axes.plot(
            100 * runs,
            [row] * len(runs),
            "os^"[kind],
            color=colour,
            alpha=0.5,
        )
        axes.plot(
            [means[name]] * 2, [row - 0.3, row + 0.3], color=colour
        )
        axes.text(
            means[name],
            row - 0.33,
            f"{means[name]:.1f}",
            color=colour,
            ha="center",
            va="bottom",
            fontsize=10,
        )
    axes.set(
        yticks=range(len(ways)),
        yticklabels=list(ways),
        ylim=(len(ways) - 0.5, -0.8),
        xlabel="right on 4,000 unseen digits (%), a dot per draw",
    )
    axes.grid(axis="x")
    return figure


def all_rates(table):
    """Validation accuracy over the rate, a panel for each rule."""
    ratio = (
        chosen(table, "scratch", "SGD")[0]
        / chosen(table, "option 2", "SGD")[0]
    )
    figure, panels = plots.figure(
        f"By SGD scratch asks for a rate {ratio:.0f} times as large as "
        "option 2",
        columns=2,
        width=7.5,
        sharey=True,
    )
    for axes, rule in zip(panels, ("SGD", "Adam"), strict=True):
        ends = []
        for k, way in enumerate(("option 1", "option 2", "scratch")):
            rates, seen, _ = rates_of(table, way, rule)
            mean = 100 * seen.mean(0)
            colour = (BLUE, GREEN, ORANGE)[k]
            axes.plot(
                rates,
                mean,
                color=colour,
                marker="os^"[k],
                linestyle=("-", "--", "-.")[k],
            )
            best = int(mean.argmax())
            axes.plot(
                rates[best], mean[best], "o", color=colour,
                markersize=13, fillstyle="none",
            )  # fmt: skip
            ends.append((mean[-1], way, colour))
        axes.set_xscale("log")
        axes.set_title(rule, fontsize=11)
        axes.set_xlabel("learning rate (ring: chosen)")
        axes.set_ylim(0, 100)
        axes.grid(axis="y")
        plots.label_ends(axes, rates[-1], ends)
    panels[0].set_ylabel("right on validation (%)")
    return figure


def class_count(classes, heads):
    """Right answers over the classes of the source."""
    at = next(iter(heads.values())).mean(0).argmax()
    figure = plots.curves_with_spread(
        classes,
        heads,
        f"At equal budget {classes[at]} classes make the best body",
        "classes of the source (logarithmic)",
        "right by option 1",
        log_x=True,
        percent=True,
    )
    axes = figure.axes[0]
    axes.set_xticks(classes, classes)
    axes.minorticks_off()
    return figure


def moved(changes):
    """How far each layer goes: way → runs × layers, as shares."""
    figure, axes = plots.figure(
        "Share of its own length that a layer moves: "
        + ", ".join(
            f"{100 * runs.mean():.1f}% by {way}"
            for way, runs in changes.items()
        )
    )
    ends = []
    for k, (way, runs) in enumerate(changes.items()):
        colour = (BLUE, GREEN, ORANGE)[k]
        percent = 100 * runs
        axes.errorbar(
            range(1, 5),
            percent.mean(0),
            percent.std(0, ddof=1),
            color=colour,
            marker="os^"[k],
            linestyle=("-", "--", "-.")[k],
            capsize=3,
        )
        ends.append((percent.mean(0)[-1], way, colour))
    axes.set(
        yscale="log",
        xticks=range(1, 5),
        xticklabels=[f"W{k}" for k in range(1, 5)],
        ylabel="change, share of length (%)",
    )
    plots.label_ends(axes, 4, ends)
    return figure
