"""From a file to an array: one picture, whatever program wrote it.

Pillow reads the file. Here stands what it must not do (run other programs, fill the memory), and
what a picture means as numbers: turned the way it was held, without transparency, from 0 to 1.
"""

import threading
import warnings
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

import numpy as np

from minitransfer.terminal import without_controls
from minitransfer.workers import free_in_forks

#: The formats that are read, by Pillow's names: those that it decodes by itself, in memory. Others
#: start a program (EPS starts Ghostscript) or only announce what is in them (PDF, HDF5).
FORMATS = (
    *("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "JPEG2000", "AVIF", "PPM", "ICO", "ICNS"),
    *("DIB", "DDS", "BLP", "CUR", "FLI", "MSP", "PCX", "PSD", "QOI", "SGI", "SUN", "XBM"),
    "XPM",
)
# Their first bytes hardly tell: anything might be taken for one. The name has to say so too.
_TOLD_BY_NAME = {".tga": ("TGA",), ".spider": ("SPIDER",), ".spi": ("SPIDER",)}

#: Pixels beyond which a picture is refused, since each takes four bytes on the way. A file of a
#: kilobyte may claim to hold billions. JPEG is shrunk while it is decoded; there Pillow's own limit
#: holds, some 89 million.
LARGEST = 50_000_000
# One picture of more than this is decoded at a time, so that threads do not multiply its memory.
_LARGE = 4_000_000

# What is remarked about pictures that are read all the same.
ALPHA = "transparent parts were laid on white"
ANIMATED = "several frames, of which the first was taken"
ORIENTED = "turned upright, as the camera's note (EXIF) says"
SCALED = "numbers of no known range, which were spread from their darkest to their brightest"
MISNAMED = "another format than the name says, and read as what it is"

# What the camera's note says about how it was held (EXIF tag 274), and how to turn it upright.
_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}

_quiet_lock = free_in_forks(threading.Lock())
_large_lock = free_in_forks(threading.Lock())  # whoever holds it may take the other one


class Decoded(NamedTuple):
    """An array (channels, size, size), and what is to be remarked about it."""

    array: np.ndarray
    remarks: frozenset


def decode(path, size: int, *, channels: int = 3) -> np.ndarray:
    """Read one picture as the array that a network takes.

    The picture is turned as the camera's note says, cut to its middle square and brought to
    `size` (bilinear, averaging where it shrinks). Transparent parts are laid on white. Grey
    pictures become coloured with three equal channels, coloured ones grey with ``channels=1`` (by
    the usual weights of brightness). 16 bits become fractions like 8 do: the largest number is 1.
    Of 32 bits and floats (TIFF) nobody knows which number is white: within 0…1 it is 1, within
    0…255 it is 255, within 0…65535 that, and others are spread from darkest to brightest. Of an
    animation the first frame is read.

    Args:
        path: the file. Its content counts, not its name.
        size: side of the square in pixels.
        channels: 3 for red, green and blue, 1 for grey.

    Returns:
        float32 (channels, size, size), from 0 (black) to 1 (white).

    Raises:
        ValueError: if it cannot be read: empty, truncated, no picture, of a format that is not
            read (see `FORMATS`), or of more than `LARGEST` pixels. The message begins with the
            file's name.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Image.new("RGB", (40, 30), (255, 0, 0)).save(f"{folder}/red.png")
        ...     red = decode(f"{folder}/red.png", 8)
        >>> red.shape, red[:, 4, 4].tolist()
        ((3, 8, 8), [1.0, 0.0, 0.0])
    """
    check_size(size, channels)
    return decoded(path, size, channels).array


def check_size(size, channels) -> None:
    """Refuse a size or a number of channels that no picture has.

    Example:
        >>> check_size(224, 4)
        Traceback (most recent call last):
            ...
        ValueError: channels is 3 (red, green, blue) or 1 (grey); given 4
    """
    if channels not in (1, 3):
        raise ValueError(f"channels is 3 (red, green, blue) or 1 (grey); given {channels!r}")
    if not isinstance(size, (int, np.integer)) or not 1 <= size <= 4096:
        raise ValueError(f"size is the side of the square in pixels, 1 to 4096; given {size!r}")


def decoded(path, size: int, channels: int) -> Decoded:
    """Do what `decode` does, and say what is to be remarked.

    Raises:
        ValueError: as `decode`.
    """
    with _readable(path) as image:
        if image.format in ("JPEG", "MPO"):  # at half, a quarter or an eighth, if that suffices
            image.draft(None, (2 * size, 2 * size))
        width, height = image.size
        with _large_lock if width * height > _LARGE else nullcontext():
            return _as_array(image, Path(path).suffix.lower(), size, channels)


def check_header(path) -> None:
    """Refuse what can be told from the first bytes to be no picture; nothing is decoded.

    Raises:
        ValueError: says which file, and why.
    """
    with _readable(path):
        pass


@contextmanager
def _readable(path):
    """Open a picture; whatever goes wrong with it becomes a ValueError that names it."""
    from PIL import Image, UnidentifiedImageError  # here: most of the library gets by without it

    path = Path(path)
    try:
        if path.stat().st_size == 0:
            raise _Refused("the file is empty (0 bytes)")
        wanted = FORMATS + _TOLD_BY_NAME.get(path.suffix.lower(), ())
        with open(path, "rb") as file:
            with _quiet():
                Image.init()  # does it once
                known = [name for name in wanted if name in Image.OPEN]  # AVIF is not everywhere
                image = Image.open(file, formats=known)
            with image:
                width, height = image.size
                if image.format not in ("JPEG", "MPO") and width * height > LARGEST:
                    raise Image.DecompressionBombError
                yield image
    except _Refused as refusal:
        reason = str(refusal)
    except UnidentifiedImageError:
        reason = _what_it_is(path)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        reason = f"it has more than {LARGEST:,} pixels; save it smaller"
    except MemoryError:
        reason = "there is not enough memory for it; save it smaller"
    except OSError as error:
        reason = error.strerror or _damage(error)
    except Exception as error:  # a damaged file may raise anything that a decoder's code can raise
        reason = _damage(error)
    else:
        return
    raise UnreadableError(path, reason) from None


class UnreadableError(ValueError):
    """A file that is no picture, or a broken one.

    Attributes:
        reason: why, without the name of the file.

    Example:
        >>> str(UnreadableError("a: b.png", "the file is empty"))
        'a: b.png: the file is empty'
    """

    def __init__(self, path, reason: str):
        super().__init__(f"{without_controls(path)}: {reason}")
        self.reason = reason


class _Refused(Exception):
    """Carries a reason within this file."""


@contextmanager
def _quiet():
    """Keep Pillow's warnings about odd headers from the user, who can do nothing about them.

    The filters of warnings belong to the whole process: one thread at a time, and only for the
    moment that a header takes.
    """
    from PIL import Image

    with _quiet_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _damage(error) -> str:
    what = without_controls(str(error)).strip()[:120] or type(error).__name__
    if "truncated" in what.lower():
        return "it is truncated: the file ends too early"
    return f"it is damaged ({what})"


def _what_it_is(path) -> str:
    with open(path, "rb") as file:
        start = file.read(512)
    known = {b"%PDF": "a PDF", b"%!PS": "PostScript", b"PK\x03\x04": "a ZIP archive"}
    for beginning, what in known.items():
        if start.startswith(beginning):
            return f"it is {what}, not a picture; save the picture in it as PNG or JPEG"
    if start.lstrip()[:1] == b"<":
        return "it is text (HTML, SVG or XML), not a picture; save the picture as PNG or JPEG"
    return "it is no picture of a format that is read; save it as PNG or JPEG"


def _as_array(image, suffix, size, channels) -> Decoded:
    from PIL import Image

    remarks = set()
    if getattr(image, "is_animated", False) and image.format != "MPO":
        remarks.add(ANIMATED)
    named = Image.registered_extensions().get(suffix, image.format)
    if named != image.format and {named, image.format} != {"JPEG", "MPO"}:
        remarks.add(MISNAMED)
    image.load()
    with _quiet():
        turn = _TURNS.get(image.getexif().get(0x0112))
    image = _plain(image, remarks)
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    square = (left, top, left + side, top + side)
    image = image.resize((size, size), Image.Resampling.BILINEAR, box=square)
    if turn is not None:
        remarks.add(ORIENTED)
        image = image.transpose(Image.Transpose[turn])
    if image.mode == "F":
        array = np.repeat(np.asarray(image)[None], channels, axis=0)
    else:
        image = image.convert("L" if channels == 1 else "RGB")
        array = np.asarray(image, np.float32).reshape(size, size, channels).transpose(2, 0, 1)
        array = array / np.float32(255)
    return Decoded(np.ascontiguousarray(array), frozenset(remarks))


def _plain(image, remarks):
    """Bring a picture of any mode to one that can be shrunk ("F" if it has more than 8 bits)."""
    from PIL import Image

    if image.mode == "LAB":
        raise _Refused("its colours are given as LAB, which is not read; save it as RGB")
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_fractions(np.asarray(image), image.format, remarks))
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        if image.getextrema()[3][0] < 255:
            remarks.add(ALPHA)
            white = Image.new("RGBA", image.size, "white")
            white.alpha_composite(image)
            image = white
        return image.convert("RGB")
    if image.mode in ("1", "P"):
        return image.convert("RGB" if image.mode == "P" else "L")
    return image


def _fractions(array, file_format, remarks):
    """Return more than 8 bits of grey as float32 from 0 to 1."""
    if not np.isfinite(array).all():
        raise _Refused("it holds numbers that are not finite")
    low, high = float(array.min()), float(array.max())
    sixteen_bits = array.dtype.itemsize == 2 or file_format == "PNG"
    whites = (65535,) if sixteen_bits else (1, 255, 65535)
    white = next((white for white in whites if low >= 0 and high <= white), None)
    if white is None:
        remarks.add(SCALED)
    else:
        low, high = 0.0, float(white)
    array = (array.astype(np.float64) - low) / max(high - low, np.finfo(np.float64).tiny)
    return array.astype(np.float32)
