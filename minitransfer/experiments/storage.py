"""The file of a table: CSV, a line for each row, written row by row.

A line without its line end was cut off by a crash and does not count.
"""

import csv
import io
import math
import os
from pathlib import Path

from minitransfer import folders
from minitransfer.experiments.cells import cell_text, cell_value
from minitransfer.files import write_atomically
from minitransfer.terminal import escaped


def results_folder() -> Path:
    """Return where tables are written to: lessons/results in a checkout, else in the cache.

    An installed package also ships the tables of its lessons, which are read where the cache has
    none.

    Example:
        >>> results_folder().name
        'results'
    """
    lessons = _PACKAGE.parent / "lessons"
    if (lessons / "sources.md").is_file():
        return lessons / "results"
    return folders.cache_folder() / "results"


_PACKAGE = Path(__file__).resolve().parents[1]
_SHIPPED = _PACKAGE / "_lessons" / "results"


def table_file(name: str, folder=None, *, to_write: bool = False) -> Path:
    """Return the file of a table, which need not exist.

    Args:
        name: its name, without the ending.
        folder: where it lies; `results_folder()` if None, or, only to be read, what the package
            ships.
        to_write: whether rows are to be added; what the package ships is then copied first.

    Example:
        >>> table_file("areas", "somewhere").name
        'areas.csv'
    """
    path = Path(folder or results_folder()) / f"{name}.csv"
    shipped = _SHIPPED / path.name
    if folder or path.exists() or not shipped.is_file():
        return path
    if not to_write:
        return shipped
    return write_atomically(path, shipped.read_bytes())


def read_columns(path: Path) -> list[str]:
    """Read the names of the columns of a table; a file that is missing has none.

    Raises:
        ValueError: if it is no such table.

    Example:
        >>> read_columns(Path("nowhere.csv"))
        []
    """
    return _columns(path, path.read_bytes()) if path.is_file() else []


def _columns(path, content: bytes) -> list[str]:
    return next(iter(_lines(path, content[: content.find(b"\n") + 1])), [])


def read_rows(path: Path, keys: list[str]) -> list[dict]:
    """Read the rows of a table; a file that is missing has none.

    Raises:
        ValueError: if it is no such table, has other columns in the place of the keys, or a row
            is broken.

    Example:
        >>> read_rows(Path("nowhere.csv"), ["seed"])
        []
    """
    if not path.is_file():
        return []
    content = path.read_bytes()
    lines = _lines(path, content[: content.rfind(b"\n") + 1])
    if not lines:
        return []
    header, *rows = lines
    if header[: len(keys)] != keys or len(set(header)) < len(header):
        raise ValueError(
            f"{path} has the columns {escaped(', '.join(header))}, and this experiment's cells "
            f"have {', '.join(keys)}: it is the table of another experiment, or of another "
            "version; move it away to measure anew"
        )
    return [_row(path, header, row, len(keys)) for row in rows]


def _lines(path, content: bytes) -> list[list[str]]:
    """The fields of each line; `cell_text` lets no line end into one."""
    try:
        return list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path} is no table of an experiment ({escaped(error)}); move it away"
        ) from None


def _row(path, header, row, keys: int) -> dict:
    if len(row) != len(header):
        raise ValueError(
            f"{path}: a row has {len(row)} entries for {len(header)} columns: {row}; "
            "delete that line, and measure it again with --full"
        )
    values = dict(zip(header, map(cell_value, row), strict=True))
    for name in header[keys:]:
        if not is_measurement(values[name]):
            raise ValueError(
                f"{path}: {escaped(name)} is {values[name]!r} in the row {row}; a measurement is a "
                "finite number; delete that line, and measure it again with --full"
            )
    return values


def is_measurement(value) -> bool:
    """Whether a value is a finite number, and if it is whole, one that arrays have room for.

    Example:
        >>> is_measurement(0.5), is_measurement(math.nan), is_measurement(10**30)
        (True, False, False)
    """
    if type(value) is int:
        return -(2**63) <= value < 2**63
    return type(value) is float and math.isfinite(value)


def append_row(path: Path, row: dict) -> None:
    """Add a row (and the header before the first), on disk before anything else is measured.

    Raises:
        ValueError: if the file has other columns.
        TypeError: if an entry is nothing that `cell_text` can write.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "areas.csv"
        >>> append_row(path, {"side": 2, "area": 4})
        >>> read_rows(path, ["side"])
        [{'side': 2, 'area': 4}]
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        file.seek(0)
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):  # what is left of a row that a crash cut off
            file.truncate(whole)
        lines = [] if whole else [list(row)]
        columns = _columns(path, content)
        if columns and columns != list(row):
            raise ValueError(f"{path} has the columns {columns}; what was measured is {row}")
        text = io.StringIO()
        cells = list(map(cell_text, row.values()))
        csv.writer(text, lineterminator="\n").writerows([*lines, cells])
        file.write(text.getvalue().encode())
        file.flush()
        os.fsync(file.fileno())
