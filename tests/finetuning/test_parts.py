"""The parts: weights of classes, intervals, rows on the disk, the page."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from minitransfer import nn
from minitransfer.finetuning import bodies, learning, measuring, report
from minitransfer.finetuning.learning import Task
from minitransfer.finetuning.page import STYLE, Bars, Items, Table, Text, as_markdown, as_page
from minitransfer.finetuning.work import Rows, Work
from minitransfer.train import predict


def test_a_rare_class_counts_as_much_as_the_others(rng):
    """Of overlapping classes, 95 to 5, the rare one is forgotten without weights."""
    y = np.repeat([0, 1], [190, 10])
    x = (rng.standard_normal((200, 4)) + 1.2 * y[:, None] * np.eye(4)[0]).astype(np.float32)
    fresh = np.repeat([0, 1], 500)
    others = (rng.standard_normal((1000, 4)) + 1.2 * fresh[:, None] * np.eye(4)[0]).astype("f4")

    def recalls(task):
        head = nn.Linear(4, 2, generator=np.random.default_rng(1))
        learning.learn_head(head, x, y, task, np.random.default_rng(2))
        right = predict(head, others).argmax(1) == fresh
        return right[fresh == 0].mean(), right[fresh == 1].mean()

    weighted = recalls(Task.of(y, ("common", "rare")))
    plain = recalls(Task(("common", "rare"), np.ones(2)))
    assert plain[1] < 0.2
    assert min(weighted) > 0.5


def test_weights_are_one_on_average_also_without_a_class():
    task = Task.of(np.array([0, 0, 0, 2]), ("a", "b", "c"))
    np.testing.assert_allclose(task.weights, [2 / 3, 0, 2])
    assert task.weights[[0, 0, 0, 2]].mean() == pytest.approx(1)


def test_values_come_back_in_their_units(rng):
    y = rng.normal(500, 100, 50)
    task = Task.of(y, None)
    data = task.dataset(np.zeros((50, 1)), y)
    np.testing.assert_allclose(task.turned_back(data.y), y, rtol=1e-6)
    head = nn.Linear(3, 1, generator=rng)
    x = rng.standard_normal((5, 3)).astype(np.float32)
    before = task.turned_back(predict(head, x))
    task.scale_into(head)
    np.testing.assert_allclose(predict(head, x)[:, 0], before, rtol=1e-5)


def test_the_interval_of_paired_answers():
    """Agresti and Min's example of few pairs, worked out: 10 pictures, 3 and 1 differ."""
    a = np.array([1, 1, 1, 0, 1, 1, 1, 1, 0, 0], bool)
    b = np.array([0, 0, 0, 1, 1, 1, 1, 1, 0, 0], bool)
    found = measuring.difference(a, b)
    assert found["value"] == pytest.approx(0.2)
    half = 1.96 * np.sqrt((4 - 10 * 0.2**2 + 1) / 100)
    assert found["high"] - found["value"] == pytest.approx(half)


def test_intervals_hold_the_truth_about_as_often_as_they_say(rng):
    held, balanced = 0, 0
    for _ in range(300):
        labels = rng.integers(0, 3, 60)
        a, b = rng.random(60) < 0.8, rng.random(60) < 0.7
        found = measuring.difference(a, b)
        held += found["low"] <= 0.1 <= found["high"]
        shares = np.array([0.9, 0.7, 0.5])
        found = measuring.balanced(rng.random(60) < shares[labels], labels)
        balanced += found["low"] <= 0.7 <= found["high"]
    assert 0.92 < held / 300 <= 1
    assert 0.92 < balanced / 300 <= 1


def test_rows_go_on_behind_what_is_there(tmp_path):
    rows = Rows(tmp_path / "r", 5, (2,), np.dtype("f4"))
    rows.add(np.ones((3, 2)))
    again = Rows(tmp_path / "r", 5, (2,), np.dtype("f4"))
    assert again.done == 3
    again.add(np.zeros((2, 2)))
    assert again.complete
    np.testing.assert_array_equal(again.array[:, 0], [1, 1, 1, 0, 0])
    assert Rows(tmp_path / "r", 6, (2,), np.dtype("f4")).done == 0  # another table


def test_rows_without_their_mark_do_not_count(tmp_path):
    """Killed between the numbers and the mark: they are computed again."""
    rows = Rows(tmp_path / "r", 5, (), np.dtype("f4"))
    rows.array[:] = 7
    assert Rows(tmp_path / "r", 5, (), np.dtype("f4")).done == 0


def test_what_the_disk_cannot_hold_is_refused_before_it_is_begun(tmp_path):
    with pytest.raises(OSError, match=r"need 1,000,000,000,000 MB there, and .* --size"):
        Rows(tmp_path / "r", 10**9, (10**9,), np.dtype("u1"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size", [3, 5000])
def test_a_size_that_no_picture_can_have_is_refused_at_once(size, monkeypatch):
    network = SimpleNamespace(input_type="image", input_shape=(3, None, None))
    monkeypatch.setattr(bodies.zoo, "load", lambda name: network)
    with pytest.raises(ValueError, match=f"32 × 32 to 4096 × 4096 dots; given --size {size}"):
        bodies.choose("large", size)


def test_a_damaged_network_for_photographs_is_not_called_absent(monkeypatch):
    """Nor is another one borrowed in its place."""

    def load(name):
        raise ValueError("it is damaged")

    monkeypatch.setattr(bodies.zoo, "load", load)
    monkeypatch.setattr(bodies.imagenet, "is_installed", lambda: True)
    with pytest.raises(ValueError, match="it is damaged"):
        bodies.choose(None, None)


def test_a_stage_that_failed_is_done_again(tmp_path):
    work = Work(tmp_path / "w", {"a": (1, 2)})
    with pytest.raises(ZeroDivisionError):
        work.stage("s", lambda: {"x": 1 / 0})
    assert not work.has("s")
    assert Work(tmp_path / "w", {"a": [1, 2]}).stage("s", lambda: {"x": (1,)}) == {"x": [1]}


def test_scratch_beside_a_large_body_is_small():
    network, factor = bodies.from_scratch(bodies.Body("", {}, 3, 224), 4, np.random.default_rng(0))
    assert factor == 4
    assert sum(p.array.size for p in network.parameters()) < 100_000
    assert predict(network, np.zeros((2, 3, 56, 56), np.float32)).shape == (2, 4)


@pytest.mark.parametrize("mirror", [True, False])
def test_moved_pictures_are_the_same_pictures(mirror, rng):
    x = np.zeros((50, 1, 20, 20), np.float32)
    x[:, :, 9, 8:13] = np.arange(1, 6)
    seen = learning.moved(mirror)(x.copy(), rng)
    assert seen.shape == x.shape
    np.testing.assert_allclose(seen.sum((1, 2, 3)), x.sum((1, 2, 3)))
    turned = [np.diff(one[one > 0])[0] < 0 for one in seen]
    assert any(turned) == mirror


def _light(colour):
    """Relative luminance (WCAG 2) of a colour in 0…255."""
    c = np.asarray(colour) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [
        0.2126,
        0.7152,
        0.0722,
    ]


@pytest.mark.parametrize("palette", [0, 1], ids=["light", "dark"])
def test_numbers_on_the_deepest_shade_can_be_read(palette):
    values = {
        name: re.findall(rf"--{name}:([^;}}]+)", STYLE)[palette]
        for name in ("paper", "ink", "shade", "deep")
    }
    paper, ink = (np.frombuffer(bytes.fromhex(values[n][1:]), "u1") for n in ("paper", "ink"))
    deep = float(values["deep"])
    ground = deep * np.array(values["shade"].split(","), float) + (1 - deep) * paper
    low, high = sorted((_light(ink), _light(ground)))
    assert (high + 0.05) / (low + 0.05) > 4.5


@pytest.mark.parametrize(
    "full, said",
    [
        (1.0, "no test picture is named wrongly: of what more would bring, these 8 cannot tell"),
        (0.9, "other pictures, of the kind that it gets wrong, may"),
    ],
)
def test_of_what_it_gets_wrong_is_spoken_only_where_it_gets_something_wrong(full, said):
    shares = [(10, 0.8), (10, full), (20, 0.8), (20, full), (40, full)]
    job = SimpleNamespace(
        labels=[{"count": n, "score": score} for n, score in shares],
        task=SimpleNamespace(classes=("a", "b")),
        test=range(8),
    )
    judged = SimpleNamespace(scores={"accuracy": {"simple": {"value": 0.5}}})
    _, text, _ = report._more_labels(job, judged)
    assert said in text.text
    assert ("gets wrong" in text.text) == (full < 1)


def test_numbers_beside_each_other_are_written_alike():
    said = [measuring.written(value) for value in (950.4, 1234, 9_876, 12_345, -9_999)]
    assert said == ["950", "1,230", "9,880", "12,300", "−10,000"]


def test_a_page_of_every_block_holds_what_is_said():
    blocks = [
        Text("a < b", "lead"),
        Items(tuple(f"item {i}" for i in range(20)), shown=3),
        Table(("x", "y"), (("row|", "1"),), "caption", np.array([[0.5]])),
        Bars((("name", "50 %", 0.5, 0.4, 1.7),), "bars"),
    ]
    page = as_page("t", blocks)
    assert "a &lt; b" in page
    assert "17 more" in page
    assert "left:40.00%;width:60.00%" in page  # an interval ends where the scale does
    assert "--s:0.500" in page
    text, files = as_markdown(blocks, "pictures")
    assert "row\\|" in text
    assert "item 19" in text
    assert not files
