import io
import json

import pytest
from rich.console import Console

from minitransfer.course import LessonFailed, last_run, print_ledger, run_all
from minitransfer.course.ledger import untested

LESSON = """# %% [markdown]
# # 1. Title
# > Question?
# %%
from minitransfer.course import claim
claim("E2", "no line [0, 1] separates XOR", measured=0.25, spread=0.125, seeds=7,
      verdict="holds narrowly", condition="here", check=True)
claim("A1", "frozen means frozen", measured=1, spread=None, seeds=1, verdict="holds", check=True)
"""


@pytest.fixture
def one_run(one_lesson, tmp_path, monkeypatch):
    monkeypatch.setattr("minitransfer.course.ledger.cache_folder", lambda: tmp_path)
    (one_lesson / "01_two.py").write_text(LESSON)
    return run_all(progress=False)


def test_a_full_run_is_stored_beside_the_lessons(one_run, one_lesson):
    stored = json.loads((one_lesson / "results" / "ledger.json").read_text())
    assert stored == one_run == last_run()
    assert [record["id"] for record in stored["claims"]] == ["E2", "A1"]
    assert stored["claims"][0]["lesson"] == "01_two"
    assert stored["seconds"]["01_two"] > 0
    assert {"minitransfer", "numpy"} <= set(stored["versions"])


def test_a_later_run_in_the_cache_counts(one_run, tmp_path):
    later = {**one_run, "date": "2999-01-01T00:00:00+00:00"}
    (tmp_path / "ledger.json").write_text(json.dumps(later))
    assert last_run()["date"].startswith("2999")


MARKED = """# %% [markdown]
# # 1. Evidence
# %%
from minitransfer.course import claim
claim("E3", "ours alone", measured=1, spread=None, seeds=1, verdict="holds", check=True,
      source="ours", refuted_by="a zero", control="nothing at all")
claim("E4", "theirs", measured=1, spread=None, seeds=1, verdict="holds", check=True,
      source="article")
"""


@pytest.fixture
def run_with_evidence(one_lesson, evidence, tmp_path, monkeypatch):
    monkeypatch.setattr("minitransfer.course.ledger.cache_folder", lambda: tmp_path)
    (one_lesson / "01_two.py").write_text(LESSON)
    (evidence / "01_two.py").write_text(MARKED)
    return run_all(progress=False)


def test_evidence_runs_after_its_lesson(run_with_evidence):
    places = [(record["id"], record["lesson"]) for record in run_with_evidence["claims"]]
    behind = "evidence/01_two"
    assert places == [("E2", "01_two"), ("A1", "01_two"), ("E3", behind), ("E4", behind)]
    assert list(run_with_evidence["seconds"]) == ["01_two", behind]


def test_the_ledger_says_whose_sentence_it_is_and_how_it_was_tested(run_with_evidence, capsys):
    shown = printed(run_with_evidence, 100)
    assert "E3 (evidence 1, ours) holds" in shown
    assert "E4 (evidence 1, article) holds" in shown
    assert "E2 (lesson 1) holds" in shown
    lines = [line.strip() for line in shown.splitlines()]
    assert "would be refuted by: a zero" in lines
    assert "control: nothing at all" in lines
    assert "1 are sentences of an article, 1 ours, 2 that do not say yet" in shown
    assert print_ledger(json=True, run=run_with_evidence)
    rows = json.loads(capsys.readouterr().out)
    assert [row["source"] for row in rows] == [None, None, "ours", "article"]


def test_our_sentence_does_not_test_the_articles(run_with_evidence):
    left = [statement.id for statement in untested(run_with_evidence)]
    assert "E3" in left
    assert not {"A1", "E2", "E4", "K1"} & set(left)


def test_a_run_from_before_sentences_had_a_source_is_still_read(run_with_evidence, capsys):
    for record in run_with_evidence["claims"]:
        for key in ("source", "refuted_by", "control"):
            del record[key]
    assert "E3 (evidence 1) holds" in printed(run_with_evidence, 100)
    assert print_ledger(json=True, run=run_with_evidence)
    assert json.loads(capsys.readouterr().out)[2]["source"] is None


def test_json_has_one_object_a_claim(one_run, capsys):
    assert print_ledger(json=True)
    rows = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in rows] == ["E2", "A1"]
    first = rows[0]
    assert (first["measured"], first["spread"], first["seeds"]) == (0.25, 0.125, 7)
    assert (first["lesson"], first["verdict"]) == ("01_two", "holds narrowly")
    assert first["statement"] == "no line [0, 1] separates XOR"


def printed(run, width):
    console = Console(file=io.StringIO(), width=width)
    assert print_ledger(run=run, console=console)
    return console.file.getvalue()


def test_claims_go_article_by_article(one_run):
    shown = printed(one_run, 140)
    assert shown.index("A · A series") < shown.index("frozen means frozen")
    assert shown.index("frozen means frozen") < shown.index("E · Why deep")
    for part in (
        "no line [0, 1]",
        "0.25",
        "0.125",
        "(7 seeds)",
        "E2 (lesson 1) holds narrowly: here",
    ):
        assert part in shown
    assert "2 statements: 1 holds, 1 holds narrowly, 0 does not hold" in shown
    assert one_run["date"][:10] in shown


@pytest.mark.parametrize("width", [80, 40, 20])
def test_nothing_is_lost_in_a_narrow_terminal(width):
    run = last_run()
    words, wide = "".join(printed(run, width).split()), "".join(printed(run, 10_000).split())
    assert words == wide


def test_what_a_ledger_holds_cannot_steer_the_terminal(one_run):
    for key in ("statement", "condition"):
        one_run["claims"][0][key] = f"[/usr] \x1b[2J\x9b2J{key}"
    shown = printed(one_run, 140)
    assert "[/usr]" in shown
    assert "condition" in shown
    assert not {"\x1b", "\x9b"} & set(shown)


def test_without_a_run_it_says_how_to_measure(one_lesson, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("minitransfer.course.ledger.cache_folder", lambda: tmp_path)
    assert not print_ledger()
    assert "claims --run" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text, message",
    [("raise ValueError('broken')", "broken"), ("print('nothing to say')", "claims nothing")],
)
def test_a_failing_lesson_stores_nothing(one_lesson, text, message):
    (one_lesson / "01_two.py").write_text(LESSON.split("# %%\n")[0] + "# %%\n" + text)
    with pytest.raises(LessonFailed, match=message):
        run_all(progress=False)
    assert not list(one_lesson.glob("results/*"))
