"""The folder that `minitransfer site` writes, looked at as files."""

import re
import sys

import pytest

from minitransfer.course.scripts import find_lesson
from minitransfer.site import build
from minitransfer.site.building import (
    MARK,
    PACKAGE,
    _forget_pictures,
    _mirror,
    _write,
    code_hash,
)

REMOTE = re.compile(
    r"""<(?:script|img|link|iframe|source)\b[^>]*\b(?:src|href)=["'](?:https?:)?//""", re.I
)


def pages(site):
    return sorted(site.rglob("*.html"))


def test_nothing_is_fetched_from_elsewhere(site):
    for page in pages(site):
        found = REMOTE.search(page.read_text(encoding="utf-8"))
        assert found is None, f"{page.name}: {found}"
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"@import|url\(\s*[\"']?(?:https?:)?//", text), sheet


def test_links_lead_to_pages_and_places_that_are_there(site):
    texts = {page: page.read_text(encoding="utf-8") for page in pages(site)}
    places = {page: set(re.findall(r'\bid="([^"]+)"', text)) for page, text in texts.items()}
    dead = []
    for page, text in texts.items():
        for link in re.findall(r'<a\b[^>]*\bhref="([^"]+)"', text):
            if re.match(r"\w+:", link):
                continue
            name, _, place = link.replace("&amp;", "&").partition("#")
            target = (page.parent / name).resolve() if name else page
            if not target.exists() or (place and target in places and place not in places[target]):
                dead.append(f"{page.relative_to(site)}: {link}")
    assert dead == []


def test_each_figure_says_what_is_seen(site):
    for page in pages(site):
        for image in re.findall(r"<img\b[^>]*>", page.read_text(encoding="utf-8")):
            alt = re.search(r'\balt="([^"]*)"', image)
            assert alt, f"{page.name}: {image}"
            assert len(alt[1]) > 10, f"{page.name}: {image}"
            assert not alt[1].endswith(".png"), f"{page.name}: {image}"


def test_a_lesson_has_all_its_parts(site):
    lesson = find_lesson(17)
    page = (site / "17_from_kinds_to_values.html").read_text(encoding="utf-8")
    assert page.count('<form class="predict" data-answer=') == 2
    assert page.count('class="badge"') == 2
    assert "<details><summary>What you will see</summary>" in page
    assert 'href="evidence/17_from_kinds_to_values.html"' in page
    assert 'class="word" href="glossary.html#word-' in page
    evidence = (site / "evidence/17_from_kinds_to_values.html").read_text(encoding="utf-8")
    for text, name in ((page, lesson.path.stem), (evidence, f"{lesson.path.stem}_evidence")):
        assert f'download="{name}.py"' in text
        assert f'download="{name}.ipynb"' in text
    assert "{&#39;id&#39;:" not in page  # the record, shown once more by the notebook
    assert "Figure saved" not in page


def test_it_is_small(site):
    assert sum(file.stat().st_size for file in site.rglob("*") if file.is_file()) < 40 * 2**20


def test_it_names_no_place_of_this_machine(site):
    for page in pages(site):
        text = page.read_text(encoding="utf-8")
        for place in (site.parent, PACKAGE):
            assert str(place) not in text, page.name


def test_a_folder_of_other_files_is_left_alone(tmp_path):
    pytest.importorskip("furo", reason="needs the extra `site`")
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match="holds files that this command has not written"):
        build(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["letter.txt"]


def test_without_sphinx_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "myst_nb", None)
    with pytest.raises(ImportError, match=r'pip install "minitransfer\[site\]"'):
        build(tmp_path)


def test_a_lesson_that_is_not_there(tmp_path):
    pytest.importorskip("furo", reason="needs the extra `site`")
    with pytest.raises(ValueError, match="there is no lesson 99"):
        build(tmp_path, numbers=[1, 99])
    assert not (tmp_path / MARK).exists()


def test_what_has_not_changed_keeps_its_date(tmp_path):
    _write(tmp_path, {"a.md": "one", "b/c.md": "two"})
    before = (tmp_path / "a.md").stat().st_mtime_ns
    _write(tmp_path, {"a.md": "one", "d.md": "three"})
    assert (tmp_path / "a.md").stat().st_mtime_ns == before
    assert not (tmp_path / "b" / "c.md").exists()


def test_pictures_of_former_outputs_go(tmp_path):
    (tmp_path / "_images").mkdir()
    (tmp_path / "evidence").mkdir()
    for name in ("shown.png", "behind it.png", "former.png"):
        (tmp_path / "_images" / name).touch()
    (tmp_path / "index.html").write_text('<img src="_images/shown.png">')
    (tmp_path / "evidence" / "a.html").write_text('<img src="../_images/behind%20it.png">')
    _forget_pictures(tmp_path)
    assert sorted(one.name for one in (tmp_path / "_images").iterdir()) == [
        "behind it.png",
        "shown.png",
    ]


def test_only_what_was_written_before_is_replaced(tmp_path):
    built, out = tmp_path / "built", tmp_path / "out"
    _write(built, {"index.html": "1", "old/page.html": "2"})
    _mirror(built, out)
    (out / "mine.txt").write_text("mine", encoding="utf-8")
    _write(built, {"index.html": "3", "new.html": "4"})
    _mirror(built, out)
    there = sorted(one.relative_to(out).as_posix() for one in out.rglob("*") if one.is_file())
    assert there == [MARK, "index.html", "mine.txt", "new.html"]
    assert (out / "index.html").read_text(encoding="utf-8") == "3"


def test_outputs_are_kept_apart_by_the_code_of_the_library(tmp_path, monkeypatch):
    package = tmp_path / "minitransfer"
    (package / "site").mkdir(parents=True)
    for name in ("a.py", "site/b.py"):
        (package / name).write_text("x = 1\n", encoding="utf-8")
    monkeypatch.setattr("minitransfer.site.building.PACKAGE", package)
    before = code_hash()
    (package / "site" / "b.py").write_text("x = 2\n", encoding="utf-8")
    assert code_hash() == before  # how pages look changes no output
    (package / "a.py").write_text("x = 2\n", encoding="utf-8")
    assert code_hash() != before
