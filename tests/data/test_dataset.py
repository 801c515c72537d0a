"""Examples and labels stay together, and parts hold the classes as they should."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest

from minitransfer.data import DataLoader, Dataset, TensorDataset
from minitransfer.tensor import Tensor


def make(counts=(40, 30, 10)):
    y = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    x = np.arange(len(y), dtype=np.float32)[:, None]  # every example can be told apart
    return Dataset(x, y, name="toy", classes=tuple("abc"[: len(counts)]), licence="none")


def test_an_index_gives_one_example_and_anything_longer_a_dataset():
    data = make()
    x, y = data[3]
    assert x == data.x[3]
    assert y == data.y[3]
    assert data[-1][0] == data.x[-1]
    for index in (slice(2, 5), [2, 3, 4], np.array([2, 3, 4]), np.arange(80) // 3 == 1):
        part = data[index]
        np.testing.assert_array_equal(part.x, data.x[index])
        np.testing.assert_array_equal(part.y, data.y[index])
        assert (part.name, part.classes, part.licence) == (data.name, data.classes, data.licence)
    assert len(data[[]]) == 0


@pytest.mark.parametrize("index", [(1, 2), 1.5, [[1, 2]], "a"])
def test_an_index_that_makes_no_sense_is_refused(index):
    data = make()
    if index == (1, 2):  # a tuple of numbers lists examples, as in data[1, 2]
        assert len(data[index]) == 2
    else:
        with pytest.raises(IndexError, match="indexed by a whole number, a slice"):
            data[index]


def test_iterating_ends():
    assert len(list(make())) == 80


def test_wrong_datasets_say_what_is_wrong():
    with pytest.raises(ValueError, match="x holds 3 examples and y 2"):
        Dataset(np.zeros(3), np.zeros(2))
    with pytest.raises(ValueError, match="unknown input_type 'smell'"):
        Dataset(np.zeros(3), np.zeros(3), input_type="smell")
    with pytest.raises(ValueError, match="labels run from 0 to 2, but the 2 classes"):
        Dataset(np.zeros(3), [0, 1, 2], classes=("a", "b"))
    with pytest.raises(ValueError, match="an axis that counts the examples"):
        Dataset(np.float32(3), np.zeros(2))


def test_a_sample_has_equally_many_of_each_class_and_no_example_twice():
    data = make()
    few = data.sample(30, np.random.default_rng(1))
    np.testing.assert_array_equal(np.bincount(few.y), [10, 10, 10])
    assert len(np.unique(few.x)) == 30
    np.testing.assert_array_equal(data.y[few.x[:, 0].astype(int)], few.y)
    assert (np.diff(few.y) != 0).sum() > 5, "the classes must come mixed"
    again = data.sample(30, np.random.default_rng(1))
    np.testing.assert_array_equal(few.x, again.x)
    other = data.sample(30, np.random.default_rng(2))
    assert set(other.x.ravel()) != set(few.x.ravel())


def test_a_sample_that_does_not_divide_evenly_differs_by_one():
    counts = np.bincount(make().sample(11, np.random.default_rng(0)).y)
    assert sorted(counts) == [3, 4, 4]


def test_a_sample_that_cannot_be_drawn_says_why():
    data = make()
    with pytest.raises(ValueError, match=r"class 'c' of 'toy' has only 10 examples.*at most 30"):
        data.sample(60, np.random.default_rng(0))
    with pytest.raises(ValueError, match="cannot show all 3 classes"):
        data.sample(2, np.random.default_rng(0))
    for n in (0, 81):
        with pytest.raises(ValueError, match=f"cannot draw {n} examples"):
            data.sample(n, np.random.default_rng(0))


def test_values_are_sampled_and_split_without_classes():
    data = Dataset(np.arange(50), np.linspace(0, 1, 50))
    assert len(np.unique(data.sample(20, np.random.default_rng(0)).x)) == 20
    a, b = data.split(30, 20, generator=np.random.default_rng(0))
    assert sorted([*a.x, *b.x]) == list(range(50))


def test_parts_share_nothing_and_hold_the_classes_in_proportion():
    data = make((400, 300, 100))
    parts = data.split(400, 80, 320, generator=np.random.default_rng(0))
    assert [len(part) for part in parts] == [400, 80, 320]
    assert len(np.unique(np.concatenate([part.x for part in parts]))) == 800
    for part in parts:
        expected = np.array([4, 3, 1]) / 8 * len(part)
        assert np.abs(np.bincount(part.y) - expected).max() <= 1
        np.testing.assert_array_equal(data.y[part.x[:, 0].astype(int)], part.y)
        # Random order: equal neighbours about as often as chance has it (0.41), not never.
        assert 0.25 < (part.y[1:] == part.y[:-1]).mean() < 0.55


def test_a_split_that_cannot_be_made_says_why():
    for sizes in ((), (50, 31), (10, 0), (-1, 5)):
        with pytest.raises(ValueError, match="cannot split"):
            make().split(*sizes, generator=np.random.default_rng(0))


def test_the_content_hash_sees_every_part():
    data = make()
    assert data.content_hash() == make().content_hash()
    x, y = data.x.copy(), data.y.copy()
    x[0] += 1
    y[0] = (y[0] + 1) % 3
    others = [
        Dataset(x, data.y, classes=data.classes),
        Dataset(data.x, y, classes=data.classes),
        Dataset(data.x, data.y, classes=("a", "b", "d")),
        Dataset(data.x.reshape(-1, 1, 1), data.y, classes=data.classes),
    ]
    assert data.content_hash() not in {other.content_hash() for other in others}
    backwards = data[::-1]
    assert backwards.content_hash() == data[np.arange(80)[::-1]].content_hash()


def test_permuted_pictures_hold_the_same_numbers_in_one_order_for_all():
    data = make()
    data = Dataset(np.arange(len(data) * 12).reshape(-1, 1, 3, 4), data.y, classes=data.classes)
    shuffled = data.permuted(np.random.default_rng(3))
    assert shuffled.x.shape == data.x.shape
    order = shuffled.x[0].ravel()
    assert sorted(order) == list(range(12))
    assert (order != np.arange(12)).any()
    np.testing.assert_array_equal(shuffled.x[7].ravel(), data.x[7].ravel()[order])
    np.testing.assert_array_equal(shuffled.y, data.y)
    again = data[5:].permuted(np.random.default_rng(3))
    np.testing.assert_array_equal(again.x, shuffled.x[5:])


def test_tensor_dataset_bundles_rows():
    data = TensorDataset(Tensor([[1.0, 2.0], [3.0, 4.0]]), np.array([5, 6]))
    x, y = data[1]
    np.testing.assert_array_equal(x.numpy(), [3, 4])
    assert y.item() == 6
    with pytest.raises(ValueError, match="lengths 2, 3"):
        TensorDataset(Tensor([1.0, 2.0]), Tensor([1.0, 2.0, 3.0]))
    with pytest.raises(ValueError, match="at least one tensor"):
        TensorDataset()


def test_every_form_of_data_becomes_a_dataset():
    x, y = np.arange(6.0).reshape(3, 2), np.array([0, 1, 0])
    forms = [
        (x, y),
        [x.tolist(), y.tolist()],
        (Tensor(x), y),
        (x.tolist(), Tensor(y)),
        TensorDataset(Tensor(x), Tensor(y)),
    ]
    for form in forms:
        data = Dataset.of(form)
        np.testing.assert_array_equal(data.x, x)
        np.testing.assert_array_equal(data.y, y)
        assert data.input_type is None
    assert Dataset.of(data) is data


def test_inputs_alone_where_no_targets_are_needed():
    x = np.arange(4.0).reshape(2, 2)
    for form in (
        x,
        Tensor(x),
        x.tolist(),
        (x, [0, 1]),
        TensorDataset(Tensor(x)),
        Dataset(x, [0, 1]),
    ):
        np.testing.assert_array_equal(Dataset.of(form, needs_targets=False).x, x)
    for form, what in ((x, "one array"), ((x, x, x), "3 arrays"), (TensorDataset(x), "one array")):
        with pytest.raises(ValueError, match=f"inputs and targets.*given {what}"):
            Dataset.of(form)


def test_floats_of_a_tensor_stay_those_of_arrays_become_float32():
    x, y = np.zeros((2, 3)), np.zeros((2, 1))
    for inputs, expected in ((x, np.float32), (Tensor(x), np.float64)):
        data = Dataset.of((inputs, y))[:1]
        assert [part.dtype for part in next(iter(DataLoader(data)))] == [expected] * 2


def test_data_that_cannot_be_used():
    with pytest.raises(ValueError, match="empty"):
        Dataset.of((np.zeros((0, 3)), np.zeros(0)))
    with pytest.raises(ValueError, match="x holds 3 examples and y 2"):
        Dataset.of((np.zeros(3), np.zeros(2)))
    with pytest.raises(TypeError, match=r"given DataLoader\. Of a DataLoader give the data"):
        Dataset.of(DataLoader(make(), 4))
    with pytest.raises(TypeError, match="given int"):
        Dataset.of(3, needs_targets=False)


def test_bytes_for_an_image_network_have_to_say_what_they_are():
    class Network:
        input_type = "image"

    x, y = np.full((2, 1, 4, 4), 255, np.uint8), [0, 1]
    for data in ((x, y), Dataset(x, y)):
        with pytest.raises(ValueError, match=r'declare them, Dataset\(x, y, input_type="image"\)'):
            Dataset.of(data, network=Network)
    Dataset.of((x / 255, y), network=Network)
    Dataset.of(Dataset(x, y, input_type="image"), network=Network)
    Dataset.of((x, y), network=object())


def test_a_set_that_is_made_does_not_change():
    data = Dataset(np.zeros((3, 2)), [0, 1, 0])
    for name in ("x", "y", "classes", "clases"):
        with pytest.raises(AttributeError, match=f"cannot assign '{name}': a set that is made"):
            setattr(data, name, [1, 2, 3])
    assert dataclasses.replace(data, y=[1, 1, 1]).y.tolist() == [1, 1, 1]
    assert (
        pickle.loads(pickle.dumps(data)).y.tolist() == copy.deepcopy(data).y.tolist() == [0, 1, 0]
    )
    for x, y in ((None, [0]), ([0], None), (None, None)):
        with pytest.raises(
            ValueError, match="is None; a Dataset is made of inputs x and targets y"
        ):
            Dataset(x, y)
