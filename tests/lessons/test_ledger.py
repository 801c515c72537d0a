import json

import pytest
from rich.console import Console

from minitransfer.lessons import LessonFailed, last_run, print_ledger, run_all

LESSON = """# %% [markdown]
# # 1. Title
# > Question?
# %%
from minitransfer.lessons import claim
claim("E2", "no line [0, 1] separates XOR", measured=0.25, spread=0.125, seeds=7,
      verdict="holds narrowly", condition="here", check=True)
claim("A1", "frozen means frozen", measured=1, spread=None, seeds=1, verdict="holds", check=True)
"""


@pytest.fixture
def one_run(shelf_of_one, tmp_path, monkeypatch):
    monkeypatch.setattr("minitransfer.lessons.ledger.cache_folder", lambda: tmp_path)
    (shelf_of_one / "01_two.py").write_text(LESSON)
    return run_all(console=Console(quiet=True))


def test_a_full_run_is_stored_beside_the_lessons(one_run, shelf_of_one):
    stored = json.loads((shelf_of_one / "results" / "ledger.json").read_text())
    assert stored == one_run == last_run()
    assert [record["id"] for record in stored["claims"]] == ["E2", "A1"]
    assert stored["claims"][0]["lesson"] == "01_two"
    assert stored["seconds"]["01_two"] > 0
    assert {"minitransfer", "numpy"} <= set(stored["versions"])


def test_a_later_run_in_the_cache_counts(one_run, tmp_path):
    later = {**one_run, "date": "2999-01-01T00:00:00+00:00"}
    (tmp_path / "ledger.json").write_text(json.dumps(later))
    assert last_run()["date"].startswith("2999")


def test_json_has_one_object_a_claim(one_run, capsys):
    assert print_ledger(json=True)
    rows = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in rows] == ["E2", "A1"]
    first = rows[0]
    assert (first["measured"], first["spread"], first["seeds"]) == (0.25, 0.125, 7)
    assert (first["lesson"], first["verdict"]) == ("01_two", "holds narrowly")
    assert first["statement"] == "no line [0, 1] separates XOR"


def test_tables_go_article_by_article(one_run, tmp_path):
    with (tmp_path / "shown.txt").open("w", encoding="utf-8") as file:
        assert print_ledger(console=Console(file=file, width=140))
    shown = (tmp_path / "shown.txt").read_text(encoding="utf-8")
    assert shown.index("A · A series") < shown.index("frozen means frozen")
    assert shown.index("frozen means frozen") < shown.index("E · Why deep")
    for part in (
        "no line [0, 1]",
        "0.25",
        "0.125",
        " 7 ",
        "holds narrowly",
        "holds narrowly: here",
    ):
        assert part in shown
    assert "2 statements: 1 holds, 1 holds narrowly, 0 does not hold" in shown
    assert one_run["date"][:10] in shown


def test_without_a_run_it_says_how_to_measure(shelf_of_one, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("minitransfer.lessons.ledger.cache_folder", lambda: tmp_path)
    assert not print_ledger()
    assert "claims --run" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text, message",
    [("raise ValueError('broken')", "broken"), ("print('nothing to say')", "claims nothing")],
)
def test_a_failing_lesson_stores_nothing(shelf_of_one, text, message):
    (shelf_of_one / "01_two.py").write_text(LESSON.split("# %%\n")[0] + "# %%\n" + text)
    with pytest.raises(LessonFailed, match=message):
        run_all(console=Console(quiet=True))
    assert not (shelf_of_one / "results").exists()
