"""All that is known while the job runs: what was asked for, the pictures, the networks so far."""

import contextlib
import os
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from minitransfer import pictures
from minitransfer.data import Dataset
from minitransfer.files import alone, check_writable
from minitransfer.finetuning import bodies, learning
from minitransfer.finetuning.learning import Task
from minitransfer.finetuning.settings import Settings, identity_of, is_done
from minitransfer.finetuning.work import Work
from minitransfer.nn import Module
from minitransfer.pictures.collection import TABLE
from minitransfer.train import Monitor

#: Name of the folder of unfinished work within the folder for the results.
UNFINISHED = "unfinished"

#: Name of the file there that keeps a second command out while one works.
LOCK = ".lock"

#: Seconds that are set aside for what comes after full fine-tuning (scratch, test, report), and
#: what they are at least as a share of what came before it: other programs slow down both.
RESERVE, RESERVED_SHARE = 30, 0.6


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
class Duplicates:
    """Pictures that are nearly the same and stand in two different parts.

    Attributes:
        count: pairs of them.
        named: the nearest: (name, name, part, part, whether they have the same label or value).
        judged_by: the files among the test pictures.
    """

    count: int = 0
    named: list = field(default_factory=list)
    judged_by: set = field(default_factory=set)


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
    duplicates: Duplicates = field(default_factory=Duplicates)
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
        reserve = max(RESERVE, RESERVED_SHARE * self.seconds)
        return 60 * self.settings.minutes - self.seconds - reserve


@contextlib.contextmanager
def prepared(settings: Settings, say=print, progress: bool = False):
    """Look at what was asked for, and refuse what cannot be done, before any work.

    Yields:
        The job; None if its result is there already. Meanwhile no other command can work there.

    Raises:
        ValueError, FileExistsError, OSError: see `finetune`.
    """
    started = time.monotonic()
    collection = pictures.collect(settings.folder, csv=settings.csv)
    body = bodies.choose(settings.net, settings.size)
    place = settings.place
    by_folders = settings.csv is None and not (settings.folder / TABLE).is_file()
    if by_folders and place.resolve().is_relative_to(collection.folder):
        outside = os.path.relpath(collection.folder.parent / f"{collection.name}-finetuned")
        raise ValueError(
            f"{place} would lie among the pictures, and its own pictures would be taken for a "
            f"class the next time; choose a place outside, for instance with --out {outside}"
        )
    check_writable(*(place / name for name in ("network.safetensors", "report.html", "report.md")))
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(alone(place / LOCK))
        except BlockingIOError:
            raise FileExistsError(
                f"another finetune is working in {place}; wait for it, or choose another place "
                "with --out"
            ) from None
        # Whether it is done is asked when nobody else can be about to end it.
        identity = identity_of(settings, body, collection)
        if not (place / UNFINISHED).exists() and is_done(place / "network.safetensors", identity):
            yield None
            return
        yield Job(
            settings,
            body,
            Work(place / UNFINISHED, identity),
            say,
            progress,
            started,
            collection.at(body.size, body.channels),
        )
