"""Measure what is missing of a grid, one cell after the other or many side by side."""

import itertools
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from minitransfer import kernels, workers
from minitransfer.experiments.cells import key_of
from minitransfer.experiments.storage import (
    append_row,
    is_measurement,
    read_columns,
    read_rows,
    table_file,
)
from minitransfer.experiments.table import Table
from minitransfer.progress import progress_bar


def grid(**axes: Iterable) -> list[dict]:
    """Return every combination of the values given, the last axis changing fastest.

    Example:
        >>> grid(labels=(10, 100), seed=range(2))
        [{'labels': 10, 'seed': 0}, {'labels': 10, 'seed': 1},
         {'labels': 100, 'seed': 0}, {'labels': 100, 'seed': 1}]
    """
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def stored(
    name: str,
    measure: Callable[..., dict],
    cells: Sequence[dict],
    *,
    full: int | None = None,
    folder=None,
) -> Table:
    """Return the table of an experiment, after measuring what is missing if that was asked for.

    Args:
        name: name of the file, without its ending.
        measure: called with the entries of a cell, ``measure(labels=10, seed=0)``; returns what
            it measured, name → number. It draws all that is random from the cell.
        cells: all cells of the experiment, see `grid`: dictionaries of numbers, text, True,
            False, None and tuples of these. The names of their entries and of what is measured
            head the columns.
        full: how many cells to measure side by side until none is missing; 0 measures none. None
            asks the command line for ``--full`` (one) or ``--full=N``.
        folder: where the file lies; `results_folder()` if None.

    Returns:
        The rows of these cells, in their order. Other rows of the file are left alone.

    Raises:
        FileNotFoundError: if cells are missing and none are to be measured.
        ValueError: if the file has other columns, or is not such a table.
        TypeError: if a cell holds something else.
        ModuleNotFoundError: if `full` is more than one and joblib is not installed.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> def area(side, seed):
        ...     return {"area": side**2 + np.random.default_rng([side, seed]).random()}
        >>> cells = grid(side=(1, 2, 3), seed=range(5))
        >>> table = stored("areas", area, cells, full=1, folder=tempfile.mkdtemp())
        >>> table
        Table: 15 rows of side, seed, area
        >>> bool((table.values("area", side=3) >= 9).all())
        True
    """
    full = _processes_asked_for(sys.argv) if full is None else full
    path = table_file(name, folder, to_write=bool(full))
    keys = list(cells[0])
    have = {key_of(row, keys): row for row in read_rows(path, keys)}
    missing = [cell for cell in cells if key_of(cell, keys) not in have]
    if missing and not full:
        raise FileNotFoundError(
            f"{path} lacks {len(missing)} of {len(cells)} rows, for instance {missing[0]}. "
            "Measure them: run the lesson with --full (or --full=N for N side by side); "
            "in a notebook call stored(..., full=1)"
        )
    there = len(cells) - len(missing)
    with progress_bar(name, len(cells), there, wanted=bool(missing)) as show:
        for done, (cell, numbers) in enumerate(_measured(measure, missing, full), there + 1):
            row = {**cell, **numbers}
            append_row(path, row)
            have[key_of(row, keys)] = row
            show(done)
    # The cells as they were given: a file cannot tell a list from a tuple, nor 2 from NumPy's 2.
    return Table(keys, [{**have[key_of(cell, keys)], **cell} for cell in cells])


def read(name: str, measured: Sequence[str], *, folder=None) -> Table:
    """Return a whole stored table, for who only wants to look at it.

    Args:
        name: name of the file, without its ending.
        measured: the columns that were measured; all others say which cell a row belongs to.
        folder: where the file lies; as for `stored` if None.

    Returns:
        All its rows, sorted by the texts of their cells: a file has them in the order in which
        they were measured, and side by side that is another one each time.

    Raises:
        FileNotFoundError: if there is no such table.
        ValueError: if it lacks one of the columns, has others after them, or is no such table.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> _ = stored("areas", lambda side: {"area": side**2}, grid(side=(1, 2)), full=1,
        ...            folder=folder)
        >>> read("areas", ["area"], folder=folder).values("area", side=2)
        array([4])
    """
    path = table_file(name, folder)
    columns = read_columns(path)
    if not columns:
        raise FileNotFoundError(f"there is no table at {path}; who made it can make it anew")
    if lacking := [column for column in measured if column not in columns]:
        raise ValueError(f"{path} has no column {lacking[0]!r}; there are {', '.join(columns)}")
    keys = [column for column in columns if column not in measured]
    return Table(keys, sorted(read_rows(path, keys), key=lambda row: key_of(row, keys)))


def _processes_asked_for(arguments) -> int:
    for argument in arguments:
        option, _, count = argument.partition("=")
        if option == "--full":
            if count and not (count.isdecimal() and int(count)):
                raise ValueError(
                    f"--full=N takes a number of processes, 1 or more; given {count!r}"
                )
            return int(count or 1)
    return 0


def _measured(measure, cells, processes):
    """Yield (cell, numbers) as the cells are done."""
    if processes <= 1:
        for cell in cells:
            yield cell, _numbers(measure, cell)
        return
    try:
        import joblib
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"measuring {processes} cells side by side needs joblib: "
            'pip install "minitransfer[cluster]", or measure one after the other with full=1'
        ) from error
    # In the order in which they end, so that each row is on disk as soon as it exists.
    parallel = joblib.Parallel(n_jobs=processes, return_as="generator_unordered")
    tasks = (joblib.delayed(_in_worker)(measure, cell, os.getpid()) for cell in cells)
    with workers.deaf_to_interrupts():  # the processes start with the first tasks
        measured = parallel(tasks)
    yield from measured


def _in_worker(measure, cell, parent):
    if os.getpid() != parent:  # processes side by side share the cores; threads would add to that
        _serve_once(parent)
        kernels.set_num_threads(1)
    return cell, _numbers(measure, cell)


@cache
def _serve_once(parent):
    workers.serve(parent)


def _numbers(measure, cell) -> dict:
    """Measure a cell, and bring the numbers into types that a file can give back as they were."""
    numbers = measure(**cell)
    plain = {name: getattr(value, "item", lambda v=value: v)() for name, value in numbers.items()}
    for name, value in plain.items():
        if name in cell or not is_measurement(value):
            raise ValueError(
                f"measured {name} = {value!r} in cell {cell}; a measurement is a finite number "
                "under a name that the cell does not use"
            )
    return plain
