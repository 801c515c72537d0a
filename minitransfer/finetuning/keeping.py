"""The network in one file, with all that is needed to use it and to know what it is worth."""

import shlex
from dataclasses import dataclass

import numpy as np

from minitransfer import checkpoint, documents, zoo
from minitransfer.documents import entries, listed, named, number, one_of, optional, text, whole
from minitransfer.finetuning import learning
from minitransfer.finetuning.job import Job
from minitransfer.finetuning.judging import HELD, Judged
from minitransfer.finetuning.settings import fingerprint
from minitransfer.nn import Module
from minitransfer.transfer import Familiarity
from minitransfer.zoo.room import check_room

#: Name of the file of the network that borrows nothing, where it is kept.
FROM_SCRATCH = "from-scratch.safetensors"

#: What stands in the card under "finetuned".
NOTES = entries(
    task=one_of("classes", "values"),
    channels=whole(1, 3),
    size=whole(1, 4096),
    mending=listed(text, 0, 10),
    borrowed=text,
    option=text,
    pictures=named(listed(whole(0, 10**9), 3, 3)),
    scores=named(listed(documents.any_number, 3, 3)),
    temperature=optional(number(1e-3, 1e3)),
    half_width=optional(number(0)),
    held=number(0, 1),
    threshold=number(0, 2),
    expected=number(0, 1),
    interrupted=text,
    job=text,
)


@dataclass
class Kept:
    """A network that `finetune` wrote, or another published one for pictures.

    Attributes:
        network: in evaluation mode.
        card: its card.
        notes: what finetune found out, or None.
        familiarity: what it knows, or None.
    """

    network: Module
    card: dict
    notes: dict | None = None
    familiarity: Familiarity | None = None


def keep(job: Job, judged: Judged, path) -> None:
    """Write the network that was judged: the chosen one, or the one from scratch."""
    network, body, size = judged.candidate.network, job.body.card, job.body.size
    if judged.chosen == "scratch":
        size //= job.scratch["factor"]
        body = _of_nothing(job, size)
    job.task.scale_into(learning.head_of(network))
    notes = {
        "task": "values" if job.task.classes is None else "classes",
        "channels": job.body.channels,
        "size": size,
        "mending": job.mending,
        "borrowed": str(body["name"]),
        "option": judged.chosen,
        "pictures": counts(job),
        "scores": {
            name: [who["network"][key] for key in ("value", "low", "high")]
            for name, who in judged.scores.items()
        },
        "temperature": judged.temperature,
        "half_width": judged.half_width,
        "held": HELD,
        "threshold": judged.familiarity.threshold,
        "expected": judged.familiarity.expected,
        "interrupted": job.interrupted,
        "job": fingerprint(job.work.job),
    }
    NOTES(notes, "the notes of the network")
    accuracy = {
        f"{name}, {len(job.test)} test pictures": who["network"]["value"]
        for name, who in judged.scores.items()
        if job.task.classes is not None
    }
    zoo.publish(
        network,
        path,
        beside={"familiarity": judged.familiarity.known},
        name=job.settings.place.resolve().name + "-from-scratch" * (judged.chosen == "scratch"),
        input_type="image",
        input_shape=body["input_shape"],
        classes=list(job.task.classes or ["value"]),
        source=f"{len(job.training)} pictures of the folder {job.whole.name!r}, beginning with "
        f"{body['name']} ({body['source']})",
        licence=f"body: {body['licence']}; what was learnt from the pictures: theirs",
        accuracy=accuracy,
        command=job.settings.command,
        finetuned=notes,
        **({"convention": body["convention"]} if "convention" in body else {}),
        # One that is described layer by layer is described anew: its head is another.
        **({"architecture": name} if isinstance(name := body["architecture"], str) else {}),
    )


def _of_nothing(job, size) -> dict:
    """What stands in the place of a borrowed network's card where nothing was borrowed."""
    card = {name: job.body.card[name] for name in ("convention",) if name in job.body.card}
    own = job.scratch["what"].startswith("the same network")
    return card | {
        "name": "nothing",
        "source": "random weights",
        "licence": "none, its weights were random",
        "input_shape": [job.body.channels, size, size],
        "architecture": job.body.card["architecture"] if own else None,
    }


def counts(job: Job) -> dict:
    """How many pictures of each class there are to learn from, to choose by and to judge by."""
    if job.task.classes is None:
        return {"values": [len(part) for part in job.parts.values()]}
    tables = [np.bincount(p.y, minlength=len(job.task.classes)) for p in job.parts.values()]
    return {name: [int(table[k]) for table in tables] for k, name in enumerate(job.task.classes)}


def load(name) -> Kept:
    """Return a network to ask, with what is known about its answers.

    Args:
        name: as `zoo.load` takes it.

    Raises:
        ValueError: if there is no such network, it is not for pictures, or its file is damaged.

    Example:
        >>> load("glyph-conv").notes is None
        True
    """
    network = zoo.load(name)
    if network.input_type != "image":
        raise ValueError(f"{name} takes input of type {network.input_type!r}, not pictures")
    if len(network.input_shape) != 3:
        raise ValueError(f"{name} takes input of shape {network.input_shape}, not pictures")
    notes = network.card.get("finetuned")
    if notes is None:
        return Kept(network, network.card)
    NOTES(notes, f"{name}: the card's notes")
    check_room(network, (notes["channels"], notes["size"], notes["size"]), name)
    lacks_width = notes["task"] == "values" and notes["half_width"] is None
    if lacks_width or (notes["mending"] and network.convention is None):
        raise ValueError(f"{name}: the card's notes do not fit the rest of it")
    known = checkpoint.load_beside(name).get("familiarity")
    if (
        known is None
        or known.ndim != 2
        or not len(known)
        or known.shape[1] != learning.head_of(network).in_features
    ):
        raise ValueError(f"{name} does not hold the features that its card speaks of")
    familiarity = Familiarity(known, notes["threshold"], notes["expected"])
    return Kept(network, network.card, notes, familiarity)


def quoted(path) -> str:
    """Return a path as a shell takes it.

    Example:
        >>> quoted("my pictures")
        "'my pictures'"
    """
    return shlex.quote(str(path))
