"""A folder of pictures as data: what is in it, what was left out, and why.

Nothing is decoded before it is asked for: a collection is a list of files and what is to be said of
them. It is indexed like any data, and a `DataLoader` takes it as it is.
"""

import os
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from minitransfer.pictures.decoding import check_header, decoded
from minitransfer.pictures.labels import read_labels
from minitransfer.terminal import escaped

#: The table of labels that `collect` looks for in a folder.
TABLE = "labels.csv"
# Folders of data that somebody has split already, each with a folder a class in it.
_PARTS = {"train", "training", "val", "valid", "validation", "dev", "test", "testing"}


@dataclass
class Log:
    """What was met on the way; the parts of a collection share it with the whole.

    Attributes:
        reasons: why each file that was left out was: name → reason.
        sentences: what is to be said of the folder as a whole.
        remarks: what was remarked of pictures that were read, each with the names of the files.
    """

    reasons: dict = field(default_factory=dict)
    sentences: list = field(default_factory=list)
    remarks: dict = field(default_factory=dict)

    def skip(self, name: str, reason: str) -> None:
        """Note that a file was left out; the first reason stays."""
        self.reasons.setdefault(name, reason)

    def remark(self, name: str, remarks) -> None:
        """Note what was remarked of a file."""
        for remark in remarks:
            self.remarks.setdefault(remark, set()).add(name)


@dataclass(eq=False)
class Collection:
    """Files of pictures, and a label or a value for each; see `collect`, which makes it.

    ``collection[i]`` decodes one picture and returns it with its target; a slice or an array of
    whole numbers or booleans gives a smaller collection. Both forms of `y` are those of a
    `Dataset`.

    Attributes:
        folder: where the files are.
        paths: the files, in an order that depends on their names alone.
        y: array of shape (N,): labels (int64) or, where `classes` is None, values (float64).
        classes: the names of the labels, in order; None where `y` holds values.
        size, channels: how pictures are decoded; another size by ``collection.at(size, channels)``.
        log: what was left out and remarked; shared by all parts of a collection.
    """

    folder: Path
    paths: tuple
    y: np.ndarray
    classes: tuple | None = None
    size: int = 224
    channels: int = 3
    log: Log = field(default_factory=Log, repr=False)

    input_type = "image"

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        if isinstance(index, (int, np.integer)) and not isinstance(index, bool):
            return self.decoded(index, self.size, self.channels), self.y[index]
        rows = np.arange(len(self))[index]
        return replace(self, paths=tuple(self.paths[i] for i in rows), y=self.y[rows])

    def __repr__(self):
        kind = "values" if self.classes is None else f"{len(self.classes)} classes"
        return f"Collection {self.folder.name!r}: {len(self)} pictures, {kind}"

    @property
    def name(self) -> str:
        """What to call it in tables."""
        return self.folder.name

    @property
    def skipped(self) -> list:
        """(name of the file within the folder, reason) for each that was left out so far."""
        return sorted(self.log.reasons.items())

    @property
    def notes(self) -> list[str]:
        """Sentences for the user: what was decided about the folder and about pictures in it."""
        return [
            *self.log.sentences,
            *(
                f"{_count(len(names), 'picture')} ({_some(names)}): {remark}."
                for remark, names in sorted(self.log.remarks.items())
            ),
        ]

    def at(self, size: int, channels: int = 3) -> "Collection":
        """Return the same pictures, to be decoded at another size."""
        return replace(self, size=size, channels=channels)

    def shown(self, i: int) -> str:
        """Return the name of picture `i` within the folder, safe to print."""
        return shown(self.paths[i], self.folder)

    def decoded(self, i: int, size: int, channels: int) -> np.ndarray:
        """Decode picture `i`, and keep in the log what is to be remarked of it.

        Raises:
            ValueError: if it cannot be read, as `decode`.
        """
        array, remarks = decoded(self.paths[i], size, channels)
        if remarks:
            self.log.remark(self.shown(i), remarks)
        return array


def collect(folder, *, csv=None, size: int = 224, channels: int = 3) -> Collection:
    """Return the pictures of a folder with their labels or values.

    Either each sub-folder is a class and its name the name of the class (ImageFolder's habit;
    pictures deeper down belong to the class of the uppermost sub-folder). Or a table, given as
    `csv` or called labels.csv in the folder, has a row for each picture: the file, and a label or
    a value (see `read_labels`).

    The first bytes of every file are looked at, so that what is no picture is known at once; what
    is truncated shows when it is decoded. Files that are left out are all named in ``skipped``.
    Links are followed if they lead to a file of the folder. Those that lead out of it, and links
    to folders, are left out and named: what is in a folder is what one gave.

    Args:
        folder: the folder.
        csv: the table, if it is not called labels.csv.
        size, channels: how the pictures shall be decoded, see `decode`.

    Raises:
        ValueError: if there is no such folder, or nothing in it to learn from; it says what was
            expected.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("cat", "dog"):
        ...         Path(folder, name).mkdir()
        ...         Image.new("L", (30, 30)).save(f"{folder}/{name}/1.png")
        ...     _ = Path(folder, "dog", "2.png").write_bytes(b"")
        ...     found = collect(folder, size=28, channels=1)
        ...     picture, label = found[1]
        >>> found.classes, found.y, found.skipped
        (('cat', 'dog'), array([0, 1]), [('dog/2.png', 'the file is empty (0 bytes)')])
        >>> picture.shape, label
        ((1, 28, 28), np.int64(1))
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise ValueError(
            f"{folder} {what}; give a folder with one sub-folder of pictures for each class, or "
            f"with pictures and a table {TABLE}"
        )
    log, root = Log(), Path(os.path.realpath(folder))
    if csv is None and (folder / TABLE).is_file():
        csv = folder / TABLE
        log.sentences.append(f"The labels were read from {TABLE}.")
    if csv is None:
        paths, y, classes = _from_folders(root, log)
    else:
        paths, y, classes = _from_table(root, Path(csv), log)
    return Collection(root, paths, y, classes, size, channels, log)


def shown(path, folder) -> str:
    """Return the name of a file within a folder, safe to print and to write into JSON.

    Control characters are shown as what they are: without them two files might have one name, and
    what is said of one would be taken for said of the other.

    Example:
        >>> shown("/home/me/pets/cat/1.png", "/home/me/pets")
        'cat/1.png'
    """
    name = Path(path).relative_to(folder).as_posix()
    return escaped(name.encode("utf-8", "backslashreplace").decode("utf-8"))


def _from_folders(root, log):
    inside = sorted(os.scandir(root), key=lambda entry: entry.name)
    folders = [entry for entry in inside if entry.is_dir(follow_symlinks=False)]
    for entry in inside:
        if entry.is_symlink() and entry.is_dir():
            log.skip(shown(entry.path, root), "a link to a folder, which is not followed")
        elif entry not in folders:
            log.skip(shown(entry.path, root), "it lies outside the folders of the classes")
    _refuse_parts(root, folders)
    paths, labels, classes, deeper = [], [], [], False
    for entry in folders:
        if entry.name.startswith("."):
            log.skip(shown(entry.path, root), "a hidden folder")
            continue
        if not _is_text(entry.name):
            log.skip(shown(entry.path, root), "the folder's name is no UTF-8; rename it")
            continue
        found = [path for path in _files(Path(entry.path), root, log) if _usable(path, root, log)]
        if not found:
            log.sentences.append(
                f"Class '{escaped(entry.name)}' holds no picture that can be read, and "
                "was left out."
            )
            continue
        deeper = deeper or any(path.parent != Path(entry.path) for path in found)
        paths += found
        labels += [len(classes)] * len(found)
        classes.append(escaped(entry.name))
    if deeper:
        log.sentences.append(
            "Pictures in deeper folders were counted to the class of the uppermost one."
        )
    _check_classes(classes, root, log)
    _tell_of_small(classes, labels, log)
    return tuple(paths), np.array(labels, np.int64), tuple(classes)


def _refuse_parts(root, folders):
    names = sorted(entry.name for entry in folders)
    if len(names) > 1 and all(name.lower() in _PARTS for name in names):
        train = next((name for name in names if name.lower().startswith("train")), names[0])
        raise ValueError(
            f"{root} holds the folders {', '.join(names)}: it seems to be split already, with the "
            f"classes one level deeper; give {root / train}, or put all pictures of a class into "
            "one folder (they are split anew, in equal proportions)"
        )


def _check_classes(classes, root, log):
    if len(classes) >= 2:
        return
    unread = f" ({_count(len(log.reasons), 'file')} left out: {_reasons(log)})" * bool(log.reasons)
    found = f"only one class, {classes[0]!r}" if classes else "no pictures in sub-folders"
    raise ValueError(
        f"{root}: {found}{unread}; expected are two or more sub-folders, each named after a class "
        f"and with its pictures in it, or a table {TABLE} with the columns file and label"
    )


def _tell_of_small(classes, labels, log):
    counts = np.bincount(labels, minlength=len(classes))
    for n, what, consequence in (
        (1, "a single picture", "it serves for learning, and how well it is recognised stays open"),
        (2, "two pictures", "one serves for learning, the other for the test"),
    ):
        few = [classes[k] for k in np.flatnonzero(counts == n)]
        if few:
            verb = "has" if len(few) == 1 else "have"
            log.sentences.append(
                f"{_count(len(few), 'class')} ({_some(few)}) {verb} {what}: {consequence}. Ten "
                "pictures of a class are a start."
            )


def _from_table(root, csv, log):
    rows = read_labels(csv, log)
    if not rows.rows:
        raise ValueError(f"{csv}: none of its rows can be used ({_reasons(log)})")
    paths, targets, seen = [], [], set()
    for name, target, place in rows.rows:
        path = root / name
        path = Path(os.path.realpath(path.parent), path.name)
        if not path.is_relative_to(root):
            log.skip(place, f"{name!r} leads out of the folder; copy the picture into it")
        elif not path.exists() and not path.is_symlink():
            log.skip(place, f"there is no file {name!r} in the folder")
        elif path in seen:
            log.skip(place, f"{name!r} stands in the table twice; the first row counts")
        elif _regular(path, root, log) and _usable(path, root, log):
            seen.add(path)
            paths.append(path)
            targets.append(target)
    if not paths:
        raise ValueError(
            f"{csv}: none of its {len(rows.rows)} rows names a picture of {root} that can be read"
            f" ({_reasons(log)})"
        )
    order = sorted(range(len(paths)), key=lambda i: paths[i].as_posix())
    paths, targets = tuple(paths[i] for i in order), [targets[i] for i in order]
    if rows.are_values:
        return paths, np.array(targets, np.float64), None
    targets = [escaped(target) for target in targets]
    classes = sorted(set(targets))
    if len(classes) < 2:
        raise ValueError(f"{csv}: only one class, {classes[0]!r}; two or more can be told apart")
    labels = [classes.index(target) for target in targets]
    _tell_of_small(classes, labels, log)
    return paths, np.array(labels, np.int64), tuple(classes)


def _files(folder, root, log):
    """Yield the regular files below a folder, sorted by name."""
    found = []

    def closed(error):
        log.skip(shown(error.filename, root), error.strerror)

    for place, folders, files in os.walk(folder, onerror=closed):
        for name in list(folders):
            path = Path(place, name)
            if path.is_symlink():
                log.skip(shown(path, root), "a link to a folder, which is not followed")
            elif name.startswith("."):
                log.skip(shown(path, root), "a hidden folder")
                folders.remove(name)  # and is not walked into
        found += [Path(place, name) for name in files]
    for path in sorted(found, key=lambda path: path.as_posix().encode("utf-8", "surrogateescape")):
        if _regular(path, root, log):
            yield path


def _regular(path, root, log) -> bool:
    """Whether it is an ordinary file of this folder; if not, say why in the log."""
    reason = None
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            target = Path(os.path.realpath(path))
            if not _within(target, root):
                reason = "a link that leads out of the folder; copy the picture into it"
            elif not target.exists():
                reason = "a link to a file that is not there"
            mode = target.stat().st_mode if reason is None else mode
        if reason is None and not stat.S_ISREG(mode):
            reason = "it is no ordinary file"
    except OSError as error:
        reason = error.strerror or str(error)
    if reason is None and not _is_text(path.as_posix()):
        reason = "the file's name is no UTF-8; rename it"
    if reason is None and path.name.startswith("."):
        reason = "a hidden file"
    if reason is not None:
        log.skip(shown(path, root), reason)
    return reason is None


def _usable(path, root, log) -> bool:
    try:
        check_header(path)
    except ValueError as error:
        log.skip(shown(path, root), reason_of(error))
        return False
    return True


def reason_of(error) -> str:
    """Return what `decode` says of a file, without the file's name in front of it."""
    return getattr(error, "reason", str(error))


def _within(path, root) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(root)


def _is_text(name) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _count(n, what) -> str:
    plural = {"class": "classes"}.get(what, f"{what}s")
    return f"{n:,} {what if n == 1 else plural}"


def _some(names) -> str:
    names = sorted(names)
    return ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")


def _reasons(log) -> str:
    return "; ".join(sorted(set(log.reasons.values()))[:3])
