"""Figures of lesson 4 and of its evidence: data in, figure out.

And what both of them count in the contributions of nodes.
"""

import itertools

import numpy as np

from minitransfer import plots
from minitransfer.experiments import intervals

GREY = plots.COLOURS[6]


def count(parts, rest, y, lazy=0.02, twin=0.98):
    """Count who does what in networks that answer yes or no.

    parts: what each node adds, (members, states, nodes), about its mean;
    rest: (members, states), what is left without any; y: (states, 1);
    lazy: share of the swing below which a node is idle; twin: the
    correlation beyond which two nodes are twins.
    Returns name → a number per member; "share" has a row per member.
    """
    nodes = range(parts.shape[2])

    def right(team):
        on = rest + parts[..., list(team)].sum(axis=2) > 0
        return (on == (y[:, 0] > 0.5)).all(axis=1)

    swing = np.maximum(
        parts.std(axis=1), 1e-9
    )  # some go out altogether
    share = swing / swing.sum(axis=1, keepdims=True)
    idle = share < lazy
    unit = parts / (np.sqrt(len(y)) * swing[:, None])
    alike = np.abs(np.einsum("msi,msj->mij", unit, unit)) > twin
    alike &= ~idle[:, :, None] & ~idle[:, None, :]
    twins = np.triu(alike, 1)
    team = np.full(len(parts), len(nodes))
    for size in nodes[:0:-1]:
        for some in itertools.combinations(nodes, size):
            team[right(some)] = size
    return {
        "learnt": right(nodes),
        "idle": idle.sum(axis=1),
        "twins": twins.sum(axis=(1, 2)),
        "distinct": (~idle & ~twins.any(axis=1)).sum(axis=1),
        "needed": sum(~right(set(nodes) - {n}) for n in nodes),
        "team": team,
        "participation": 1 / (share**2).sum(axis=1),
        "share": share,
    }


def team(net, nodes):
    """A network with the nodes that are not in the team drawn faintly."""
    width = net[2].in_features
    names = " and ".join(str(node + 1) for node in nodes)
    return plots.network_diagram(
        net,
        f"Nodes {names} answer all four states alone",
        inputs=["h1", "h2"],
        hidden=[[str(node + 1) for node in range(width)]],
        outputs=["XOR"],
        idle=[
            (0, node) for node in range(width) if node not in nodes
        ],
    )


def shares(counted):
    """Shares of the swing, from the busiest node on; kind → counts."""
    idle = {kind: c["idle"].mean() for kind, c in counted.items()}
    runs = {
        kind: -np.sort(-c["share"], axis=1)
        for kind, c in counted.items()
    }
    width = next(iter(runs.values())).shape[1]
    told = ", ".join(
        f"{n:.1f} with {kind}" for kind, n in idle.items()
    )
    return plots.curves_with_spread(
        np.arange(1, width + 1),
        runs,
        f"Idle nodes of {width}: {told}",
        "node, from the busiest to the laziest",
        "share of the swing",
        percent=True,
        quantiles=(0.1, 0.9),
    )


def strengths(values, counted):
    """Idle nodes over the strength of the penalty; kind → (runs, values)."""
    ends = {
        kind: runs[:, -1].mean() for kind, runs in counted.items()
    }
    told = ", ".join(f"{n:.1f} ({kind})" for kind, n in ends.items())
    figure = plots.curves_with_spread(
        np.arange(len(values)),
        counted,
        f"Idle nodes of eight, strongest penalty: {told}",
        "strength λ",
        "idle nodes of eight",
        quantiles=(0.1, 0.9),
    )
    axes = figure.axes[0]
    axes.set_xticks(range(len(values)), [f"{v:g}" for v in values])
    axes.set_ylim(-0.2, 6.5)
    return figure


def unseen(relations, fit, right, always):
    """Unseen states right by relation and width, of networks that fit.

    fit, right: width → (relations, runs); always: share for who always
    gives the more frequent answer.
    """
    widths = list(fit)

    def mean(width, k):
        return 100 * right[width][k][fit[width][k]].mean()

    gaps = [
        mean(widths[-1], k) - mean(widths[0], k)
        for k in range(len(relations))
    ]
    most, least = int(np.argmax(gaps)), int(np.argmin(gaps))
    figure, axes = plots.figure(
        f"Few nodes that fit: {gaps[most]:.0f} points behind wide ones on "
        f"“{relations[most]}”, {-gaps[least]:.0f} ahead on "
        f"“{relations[least]}”",
        width=6.5,
        height=3.9,
    )
    for k in range(len(relations)):
        axes.plot(
            [k - 0.4, k + 0.4], [100 * always[k]] * 2, ":", color=GREY
        )
        for place, width in enumerate(widths):
            values = 100 * right[width][k][fit[width][k]]
            at = k + 0.17 * (place - 1.5)
            low, high = intervals.mean(values)
            axes.errorbar(
                at,
                values.mean(),
                [[values.mean() - low], [high - values.mean()]],
                color=plots.COLOURS[place],
                marker="os^D"[place],
                markersize=5,
                label=f"{width} nodes" if k == 0 else None,
            )
    axes.text(-0.4, 45, "dotted: always the same answer", color=GREY)
    axes.legend(
        ncols=4, frameon=False, loc="upper center", fontsize=9
    )
    axes.set(ylim=(42, 110), ylabel="unseen states right (%)")
    axes.set_yticks(range(50, 101, 10))
    names = [name.replace(" ", "\n", 1) for name in relations]
    axes.set_xticks(range(len(relations)), names)
    return figure


def overfitting(trials, strength, chosen):
    """Loss on training and test examples over λ; task → (train, _, test).

    chosen: task → place of the strength that validation chose.
    """
    told = {
        name: (losses[2][0].mean(), losses[2][chosen[name]].mean())
        for name, losses in trials.items()
    }
    lower = sum(after < before for before, after in told.values())
    figure, panels = plots.figure(
        f"The penalty that validation chose lowers the test loss in "
        f"{lower} of {len(trials)} tasks",
        columns=len(trials),
        width=7.5,
        sharey=True,
    )
    for panel, (name, losses) in zip(
        panels, trials.items(), strict=True
    ):
        for part, k, row in (("training", 0, 0), ("test", 1, 2)):
            middle, spread = losses[row].mean(1), losses[row].std(1)
            colour, at = plots.COLOURS[k], range(len(strength))
            panel.plot(
                middle, color=colour, marker="os"[k], label=part
            )
            panel.fill_between(
                at,
                middle - spread,
                middle + spread,
                color=colour,
                alpha=0.2,
                lw=0,
            )
        panel.axhline(np.log(2), color=GREY, linestyle=":", lw=1.2)
        panel.set_xticks(
            at, [f"{s:g}" for s in strength], rotation=60
        )
        panel.set_xlabel("strength λ")
        before, after = told[name]
        panel.set_title(
            f"{name}\n{before:.2f} → {after:.2f}", fontsize=11
        )
    panels[0].set(ylabel="loss (nats)", ylim=(0, 2))
    panels[0].legend(frameon=False, fontsize=9)
    return figure
