import json
import sys

import pytest

from minitransfer.course import write_notebook


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
