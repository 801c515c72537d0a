"""The page on one's own data: its code runs, and prints what the page says that it prints."""

import contextlib
import io
import re
import warnings
from pathlib import Path

PAGE = Path(__file__).parents[1] / "lessons" / "own_data.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_code_runs_block_after_block_and_prints_what_it_says(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    printed, found = io.StringIO(), {}
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("error")  # what was mended is warned of no more
        for block in BLOCKS:
            exec(block, found)
    printed = printed.getvalue()
    told = re.findall(r"print\(.*\)(?:\n|  )# (.+)", "".join(BLOCKS))
    assert len(told) == 6
    for line in told:
        assert line.removesuffix(", ...") in printed, line
    assert "{'loss': " in printed
    assert eval(printed.splitlines()[-1])["accuracy"] >= 0.8
    assert found["mine"].classes == ("cat", "dog")
    assert repr(found["steps"]) == "('invert',)"


def test_it_is_linked_where_one_looks_for_it():
    for page, link in (("README.md", "lessons/own_data.md"), ("lessons/index.md", "own_data.md")):
        assert f"]({link})" in (PAGE.parents[1] / page).read_text(encoding="utf-8")
