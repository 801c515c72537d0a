"""The job: a folder of pictures in, a network and a report out.

From top to bottom: the pictures are read and divided; a head is trained on the borrowed network's
features; everything is trained, if there is time, and kept if validation prefers it; a network
from scratch stands beside them. Test pictures are looked at once, in the end.

Each of these is a stage that is kept when it is finished (see `work`), so that the same command
goes on from there. On Ctrl-C the report is written of what was learnt so far.
"""

import hashlib
import json
import os
import shlex
import time
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np

from minitransfer import checkpoint, pictures
from minitransfer.data import Dataset
from minitransfer.files import check_writable
from minitransfer.finetuning import bodies, learning
from minitransfer.finetuning.learning import Task
from minitransfer.finetuning.work import Work
from minitransfer.nn import Module
from minitransfer.nn.utils import fuse_conv_bn
from minitransfer.progress import progress_bar
from minitransfer.terminal import without_controls
from minitransfer.train import Monitor, predict
from minitransfer.transfer import freeze, steps_for, strip_head, unfreeze

#: What may be asked for.
OPTIONS = ("auto", "head", "all", "head, then all")

#: Shares of the pictures to learn from, to choose by, and to judge by.
SHARES = (0.6, 0.2, 0.2)

#: Name of the folder of unfinished work within the folder for the results.
UNFINISHED = "unfinished"

#: Shares of the labels that the head learns from, to see whether more would help; and how often
#: the smaller ones are drawn.
LABEL_SHARES, LABEL_DRAWS = (0.25, 0.5, 1.0), 5

#: Seconds that are set aside for what comes after full fine-tuning: scratch, test, report.
RESERVE = 30

#: Share of the time left that full fine-tuning is planned for: a step that was measured alone may
#: take longer when other programs run.
MARGIN = 0.85

#: So many pictures tell what all look like.
LOOKED_AT = 200

#: Passes over the pictures in full fine-tuning of a large network, if there is time for more.
MOST_PASSES = 10


@dataclass(frozen=True)
class Settings:
    """What was asked for; see `finetune`."""

    folder: Path
    csv: Path | None = None
    net: str | None = None
    option: str = "auto"
    size: int | None = None
    epochs: int | None = None
    minutes: float = 3.0
    augment: bool = True
    seed: int = 0
    out: Path | None = None

    def __post_init__(self):
        if self.option not in OPTIONS:
            raise ValueError(
                f"--option is one of {', '.join(map(repr, OPTIONS))}; given {self.option!r}"
            )
        if self.epochs is not None and self.epochs < 1:
            raise ValueError(f"--epochs is a whole number from 1 on; given {self.epochs}")
        if not 0 < self.minutes < 1e6:
            raise ValueError(f"--minutes is a number above 0; given {self.minutes}")

    @property
    def place(self) -> Path:
        """The folder for the results."""
        return self.out or Path(f"{self.folder.resolve().name or 'pictures'}-finetuned")

    @property
    def command(self) -> str:
        """The command that asks for this."""
        words = ["minitransfer", "finetune", str(self.folder)]
        for name in ("csv", "net", "option", "size", "epochs", "minutes", "seed", "out"):
            value = getattr(self, name)
            if value != type(self).__dataclass_fields__[name].default:
                words += [f"--{name}", f"{value:g}" if name == "minutes" else str(value)]
        if not self.augment:
            words.append("--no-augment")
        return shlex.join(words)


@dataclass
class Part:
    """Some of the pictures: where they are, what is said of them, and their numbers.

    Attributes:
        collection: the files.
        pixels: (N, channels, size, size) in bytes, on the disk.
        features: (N, features), what the borrowed body makes of them.
    """

    collection: pictures.Collection
    pixels: np.ndarray = None
    features: np.ndarray = None

    @property
    def y(self) -> np.ndarray:
        return self.collection.y

    def __len__(self):
        return len(self.collection)


@dataclass
class Candidate:
    """A network that was trained on the pictures, and what it says of those it is chosen by.

    Attributes:
        network: the network.
        rows: its history.
        validation: its outputs for the validation pictures.
        about: a sentence about its training, or "".
    """

    network: Module
    rows: list = field(default_factory=list)
    validation: np.ndarray = None
    about: str = ""


@dataclass
class Job:
    """All that is known while the job runs; what is None has not been found out yet."""

    settings: Settings
    body: bodies.Body
    work: Work
    saying: Callable
    progress: bool
    started: float
    whole: pictures.Collection = None
    duplicates: list = field(default_factory=list)
    mending: list = field(default_factory=list)
    looks: list = field(default_factory=list)
    training: Part = None
    validation: Part = None
    test: Part = None
    task: Task = None
    candidates: dict = field(default_factory=dict)
    skipped_options: list = field(default_factory=list)
    scratch: dict = None
    labels: list = None
    interrupted: str = ""
    said: list = field(default_factory=list)

    def say(self, sentence: str) -> None:
        """Tell the user a sentence, once."""
        if sentence not in self.said:
            self.said.append(sentence)
            self.saying(sentence)

    def rng(self, stage: str) -> np.random.Generator:
        """A generator of a stage's own: what is drawn before does not matter."""
        return np.random.default_rng([self.settings.seed, zlib.crc32(stage.encode())])

    def monitor(self, stage: str, words: str) -> Monitor:
        """How a stage's training is watched and kept."""
        file = self.work.folder / f"{stage}.checkpoint"
        return Monitor(checkpoint=file, resume=True, progress=words if self.progress else False)

    @property
    def parts(self) -> dict:
        """The three parts of the pictures, by name."""
        return {"training": self.training, "validation": self.validation, "test": self.test}

    @property
    def mirrors(self) -> bool:
        """Whether pictures are also learnt from mirrored: things have no side, letters have."""
        return self.settings.augment and self.body.for_photographs

    @property
    def change(self):
        """How pictures are changed each time they are shown, or None."""
        return learning.moved(self.body.for_photographs) if self.settings.augment else None

    def fresh_network(self) -> Module:
        """The borrowed network with a fresh head, the same each time."""
        return self.body.network(self.task.outputs, self.rng("fresh head"))

    def seen(self, rows) -> tuple:
        """Features and targets of training pictures; of both views where there are two."""
        features, y = self.training.features[rows], self.training.y[rows]
        if features.ndim == 2:
            return features, y
        return features.reshape(-1, features.shape[-1]), np.repeat(y, features.shape[1])

    def watched(self) -> Dataset:
        """The validation pictures, to watch a training run with."""
        return self.task.dataset(self.validation.pixels, self.validation.y, input_type="image")

    @property
    def seconds(self) -> float:
        """Since the command was given."""
        return time.monotonic() - self.started

    @property
    def seconds_left(self) -> float:
        """Of the time that was granted, without what comes after."""
        return 60 * self.settings.minutes - self.seconds - RESERVE


def prepared(settings: Settings, say=print, progress: bool = False) -> Job | None:
    """Look at what was asked for, and refuse what cannot be done, before any work.

    Returns:
        The job; None if its result is there already.

    Raises:
        ValueError, FileExistsError, OSError: see `finetune`.
    """
    started = time.monotonic()
    collection = pictures.collect(settings.folder, csv=settings.csv)
    body = bodies.choose(settings.net, settings.size)
    place = settings.place
    check_writable(*(place / name for name in ("network.safetensors", "report.html", "report.md")))
    identity = _identity(settings, body, collection)
    if not (place / UNFINISHED).exists() and _is_done(place / "network.safetensors", identity):
        return None
    return Job(
        settings,
        body,
        Work(place / UNFINISHED, identity),
        say,
        progress,
        started,
        collection.at(body.size, body.channels),
    )


def _is_done(network: Path, identity: dict) -> bool:
    """Whether this very job is done; refuses to write over the network of another.

    Raises:
        FileExistsError: says whose network is there.
    """
    if not network.exists():
        return False
    try:
        card = checkpoint.read_card(network)
    except ValueError:
        card = {}
    if card.get("finetuned", {}).get("job") == fingerprint(identity):
        return True
    whose = f"by: {card['command']}" if card.get("command") else "by something else"
    raise FileExistsError(
        f"{network} was made {without_controls(whose)}, or of other pictures, and would be "
        "overwritten. Choose another place with --out, or move that folder away"
    )


def fingerprint(identity: dict) -> str:
    """Return a few letters that tell one job from another.

    Example:
        >>> fingerprint({"seed": 0}) == fingerprint({"seed": 1})
        False
    """
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]


def _identity(settings, body, collection) -> dict:
    """What decides about the result: what was asked for, and the files with their sizes."""
    asked = {k: v for k, v in asdict(settings).items() if k not in ("folder", "csv", "out")}
    listing = [
        (collection.shown(i), int(os.stat(path).st_size), int(os.stat(path).st_mtime_ns))
        for i, path in enumerate(collection.paths)
    ]
    contents = repr((listing, collection.y.tolist(), collection.classes))
    body_file = Path(body.name)
    return {
        **asked,
        "network": body.name,
        "network's file": zlib.crc32(body_file.read_bytes()) if body_file.is_file() else 0,
        "pictures": zlib.crc32(contents.encode()),
        "version": version("minitransfer"),
    }


def learn(job: Job) -> None:
    """Do all stages in their order; what is finished is in `job` when it is interrupted."""
    job.interrupted = "while the pictures were being read"
    read_pictures(job)
    job.interrupted = "while the head was being trained"
    train_head(job)
    if job.settings.option != "head":
        job.interrupted = "while everything was being trained"
        train_all(job)
    job.interrupted = "before the network from scratch was trained"
    train_scratch(job)
    job.interrupted = "before it was measured how much more labels would help"
    vary_labels(job)
    job.interrupted = ""


# The stages


def read_pictures(job: Job) -> None:
    """Find near-duplicates and broken files, divide the pictures, decode them, make features."""
    everything = job.whole
    kind = "values" if everything.classes is None else f"{len(everything.classes)} classes"
    job.say(
        f"{len(everything)} pictures, {kind}. Borrowed: {job.body.name}. {job.body.note}".strip()
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
    place = {path: k for k, part in enumerate(parts) for path in part.paths}
    for pair in found["pairs"]:
        places = [place.get(everything.paths[row]) for row in pair["rows"]]
        if None not in places and places[0] != places[1]:
            job.duplicates.append({**pair, "parts": places})
    job.task = Task.of(job.training.y, job.whole.classes)
    found = job.work.stage("mending", lambda: _looks(job))
    job.mending, job.looks = found["steps"], found["sentences"]
    for sentence in job.looks:
        job.say(sentence)
    for name, part in job.parts.items():
        part.pixels = _decoded(job, name, part.collection)
    _make_features(job)


def _looked_at(collection, progress) -> dict:
    """Decode each picture once, small: which are broken, and which are nearly the same."""
    with progress_bar("looking at all pictures", len(collection), wanted=progress) as show:
        pairs = pictures.near_duplicates(collection)
        show(len(collection))
    return {
        "pairs": [
            {"names": [p.first, p.second], "rows": p.rows, "distance": p.distance, "agree": p.agree}
            for p in pairs
        ],
        "skipped": collection.skipped,
        "remarks": {remark: sorted(names) for remark, names in collection.log.remarks.items()},
    }


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
    if convention is None or convention["polarity"] == "any":
        return {"steps": [], "sentences": []}
    some = job.training.collection[:: max(1, len(job.training) // LOOKED_AT)]
    x = np.concatenate([batch.x for batch in pictures.batches(some)])
    steps = pictures.steps_to(x, convention)
    _, sentences = pictures.mend(x, convention, steps)
    return {"steps": steps, "sentences": sentences}


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


def train_head(job: Job) -> None:
    """Train a head on the features: option 1."""
    network = job.fresh_network()
    head = learning.head_of(network)
    candidate = Candidate(network)
    x, y = job.seen(np.arange(len(job.training)))

    def compute():
        job.candidates["head"] = candidate  # from here on there is something to keep
        history = learning.learn_head(
            head, x, y, job.task, job.rng("head"), job.monitor("head", "the head")
        )
        return {"weight": head.weight, "bias": head.bias, "rows": history.rows}

    found = job.work.stage("head", compute)
    head.weight.array[...], head.bias.array[...] = found["weight"], found["bias"]
    candidate.rows = found["rows"]
    candidate.validation = head_answers(head, job.validation.features)
    job.candidates["head"] = candidate


def train_all(job: Job) -> None:
    """Train everything, from the head that was found on, if there is time for it: option 2."""
    begun = job.work.has("plan")
    plan = job.work.stage("plan", lambda: _plan(job))
    if plan["said"] and not begun:
        job.say(plan["said"] + ".")
    if not plan["steps"]:
        job.skipped_options.append(plan["said"] + ".")
        return
    network = unfreeze(job.fresh_network())
    if (
        job.settings.option != "all"
    ):  # "all" begins with a fresh head, the others with one that fits
        network.load_state_dict(job.candidates["head"].network.state_dict())
    candidate = Candidate(network, about=plan["said"])

    def compute():
        job.candidates["all"] = candidate
        history = learning.learn_all(
            network,
            job.training.pixels,
            job.training.y,
            job.task,
            job.rng("all"),
            steps=plan["steps"],
            batch_size=plan["batch_size"],
            change=job.change,
            monitor=job.monitor("all", "everything"),
            validation=job.watched() if plan["watch"] else None,
        )
        return {"model": network.state_dict(), "rows": history.rows}

    found = job.work.stage("all", compute)
    network.load_state_dict(found["model"])
    candidate.rows = found["rows"]
    candidate.validation = job.work.stage(
        "all-validation", lambda: {"outputs": learning.answers(network, job.validation.pixels)}
    )["outputs"]
    job.candidates["all"] = candidate


def _plan(job) -> dict:
    """How many steps full fine-tuning gets: what the recipe says, or what there is time for."""
    n = len(job.training)
    small = job.body.size <= 32
    batch_size = min(64 if small else learning.LARGE_BATCH, n)
    per_pass = -(-n // batch_size)
    steps = steps_for(n) if small else MOST_PASSES * per_pass
    if job.settings.epochs is not None:
        steps = job.settings.epochs * per_pass
    seconds = _seconds_per_step(job, batch_size)
    affordable = int(MARGIN * max(job.seconds_left, 0) / seconds)
    said = ""
    if affordable < steps:
        needed = f"{steps} steps of {batch_size} pictures at {seconds:.2g} s each"
        granted = f"the {job.settings.minutes:g} minutes granted"
        if affordable < per_pass and job.settings.option == "auto":
            said = (
                f"Training everything would take {_time(steps * seconds)} ({needed}), and what is "
                f"left of {granted} does not suffice for one pass over the pictures: only the head "
                "was trained. More time: --minutes"
            )
            steps = 0
        else:
            said = (
                f"Training everything as long as usual would take {_time(steps * seconds)} "
                f"({needed}); shortened to {max(affordable, per_pass)} steps for {granted}. More "
                "time: --minutes"
            )
            steps = max(affordable, per_pass)
    watch = small or len(job.validation) * 20 < 0.3 * steps * batch_size
    return {"steps": steps, "batch_size": batch_size, "said": said, "watch": watch}


def _seconds_per_step(job, batch_size) -> float:
    """Measure a step of full fine-tuning; the one before it compiles the kernels."""
    network = unfreeze(job.fresh_network())
    taken = []
    for _ in range(2):
        begin = time.perf_counter()
        learning.learn_all(
            network,
            job.training.pixels[:batch_size],
            job.training.y[:batch_size],
            job.task,
            np.random.default_rng(0),
            steps=1,
            batch_size=batch_size,
            change=None,
            monitor=Monitor(),
        )
        taken.append(time.perf_counter() - begin)
    return max(taken[-1], 1e-4)


def train_scratch(job: Job) -> None:
    """Train a network that borrows nothing, on the same pictures: what the borrowing is worth."""
    rng = job.rng("scratch")
    network, factor = bodies.from_scratch(job.body, job.task.outputs, rng)

    def compute():
        history = learning.learn_from_scratch(
            network,
            bodies.shrunk(job.training.pixels, factor),
            job.training.y,
            job.task,
            rng,
            steps=steps_for(len(job.training)),
            change=job.change,
            monitor=job.monitor("scratch", "from scratch"),
        )
        outputs = learning.answers(network, bodies.shrunk(job.test.pixels, factor))
        return {"outputs": outputs, "rows": history.rows}

    job.scratch = job.work.stage("scratch", compute)
    job.scratch["what"] = (
        "the same network with random weights"
        if factor == 1 and job.body.size <= 32
        else f"a small convolutional network with random weights, {job.body.size // factor}×"
        f"{job.body.size // factor} dots"
    )


def vary_labels(job: Job) -> None:
    """Train the head with fewer labels, to see whether more would help."""
    job.labels = job.work.stage("labels", lambda: {"rows": _varied(job)})["rows"]


def _varied(job) -> list:
    rows = []
    with progress_bar("with fewer labels", 1 + 2 * LABEL_DRAWS, wanted=job.progress) as show:
        for share in LABEL_SHARES:
            for draw in range(LABEL_DRAWS if share < 1 else 1):
                rng = job.rng(f"labels {share} {draw}")
                some = _some(job.training.y, share, job.whole.classes is not None, rng)
                network = job.fresh_network()
                head = learning.head_of(network)
                x, y = job.seen(some)
                task = Task.of(job.training.y[some], job.whole.classes)
                learning.learn_head(head, x, y, task, rng)
                outputs = task.turned_back(head_answers(head, job.test.features))
                rows.append({"count": len(some), "score": _score(outputs, job.test.y, job.task)})
                show(len(rows))
    return rows


def _some(y, share, labels, rng) -> np.ndarray:
    """Rows of a share of the pictures, of each class as many as its share, one at the least."""
    if share == 1:
        return np.arange(len(y))
    if not labels:
        return np.sort(rng.permutation(len(y))[: max(2, round(share * len(y)))])
    chosen = []
    for label in np.unique(y):
        rows = rng.permutation(np.flatnonzero(y == label))
        chosen.append(rows[: max(1, round(share * len(rows)))])
    return np.sort(np.concatenate(chosen))


def _score(outputs, y, task) -> float:
    if task.classes is None:
        return float(np.abs(outputs - y).mean())
    return float((outputs.argmax(1) == y).mean())


def head_answers(head, features) -> np.ndarray:
    """Return a head's outputs for features (N, …); of pictures seen twice, for the first view."""
    features = features if features.ndim == 2 else features[:, 0]
    return predict(head, features, batch_size=learning.AT_ONCE)


def ready_to_run(body: Module) -> Module:
    """Return a body in the form in which it is only asked, never trained: see `fuse_conv_bn`."""
    return fuse_conv_bn(freeze(body))


def _time(seconds) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} minutes"
