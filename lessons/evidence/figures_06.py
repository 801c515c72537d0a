"""Figures of lesson 6 and of its evidence: data in, figure out."""

import numpy as np

from minitransfer import plots
from minitransfer.experiments import intervals

GREY = plots.COLOURS[6]
QUESTIONS = ["00", "01", "10", "11"]
LINES = {"turned round": "-", "forwards": "--", "with a bit": "-."}


def turned_round(net):
    """Two lines from each answer of XOR; a network that is asked."""
    figure, panels = plots.figure(
        "Turned round, each answer of XOR leads to two questions",
        columns=2,
        width=8.5,
        height=5.6,
    )
    plots.relation_diagram(
        [{"answer": ["0", "1"]}, {"question": QUESTIONS}],
        "the four examples",
        examples=[
            {"answer": a, "question": q}
            for a, q in zip("0110", QUESTIONS, strict=True)
        ],
        axes=panels[0],
    )
    plots.network_diagram(
        net,
        "a network that is given the answer",
        inputs=["XOR"],
        outputs=QUESTIONS,
        axes=panels[1],
    )
    return figure


def losses(runs, floors):
    """Loss over steps, a panel for each function; (name, way) → runs."""
    told = " and ".join(
        f"{runs[name, 'turned round'][:, -1].mean():.3f} ({name})"
        for name in floors
    )
    figure, panels = plots.figure(
        f"Turned round, the loss stops at {told}, as was worked out before",
        columns=2,
        width=7.5,
        sharey=True,
    )
    for axes, (name, floor) in zip(
        panels, floors.items(), strict=True
    ):
        axes.axhline(floor, color=GREY, linestyle=":", lw=1.2)
        axes.text(330, floor + 0.03, f"floor {floor:.3f}", color=GREY)
        ends = []
        for k, way in enumerate(LINES):
            curve = runs[name, way]
            low, middle, high = np.quantile(
                curve, (0.1, 0.5, 0.9), axis=0
            )
            at, colour = np.arange(len(middle)), plots.COLOURS[k]
            axes.fill_between(
                at, low, high, color=colour, alpha=0.2, lw=0
            )
            axes.plot(at, middle, color=colour, linestyle=LINES[way])
            ends.append((middle[-1], way, colour))
        axes.set(xlabel="step", ylim=(0, 1.6))
        axes.set_title(name, fontsize=11)
        axes.grid(axis="y")
        plots.label_ends(axes, len(middle) - 1, ends)
    panels[0].set_ylabel("loss (nats)")
    return figure


def arrow(films, left):
    """Lit lamps over ticks for both beginnings; what remains open.

    films: beginning → (ticks, runs); left: (beginning, way) → rings.
    """
    gaps = {
        start: (
            left[start, "backwards"] - left[start, "forwards"]
        ).mean()
        for start in films
    }
    told = (
        ", from ".join(
            f"{start} beginnings by {gap:.2f}"
            for start, gap in gaps.items()
        )
        .replace("-0.00", "0.00")
        .replace("-", "−")
    )
    figure, panels = plots.figure(
        f"The past is harder to tell: from {told} nats",
        columns=3,
        width=9,
        height=3.4,
    )
    for k, (start, counts) in enumerate(films.items()):
        axes = panels[k]
        axes.plot(
            100 * counts[:, :25],
            color=plots.COLOURS[k],
            lw=0.8,
            alpha=0.7,
        )
        axes.set(xlabel="tick", ylim=(0, 100))
        axes.set_title(f"{start} beginnings", fontsize=11)
    panels[0].set_ylabel("lamps lit (%)")
    bars = [
        (s, way) for s in films for way in ("forwards", "backwards")
    ]
    for at, (start, way) in enumerate(bars):
        values = left[start, way]
        low, high = intervals.mean(values)
        panels[2].bar(
            at,
            values.mean(),
            0.7,
            color=plots.COLOURS[list(films).index(start)],
            alpha=0.45 if way == "forwards" else 0.9,
            hatch="//" if way == "forwards" else "",
            edgecolor="white",
            linewidth=0,
            label=way if at < 2 else None,
        )
        panels[2].errorbar(
            at,
            values.mean(),
            [[values.mean() - low], [high - values.mean()]],
            color="black",
            capsize=3,
            lw=1.2,
        )
    panels[2].set_xticks([0.5, 2.5], list(films))
    panels[2].set_xlabel("beginnings")
    panels[2].set_ylim(top=1.25 * panels[2].get_ylim()[1])
    panels[2].legend(
        frameon=False,
        fontsize=10,
        loc="upper center",
        ncols=2,
        handlelength=1,
        columnspacing=1,
    )
    panels[2].set_ylabel("left open (nats)")
    panels[2].set_title("what the networks cannot tell", fontsize=11)
    return figure


def said(bars):
    """Probabilities of the four questions; way → (4,)."""
    figure, panels = plots.figure(
        f"Two separate bits give {bars['bits'][0] + bars['bits'][3]:.0%} to "
        "questions that never have this answer",
        columns=len(bars),
        sharey=True,
        width=6.5,
    )
    colours = (GREY, *plots.COLOURS)
    for k, (axes, (way, heights)) in enumerate(
        zip(panels, bars.items(), strict=True)
    ):
        axes.bar(QUESTIONS, heights, color=colours[k], width=0.6)
        axes.set_title(way, fontsize=11)
        axes.set_xlabel("question")
    panels[0].set_ylabel("probability,\nif the answer is 1")
    return figure


def grains(gaps, unequal):
    """Past harder than future, by grain: grain → rings; label → rings."""
    equal = np.mean([values.mean() for values in gaps.values()])
    turned = min(values.mean() for values in unequal.values())
    figure, axes = plots.figure(
        f"Equal grain: the past is harder by {equal:.1f} nats on average; "
        f"unequal grain can make it {turned:.1f}".replace("-", "−"),
        width=6.5,
    )
    rows = [(f"{g} | {g}", v, 0) for g, v in gaps.items()]
    rows += [(label, v, 1) for label, v in unequal.items()]
    for at, (_, values, k) in enumerate(rows):
        low, high = intervals.mean(values)
        axes.errorbar(
            at,
            values.mean(),
            [[values.mean() - low], [high - values.mean()]],
            color=plots.COLOURS[k],
            marker="os"[k],
            capsize=4,
        )
    axes.axhline(0, color=GREY, lw=0.8)
    axes.set_xticks(
        range(len(rows)), [r[0] for r in rows], rotation=45
    )
    axes.set_xlabel("lamps to a bin, before | after")
    axes.set_ylabel("H(past | future) −\nH(future | past) (nats)")
    axes.grid(axis="y")
    return figure
