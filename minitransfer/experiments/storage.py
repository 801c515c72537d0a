"""The file of a table: CSV, a line for each row, written row by row.

A line without its line end was cut off by a crash and does not count.
"""

import csv
import io
import json
import os
from pathlib import Path

from minitransfer import folders
from minitransfer.files import write_atomically


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


def read_rows(path: Path, keys: list[str]) -> list[dict]:
    """Read the rows of a table; a file that is missing has none.

    Raises:
        ValueError: if it has other columns in the place of the keys, or a row is broken.

    Example:
        >>> read_rows(Path("nowhere.csv"), ["seed"])
        []
    """
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8")
    lines = list(csv.reader(text[: text.rfind("\n") + 1].splitlines()))
    if not lines:
        return []
    header, *rows = lines
    if header[: len(keys)] != keys:
        raise ValueError(
            f"{path} has the columns {', '.join(header)}, and this experiment's cells have "
            f"{', '.join(keys)}: it is the table of another experiment, or of another version; "
            "move it away to measure anew"
        )
    if broken := next((row for row in rows if len(row) != len(header)), None):
        raise ValueError(
            f"{path}: a row has {len(broken)} entries for {len(header)} columns: {broken}; "
            "delete that line, and measure it again with --full"
        )
    return [dict(zip(header, map(_value, row), strict=True)) for row in rows]


def _value(text):
    """Numbers come back as numbers, all else as the text it was."""
    try:
        return json.loads(text) if text and text[0] in "-0123456789" else text
    except json.JSONDecodeError:
        return text


def append_row(path: Path, row: dict) -> None:
    """Add a row (and the header before the first), on disk before anything else is measured.

    Raises:
        ValueError: if the file has other columns.

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
        columns = next(csv.reader(content[:whole].decode().splitlines()[:1]), None)
        if columns and columns != list(row):
            raise ValueError(f"{path} has the columns {columns}; what was measured is {row}")
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*lines, list(row.values())])
        file.write(text.getvalue().encode())
        file.flush()
        os.fsync(file.fileno())
