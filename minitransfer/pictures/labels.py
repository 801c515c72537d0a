"""A table of labels or values: one row for each picture."""

import csv as csv_module
import math
from pathlib import Path
from typing import NamedTuple

#: Names of columns, in small letters, by which a table says what is in them.
FILE_COLUMNS = ("file", "filename", "file_name", "path", "image", "picture", "photo", "name")
LABEL_COLUMNS = ("label", "class", "category", "species", "kind")
VALUE_COLUMNS = ("value", "price", "target", "score", "y")
# Without a name that says it, more different whole numbers than this are values, not labels.
_MANY = 20
_LARGEST = 100 * 2**20


class Rows(NamedTuple):
    """What a table says: (file, label or value, where it stands), and which of both it is."""

    rows: list
    are_values: bool


def read_labels(path, log) -> Rows:
    """Read a table of files with labels or values.

    Separated by commas, semicolons or tabs, in UTF-8. The first row may name the columns: "file"
    (or filename, path, image, …) and "label" (class, category, …) or "value" (price, target, …);
    others are ignored. Without names the first column is the file and the second what is to be
    said of it: values, if they are numbers with a point or more than 20 different ones; else
    labels.

    Args:
        path: the table.
        log: where rows that are left out are named.

    Raises:
        ValueError: if it cannot be read or has no such columns.
    """
    table = _table(Path(path))
    first = [cell.strip().lower() for cell in table[0][1]]
    file_column, target_column, are_values = 0, 1, None
    known = {*FILE_COLUMNS, *LABEL_COLUMNS, *VALUE_COLUMNS}
    if len(known & set(first)) >= 2 or first[0] in FILE_COLUMNS:
        table = table[1:]
        file_column = _column(first, FILE_COLUMNS, 0)
        labels, values = _column(first, LABEL_COLUMNS), _column(first, VALUE_COLUMNS)
        if labels is not None and values is not None:
            raise ValueError(
                f"{path}: it has a column {first[labels]!r} (classes) and one {first[values]!r} "
                "(values); leave in the one that is to be learnt"
            )
        if labels is not None or values is not None:
            are_values = values is not None
            target_column = values if are_values else labels
        elif len(first) > 2:
            raise ValueError(
                f"{path}: of its columns {', '.join(map(repr, first))} none is called label or "
                "value; name the one that is to be learnt so"
            )
        else:
            target_column = 1 - file_column
    rows = []
    for number, cells in table:
        place = f"{Path(path).name}, line {number}"
        if len(cells) <= max(file_column, target_column):
            log.skip(place, f"the row has {len(cells)} columns; expected are file and label")
            continue
        name, target = cells[file_column].strip(), cells[target_column].strip()
        if not name or not target or "\0" in name:
            log.skip(place, "the file or the label is missing")
            continue
        rows.append((name, target, place))
    if are_values is None:
        are_values = _look_like_values([target for _, target, _ in rows])
        what = "values, to be predicted as numbers" if are_values else "classes"
        log.sentences.append(
            f"The second column of {Path(path).name} was taken for {what}; a first row that calls "
            "it label or value decides."
        )
    return Rows(_as_values(rows, log) if are_values else rows, are_values)


def _table(path) -> list:
    """Return (line number, cells) for each row that is not empty."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"{path}: a table of labels has up to {_LARGEST:,} bytes")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}; give a table with file and label") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: the table is not in UTF-8; save it as 'CSV UTF-8'") from None
    start = text.partition("\n")[0]
    delimiter = max(",;\t", key=start.count)
    reader = csv_module.reader(text.splitlines(), delimiter=delimiter)
    try:
        table = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv_module.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: {error}") from None
    if not table:
        raise ValueError(f"{path}: the table is empty; expected are rows of file and label")
    return table


def _column(first, names, otherwise=None):
    return next((first.index(name) for name in names if name in first), otherwise)


def _number(text):
    """Return the number that a text says, with a point or a comma, or None."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _look_like_values(targets) -> bool:
    numbers = [_number(target) for target in targets]
    if not numbers or any(number is None for number in numbers):
        return False
    return any("." in t or "," in t for t in targets) or len(set(numbers)) > _MANY


def _as_values(rows, log):
    kept = []
    for name, target, place in rows:
        value = _number(target)
        if value is None:
            log.skip(place, f"{target!r} is no finite number")
        else:
            kept.append((name, value, place))
    return kept
