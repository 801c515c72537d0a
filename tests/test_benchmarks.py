"""The benchmark is fair: turns for everybody, and the peers compute what we compute."""

import time
from pathlib import Path

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import nn, optim, zoo


@pytest.fixture(autouse=True)
def _from_a_checkout(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1])


def _busy(seconds, calls):
    def call():
        calls.append(seconds)
        stop = time.process_time() + seconds
        while time.process_time() < stop:
            pass

    return call


def test_a_slow_peer_has_a_few_turns_and_takes_none_from_the_others():
    from benchmarks import timing

    quick, slow, tried = [], [], []
    calls = {
        "minitransfer": _busy(0.001, quick),
        "slow": _busy(0.06, slow),
        "tried": _busy(0.07, tried),
    }
    case = timing.measure(timing.Case("", "", calls, beside=("tried",)), seconds=0.05)
    assert len(slow) == 1 + timing.SLOW_TURNS  # the first to warm up
    assert len(tried) == timing.SLOW_TURNS
    assert len(quick) >= 20
    assert 50 < case.ratio("slow") < case.ratio("tried") < 80


def test_all_may_be_slow():
    from benchmarks import timing

    ours, theirs = [], []
    calls = {"minitransfer": _busy(0.02, ours), "peer": _busy(0.01, theirs)}
    case = timing.measure(timing.Case("", "", calls), seconds=0.005)
    assert len(ours) == len(theirs) == 1 + timing.SLOW_TURNS
    assert 0.3 < case.ratio("peer") < 0.8


def test_rows_under_their_bar_are_named_the_furthest_below_first():
    from benchmarks import report, timing

    def case(name, ours, bar):
        seconds = {"minitransfer": ours, "peer": 1.0, "other": 0.1}
        return timing.Case("g", name, {}, bar=bar, beside=("other",), seconds=seconds)

    cases = [case("a", 1.1, 1), case("b", 4.0, 1), case("c", 0.5, 1), case("d", 9.0, 0)]
    text = report.rows_under_their_bar(cases)
    assert text.startswith("1 of 3 bars met")
    assert text.index("0.25 (1)  g: b") < text.index("0.91 (1)  g: a")
    assert "g: c" not in text
    assert "g: d" not in text


def test_a_quick_look_says_what_it_had_no_time_for(monkeypatch, capsys):
    from benchmarks import __main__ as program
    from benchmarks.timing import Case
    from minitransfer import kernels

    def cases():
        for name in ("first", "second"):
            yield Case(
                "g", name, {"minitransfer": _busy(0.001, []), "peer": _busy(0.002, [])}, 0, 1
            )

    monkeypatch.setattr(program, "_GROUPS", {"few": cases})
    monkeypatch.setattr(program, "peak_flops", lambda dtype: 1e11)
    monkeypatch.setattr(kernels, "set_num_threads", lambda n: None)
    for budget, said in ((60.0, "2 of 2 bars met"), (0.0, "few (from first on)")):
        monkeypatch.setattr(program, "_QUICK_BUDGET", budget)
        assert program.main(["--quick"]) == 0
        text = capsys.readouterr().out
        assert said in text
        assert ("Left out" in text) == (budget == 0.0)


@pytest.mark.parametrize("name", ["MyGrad", "autograd", "tinygrad"])
@pytest.mark.parametrize("frozen", [0, 8])
def test_the_conv_net_learns_the_same_in_other_libraries(name, frozen):
    from benchmarks.teaching_conv_nets import CONV_NET
    from benchmarks.teaching_libraries import available

    rng = np.random.default_rng(0)
    batches = [(rng.random((4, 1, 28, 28), np.float32), rng.integers(0, 10, 4)) for _ in range(2)]
    net = zoo.glyph_conv(10, generator=rng)
    parameters = list(net.parameters())
    arrays = [p.detach().numpy().copy() for p in parameters]
    steps = available({name: CONV_NET[name]}, batches, arrays, frozen)  # it takes the steps once
    if not steps:
        pytest.skip(f"{name} is not installed or does not run here")
    adam, loss = optim.Adam(parameters[frozen:], lr=1e-3), nn.CrossEntropyLoss()
    for _ in range(2):
        for images, labels in batches:
            adam.zero_grad()
            ours = loss(net(mt.from_numpy(images)), mt.from_numpy(labels))
            ours.backward()
            adam.step()
    assert steps[name]() == pytest.approx(ours.item(), rel=1e-3)


def test_the_steps_on_sequences_learn_the_same_in_both_libraries():
    from benchmarks import sequence_cases

    pytest.importorskip("torch")
    for case in sequence_cases.sequence_cases():
        assert set(case.calls) == {"minitransfer", "torch"}
        losses = {peer: [call().item() for _ in range(3)] for peer, call in case.calls.items()}
        np.testing.assert_allclose(losses["minitransfer"], losses["torch"], rtol=1e-4)
        assert losses["torch"][2] < losses["torch"][0]
