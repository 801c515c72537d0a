"""A small lesson, and a ledger file of its own for each test."""

import pytest

from minitransfer.course import scripts

SCRIPT = """# %% [markdown]
# # 1. Two and two
#
# > How much is two
# > and two?
#
# Half of it is $\\\\frac{x}{2}$.
#
# <details><summary>Answer</summary>
# Four.
# </details>

# %%
x = 2
print("x is", x)

# %% [markdown]
# A cell of prose.

# %%
print("twice x is", 2 * x)

# %%
raise ValueError("this cell fails")

# %%
print("and on it goes with", x)
"""


@pytest.fixture
def one_lesson(tmp_path, monkeypatch):
    """A folder with the page of sources and one lesson, in place of the real one."""
    folder = tmp_path / "lessons"
    folder.mkdir()
    page = (scripts.lessons_folder() / "sources.md").read_text(encoding="utf-8")
    (folder / "sources.md").write_text(page, encoding="utf-8")
    (folder / "01_two.py").write_text(SCRIPT.replace("\\\\\\\\", "\\\\"), encoding="utf-8")
    monkeypatch.setattr(scripts, "lessons_folder", lambda: folder)
    return folder


EVIDENCE = """# %% [markdown]
# # 1. Evidence for two and two
#
# Here it is counted once more.

# %%
from minitransfer.course import figures
draw = figures(1)
print("the evidence draws", draw.line(2))
"""

FIGURES = """
def line(count):
    return "—" * count
"""


@pytest.fixture
def evidence(one_lesson):
    """The folder of what stands behind the lesson: a script and its figures."""
    folder = one_lesson / "evidence"
    folder.mkdir()
    (folder / "01_two.py").write_text(EVIDENCE, encoding="utf-8")
    (folder / "figures_01.py").write_text(FIGURES, encoding="utf-8")
    return folder


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    path = tmp_path / "ledger.jsonl"
    monkeypatch.setenv("MINITRANSFER_LEDGER", str(path))
    return path
