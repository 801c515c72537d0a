"""A thousand kinds of characters, as if written by many hands: the task that networks learn first.

The characters come from the fonts that matplotlib ships (see `characters`), the hands from
`augmentation`. What was drawn once is kept in the cache folder.
"""

import contextlib
import hashlib
import inspect
import json
import zipfile
import zlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np

from minitransfer import folders
from minitransfer.data import augmentation, characters
from minitransfer.data.dataset import Dataset
from minitransfer.files import write_atomically

#: Raise this when a change to the code changes what is drawn: files made before count no more.
RENDERER_VERSION = 2

# What a character costs before its first drawing, counted in drawings: once for finding it in all
# fonts, once for making its strokes thinner and fatter. Only the progress bar depends on it.
_PREPARATION = 50

_LICENCE = (
    "drawn from DejaVu (Bitstream Vera licence), STIX (STIX Font licence) and Computer Modern "
    "(BaKoMa Fonts licence) fonts"
)


def glyphs(
    classes: int = 1000,
    per_class: int = 60,
    seed: int = 7,
    *,
    progress: Callable[[int, int], None] | None = None,
    cache: bool = True,
    **ranges,
) -> Dataset:
    """Draw characters in many hands: `per_class` drawings of each of `classes` characters.

    Each drawing takes one of the fonts that have the character, then goes through `augment`. The
    same arguments give the same bits, with the same versions of matplotlib, pillow and NumPy;
    `Dataset.content_hash` tells whether two machines agree.

    Args:
        classes: how many characters; fewer are always the beginning of more.
        per_class: drawings of each.
        seed: decides about all that is random.
        progress: called as ``progress(done, total)`` while it works; the unit is one drawing, or
            as much work as that.
        cache: whether to keep the result in the cache folder and to look there first.
        ranges: how wild the hands are: `rotation`, `shear`, `scale`, `shift`, `warp`,
            `thickness`, `blur`, `noise`, `size`, as in `augment`.

    Returns:
        Dataset with x uint8 (N, 1, 28, 28), 0 paper and 255 ink, and y int64 (N,), shuffled;
        ``classes[label]`` is the character.

    Raises:
        ValueError: if there are not so many characters, or a number is below 1.
        TypeError: if `augment` has no such range.

    Example:
        >>> glyphs(classes=5, per_class=4, cache=False)
        Dataset 'glyphs 5': 20 examples (1, 28, 28), 5 classes
    """
    ranges = _all_ranges(ranges)
    if per_class < 1:
        raise ValueError(f"per_class={per_class} leaves nothing to draw; use 1 or more")
    if classes < 1:
        raise ValueError(f"classes={classes} leaves nothing to draw; use 1 or more")
    report = progress or (lambda done, total: None)
    shape = (classes * per_class, 1, ranges["size"], ranges["size"])
    file = _cache_file(classes=classes, per_class=per_class, seed=seed, **ranges)
    arrays = _read(file, shape, classes) if cache else None
    if arrays is None:
        arrays = _drawn(classes, per_class, seed, ranges, report)
        if cache:
            _write(file, arrays)
    total = classes * (per_class + 2 * _PREPARATION)
    report(total, total)
    return Dataset(
        arrays["x"],
        arrays["y"],
        name=f"glyphs {classes}",
        classes=tuple(arrays["characters"].tolist()),
        input_type="image",
        licence=_LICENCE,
    )


def _all_ranges(given):
    """Fill the ranges up with the defaults of `augment`; a name that it does not know raises."""
    known = {
        name: parameter.default
        for name, parameter in inspect.signature(augmentation.augment).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    if unknown := sorted(given.keys() - known.keys()):
        raise TypeError(
            f"glyphs has no argument {', '.join(unknown)}; the ranges are {', '.join(known)}"
        )
    return known | given


def _drawn(classes, per_class, seed, ranges, report):
    """Return {"x": drawings, "y": labels, "characters": of each label}."""
    chosen = characters.glyph_characters(classes)
    generator = np.random.default_rng(seed)
    n = classes * per_class
    prepared = classes * _PREPARATION
    total = n + 2 * prepared
    ranges = dict(ranges)
    steps = augmentation.STEPS if ranges.pop("thickness") else (0,)
    pictures, counts = characters.draw_in_every_font(
        chosen, drawn=lambda done: report(done * _PREPARATION, total)
    )
    originals = _originals(
        pictures, steps, ranges["size"], lambda part: report(int(prepared * (1 + part)), total)
    )

    y = generator.permutation(np.repeat(np.arange(classes), per_class))
    font = (generator.random(n) * counts[y]).astype(np.int64)
    picture = (np.cumsum(counts) - counts)[y] + font
    step = augmentation.random_steps(n, generator, steps)
    x = np.empty((n, 1, ranges["size"], ranges["size"]), np.uint8)
    for rows in augmentation.blocks(n):
        chosen_originals = np.stack(
            [originals[s][p] for s, p in zip(step[rows].tolist(), picture[rows], strict=True)]
        )
        drawn = augmentation.redrawn(chosen_originals, generator, **ranges)
        x[rows, 0] = augmentation.as_bytes(drawn)
        report(rows.stop + 2 * prepared, total)
    return {"x": x, "y": y, "characters": np.array(chosen)}


def _originals(pictures, steps, size, report):
    """Return {step: the pictures with strokes that much fatter, at the size for sampling}.

    Done once for every original instead of once for every drawing of it.
    """
    parts = {step: [] for step in steps}
    for rows in augmentation.blocks(len(pictures)):
        for step, part in parts.items():
            part.append(augmentation.shrunk(augmentation.thickened(pictures[rows], step), size))
        report(rows.stop / len(pictures))
    return {step: np.concatenate(part) for step, part in parts.items()}


def _cache_file(**arguments) -> Path:
    """Name a file after all that decides about its content."""
    made_by = {name: version(name) for name in ("matplotlib", "numpy", "pillow")}
    content = json.dumps([RENDERER_VERSION, made_by, arguments], sort_keys=True, default=float)
    name = hashlib.sha256(content.encode()).hexdigest()[:24]
    return folders.cache_folder() / "glyphs" / f"{arguments['classes']}-{name}.npz"


def _read(file, shape, classes):
    """Return the arrays of a cache file, or None where it is missing, damaged or another's."""
    try:
        # An archive keeps a checksum of every array, and reading compares.
        with open(file, "rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            arrays = {key: arrays[key] for key in ("x", "y", "characters")}
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error):
        return None
    found = {name: (array.shape, array.dtype.kind) for name, array in arrays.items()}
    whole = found == {
        "x": (shape, "u"),
        "y": (shape[:1], "i"),
        "characters": ((classes,), "U"),
    }
    return arrays if whole and 0 <= arrays["y"].min() <= arrays["y"].max() < classes else None


def _write(file, arrays):
    """A cache that cannot be written (full disk, read-only folder) costs only time: no error."""
    with contextlib.suppress(OSError):
        write_atomically(file, lambda stream: np.savez(stream, **arrays))
