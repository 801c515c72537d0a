import pytest

from minitransfer.five_ways import WAYS, conclusion, five_ways, one_way


def result(head, scratch, random, sd=0.01):
    means = {"head": head, "all": head, "small_lr": head, "scratch": scratch, "random": random}
    return {"labels": 100, "ways": {w: {"mean": m, "sd": sd} for w, m in means.items()}}


def test_two_processes_and_one_give_the_same_numbers():
    alone, together = (
        five_ways(10, 1, "glyph-mlp", processes=processes)["ways"] for processes in (1, 2)
    )
    assert alone == together
    assert set(alone) == set(WAYS)


def test_progress_counts_every_run():
    seen = []
    five_ways(10, 1, "glyph-mlp", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i, 5) for i in range(1, 6)]


def test_seeds_differ_and_repeat():
    a, b, again = (one_way("head", seed, 10, "glyph-mlp") for seed in (0, 1, 0))
    assert a == again
    assert a != b


def test_an_unknown_way():
    with pytest.raises(ValueError, match="head, all, small_lr, scratch, random"):
        one_way("feet", 0, 10)


@pytest.mark.parametrize(
    "numbers, first, second",
    [
        ((0.93, 0.85, 0.74), "fewer errors", "what the body has learnt"),
        ((0.70, 0.85, 0.74), "does worse", "does about as well"),
        ((0.85, 0.85, 0.849), "less than twice their spread", "does about as well"),
    ],
)
def test_the_conclusion_follows_the_numbers(numbers, first, second):
    text = conclusion(result(*numbers))
    assert first in text
    assert second in text
    assert ("This is for strokes" in text) is (first == "fewer errors")
