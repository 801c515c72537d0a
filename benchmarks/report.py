"""The table and the two pictures."""

import csv
import io

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib import style

from minitransfer.files import write_atomically
from minitransfer.plots import label_ends

THREADS = "one thread unless the row says two"
_BLUE, _ORANGE, _GREY = "#0072b2", "#d55e00", "#888888"


def rows(cases, peak):
    """One line of the table for each case and peer."""
    for case in cases:
        ours = case.seconds["minitransfer"]
        speed = case.operations / ours
        for peer in case.peers or [""]:
            yield {
                "group": case.group,
                "case": case.name,
                "milliseconds": f"{1e3 * ours:.4g}",
                "GFLOP/s": f"{speed / 1e9:.1f}" if case.operations else "",
                "percent of peak": f"{100 * speed / peak:.0f}" if case.operations else "",
                "rate": f"{case.units / ours:,.0f} {case.unit}/s" if case.unit else "",
                "peer": peer,
                "peer milliseconds": f"{1e3 * case.seconds[peer]:.4g}" if peer else "",
                "ratio": f"{case.ratio(peer):.2f}" if peer else "",
                "bar": f"{case.bar:g}" if case.bar and peer in case.rivals else "",
            }


def rows_under_their_bar(cases):
    """A text: how many bars are met, and the rows that are not, the furthest below first."""
    judged = [
        (min(case.ratio(peer) for peer in case.rivals), case)
        for case in cases
        if case.bar and case.rivals
    ]
    under = [(ratio / case.bar, ratio, case) for ratio, case in judged if ratio < case.bar]
    lines = [f"{len(judged) - len(under)} of {len(judged)} bars met, {THREADS}."]
    if under:
        lines.append("Below, times as fast as the fastest peer (bar):")
    for _, ratio, case in sorted(under, key=lambda line: line[:2]):
        lines.append(f"  {ratio:.2f} ({case.bar:g})  {case.group}: {case.name}")
    return "\n".join(lines)


def write_tables(cases, peak, folder, notes):
    """Write table.csv and table.md; `notes` are lines about machine and versions."""
    lines = list(rows(cases, peak))
    file = io.StringIO()
    writer = csv.DictWriter(file, lines[0])
    writer.writeheader()
    writer.writerows(lines)
    write_atomically(folder / "table.csv", file.getvalue())
    text = [f"# Speed, {THREADS}", "", *(f"- {note}" for note in notes), ""]
    text.append("A ratio above 1 means that minitransfer is faster. Medians of processor time;")
    text.append("with several threads, of the wall clock's.")
    for group in dict.fromkeys(line["group"] for line in lines):
        chosen = [line for line in lines if line["group"] == group]
        heads = [h for h in lines[0] if h != "group" and any(line[h] for line in chosen)]
        text += ["", f"## {group.capitalize()}", "", "| " + " | ".join(heads) + " |"]
        text.append("|" + "|".join(" --- " if h == "case" else " ---: " for h in heads) + "|")
        text += ["| " + " | ".join(line[h] for h in heads) + " |" for line in chosen]
    write_atomically(folder / "table.md", "\n".join(text) + "\n")


@style.context("default")  # whatever the user's matplotlibrc says
def draw_roofline(speeds, bandwidth, folder):
    """Draw the matmul ladder under the two roofs: the core's peak and the memory's pace.

    Args:
        speeds: for each size n of a cube, a dictionary rung → operations a second, with "peak".
        bandwidth: bytes a second that one core copies.
    """
    figure, axes = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
    peak = max(s["peak"] for s in speeds.values()) / 1e9
    intensity = np.geomspace(0.5, 400, 200)
    axes.plot(intensity, np.minimum(peak, intensity * bandwidth / 1e9), color="black", lw=1.5)
    axes.text(380, peak * 1.06, f"peak of the core, {peak:.0f} GFLOP/s", ha="right", va="bottom")
    colours = ["#cc79a7", _ORANGE, "#009e73", "#4d4d4d", _BLUE]
    rungs = [r for r in next(iter(speeds.values())) if r != "peak"]
    ends = []
    for rung, colour in zip(rungs, colours, strict=False):
        x = [n / 6 for n in speeds]  # 2 n^3 operations on 3 n^2 numbers of 4 bytes
        y = [s[rung] / 1e9 for s in speeds.values()]
        axes.plot(x, y, "o-", color=colour, ms=4)
        ends.append((y[-1], rung, colour))
    axes.set(xscale="log", yscale="log", xlim=(2, 450), ylim=(0.1, peak * 2))
    label_ends(axes, 450, ends)
    axes.set_xlabel("operations for each byte of A, B and C (n/6 for n × n matrices)")
    axes.set_ylabel("GFLOP/s, float32, one core")
    top = list(speeds.values())[-1]
    axes.set_title(
        f"Matmul climbs from {top['naive'] / 1e9:.1f} to {top['packed'] / 1e9:.0f} GFLOP/s "
        f"(n = {list(speeds)[-1]})"
    )
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(folder / "roofline.png", dpi=150)
    plt.close(figure)


@style.context("default")  # whatever the user's matplotlibrc says
def draw_ratios(cases, folder):
    """Draw each case's ratio to its fastest rival, with its bar as a tick."""
    chosen = [case for case in cases if case.bar and case.rivals]
    ratios = [min(case.ratio(peer) for peer in case.rivals) for case in chosen]
    figure, axes = plt.subplots(figsize=(8, 0.26 * len(chosen) + 1.4), layout="constrained")
    places = np.arange(len(chosen))[::-1]
    for place, case, ratio in zip(places, chosen, ratios, strict=True):
        met = ratio >= case.bar
        axes.barh(place, ratio, color=_BLUE if met else _ORANGE, height=0.7)
        axes.plot([case.bar] * 2, [place - 0.45, place + 0.45], color="black", lw=1.5)
        axes.text(max(ratio, case.bar) * 1.06, place, f"{ratio:.2f}", va="center", fontsize=8)
    axes.set_yticks(places, [case.name for case in chosen], fontsize=8)
    axes.axvline(1, color=_GREY, lw=0.8)
    axes.set(xscale="log", xlim=(0.3, max(ratios) * 2), ylim=(-0.8, len(chosen) - 0.2))
    axes.set_xlabel("times as fast as the fastest peer (black tick: the bar)")
    met = sum(r >= c.bar for r, c in zip(ratios, chosen, strict=True))
    figure.suptitle(f"{met} of {len(chosen)} bars met, {THREADS}")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(folder / "ratios.png", dpi=150)
    plt.close(figure)
