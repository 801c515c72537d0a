import os
import shutil

import numpy as np
import pytest
from PIL import Image

from minitransfer import pictures
from minitransfer.data import DataLoader


def test_a_sub_folder_is_a_class(two_classes):
    found = pictures.collect(two_classes, size=16)
    assert found.classes == ("cat", "dog")
    assert found.y.tolist() == [0] * 6 + [1] * 6
    assert found.y.dtype == np.int64
    assert [path.name for path in found.paths[:2]] == ["0.png", "1.png"]
    assert (found.skipped, found.notes) == ([], [])
    assert repr(found).endswith("12 pictures, 2 classes")


def test_a_reason_is_whole_where_a_folder_has_a_colon_in_its_name(two_classes, tmp_path):
    folder = tmp_path / "my: pets"
    shutil.copytree(two_classes, folder)
    (folder / "cat" / "no.png").write_bytes(b"")
    assert pictures.collect(folder).skipped == [("cat/no.png", "the file is empty (0 bytes)")]


def test_it_is_indexed_like_data(two_classes):
    found = pictures.collect(two_classes, size=16, channels=1)
    picture, label = found[7]
    assert (picture.shape, label) == ((1, 16, 16), 1)
    for index in ([7, 0], np.array([7, 0]), slice(0, 2), found.y == 1):
        assert isinstance(found[index], pictures.Collection)
    assert found[[7, 0]].y.tolist() == [1, 0]
    assert found[-1][1] == 1
    assert len(found[[]]) == 0
    assert found.at(8)[0][0].shape == (3, 8, 8)


def test_a_loader_takes_it_as_it_is(two_classes):
    found = pictures.collect(two_classes, size=16)
    x, y = next(iter(DataLoader(found, 5)))
    assert (x.shape, y.tolist()) == ((5, 3, 16, 16), [0] * 5)
    assert np.array_equal(x[2].numpy(), found[2][0])


def test_parts_share_what_was_left_out(two_classes):
    cut = two_classes / "dog" / "cut.png"
    whole = (two_classes / "dog" / "0.png").read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    found = pictures.collect(two_classes)
    assert found.skipped == []
    assert len(found) == 13
    half = found[::2]
    for _ in range(2):
        rows = np.concatenate([batch.rows for batch in pictures.batches(half, 8, 3, 2)])
    assert rows.tolist() == [0, 1, 2, 3, 4, 5]
    assert found.skipped == half.skipped == [("dog/cut.png", half.skipped[0][1])]
    with pytest.raises(ValueError, match=r"cut\.png: "):
        found[12]


@pytest.mark.parametrize("names", [("train", "val"), ("Train", "TEST")])
def test_a_folder_that_is_split_already(tmp_path, names):
    for name in names:
        (tmp_path / name / "cat").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"split already, with the classes one level deeper"):
        pictures.collect(tmp_path)


def test_what_is_no_folder_of_classes(tmp_path, two_classes):
    with pytest.raises(ValueError, match="does not exist; give a folder with one sub-folder"):
        pictures.collect(tmp_path / "none")
    with pytest.raises(ValueError, match="is a file; give a folder"):
        pictures.collect(two_classes / "cat" / "0.png")
    with pytest.raises(ValueError, match=r"no pictures in sub-folders.*left out: it lies outside"):
        pictures.collect(two_classes / "cat")
    for path in (two_classes / "dog").iterdir():
        path.unlink()
    with pytest.raises(ValueError, match=r"only one class, 'cat'.*two or more sub-folders"):
        pictures.collect(two_classes)


def test_hidden_and_closed_folders_are_named(two_classes):
    source = (two_classes / "cat" / "0.png").read_bytes()
    for name in (".git", "cat/.thumbnails", "cat/closed"):
        (two_classes / name).mkdir()
        (two_classes / name / "x.png").write_bytes(source)
    (two_classes / "cat" / ".DS_Store").write_bytes(b"x")
    (two_classes / "cat" / "closed").chmod(0)
    try:
        found = pictures.collect(two_classes)
        readable = os.access(two_classes / "cat" / "closed", os.R_OK)  # as an administrator
    finally:
        (two_classes / "cat" / "closed").chmod(0o700)
    assert len(found) == 12 + readable
    reasons = dict(found.skipped)
    assert reasons.pop("cat/closed", "Permission denied") == "Permission denied"
    assert reasons == {
        ".git": "a hidden folder",
        "cat/.thumbnails": "a hidden folder",
        "cat/.DS_Store": "a hidden file",
    }


def test_a_name_that_is_no_text(two_classes):
    source = (two_classes / "cat" / "0.png").read_bytes()
    try:
        with open(os.fsencode(two_classes / "cat") + b"/\xff.png", "wb") as file:
            file.write(source)
    except OSError:
        pytest.skip("this file system takes no such names")
    found = pictures.collect(two_classes)
    ((name, reason),) = found.skipped
    assert "UTF-8" in reason
    assert name.encode() == rb"cat/\udcff.png"


def table(folder, text, name="labels.csv", encoding="utf-8"):
    (folder / name).write_text(text, encoding=encoding)
    return folder / name


def test_a_table_of_labels(two_classes):
    table(two_classes, "file,label\ncat/0.png,tame\ndog/1.png,wild\n\ndog/0.png,wild\n")
    found = pictures.collect(two_classes)
    assert found.classes == ("tame", "wild")
    assert [found.shown(i) for i in range(3)] == ["cat/0.png", "dog/0.png", "dog/1.png"]
    assert found.y.tolist() == [0, 1, 1]
    assert "The labels were read from labels.csv." in found.notes


@pytest.mark.parametrize(
    "text",
    [
        "file,value\ncat/0.png,1.5\ndog/0.png,2\n",
        "price;photo\n1,5;cat/0.png\n2;dog/0.png\n",
        "\ufefffile\tid\tprice\ncat/0.png\t7\t1.5\ndog/0.png\t8\t2\n",
        "cat/0.png,1.5\ndog/0.png,2.0\n",
    ],
)
def test_a_table_of_values(two_classes, text):
    found = pictures.collect(two_classes, csv=table(two_classes, text, "prices.csv"))
    assert found.classes is None
    assert found.y.tolist() == [1.5, 2.0]
    assert found.y.dtype == np.float64


def test_whole_numbers_are_labels_unless_the_table_says_value(two_classes):
    rows = "cat/0.png,0\ndog/0.png,1\n"
    found = pictures.collect(two_classes, csv=table(two_classes, rows))
    assert found.classes == ("0", "1")
    assert "taken for classes; a first row that calls it label or value decides" in found.notes[0]
    found = pictures.collect(two_classes, csv=table(two_classes, "file,value\n" + rows))
    assert found.classes is None


def test_rows_that_cannot_be_used_are_named(two_classes, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "x.png"
    outside.write_bytes((two_classes / "cat" / "0.png").read_bytes())
    (two_classes / "cat" / "5.png").write_bytes(b"")
    table(
        two_classes,
        "file,value\ncat/0.png,1\ndog/0.png,x\nno.png,2\ncat/0.png,3\n"
        f"{outside},4\n../x.png,5\ncat,6\ncat/1.png\ncat/2.png,nan\ncat/5.png,1\n,7\n",
    )
    found = pictures.collect(two_classes)
    assert len(found) == 1
    reasons = dict(found.skipped)
    assert reasons == {
        "labels.csv, line 3": "'x' is no finite number",
        "labels.csv, line 4": "there is no file 'no.png' in the folder",
        "labels.csv, line 5": "'cat/0.png' stands in the table twice; the first row counts",
        "labels.csv, line 6": f"'{outside}' leads out of the folder; copy the picture into it",
        "labels.csv, line 7": "'../x.png' leads out of the folder; copy the picture into it",
        "cat": "it is no ordinary file",
        "labels.csv, line 9": "the row has 1 columns; expected are file and label",
        "labels.csv, line 10": "'nan' is no finite number",
        "cat/5.png": "the file is empty (0 bytes)",
        "labels.csv, line 12": "the file or the label is missing",
    }


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "the table is empty"),
        ("file,colour,size\na,b,c\n", "none is called label or value"),
        ("file,label,price\na,b,1\n", "'label' .classes. and one 'price' .values."),
        ("file,label\nno.png,a\n", "none of its 1 rows names a picture"),
        (
            "file,price\ncat/0.png,$ 5\n",
            "none of its rows can be used .'\\$ 5' is no finite number",
        ),
        ("file,label\ncat/0.png,a\n", "only one class, 'a'"),
    ],
)
def test_tables_that_are_none(two_classes, text, message):
    with pytest.raises(ValueError, match=message):
        pictures.collect(two_classes, csv=table(two_classes, text))


def test_a_table_in_another_encoding_and_none_at_all(two_classes):
    path = table(two_classes, "file,label\nkätzchen.png,süß\n", encoding="latin-1")
    with pytest.raises(ValueError, match="not in UTF-8; save it as"):
        pictures.collect(two_classes)
    path.unlink()
    with pytest.raises(ValueError, match=r"labels\.csv: No such file"):
        pictures.collect(two_classes, csv=path)


def test_small_classes_are_explained(tmp_path, make):
    for name, count in (("many", 9), ("one", 1), ("two", 2), ("two more", 2)):
        (tmp_path / name).mkdir()
        for i in range(count):
            (tmp_path / name / f"{i}.png").write_bytes(make.encoded(make.picture(i), "PNG"))
    notes = pictures.collect(tmp_path).notes
    assert notes[0].startswith("1 class (one) has a single picture: it serves for learning")
    assert notes[1].startswith("2 classes (two, two more) have two pictures: one serves")


@pytest.mark.skipif(os.name != "posix", reason="a system without such names")
def test_names_that_differ_by_what_cannot_be_seen_are_told_apart(tmp_path):
    for name in ("cat", "cat\x1b[31m", "cat\x07", "cat\u202e", "cat\n"):
        (tmp_path / name).mkdir()
        Image.new("L", (9, 9)).save(tmp_path / name / "1.png")
        (tmp_path / name / "2.png").write_bytes(b"")
    found = pictures.collect(tmp_path)
    seen = ("cat", r"cat\u202e", r"cat\x07", r"cat\x0a", r"cat\x1b[31m")
    assert tuple(sorted(found.classes)) == tuple(sorted(seen))
    assert sorted(name for name, _ in found.skipped) == sorted(f"{name}/2.png" for name in seen)


def test_labels_of_a_table_are_told_apart_too(tmp_path):
    for k in (1, 2):
        Image.new("L", (9, 9)).save(tmp_path / f"{k}.png")
    (tmp_path / "labels.csv").write_text("file,label\n1.png,cat\n2.png,cat\x07\n")
    assert pictures.collect(tmp_path).classes == ("cat", r"cat\x07")
