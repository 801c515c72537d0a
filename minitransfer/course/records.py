"""The records of claims in files: what one looks like, and how they are read."""

import re
from pathlib import Path

from minitransfer.course.pages import check_claim_id
from minitransfer.documents import (
    either,
    entries,
    flag,
    listed,
    named,
    number,
    one_of,
    optional,
    parsed,
    text,
    whole,
)

#: What the numbers may say of a claim.
VERDICTS = ("holds", "holds narrowly", "does not hold")

#: Whose sentence a claim is: one of the articles', or one that we add.
SOURCES = ("article", "ours")


def _claim_id(value, place):
    text(value, place)
    try:
        check_claim_id(value)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def _number_format(value, place):
    """A format of a number; a width or a precision of millions would take all memory."""
    text(value, place)
    if not re.fullmatch(r"[+]?,?([.][0-9]{1,2})?[efg%]?", value):
        raise ValueError(f"{place} is {value[:40]!r}; expected the format of a number, as .4g")


def _values(value, place):
    """A number or a text, or several of them as a list or by name; `parsed` bounds the depth."""
    optional(either(number(), text, listed(_values), named(_values)))(value, place)


#: The shape of an interval, low and high.
_PAIR = listed(number(), 2, 2)

#: The shape of a record in a ledger, as `claim` returns it.
RECORD = entries(
    id=_claim_id,
    lesson=text,
    statement=text,
    measured=_values,
    spread=_values,
    seeds=whole(1),
    verdict=one_of(*VERDICTS),
    condition=text,
    effect=optional(number()),
    interval=optional(_PAIR),
    unit=text,
    format=_number_format,
    passed=flag,
    date=text,
    versions=named(text),
)

#: What `claim` writes as well, and older records do not say.
_LATER = {"source": optional(one_of(*SOURCES)), "refuted_by": text, "control": text}


def check_record(record, place: str) -> None:
    """Check that a record from a file is one that `claim` could have written.

    Args:
        record: what was read.
        place: the file, for the error.

    Raises:
        ValueError: names the first entry that is missing or of another kind.

    Example:
        >>> check_record({"id": "E2"}, "ledger.json")
        Traceback (most recent call last):
        ...
        ValueError: ledger.json is {'id': 'E2'}; expected a dictionary with id, lesson, ...
    """
    RECORD(record, place)
    entries(**{key: shape for key, shape in _LATER.items() if key in record})(record, place)
    measured = record["measured"]
    for name, value in measured.items() if isinstance(measured, dict) else [(None, measured)]:
        spread = spread_of(record, name)
        if isinstance(spread, list) and not isinstance(value, list):
            _PAIR(spread, f"{place}['spread']")
    if (record["effect"] is None) is not (record["interval"] is None):
        raise ValueError(f"{place}: effect and interval belong together; one of them is None")


def spread_of(record: dict, name: str | None = None):
    """Return the spread of what a claim measured, or of the number with this name in it.

    Example:
        >>> spread_of({"spread": {"a": [0.4, 0.6]}}, "a"), spread_of({"spread": 0.1}, "a")
        ([0.4, 0.6], 0.1)
    """
    spread = record["spread"]
    return spread.get(name) if name is not None and isinstance(spread, dict) else spread


def read_records(path) -> list[dict]:
    """Read a file of claims. What a lesson claimed twice, stepping back and forth, counts once.

    Args:
        path: a file of JSON lines as `claim` writes it; a missing file holds nothing.

    Returns:
        The last record of each (lesson, id), in the order of their first appearance.

    Raises:
        ValueError: if a line is no record of a claim.

    Example:
        >>> read_records("nowhere.jsonl")
        []
    """
    path = Path(path)
    if not path.exists():
        return []
    records = [parsed(line, path) for line in path.read_bytes().splitlines() if line.strip()]
    for record in records:
        check_record(record, str(path))
    return list({(record["lesson"], record["id"]): record for record in records}.values())
