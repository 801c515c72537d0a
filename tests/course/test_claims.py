import io
import json
import sys

import numpy as np
import pytest

from minitransfer.course import ClaimFailed, claim
from minitransfer.course.claims import claim_card, claim_text
from minitransfer.course.records import read_records

GOOD = {"measured": 0.5, "spread": 0.1, "seeds": 5, "verdict": "holds", "check": True}


def test_record_is_printed_and_written(ledger, capsys):
    record = claim("E2", "no line separates XOR", **GOOD)
    assert "Claim E2 holds" in capsys.readouterr().out
    assert json.loads(ledger.read_text()) == record
    assert record["lesson"] == "test_claims"
    assert set(record["versions"]) >= {"minitransfer", "numpy", "python"}


def test_a_difference_has_a_sign_and_its_spread_has_none(ledger, capsys):
    claim("E2", "a gain", **GOOD | {"format": "+.1%"})
    assert "measured +50.0% ± 10.0%" in capsys.readouterr().out


def test_failing_check_raises_after_recording(ledger, capsys):
    with pytest.raises(ClaimFailed, match=r"E2.*0\.5.*no line"):
        claim("E2", "no line separates XOR", **{**GOOD, "check": np.bool_(False)})
    assert "CHECK FAILED" in capsys.readouterr().out
    assert not read_records(ledger)[0]["passed"]


def test_article_found_wrong_passes(ledger):
    assert claim("E5", "L2 wakes every node", **{**GOOD, "verdict": "does not hold"})["passed"]


def test_numpy_numbers_and_groups_become_plain(ledger):
    measured = {"one": np.float32(0.25), "two": np.int64(3), "many": np.array([1.0, 2.0])}
    record = claim("E8", "counts", **{**GOOD, "measured": measured, "spread": None})
    assert read_records(ledger)[0]["measured"] == record["measured"]
    assert record["measured"] == {"one": 0.25, "two": 3, "many": [1.0, 2.0]}


@pytest.mark.parametrize(
    "change, message",
    [
        ({"id": "E99"}, "page of sources; article E has E1"),
        ({"verdict": "true"}, "expected one of"),
        ({"source": "mine"}, "article.*ours"),
        ({"seeds": 0}, "expected 1 or more"),
        ({"measured": float("nan")}, "no usable number"),
        ({"measured": object()}, "is not a number"),
        ({"effect": 0.5}, "belong together"),
        ({"condition": "only here"}, "holds narrowly"),
    ],
)
def test_bad_input_is_refused_and_not_recorded(ledger, change, message):
    with pytest.raises(ValueError, match=message):
        claim(**{"id": "E2", "statement": "s", **GOOD, **change})
    assert read_records(ledger) == []


def test_claiming_again_counts_once(ledger):
    claim("E2", "first", **GOOD)
    claim("E3", "between", **GOOD)
    claim("E2", "second", **GOOD)
    assert [record["statement"] for record in read_records(ledger)] == ["second", "between"]


def test_whose_sentence_and_how_it_was_tested(ledger, capsys):
    record = claim(
        "E3",
        "two nodes suffice",
        **{**GOOD, "measured": {"two": 0.7}, "spread": {"two": (0.5, 0.875)}},
        source="article",
        refuted_by="no run of 200 learns it",
        control="no hidden layer",
    )
    told = capsys.readouterr().out
    assert told.startswith("Claim E3 (article) holds\n")
    assert "would be refuted by: no run of 200 learns it" in told
    assert "control: no hidden layer" in told
    assert "two: 0.7 (0.5 to 0.875)" in told
    assert record["source"] == "article"


def test_numbers_are_written_as_asked(ledger, capsys):
    record = claim(
        "A2",
        "few labels suffice " * 8,
        measured=0.931,
        spread=0.004,
        seeds=3,
        verdict="holds narrowly",
        condition="conv, n=100",
        effect=0.09,
        interval=(0.07, 0.11),
        format=".1%",
        check=True,
    )
    text = claim_text(record)
    assert "93.1% ± 0.4% (3 seeds)" in text
    assert "effect 9.0%, 95 % interval 7.0% to 11.0%" in text
    assert text.startswith("Claim A2 holds narrowly: conv, n=100")
    assert max(len(line) for line in text.splitlines()) <= 78


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_a_claim_is_printed_on_any_terminal(ledger, monkeypatch, encoding):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    claim("E2", "β → 1 − α", **GOOD)
    shown = stream.buffer.getvalue().decode(encoding)
    assert "measured 0.5 " in shown
    assert read_records(ledger)[0]["statement"] == "β → 1 − α", "the ledger keeps every sign"


@pytest.mark.parametrize(
    "wrong", [{"format": ".999999999f"}, {"format": "d"}, {"seeds": 2**70}, {"unit": 3}]
)
def test_what_no_ledger_would_be_read_with_is_not_written(ledger, wrong):
    with pytest.raises(ValueError, match="claim E2"):
        claim("E2", "no line separates XOR", **{**GOOD, **wrong})
    assert not ledger.exists()


def test_a_line_of_a_ledger_that_is_no_record_is_said_with_its_file(ledger):
    ledger.write_text("[]\n")
    with pytest.raises(ValueError, match=r"ledger.jsonl is \[\]; expected a dictionary with id"):
        read_records(ledger)


def test_a_card_shows_code_as_code_and_keeps_a_letter_that_is_a_number(ledger):
    record = claim("E2", "clearing `.grad` helps if a < b", **GOOD)
    assert "<b>Clearing <code>.grad</code> helps if a &lt; b.</b>" in claim_card(record)
    record = claim("E2", "k frozen layers save 2k products", **GOOD)
    assert "<b>k frozen layers" in claim_card(record)
    record = claim("E2", "a layer is saved", **GOOD)
    assert "<b>A layer" in claim_card(record)


def test_a_card_tells_numbers_below_nothing_from_names_and_from_nothing(ledger):
    record = claim(
        "E2",
        "a rate of 1e-3 in `x[-1]` takes -1 in 2017-2018",
        **{
            **GOOD,
            "measured": {"25": -0.58, "800": -0.001},
            "spread": {"25": 0.25, "800": 0.0},
            "effect": -0.58,
            "interval": (-0.76, -0.001),
            "format": "+.2f",
        },
    )
    card = claim_card(record)
    assert "25: −0.58 ± 0.25" in card
    assert "800: 0.00 ± 0.00" in card
    assert "effect −0.58, 95 % interval −0.76 to 0.00" in card
    assert "1e-3 in <code>x[-1]</code> takes −1 in 2017-2018" in card
