import json
import re
import sys

import pytest

from minitransfer.course import catalogue, lessons_folder, write_notebook
from minitransfer.course.scripts import split_cells, with_commands


def test_without_jupytext_says_what_to_install(one_lesson, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "jupytext", None)
    with pytest.raises(ImportError, match=r'pip install "minitransfer\[site\]"'):
        write_notebook(1, tmp_path)


def test_evidence_has_a_notebook_of_its_own(evidence, tmp_path):
    pytest.importorskip("jupytext", reason="needs the extra `site`")
    path = write_notebook(1, tmp_path, evidence=True)
    assert path == tmp_path / "01_two_evidence.ipynb"
    assert "counted once more" in path.read_text(encoding="utf-8")


def test_cells_of_the_notebook(one_lesson, tmp_path):
    pytest.importorskip("jupytext", reason="needs the extra `site`")
    path = write_notebook(1, tmp_path / "books")
    assert path == tmp_path / "books" / "01_two.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    kinds = [cell["cell_type"] for cell in notebook["cells"]]
    assert kinds == ["markdown", "code", "markdown", "code", "code", "code"]
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


def test_links_become_commands():
    text = (
        "[sources](sources.md) and [words](glossary.md), [this\n one](../13_which_layer.py); "
        "[behind](evidence/13_which_layer.py)\n(`minitransfer learn 13 --evidence`), "
        "[stepping inside](debugging.md), [paper](https://arxiv.org/abs/1411.1792)"
    )
    told = with_commands(text)
    assert (
        "sources (`minitransfer learn --sources`) and words (`minitransfer learn --words`)" in told
    )
    assert "this\n one (`minitransfer learn 13`)" in told
    assert told.count("learn 13 --evidence") == 1
    assert "[paper](https://arxiv.org/abs/1411.1792)" in told
    assert f"stepping inside (`{lessons_folder() / 'debugging.md'}`)" in told


@pytest.mark.parametrize("lesson", catalogue(), ids=lambda lesson: lesson.path.stem)
def test_no_link_of_a_notebook_is_broken(lesson):
    for script in lesson.scripts:
        for cell in split_cells(script.read_text(encoding="utf-8")):
            if cell.kind == "markdown":
                links = re.findall(r"\]\(([^)\s]+)\)", with_commands(cell.source))
                assert all(link.startswith("http") for link in links), links
