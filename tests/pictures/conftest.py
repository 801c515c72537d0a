import io
import os
import struct
import warnings
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

#: What Pillow writes, and these programs or readers would have to be started to read it again.
NOT_READ = {"EPS", "PDF", "PALM"}


def picture(seed=0, mode="RGB", size=(30, 24)):
    """A picture with some structure: blobs of random brightness, smooth between them."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8))
    return small.resize(size, Image.Resampling.BICUBIC).convert(mode)


def encoded(image, file_format, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, format=file_format, **options)
    return file.getvalue()


def bomb(width, height) -> bytes:
    """A PNG of some bytes that says it holds width × height pixels."""

    def chunk(kind, content):
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    content = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", content), chunk(b"IEND", b""))
    )


def all_formats() -> dict[str, bytes]:
    """One picture in each format that Pillow writes: ending → content."""
    Image.init()
    found = {}
    for file_format in sorted(Image.SAVE):
        endings = [e for e, f in Image.registered_extensions().items() if f == file_format]
        for mode in ("RGB", "L", "P", "1"):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")  # formats that Pillow is about to drop
                    content = encoded(picture(1, mode), file_format)
            except (OSError, ValueError, Warning):
                continue
            found[endings[0] if endings else f".{file_format.lower()}"] = content
            break
    return found


@pytest.fixture(scope="session")
def make():
    """What this file makes, for tests, which cannot import it."""
    return SimpleNamespace(
        NOT_READ=NOT_READ,
        picture=picture,
        encoded=encoded,
        bomb=bomb,
        all_formats=all_formats,
        write_2000=write_2000,
    )


@pytest.fixture
def two_classes(tmp_path):
    """Six pictures each of "cat" and "dog"."""
    for k, name in enumerate(("cat", "dog")):
        (tmp_path / name).mkdir()
        for i in range(6):
            (tmp_path / name / f"{i}.png").write_bytes(encoded(picture(10 * k + i), "PNG"))
    return tmp_path


def write_2000(root: Path) -> set[str]:
    """Fill a folder with 2,000 files of all kinds; return the names of those that are no picture.

    Names are as `Collection.skipped` gives them.
    """
    bad = set()

    def put(name, content, good):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if not good:
            bad.add(name)

    formats = all_formats()
    png, jpeg = encoded(picture(2, size=(80, 60)), "PNG"), encoded(picture(3), "JPEG")
    frames = [picture(i, "P") for i in range(4)]
    gif = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    not_read = {
        ending
        for ending, file_format in Image.registered_extensions().items()
        if file_format in NOT_READ
    }
    for i in range(30):
        for ending, content in formats.items():
            put(f"all/{i}{ending}", content, ending not in not_read)
    for i in range(100):
        put(f"Äpfel 🍎/ünï {i} 写真.jpg", jpeg, True)
        put(f"Äpfel 🍎/{i:03}{'x' * 245}.png", png, True)
        put(f"nested/deep/er/{i % 7}/{i}.png", png, True)
        put(f"broken/zero {i}.png", b"", False)
        put(f"broken/text {i}.jpg", b"<html>not found</html>", False)
        put(f"broken/cut {i}.png", png[: len(png) // 2], False)
        put(f"broken/cut {i}.jpg", jpeg[: len(jpeg) // 2], False)
        put(f"broken/noise {i}.gif", bytes(np.random.default_rng(i).integers(0, 256, 300)), False)
        put(f"broken/misnamed {i}.jpg", png, True)
        put(f"moving/{i}.gif", gif, True)
    for i in range(20):
        put(f"broken/bomb {i}.png", bomb(60_000, 60_000), False)
        put(f"broken/large {i}.png", bomb(8_000, 8_000), False)
    put("single/only.png", png, True)
    put("empty/readme.txt", b"nothing here", False)
    (root / "really empty").mkdir()
    put("outside the classes.png", png, False)
    os.symlink("../all/0.png", root / "nested" / "a link within.png")
    for name, target in (
        ("nested/a link out.png", "/etc/hostname"),
        ("nested/a link to nothing.png", "nothing.png"),
        ("nested/a link to a folder", "../all"),
        ("a loop", "."),
    ):
        os.symlink(target, root / name)
        bad.add(name)
    os.mkfifo(root / "broken" / "pipe.png")
    bad.add("broken/pipe.png")
    have = sum(len(files) for _, _, files in os.walk(root))
    for i in range(2000 - have):
        put(f"many/{i}.png", png, True)
    return bad
