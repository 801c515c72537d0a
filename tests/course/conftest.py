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


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    path = tmp_path / "ledger.jsonl"
    monkeypatch.setenv("MINITRANSFER_LEDGER", str(path))
    return path
