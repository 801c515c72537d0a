"""Batches of decoded pictures, a few in memory at a time."""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from minitransfer.pictures.collection import reason_of, shown
from minitransfer.pictures.decoding import check_size


class Batch(NamedTuple):
    """Some pictures, their targets, and which of the collection they are.

    Attributes:
        x: float32 (n, channels, size, size), from 0 to 1.
        y: their labels or values, shape (n,).
        rows: their numbers in the collection, shape (n,); those of broken files are left out.
    """

    x: np.ndarray
    y: np.ndarray
    rows: np.ndarray


def batches(collection, size=None, channels=None, batch_size: int = 32):
    """Decode a collection batch by batch; the next pictures are decoded while one is used.

    The memory stays that of two batches and of the few pictures that are being decoded. A file
    that turns out to be broken is left out, and named in ``collection.skipped``.

    Args:
        collection: as `collect` returns it.
        size, channels: as for `decode`; those of the collection if None.
        batch_size: pictures in a batch; the last one holds what is left.

    Yields:
        `Batch`, in the order of the collection.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> from minitransfer.pictures import collect
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("cat", "dog"):
        ...         Path(folder, name).mkdir()
        ...         Image.new("L", (30, 30)).save(f"{folder}/{name}/1.png")
        ...     found = collect(folder)
        ...     for x, y, rows in batches(found, 28, 1):
        ...         print(x.shape, y, rows)
        (2, 1, 28, 28) [0 1] [0 1]
    """
    size = collection.size if size is None else size
    channels = collection.channels if channels is None else channels
    check_size(size, channels)
    if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
        raise ValueError(f"batch_size is a whole number of 1 or more; given {batch_size!r}")
    return _batches(collection, size, channels, int(batch_size))


def _batches(collection, size, channels, batch_size):
    x = np.empty((batch_size, channels, size, size), np.float32)
    rows = []
    for i, array in _decoded(collection, size, channels):
        x[len(rows)] = array
        rows.append(i)
        if len(rows) == batch_size:
            yield Batch(x, collection.y[rows], np.array(rows))
            x, rows = np.empty_like(x), []
    if rows:
        yield Batch(x[: len(rows)], collection.y[rows], np.array(rows))


def _decoded(collection, size, channels):
    """Yield (number, array) of all pictures that can be read, in order, from a few threads."""
    workers = min(4, os.cpu_count() or 1)
    waiting, numbers = deque(), iter(range(len(collection)))
    with ThreadPoolExecutor(workers, "decoding") as pool:
        try:
            while True:
                while len(waiting) < 2 * workers and (i := next(numbers, None)) is not None:
                    waiting.append((i, pool.submit(collection.decoded, i, size, channels)))
                if not waiting:
                    return
                i, result = waiting.popleft()
                try:
                    array = result.result()
                except ValueError as error:
                    name = shown(collection.paths[i], collection.folder)
                    collection.log.skip(name, reason_of(error))
                    continue
                yield i, array
        finally:  # whoever stops early does not wait for what nobody will see
            pool.shutdown(cancel_futures=True)
