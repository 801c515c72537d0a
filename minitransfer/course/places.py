"""Where a reader stopped in each lesson, kept in the cache for the next time."""

import json
from pathlib import Path

from minitransfer.documents import named, parsed_file, whole
from minitransfer.files import write_atomically
from minitransfer.folders import cache_folder

_PLACES = named(whole())


def places_file() -> Path:
    """Return the file that holds the places.

    Example:
        >>> places_file().name
        'places.json'
    """
    return cache_folder() / "places.json"


def kept_place(script: str) -> int:
    """Return the cell, from 0, at which the reader stopped in a script; 0 if nothing is kept.

    Args:
        script: as `script_name` calls it.

    Example:
        >>> kept_place("99_never_read")
        0
    """
    return _places().get(script, 0)


def keep_place(script: str, cell: int, count: int) -> None:
    """Keep the cell at which the reader stops; the first and the last need not be kept.

    Args:
        script: as `script_name` calls it.
        cell: from 0.
        count: how many cells the script has.
    """
    places = _places()
    kept = {**places, script: cell}
    if not 0 < cell < count - 1:
        del kept[script]
    if kept != places:
        write_atomically(places_file(), json.dumps(kept))


def _places() -> dict:
    try:
        places = parsed_file(places_file(), 2**20)
        _PLACES(places, "places.json")
    except (OSError, ValueError):  # none yet, or broken: a place is soon found again
        return {}
    return places
