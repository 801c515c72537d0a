import io
import threading
import warnings

import numpy as np
import pytest
from PIL import Image

from minitransfer.pictures import decode
from minitransfer.pictures.decoding import (
    ALPHA,
    ANIMATED,
    LARGEST,
    MISNAMED,
    ORIENTED,
    SCALED,
    check_header,
    decoded,
)


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def save(folder, name, image, **options):
    image.save(folder / name, **options)
    return folder / name


def test_shape_type_and_range(tmp_path, make):
    path = save(tmp_path, "p.png", make.picture())
    for channels in (1, 3):
        array = decode(path, 20, channels=channels)
        assert (array.shape, array.dtype) == ((channels, 20, 20), np.float32)
        assert array.flags.c_contiguous
        assert array.min() >= 0
        assert array.max() <= 1


def test_at_its_own_size_the_numbers_are_those_of_the_file(tmp_path, make):
    image = make.picture(size=(24, 24))
    array = decode(save(tmp_path, "p.png", image), 24)
    assert np.array_equal(array, np.asarray(image, np.float32).transpose(2, 0, 1) / 255)


def test_the_middle_square_is_taken(tmp_path, make):
    for size, middle in (((90, 30), np.s_[:, 30:60]), ((30, 90), np.s_[30:60, :])):
        image = make.picture(size=size)
        array = decode(save(tmp_path, "p.png", image), 30)
        assert np.array_equal(array, np.asarray(image, np.float32)[middle].transpose(2, 0, 1) / 255)


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (3, 2), (501, 333)])
def test_odd_sizes(tmp_path, size):
    array = decode(save(tmp_path, "p.png", Image.new("RGB", size, (51, 102, 204))), 16)
    assert np.allclose(array, np.array([0.2, 0.4, 0.8], np.float32)[:, None, None], atol=1e-6)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "F"])
def test_every_mode_shows_the_same_picture(tmp_path, make, mode):
    grey = make.picture(3, "L", (32, 32))
    numbers = np.asarray(grey, np.float32) / 255
    if mode == "1":
        grey = grey.point(lambda value: 255 * (value > 127))
        numbers = np.asarray(grey, np.float32) / 255
    image = grey.convert("RGB").convert(mode) if mode not in ("I;16", "F") else grey
    if mode == "P":  # by way of colours it would be dithered
        image = grey.convert("P")
    if mode == "I;16":
        image = Image.fromarray(np.rint(numbers * 65535).astype(np.uint16))
    if mode == "F":
        image = Image.fromarray(numbers)
    path = save(tmp_path, "p.tif", image)
    for channels in (1, 3):
        array = decode(path, 32, channels=channels)
        assert np.abs(array - numbers).max() < 0.02


def test_sixteen_bits_in_a_png_and_with_the_other_byte_first(tmp_path):
    numbers = np.arange(0, 65536, 256, dtype=np.uint16).reshape(16, 16)
    for name in ("p.png", "p.tif"):
        array = decode(save(tmp_path, name, Image.fromarray(numbers)), 16, channels=1)
        assert np.allclose(array[0], numbers / 65535, atol=1e-6)
    other = Image.frombytes("I;16B", (16, 16), numbers.astype(">u2").tobytes())
    array = decode(save(tmp_path, "b.tif", other), 16, channels=1)
    assert np.allclose(array[0], numbers / 65535, atol=1e-6)


@pytest.mark.parametrize(
    "numbers, spread",
    [([0, 0.5, 1], False), ([0, 100, 255], False), ([0, 9e3, 65535], False), ([-3, 0, 5], True)],
)
def test_floats_of_any_range(tmp_path, numbers, spread):
    image = Image.fromarray(np.tile(np.array(numbers, np.float32), (3, 1)))
    array, remarks = decoded(save(tmp_path, "f.tif", image), 3, 1)
    low, high = min(numbers), max(numbers)
    assert np.allclose(array[0, 0], (np.array(numbers) - low) / (high - low), atol=1e-6)
    assert remarks == ({SCALED} if spread else set())


def test_floats_that_are_not_finite_are_refused(tmp_path):
    path = save(tmp_path, "f.tif", Image.fromarray(np.full((3, 3), np.nan, np.float32)))
    with pytest.raises(ValueError, match="not finite"):
        decode(path, 3)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_parts_are_laid_on_white(tmp_path, mode):
    image = Image.new("RGBA", (20, 20), (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 10, 20))
    array, remarks = decoded(save(tmp_path, "p.png", image.convert(mode)), 20, 3)
    assert array[:, 10, 2].tolist() == [1, 1, 1]
    assert array[:, 10, 17].tolist() == [0, 0, 0]
    assert remarks == {ALPHA}


def test_an_opaque_alpha_channel_is_not_worth_a_word(tmp_path, make):
    assert decoded(save(tmp_path, "p.png", make.picture().convert("RGBA")), 20, 3).remarks == set()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_turned_as_the_camera_says(tmp_path, make, orientation):
    from PIL import ImageOps

    image, exif = make.picture(4, size=(48, 32)), Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path, "p.png", image, exif=exif)
    array, remarks = decoded(path, 32, 3)
    with Image.open(path) as opened:
        upright = save(tmp_path, "upright.png", ImageOps.exif_transpose(opened), exif=Image.Exif())
    assert np.array_equal(array, decode(upright, 32))
    assert remarks == ({ORIENTED} if orientation > 1 else set())


def test_the_first_frame_of_an_animation(tmp_path):
    frames = [Image.new("L", (8, 8), value) for value in (0, 255, 255)]
    path = save(tmp_path, "m.gif", frames[0], save_all=True, append_images=frames[1:])
    array, remarks = decoded(path, 8, 1)
    assert array.max() == 0
    assert remarks == {ANIMATED}


def test_the_content_counts_not_the_name(tmp_path, make):
    path = write(tmp_path, "p.jpg", make.encoded(make.picture(), "PNG"))
    assert decoded(path, 8, 3).remarks == {MISNAMED}
    bare = write(tmp_path, "p", make.encoded(make.picture(), "PNG"))
    assert decoded(bare, 8, 3).remarks == set()


def test_a_large_jpeg_is_shrunk_on_the_way_and_looks_alike(tmp_path, make):
    image = make.picture(5, size=(1600, 1600))
    array = decode(save(tmp_path, "p.jpg", image, quality=95), 64)
    whole = image.resize((64, 64), Image.Resampling.BILINEAR)
    assert np.abs(array - np.asarray(whole).transpose(2, 0, 1) / 255).mean() < 0.01


def test_all_formats_that_pillow_writes(tmp_path, make):
    formats = make.all_formats()
    assert set(formats) >= {".png", ".webp", ".gif", ".bmp"}
    original = make.picture(1, "L").crop((3, 0, 27, 24)).resize((16, 16), Image.Resampling.BILINEAR)
    for ending, content in formats.items():
        path = write(tmp_path, f"p{ending}", content)
        if Image.registered_extensions().get(ending) in make.NOT_READ:
            with pytest.raises(ValueError, match=r"not a picture|no picture of a format"):
                decode(path, 16)
        else:
            array = decode(path, 16).mean(axis=0)
            tolerance = 0.5 if ending in (".msp", ".xbm") else 0.1  # one bit a pixel
            assert np.abs(array - np.asarray(original) / 255).mean() < tolerance, ending


def png(make):
    return make.encoded(make.picture(), "PNG")


def jpeg(make):
    return make.encoded(make.picture(), "JPEG")


def first_half(content):
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    "name, content, reason",
    [
        ("zero.png", b"", r"empty \(0 bytes\)"),
        ("cut.png", lambda make: first_half(png(make)), "truncated|damaged"),
        ("cut.jpg", lambda make: first_half(jpeg(make)), "truncated"),
        ("head.png", lambda make: png(make)[:20], "truncated|damaged"),
        ("page.png", b"<!doctype html><p>404", "text .HTML, SVG or XML."),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text .HTML, SVG or XML."),
        ("paper.jpg", b"%PDF-1.4\n", "a PDF"),
        ("drawing.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
        ("zip.png", b"PK\x03\x04" + bytes(30), "a ZIP archive"),
        ("noise.png", bytes(range(256)), "no picture of a format that is read"),
        ("bomb.png", lambda make: make.bomb(60_000, 60_000), f"more than {LARGEST:,} pixels"),
        ("warned.png", lambda make: make.bomb(10_000, 10_000), f"more than {LARGEST:,} pixels"),
        ("large.png", lambda make: make.bomb(8_000, 8_000), f"more than {LARGEST:,} pixels"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_reason(tmp_path, make, name, content, reason):
    path = write(tmp_path, name, content(make) if callable(content) else content)
    with pytest.raises(ValueError, match=rf"{name}: .*({reason})"):
        decode(path, 16)


def test_a_file_that_is_not_there_and_a_folder(tmp_path):
    with pytest.raises(ValueError, match=r"no\.png: No such file"):
        decode(tmp_path / "no.png", 16)
    with pytest.raises(ValueError, match="directory"):
        decode(tmp_path, 16)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP"])
def test_flipped_bits_give_a_picture_or_a_clear_word(tmp_path, make, file_format):
    rng, content = np.random.default_rng(0), make.encoded(make.picture(), file_format)
    for _ in range(100):
        damaged = bytearray(content)
        for place in rng.integers(0, len(damaged), 4):
            damaged[place] ^= 1 << int(rng.integers(8))
        path = write(tmp_path, "p.png", bytes(damaged))
        message = f"{path}: "
        try:
            array = decode(path, 16)
        except ValueError as error:
            message = str(error)
        else:
            assert np.isfinite(array).all()
        assert message.startswith(f"{path}: ")


def test_a_bomb_is_refused_by_its_header(tmp_path, make):
    with pytest.raises(ValueError, match="pixels"):
        check_header(write(tmp_path, "bomb.png", make.bomb(60_000, 60_000)))
    check_header(write(tmp_path, "cut.png", first_half(png(make))))  # shows later


def test_no_warning_escapes_and_the_filters_stay(tmp_path, make):
    path = write(tmp_path, "bomb.png", make.bomb(10_000, 10_000))
    filters = list(warnings.filters)

    def read():
        for _ in range(20):
            with pytest.raises(ValueError):
                decode(path, 16)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == filters


def test_sizes_and_channels_that_there_are_not():
    with pytest.raises(ValueError, match="channels is 3"):
        decode("x.png", 8, channels=4)
    with pytest.raises(ValueError, match="1 to 4096"):
        decode("x.png", 0)
    with pytest.raises(ValueError, match="1 to 4096"):
        decode("x.png", 2.5)


def test_control_characters_in_a_name_are_not_printed(tmp_path):
    path = write(tmp_path, "a\x1b[31m.png", b"")
    with pytest.raises(ValueError) as caught:
        decode(path, 8)
    assert "\x1b" not in str(caught.value)


def test_a_picture_in_memory_is_no_file():
    with pytest.raises(TypeError):
        decode(io.BytesIO(), 8)
