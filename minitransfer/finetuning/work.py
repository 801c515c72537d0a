"""Work that survives: what is finished is on the disk, and the same command goes on from there.

A *stage* is computed once and kept whole. *Rows* are kept as they come, a batch at a time. Both
depend on nothing but what the job was asked for, so that a job that was killed ends with the same
bits as one that was not.
"""

import errno
import json
import math
import shutil
from pathlib import Path

import numpy as np

from minitransfer import documents
from minitransfer.checkpoint import load_checkpoint, save_checkpoint
from minitransfer.files import check_writable, write_atomically

#: What the folder of unfinished work holds beside the arrays, and what marks rows as kept.
_JOB = documents.entries(job=documents.named(documents.anything))
_MARK = documents.entries(rows=documents.whole(0, 10**9), of=documents.text)


class Work:
    """A folder of unfinished work of one job.

    Args:
        folder: the folder; made if need be.
        job: what the job was asked for: whatever JSON can say.

    Raises:
        FileExistsError: if the folder holds work of another job.
        OSError: if nothing can be written there.

    Attributes:
        job: what was asked for.
        resumed: whether there was work to go on from.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     first = Work(f"{folder}/work", {"seed": 0}).stage("sum", lambda: {"sum": 1 + 1})
        ...     again = Work(f"{folder}/work", {"seed": 0}).stage("sum", lambda: {"sum": 1 / 0})
        >>> first == again
        True
    """

    def __init__(self, folder, job: dict):
        self.folder, self.job = Path(folder), job
        job = json.loads(documents.written(job, self.folder))  # tuples are lists in JSON
        file = self.folder / "job.json"
        self.resumed = file.is_file()
        if self.resumed:
            known = documents.parsed_file(file)
            _JOB(known, str(file))
            if known["job"] != job:
                raise FileExistsError(
                    f"{self.folder} holds unfinished work that is not this command's: "
                    f"{_differing(known['job'], job)} differ. Run that command again to end it, "
                    "delete the folder to begin anew, or choose another place with --out"
                )
            return
        check_writable(file)
        write_atomically(file, documents.written({"job": job}, file))

    def stage(self, name: str, compute) -> dict:
        """Return what `compute()` returned when the stage was first finished.

        Args:
            name: of the file it is kept in.
            compute: returns a dictionary that `save_checkpoint` can keep.

        Raises:
            ValueError: if the file is damaged.
        """
        file = self.file(name)
        if not file.is_file():
            save_checkpoint(file, compute())
        return load_checkpoint(file)  # also what was just written: lists for tuples, both times

    def has(self, name: str) -> bool:
        """Whether a stage is finished."""
        return self.file(name).is_file()

    def file(self, name: str) -> Path:
        """Return the file of a stage."""
        return self.folder / f"{name}.safetensors"

    def rows(self, name: str, count: int, shape, dtype) -> "Rows":
        """Return a table on the disk that is filled row by row; see `Rows`."""
        return Rows(self.folder / name, count, tuple(shape), np.dtype(dtype))

    def end(self) -> None:
        """Remove the folder: all is done and kept elsewhere."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Rows:
    """A table on the disk, of which the first rows are there and the others to come.

    Args:
        path: of the file, without its ending.
        count: rows in all.
        shape: of one row.
        dtype: of the numbers.

    Attributes:
        array: (count, *shape), in the file and not in memory.
        done: rows that are there.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     rows = Rows(f"{folder}/squares", 4, (), np.dtype("i8"))
        ...     rows.add([0, 1])
        ...     Rows(f"{folder}/squares", 4, (), np.dtype("i8")).done
        2
    """

    def __init__(self, path, count: int, shape: tuple, dtype: np.dtype):
        self.path, self.mark = Path(f"{path}.npy"), Path(f"{path}.json")
        self.done, self.of = 0, f"{count} {shape} {dtype.str}"
        if self.mark.is_file():
            known = documents.parsed_file(self.mark)
            _MARK(known, str(self.mark))
            if self.path.is_file() and known["of"] == self.of and known["rows"] <= count:
                self.done = known["rows"]
        if self.done:
            self.array = np.lib.format.open_memmap(self.path, "r+")
            if self.array.shape != (count, *shape) or self.array.dtype != dtype:
                raise ValueError(f"{self.path} is damaged; delete the folder to begin anew")
        else:
            _check_space(self.path.parent, count * math.prod(shape) * dtype.itemsize)
            self.array = np.lib.format.open_memmap(self.path, "w+", dtype, (count, *shape))

    def add(self, rows) -> None:
        """Write rows behind those that are there; they are safe when this returns."""
        self.array[self.done : self.done + len(rows)] = rows
        self.array.flush()
        self.done += len(rows)
        write_atomically(self.mark, documents.written({"rows": self.done, "of": self.of}, ""))

    @property
    def complete(self) -> bool:
        """Whether all rows are there."""
        return self.done == len(self.array)


def _check_space(folder, needed: int) -> None:
    """Refuse what the disk cannot hold: who writes into a mapped file there dies without a word."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(
            errno.ENOSPC,
            f"the pictures need {needed / 1e6:,.0f} MB there, and {free / 1e6:,.0f} MB are free; "
            "choose another place with --out, or a smaller --size",
            str(folder),
        )


def _differing(known, job) -> str:
    names = [name for name in {**known, **job} if known.get(name) != job.get(name)]
    return ", ".join(sorted(names))
