"""Notebooks of the lessons run from top to bottom in Jupyter: three always, all where asked for."""

import pytest

from minitransfer.course import catalogue, write_notebook

#: Quick ones: XOR, transfer, and what is under the bonnet.
ALWAYS = (2, 13, 40)
LESSONS = [
    pytest.param(
        lesson,
        marks=() if lesson.number in ALWAYS else pytest.mark.slow,
        id=lesson.path.stem,
    )
    for lesson in catalogue()
]


@pytest.mark.filterwarnings("default")  # those of Jupyter's own parts
@pytest.mark.parametrize("lesson", LESSONS)
def test_from_top_to_bottom(lesson, tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient", reason="needs the extra `site`")
    nbformat = pytest.importorskip("nbformat", reason="needs the extra `site`")
    monkeypatch.delenv("MINITRANSFER_FIGURES", raising=False)  # figures stand below their cells
    monkeypatch.setenv("MINITRANSFER_LEDGER", str(tmp_path / "ledger.jsonl"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(write_notebook(lesson.number, tmp_path), as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    outputs = [one for cell in notebook.cells for one in cell.get("outputs", [])]
    pictures = [one for one in outputs if "image/png" in one.get("data", {})]
    cards = [one for one in outputs if 'class="claim"' in one.get("data", {}).get("text/html", "")]
    assert pictures
    assert cards
    assert all(one.metadata["image/png"].get("alt") for one in pictures)
    assert not any(one.output_type == "execute_result" for one in outputs)
