"""What was asked for, and whether it is done already."""

import hashlib
import json
import os
import shlex
import zlib
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from minitransfer import checkpoint
from minitransfer.terminal import without_controls

#: What may be asked for.
OPTIONS = ("auto", "head", "all", "head, then all")


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


def identity_of(settings, body, collection) -> dict:
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


def is_done(network: Path, identity: dict) -> bool:
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
