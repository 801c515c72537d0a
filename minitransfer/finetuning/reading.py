"""The pictures: looked at, divided, decoded, brought into the network's form, made into features.

All of it is kept on the disk as it comes, and nothing is in memory but a batch.
"""

import numpy as np

from minitransfer import pictures
from minitransfer.finetuning import bodies, learning
from minitransfer.finetuning.job import Duplicates, Job, Part
from minitransfer.finetuning.learning import Task
from minitransfer.nn import Module
from minitransfer.nn.utils import fuse_conv_bn
from minitransfer.pictures.duplicates import near_rows
from minitransfer.progress import progress_bar
from minitransfer.transfer import freeze, strip_head

#: Shares of the pictures to learn from, to choose by, and to judge by.
SHARES = (0.6, 0.2, 0.2)

#: Near-duplicates that are named; of the others there is a count.
NAMED = 200

#: So many pictures tell what all look like.
LOOKED_AT = 200

#: Between the brightest and the darkest of red, green and blue lies this much on average in a
#: picture that is called coloured; what JPEG does to a grey one is less.
COLOURED = 0.04


def read_pictures(job: Job) -> None:
    """Find near-duplicates and broken files, divide the pictures, decode them, make features."""
    everything = job.whole
    kind = "values" if everything.classes is None else f"{len(everything.classes):,} classes"
    job.say(
        f"{len(everything):,} pictures, {kind}. Borrowed: {job.body.name}. {job.body.note}".strip()
    )
    if job.work.resumed:
        job.say("Going on from what was done before.")
    found = job.work.stage("files", lambda: _looked_at(everything, job.progress))
    for name, reason in found["skipped"]:
        everything.log.skip(name, reason)
    for remark, names in found["remarks"].items():
        for name in names:
            everything.log.remark(name, [remark])
    broken = {name for name, _ in found["skipped"]}
    job.whole = everything[[i for i in range(len(everything)) if everything.shown(i) not in broken]]
    _check_enough(job.whole)
    parts = pictures.split(job.whole, SHARES, job.settings.seed)
    job.training, job.validation, job.test = map(Part, parts)
    job.duplicates = _across(parts, everything, found["pairs"], found["agree"])
    job.task = Task.of(job.training.y, job.whole.classes)
    found = job.work.stage("mending", lambda: _looks(job))
    job.mending, job.looks = found["steps"], found["sentences"]
    for sentence in [*job.whole.log.sentences, *_left_out(job), *job.looks]:
        job.say(sentence)
    for name, part in job.parts.items():
        part.pixels = _decoded(job, name, part.collection)
    _make_features(job)


def _looked_at(collection, progress) -> dict:
    """Decode each picture once, small: which are broken, and which are nearly the same."""
    with progress_bar("looking at all pictures", len(collection), wanted=progress) as show:
        _, pairs, _ = near_rows(collection)
        show(len(collection))
    return {
        "pairs": pairs,
        "agree": collection.y[pairs[:, 0]] == collection.y[pairs[:, 1]],
        "skipped": collection.skipped,
        "remarks": {remark: sorted(names) for remark, names in collection.log.remarks.items()},
    }


def _across(parts, everything, pairs, agree) -> Duplicates:
    """Of pairs of pictures (P, 2), by their numbers, those in two different parts."""
    part_of = {path: k for k, part in enumerate(parts) for path in part.paths}
    places = np.array([part_of.get(path, -1) for path in everything.paths])[pairs]
    here = (places >= 0).all(1) & (places[:, 0] != places[:, 1])
    pairs, places, agree = pairs[here], places[here], agree[here]
    named = [
        (*map(everything.shown, pair), *place, same)
        for pair, place, same in zip(
            pairs[:NAMED].tolist(), places[:NAMED].tolist(), agree[:NAMED].tolist(), strict=True
        )
    ]
    judged_by = np.unique(pairs[places == 2])
    return Duplicates(len(pairs), named, {everything.paths[row] for row in judged_by})


def _left_out(job):
    """What the user should know about files before the work goes on; the report names them all."""
    skipped, twice = job.whole.skipped, job.duplicates.count
    if skipped:
        some = "; ".join(f"{name}: {reason}" for name, reason in skipped[:2])
        more = "; …" if len(skipped) > 2 else ""
        files = "1 file was" if len(skipped) == 1 else f"{len(skipped):,} files were"
        yield " ".join(f"{files} left out ({some}{more}); the report names all.".split())
    if twice:
        pairs = "1 pair of pictures is" if twice == 1 else f"{twice:,} pairs of pictures are"
        yield f"{pairs} nearly the same, in two parts, which flatters; the report names them."


def _check_enough(collection) -> None:
    """Refuse what nothing could be said about afterwards.

    Raises:
        ValueError: says how many are needed.
    """
    if collection.classes is None:
        if len(collection) < 10:
            raise ValueError(
                f"{collection.folder}: {len(collection)} pictures with values that can be read; "
                "ten are the least to learn from and to judge by"
            )
        if np.ptp(collection.y) == 0:
            raise ValueError(
                f"{collection.folder}: all {len(collection)} values are {collection.y[0]:g}; there "
                "is nothing to learn"
            )
        return
    counts = np.bincount(collection.y, minlength=len(collection.classes))
    if (counts >= 3).sum() < 2:
        raise ValueError(
            f"{collection.folder}: fewer than two classes have three pictures that can be read, "
            "one each to learn from, to choose by and to judge by; add pictures"
        )


def _looks(job) -> dict:
    """What has to be done to these pictures before they look as the borrowed network expects."""
    convention = job.body.card.get("convention")
    some = job.training.collection[:: max(1, len(job.training) // LOOKED_AT)]
    said = [] if job.body.for_photographs else _without_colour(job, some)
    if convention is None or convention["polarity"] == "any":
        return {"steps": [], "sentences": said}
    x = np.concatenate([batch.x for batch in pictures.batches(some)])
    steps = pictures.steps_to(x, convention)
    _, sentences = pictures.mend(x, convention, steps)
    return {"steps": steps, "sentences": [*said, *sentences]}


def _without_colour(job, some) -> list:
    """What to say if a network that sees grey pictures is given coloured ones."""
    count = 0
    for batch in pictures.batches(some, channels=3):
        count += int((np.ptp(batch.x, axis=1).mean((1, 2)) > COLOURED).sum())
    if not count:
        return []
    verb = "is" if count == 1 else "are"
    return [
        f"Of {len(some)} pictures looked at, {count} {verb} in colour, and "
        f"{job.body.card['name']} sees grey ones only: the colour was left out. If colour tells "
        f"what they show, borrow another network: --net {bodies.PHOTOGRAPHS} "
        '(pip install "minitransfer[imagenet]").'
    ]


def _decoded(job, name, collection) -> np.ndarray:
    """Return the pictures as bytes, in a file."""
    shape = (job.body.channels, job.body.size, job.body.size)
    rows = job.work.rows(f"{name}-pixels", len(collection), shape, np.uint8)
    if rows.complete:
        return rows.array
    left = collection[rows.done :]
    with progress_bar(
        f"decoding ({name})", len(collection), rows.done, wanted=job.progress
    ) as show:
        for batch in pictures.batches(left, batch_size=learning.AT_ONCE):
            rows.add(in_bytes(mended(batch.x, job.body.card, job.mending)))
            show(rows.done)
    if not rows.complete:
        raise ValueError(
            f"{collection.folder}: pictures that could be read a moment ago cannot be read any "
            f"more ({collection.skipped[-1][0]}: {collection.skipped[-1][1]}). Are they being "
            "changed? Run the command again when that is over"
        )
    return rows.array


def mended(x, card, steps) -> np.ndarray:
    """Return pictures from 0 to 1 as the network of a card expects them.

    Example:
        >>> mended(np.ones((1, 1, 4, 4), np.float32), {}, []).max()
        np.float32(1.0)
    """
    return pictures.mend(x, card["convention"], steps)[0] if steps else x


def in_bytes(x) -> np.ndarray:
    """Return pictures from 0 to 1 as bytes.

    Example:
        >>> in_bytes(np.array([0, 0.5, 1.0])).tolist()
        [0, 128, 255]
    """
    return np.rint(255 * np.clip(x, 0, 1)).astype(np.uint8)


def _make_features(job) -> None:
    """Send every picture through the borrowed body once; of those to learn from, mirrored too."""
    network = job.fresh_network()
    body = ready_to_run(strip_head(network))
    length = learning.head_of(network).in_features
    tables = {
        (name, mirrored): job.work.rows(
            f"{name}-features{'-mirrored' * mirrored}", len(part), (length,), np.float32
        )
        for name, part in job.parts.items()
        for mirrored in (False, True)
        if not mirrored or (name == "training" and job.mirrors)
    }
    total = sum(len(table.array) for table in tables.values())
    done = sum(table.done for table in tables.values())
    with progress_bar("features of the borrowed network", total, done, wanted=job.progress) as bar:

        def show(count):
            nonlocal done
            done += count
            bar(done)

        for (name, mirrored), table in tables.items():
            pixels = job.parts[name].pixels
            learning.features_into(table, body, pixels, mirrored=mirrored, show=show)
    for (name, mirrored), table in tables.items():
        features = np.asarray(table.array)
        if mirrored:
            features = np.stack([job.parts[name].features, features], axis=1)
        job.parts[name].features = features


def ready_to_run(body: Module) -> Module:
    """Return a body in the form in which it is only asked, never trained: see `fuse_conv_bn`."""
    return fuse_conv_bn(freeze(body))
