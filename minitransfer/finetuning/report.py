"""What the report says: first what came out and how far to trust it, then all that is behind it."""

import platform
from importlib.metadata import version

import numpy as np

from minitransfer import plots
from minitransfer.experiments import intervals
from minitransfer.files import write_atomically
from minitransfer.finetuning import keeping
from minitransfer.finetuning.job import Job
from minitransfer.finetuning.judging import HELD, Judged, less, points
from minitransfer.finetuning.measuring import written
from minitransfer.finetuning.page import (
    Bars,
    Code,
    Figure,
    Gallery,
    Heading,
    Items,
    Table,
    Text,
    as_markdown,
    as_page,
)
from minitransfer.finetuning.reading import SHARES
from minitransfer.transfer import explanations

#: Classes up to which a table shows what is taken for what; beyond, the most frequent mistakes.
IN_TABLE = 16

#: The folder of the pictures of the Markdown report.
PICTURES = "report-pictures"


def write(job: Job, judged: Judged) -> None:
    """Write report.html, and report.md with its pictures."""
    place, blocks = job.settings.place, told(job, judged)
    title = f"{job.whole.name}: what the network learnt"
    write_atomically(place / "report.html", as_page(title, blocks))
    text, files = as_markdown(blocks, PICTURES)
    for name, content in files.items():
        write_atomically(place / PICTURES / name, content)
    write_atomically(place / "report.md", text)


def told(job: Job, judged: Judged) -> list:
    """Return the report as blocks."""
    blocks = [
        *_beginning(job, judged),
        *_scores(job, judged),
        Heading("Which network was kept, and why"),
        *(Text(sentence) for sentence in judged.why),
        *_mistakes(job, judged),
        *_trust(job, judged),
        *_more_labels(job, judged),
        *_courses(job),
        *_data(job, judged),
        *_use(job),
        *_made(job, judged),
    ]
    return [block for block in blocks if block is not None]


def summary(job: Job, judged: Judged) -> list[str]:
    """Return what came out, in a few sentences for the terminal and the top of the report."""
    values = job.task.classes is None
    n = len(job.test)
    if values:
        score = judged.scores["mean absolute error"]["network"]
        found = (
            f"On {n:,} test pictures it is off by {written(score['value'])} on average "
            f"(95 % interval {written(score['low'])} to {written(score['high'])})."
        )
    else:
        score = judged.scores["accuracy"]["network"]
        found = (
            f"It names {100 * score['value']:.1f} % of {n:,} test pictures rightly "
            f"(95 % interval {100 * score['low']:.1f} to {100 * score['high']:.1f})."
        )
    return [found, *_borrowing(job, judged)]


def _borrowing(job, judged) -> list[str]:
    """Whether the borrowed network is worth it, judged by the interval."""
    values = job.task.classes is None
    gain = judged.gains.get("scratch")
    said = []
    if gain is None:
        said.append("It was not measured what a network from scratch makes of these pictures.")
    else:
        by = f"the mean error changed by {less(gain)}" if values else f"it has {points(gain)}"
        beside = f"compared with a network from scratch, {by}"
        if gain["low"] > 0:
            said.append(f"Borrowing helped: {beside}.")
        elif gain["high"] < 0:
            said.append(f"Borrowing did harm: {beside}.")
            if judged.instead is None:
                said.append(
                    "network.safetensors is the borrowed one all the same: on the "
                    f"{len(job.validation):,} validation pictures, which are there to choose by, "
                    "the one from scratch is not surely better. More pictures would tell."
                )
        else:
            said.append(
                f"Whether borrowing helped cannot be told: {beside}, and the interval holds 0."
            )
    if judged.instead is not None:
        better, change = judged.instead.gains["borrowed"], less if values else points
        score = "mean error" if values else "balanced accuracy"
        file = job.settings.place / keeping.FROM_SCRATCH
        said.append(
            f"On the {len(job.validation):,} validation pictures the network from scratch is "
            f"surely better: it changes the {score} by {change(better)}. network.safetensors is "
            "the borrowed one all the same, and the report is about that; the better one is "
            f"{file}, to be asked in the same way: minitransfer predict {keeping.quoted(file)} "
            "PICTURES…"
        )
    simple = judged.gains["simple"]
    if simple["low"] <= 0:
        guess = "naming the mean every time" if values else "always naming the commonest class"
        said.append(f"It cannot be told from {guess}: do not rely on it.")
    return said


def _beginning(job, judged):
    kind = "values" if job.task.classes is None else f"{len(job.task.classes):,} classes"
    found, *others = summary(job, judged)
    yield Heading(f"{job.whole.name}: what the network learnt", 1)
    yield Text(
        f"{len(job.whole):,} pictures, {kind}; {len(job.training):,} to learn from, "
        f"{len(job.validation):,} to choose by, {len(job.test):,} to judge by.",
        "note",
    )
    if job.interrupted:
        yield Text(
            f"This run was interrupted {job.interrupted}. What is said here is about what had "
            "been learnt by then; the same command goes on from there.",
            "warning",
        )
    yield Text(found, "lead")
    for sentence in others:
        yield Text(sentence)
    if job.body.note:
        yield Text(job.body.note, "warning")
    if judged.without_duplicates is not None:
        one = judged.without_duplicates
        values = job.task.classes is None
        how = written(one["value"]) if values else f"{100 * one['value']:.1f} %"
        yield Text(
            "Some test pictures are nearly the same as others that it learnt from or was chosen "
            f"by, which flatters. Without them the result is {how} (see the data below).",
            "warning",
        )


def _scores(job, judged):
    yield Heading("How good it is")
    values = job.task.classes is None
    names = {
        "network": f"this network, which borrows from {job.body.card['name']}",
        "scratch": f"from scratch: {job.scratch['what']}" if job.scratch else "from scratch",
        "simple": "the mean of the training values" if values else "always the commonest class",
    }
    for score, who in judged.scores.items():
        if values:
            say = written if score == "mean absolute error" else _share
            rows = tuple(
                (names[w], say(s["value"]), f"{say(s['low'])} to {say(s['high'])}")
                for w, s in who.items()
            )
            better = "smaller is better" if score == "mean absolute error" else "1 is perfect"
            yield Table((f"{score} ({better})", "on test pictures", "95 % interval"), rows)
        else:
            yield Bars(
                tuple(
                    (
                        names[w],
                        f"{100 * s['value']:.1f} % ({100 * s['low']:.0f} to {100 * s['high']:.0f})",
                        *(s[key] for key in ("value", "low", "high")),
                    )
                    for w, s in who.items()
                ),
                f"{score.capitalize()} on {len(job.test):,} test pictures that nothing was learnt "
                "from or chosen by; the thin line is the 95 % interval."
                + (" Every class counts alike." if score.startswith("balanced") else ""),
                f"{score} on the test pictures",
            )
    if values:
        yield Figure(
            plots.values_figure(job.test.y, judged.outputs, judged.half_width),
            "values",
            f"Predicted against true values of the test pictures. The band is ± "
            f"{written(judged.half_width)}; of pictures of the same kind, {100 * HELD:.0f} % "
            "should lie within.",
        )


def _share(value) -> str:
    return f"{round(value, 3) + 0.0:.3f}".replace("-", "−")  # + 0.0 turns −0 into 0


def _mistakes(job, judged):
    if job.task.classes is not None:
        yield Heading("What is taken for what")
        yield from _confusions(job, judged)
    sections = {
        "wrong": "The worst mistakes"
        if job.task.classes is None
        else "Where it is wrong, and surest of it",
        "unsure": "What it is least sure of",
    }
    maps = maps_of(job, judged)
    for kind, title in sections.items():
        shown = [(e, m) for e, m in zip(judged.examples, maps, strict=True) if e["kind"] == kind]
        if not shown:
            if kind == "wrong":
                yield Text("No test picture was named wrongly.")
            continue
        yield Heading(title)
        yield Gallery(tuple(_shown(job, example, heat) for example, heat in shown), kind)
    if judged.examples:
        yield Text(
            f"Beside each picture: {_method(job)[1]} It shows what the answer rests on, not "
            "whether that is a good reason.",
            "note",
        )


def _confusions(job, judged):
    from minitransfer.finetuning.measuring import confusion

    classes = job.task.classes
    table = confusion(judged.outputs.argmax(1), job.test.y, len(classes))
    if len(classes) <= IN_TABLE:
        shares = table / np.maximum(table.sum(1, keepdims=True), 1)
        yield Table(
            ("is ↓ · called →", *classes),
            tuple(
                (name, *(f"{n:,}" for n in row)) for name, row in zip(classes, table, strict=True)
            ),
            "Rows: what the test pictures are. Columns: what they were called.",
            shares,
        )
        return
    wrong = table.copy()
    np.fill_diagonal(wrong, 0)
    order = [divmod(int(k), len(classes)) for k in np.argsort(-wrong, axis=None, kind="stable")]
    rows = [(classes[i], classes[j], f"{wrong[i, j]:,}") for i, j in order[:15] if wrong[i, j]]
    if rows:
        yield Table(("is", "was called", "times"), tuple(rows), "The most frequent mistakes.")
    else:
        yield Text("No test picture was named wrongly.")


def _method(job):
    """How maps are made: by slopes where little follows the last convolution, else by covering."""
    if job.body.size > 32:
        return explanations.grad_cam, "the same one in grey, with Grad-CAM over it."
    return (
        explanations.occlusion,
        "the same one, and glowing the places that cost it most when they are covered (occlusion).",
    )


def maps_of(job, judged) -> list:
    """Return a map (height, width) for each of the examples."""
    if not judged.examples:
        return []
    method, _ = _method(job)
    rows = [example["row"] for example in judged.examples]
    targets = np.array([example["target"] for example in judged.examples])
    x = np.asarray(job.test.pixels[rows], np.float32) / 255
    try:
        return list(method(judged.candidate.network, x, targets))
    except ValueError:  # a network without convolutions
        return list(explanations.occlusion(judged.candidate.network, x, targets))


def _shown(job, example, heat):
    pixels = np.asarray(job.test.pixels[example["row"]])
    colours = np.repeat(pixels, 3, axis=0) if len(pixels) == 1 else pixels
    picture = np.ascontiguousarray(colours.transpose(1, 2, 0))
    over = plots.laid_over(pixels / 255, heat)
    name = job.test.collection.shown(example["row"])
    if example["sure"] is None:
        return picture, over, (f"{example['answer']} instead of {example['truth']}", name)
    sure = f"{100 * example['sure']:.0f} %"
    if example["answer"] == example["truth"]:
        return picture, over, (f"{example['answer']} ({sure})", "right", name)
    return picture, over, (f"{example['answer']} ({sure})", f"is {example['truth']}", name)


def _trust(job, judged):
    yield Heading("How far to trust what it says")
    if job.task.classes is None:
        yield Text(
            f"Around each predicted value stands ± {written(judged.half_width)}: so wide it has to "
            f"be, by the errors on the {len(job.validation):,} validation pictures, for "
            f"{100 * HELD:.0f} % of others of the same kind to lie within."
        )
    else:
        after, before = judged.reliability, judged.before
        fits = after.error <= after.by_chance
        yield Text(
            f"When it says 80 %, it should be right in 80 of 100 cases. Its probabilities were "
            f"divided by a temperature of {judged.temperature:.2f}, found on the validation "
            f"pictures. The mean gap between said and right is {100 * after.error:.1f} points "
            f"(without temperature {100 * before.error:.1f}); probabilities that are exactly right "
            f"would show up to {100 * after.by_chance:.1f} by chance with so few pictures. "
            + (
                "So nothing speaks against believing them."
                if fits
                else "So do not take them at their word."
            )
        )
        yield Figure(
            plots.reliability_figure(after, before, _interval),
            "reliability",
            "Reliability on the test pictures: the larger a dot, the more pictures it stands for. "
            "The lines are 95 % intervals; they should meet the dotted line.",
        )
    expected = judged.familiarity.expected
    low, high = _interval(round(judged.unknown * len(job.test)), len(job.test))
    yield Text(
        "It can only answer with what it knows. A picture whose features lie further from all "
        "training pictures than those of the validation pictures do is said to look like nothing "
        f"known; {100 * expected:.0f} % of pictures of the known kind are expected to be called so "
        f"by mistake. Of the test pictures, {100 * judged.unknown:.1f} % were (95 % interval "
        f"{100 * low:.0f} to {100 * high:.0f})."
    )


def _interval(some, count):
    return intervals.share(np.arange(count) < some)


def _more_labels(job, judged):
    yield Heading("Would more labels help?")
    if job.labels is None:
        yield Text("This was not measured: the run was interrupted before.")
        return
    values = job.task.classes is None
    counts = [row["count"] for row in job.labels]
    scores = np.array([row["score"] for row in job.labels]) * (1 if values else 100)
    unit = "mean absolute error" if values else "right test pictures (%)"
    simple = judged.scores["mean absolute error" if values else "accuracy"]["simple"]["value"]
    means = {n: scores[np.array(counts) == n].mean() for n in sorted(set(counts))}
    *_, half, full = means
    gained = (means[half] - means[full]) * (1 if values else -1)
    said = ", ".join(f"{written(m)}{'' if values else ' %'} with {n:,}" for n, m in means.items())
    draws = scores[np.array(counts) == half]
    noise = 2 * draws.std(ddof=1) if len(draws) > 1 else 0.0
    if gained > noise:
        verdict = "More labels may well help further: the last doubling did."
    elif not values and means[full] >= 100:
        verdict = (
            f"With all of them no test picture is named wrongly: of what more would bring, these "
            f"{len(job.test):,} cannot tell."
        )
    else:
        verdict = (
            "The last doubling changed no more than the draw of the labels does; more of the same "
            "kind would gain little; other pictures, of the kind that it gets wrong, may."
        )
    yield Text(f"A head on the borrowed features, with fewer labels: {said}. {verdict}")
    yield Figure(
        plots.labels_figure(counts, scores, unit, simple * (1 if values else 100)),
        "labels",
        "The line joins the means; each dot is one draw of the labels, on the same test pictures.",
    )


def _courses(job):
    names = {"head": "the head", "all": "everything"}
    courses = {names[name]: c.rows for name, c in job.candidates.items() if c.rows}
    if job.scratch is not None:
        courses["from scratch"] = job.scratch["rows"]
    if courses:
        yield Heading("How it learnt")
        yield Figure(
            plots.course_figure(courses),
            "courses",
            "The loss while learning; each on a scale of its own.",
        )


def _data(job, judged):
    yield Heading("The pictures")
    shares = " : ".join(f"{100 * share:.0f}" for share in SHARES)
    rows = keeping.counts(job)
    if len(rows) <= 60:
        yield Table(
            ("class", "to learn from", "to choose by", "to judge by"),
            tuple((name, *(f"{n:,}" for n in numbers)) for name, numbers in rows.items()),
            f"Divided {shares} by chance, in each class, with seed {job.settings.seed}.",
        )
    for sentence in job.looks:
        yield Text(f"{sentence} predict does the same with others.")
    for note in job.whole.notes:
        yield Text(note)
    skipped = job.whole.skipped
    if skipped:
        yield Heading(f"Files that were left out ({len(skipped):,})")
        yield Items(tuple(f"{name}: {reason}" for name, reason in skipped))
    if job.duplicates.count:
        yield Heading(f"Nearly the same in two parts ({job.duplicates.count:,})")
        names = ("learnt from", "chosen by", "judged by")
        yield Text(
            "Pictures that resemble each other, one learnt from and the other judged by, make the "
            "result look better than it is. Remove one of each, and run the command again."
        )
        yield Items(
            tuple(
                f"{one} ({names[part]}) and {other} ({names[other_part]})"
                + ("" if same else ": with different labels, one of them is wrong")
                for one, other, part, other_part, same in job.duplicates.named
            )
        )
    else:
        yield Text("No picture resembles one in another part.")


def _use(job):
    place = job.settings.place
    yield Heading("Use it")
    yield Code(f"minitransfer predict {keeping.quoted(place / 'network.safetensors')} PICTURES…")
    yield Text("Or put a new head on it, for other classes:")
    path = str(place / "network.safetensors")
    yield Code(
        f"network = transfer.replace_head(zoo.load({path!r}), 5)\n"
        'transfer.fine_tune(network, (pictures, labels), "head")\n'
        "train.evaluate(network, (others, their_labels))"
    )


def _made(job, judged):
    yield Heading("How it was made")
    yield Code(job.settings.command)
    packages = ", ".join(f"{p} {version(p)}" for p in ("minitransfer", "numpy", "numba", "pillow"))
    card = job.body.card
    yield Items(
        (
            f"borrowed: {card['name']}; it has learnt from {card['source']}; {card['licence']}",
            f"pictures: {job.body.size} × {job.body.size}, "
            f"{'colour' if job.body.channels == 3 else 'grey'}; seed {job.settings.seed}",
            f"{packages}, Python {platform.python_version()} on {platform.system()}",
            f"{job.seconds / 60:.1f} minutes"
            + (", after work that had been done before" if job.work.resumed else ""),
        )
    )
