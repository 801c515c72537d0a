"""Batches: all examples, once each, of the right types, and the same again after a resume."""

import json

import numpy as np
import pytest

from minitransfer import nn, optim, train
from minitransfer.data import DataLoader, Dataset, TensorDataset
from minitransfer.random import manual_seed
from minitransfer.tensor import Tensor


def numbers(loader):
    """All labels of one epoch, in the order in which they come."""
    return np.concatenate([y.numpy() for _, y in loader])


def pair(n=10):
    return np.arange(n, dtype=np.float32)[:, None], np.arange(n)


class Squares:
    """A data set as PyTorch's tutorials write them."""

    def __len__(self):
        return 5

    def __getitem__(self, i):
        return np.array([i, i * i], np.float64), i


@pytest.mark.parametrize(
    "data",
    [
        pair(),
        Dataset(*pair()),
        TensorDataset(Tensor(pair()[0]), Tensor(pair()[1])),
        list(zip(*pair(), strict=True)),
    ],
    ids=["arrays", "Dataset", "TensorDataset", "list of examples"],
)
def test_every_kind_of_data_gives_the_same_batches(data):
    loader = DataLoader(data, batch_size=4)
    batches = list(loader)
    assert len(loader) == len(batches) == 3
    for batch in batches:
        x, y = batch
        assert isinstance(x, Tensor)
        assert (x.dtype, y.dtype) == (np.float32, np.int64)
        np.testing.assert_array_equal(x.numpy()[:, 0], y.numpy())
    np.testing.assert_array_equal(numbers(loader), np.arange(10))


def test_drop_last_leaves_out_the_rest():
    loader = DataLoader(pair(), batch_size=4, drop_last=True)
    assert [len(y) for _, y in loader] == [4, 4]
    assert len(loader) == 2


def test_shuffling_shows_each_example_once_and_differently_every_epoch():
    loader = DataLoader(pair(50), 8, shuffle=True, generator=np.random.default_rng(0))
    first, second = numbers(loader), numbers(loader)
    assert sorted(first) == sorted(second) == list(range(50))
    assert (first != second).any()
    assert (first != np.arange(50)).any()


def test_without_a_generator_the_seed_of_the_library_counts():
    loader = DataLoader(pair(), 3, shuffle=True)
    manual_seed(5)
    first = numbers(loader)
    manual_seed(5)
    np.testing.assert_array_equal(numbers(loader), first)


def test_nothing_random_is_drawn_where_nothing_is_random():
    generator = np.random.default_rng(0)
    list(DataLoader(pair(), 3, generator=generator))
    assert generator.random() == np.random.default_rng(0).random()


def test_pictures_of_bytes_become_floats_from_0_to_1():
    x = np.array([0, 51, 255], np.uint8).reshape(3, 1, 1, 1)

    def batch(x, y):
        return next(iter(DataLoader(Dataset(x, y, input_type="image"), 3)))

    images, labels = batch(x, np.array([7, 8, 9], np.uint8))
    assert images.dtype == np.float32
    np.testing.assert_allclose(images.numpy().ravel(), [0, 0.2, 1], rtol=1e-6)
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(labels.numpy(), [7, 8, 9])
    flat, _ = batch(x[:, 0, 0], x)
    np.testing.assert_array_equal(flat.numpy().ravel(), images.numpy().ravel())
    _, target = batch(x, x)  # an auto-encoder's
    np.testing.assert_array_equal(target.numpy(), images.numpy())
    _, mask = batch(x, x[:, 0])  # a label for each pixel
    assert mask.dtype == np.int64
    np.testing.assert_array_equal(mask.numpy().ravel(), [0, 51, 255])


@pytest.mark.parametrize("kind", ["numbers", "sound", None])
def test_bytes_that_are_not_pictures_are_numbers_like_others(kind):
    """Whether 255 is white or a count of 255, only the data can say."""
    table = np.array([[3, 200], [0, 255]], np.uint8)
    forms = [
        (table, np.array([0, 1])),
        TensorDataset(Tensor(table), Tensor([0, 1])),
        Dataset(table, [0, 1], input_type=kind),
        [(row, label) for row, label in zip(table, [0, 1], strict=True)],
    ]
    for data in forms:
        x, y = next(iter(DataLoader(data, 2)))
        assert (x.dtype, y.dtype) == (np.float32, np.int64)
        np.testing.assert_array_equal(x.numpy(), table)
    bare = next(iter(DataLoader(table.reshape(2, 1, 1, 2), 2)))
    np.testing.assert_array_equal(bare.numpy().ravel(), table.ravel())
    yes, no = next(iter(DataLoader((table > 100, table[:, 0] > 1), 2)))
    assert (yes.dtype, no.dtype) == (np.float32, np.int64)
    np.testing.assert_array_equal(yes.numpy(), [[0, 1], [0, 1]])


def test_types_come_out_as_networks_take_them():
    def dtype(array):
        return next(iter(DataLoader(array, 2))).dtype

    assert dtype(np.zeros((2, 3))) == np.float32
    assert dtype(np.zeros((2, 3), np.float16)) == np.float32
    assert dtype(np.zeros(2, bool)) == np.float32
    assert dtype(np.zeros(2, np.uint8)) == np.float32
    assert dtype(np.zeros(2, np.int32)) == np.int64
    assert dtype(Tensor(np.zeros((2, 3)))) == np.float64  # chosen by whoever made the tensor
    with pytest.raises(TypeError, match="not numeric"):
        dtype(np.array(["a", "b"]))


def test_batches_are_copies():
    x, y = pair()
    for images, _ in DataLoader((x, y), 5):
        images.array[:] = -1
    np.testing.assert_array_equal(x[:, 0], np.arange(10))


def test_items_are_fetched_one_by_one_from_other_objects():
    x, y = next(iter(DataLoader(Squares(), 5)))
    np.testing.assert_array_equal(x.numpy()[:, 1], np.arange(5) ** 2)
    assert (x.dtype, y.dtype) == (np.float32, np.int64)
    loader = DataLoader(Squares(), 2, shuffle=True, generator=np.random.default_rng(0))
    assert sorted(numbers(loader)) == list(range(5))
    assert next(iter(DataLoader([1.0, 2.0], 2))).shape == (2,)  # bare items, a bare batch


def test_examples_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match=r"different shapes \(\(2,\), \(3,\)\)"):
        list(DataLoader([np.zeros(2), np.zeros(3)], 2))


def test_a_transform_gets_floats_and_its_own_randomness():
    def noisy(x, generator):
        assert x.dtype == np.float32
        x += generator.random(x.shape)  # in place is allowed
        return x.astype(np.float64)

    data = np.zeros((6, 1, 2, 2), np.uint8), np.arange(6)

    def epoch(seed):
        loader = DataLoader(data, 2, generator=np.random.default_rng(seed), transform=noisy)
        return np.concatenate([x.numpy() for x, _ in loader])

    assert epoch(0).dtype == np.float32
    np.testing.assert_array_equal(epoch(0), epoch(0))
    assert len(np.unique(epoch(0))) == 24
    assert not data[0].any()


def test_a_transform_that_loses_examples_is_refused():
    loader = DataLoader(pair(), 5, transform=lambda x, generator: x[1:])
    with pytest.raises(ValueError, match="given 5 examples and returned 4"):
        list(loader)


def resumed(loader, state):
    """A loader in a new process, its state having gone through a file."""
    new = DataLoader(
        loader.dataset, loader.batch_size, shuffle=True, generator=np.random.default_rng(99)
    )
    new.load_state_dict(json.loads(json.dumps(state)))
    return new


def test_a_state_between_epochs_continues_with_the_next():
    loader = DataLoader(pair(), 3, shuffle=True, generator=np.random.default_rng(0))
    numbers(loader)
    state = loader.state_dict()
    expected = [numbers(loader), numbers(loader)]
    new = resumed(loader, state)
    np.testing.assert_array_equal(numbers(new), expected[0])
    np.testing.assert_array_equal(numbers(new), expected[1])


def test_a_state_within_an_epoch_repeats_it():
    loader = DataLoader(pair(), 3, shuffle=True, generator=np.random.default_rng(0))
    seen, state = [], None
    for number, (_, y) in enumerate(loader):
        seen.append(y.numpy())
        if number == 1:
            state = loader.state_dict()
    new = resumed(loader, state)
    np.testing.assert_array_equal(numbers(new), np.concatenate(seen))
    np.testing.assert_array_equal(numbers(new), numbers(loader))


def test_a_loop_left_early_changes_nothing_later():
    left, whole = (
        DataLoader(pair(), 3, shuffle=True, generator=np.random.default_rng(0)) for _ in range(2)
    )
    next(iter(left))
    numbers(whole)
    np.testing.assert_array_equal(numbers(left), numbers(whole))


def test_a_foreign_state_is_refused():
    loader = DataLoader(pair(), 3, generator=np.random.default_rng(0))
    other = DataLoader(pair(), 3, generator=np.random.Generator(np.random.MT19937(0)))
    for state in (other.state_dict(), {}, {"generator": 3}):
        with pytest.raises(ValueError, match="not a random state for a PCG64 generator"):
            loader.load_state_dict(state)


def test_wrong_arguments_say_what_to_do():
    for size in (0, -1, 2.5):
        with pytest.raises(ValueError, match="batch_size is a whole number of 1 or more"):
            DataLoader(pair(), size)
    with pytest.raises(ValueError, match="the data is empty"):
        DataLoader(pair(0))
    with pytest.raises(ValueError, match="the data is empty"):
        DataLoader([])
    with pytest.raises(ValueError, match="leave no batch of the 10 examples"):
        DataLoader(pair(), 11, drop_last=True)
    with pytest.raises(ValueError, match="arrays of lengths 10, 9"):
        DataLoader((pair()[0], np.zeros(9)))
    with pytest.raises(TypeError, match="given int"):
        DataLoader(3)
    with pytest.raises(TypeError, match=r"numpy\.random\.Generator"):
        DataLoader(pair(), generator=np.random)
    with pytest.raises(TypeError, match="no sampler: index the data"):
        DataLoader(pair(), sampler=[1, 2])
    with pytest.raises(TypeError, match="no argument 'colour'"):
        DataLoader(pair(), colour=None)
    assert len(DataLoader(pair(), num_workers=4, pin_memory=True)) == 10


# Classes of somebody's own, as PyTorch scripts write them


class OwnInit(Dataset):
    """Sets what it likes, and does not call the constructor above it."""

    def __init__(self, x, y):
        self.x, self.y = x, y
        self.fetched = 0

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        self.fetched += 1
        return self.x[i] * 2, self.y[i]


class CallsSuper(OwnInit):
    """Calls it, with nothing to give; PyTorch's takes nothing."""

    def __init__(self, x, y):
        Dataset.__init__(self)
        self.x, self.y = x, y
        self.fetched = 0


class Flipped(Dataset):
    """Changes what the arrays hold on the way out."""

    def __getitem__(self, i):
        x, y = super().__getitem__(i)
        return x[..., ::-1], y


class FlippedTensors(TensorDataset):
    def __getitem__(self, i):
        x, y = super().__getitem__(i)
        return x * -1, y


@pytest.mark.parametrize("kind", [OwnInit, CallsSuper])
def test_a_class_of_ones_own_gives_its_items(kind):
    x, y = np.arange(10, dtype=np.float32).reshape(5, 2), [0, 1, 0, 1, 1]
    data = kind(x, y)
    batches = list(DataLoader(data, batch_size=2))
    np.testing.assert_array_equal(np.concatenate([b.array for b, _ in batches]), x * 2)
    assert [labels.tolist() for _, labels in batches] == [[0, 1], [0, 1], [1]]
    assert data.fetched == 5
    assert repr(data) == f"{kind.__name__}: 5 examples"
    data.x = x + 1  # it is its own master
    assert len(DataLoader.of(data, 5)) == 1
    with pytest.raises(TypeError, match=f"{kind.__name__} gives its examples one by one"):
        Dataset.of(data)


def test_a_class_that_changes_what_it_holds():
    bytes_ = np.arange(12, dtype=np.uint8).reshape(3, 1, 2, 2)
    data = Flipped(bytes_, [0, 1, 2], input_type="image")
    x, _ = next(iter(DataLoader(data, 3)))
    np.testing.assert_allclose(x.array, bytes_[..., ::-1] / 255, rtol=1e-6)
    x, _ = next(iter(DataLoader(FlippedTensors(np.ones((2, 2), np.float32), np.arange(2)), 2)))
    assert x.tolist() == [[-1, -1], [-1, -1]]


def test_a_class_of_ones_own_in_training_and_evaluation():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 3)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int)
    model = nn.Linear(3, 2, generator=rng)
    train.fit(model, OwnInit(x, y), epochs=30, optimizer=optim.Adam(model.parameters(), lr=0.05))
    assert train.evaluate(model, CallsSuper(x, y))["accuracy"] > 0.9
    found = train.predict(model, OwnInit(x, y))
    np.testing.assert_array_equal(found, train.predict(model, x * 2))


@pytest.mark.parametrize(
    "count, size, smallest, lengths",
    [
        (9, 4, 1, [4, 4, 1]),
        (9, 4, 2, [4, 5]),
        (9, 3, 2, [3, 3, 3]),
        (10, 4, 2, [4, 4, 2]),
        (10, 4, 3, [4, 6]),
        (1, 4, 2, [1]),
    ],
)
def test_a_last_batch_that_is_too_small_joins_the_one_before(count, size, smallest, lengths):
    loader = DataLoader(np.arange(count), size, smallest_batch=smallest)
    assert [len(batch) for batch in loader] == lengths
    assert len(loader) == len(lengths)
    rng = np.random.default_rng(0)
    shuffled = DataLoader(np.arange(count), size, True, generator=rng, smallest_batch=smallest)
    assert sorted(i for batch in shuffled for i in batch.tolist()) == list(range(count))
    if count >= size:
        dropped = DataLoader(np.arange(count), size, drop_last=True, smallest_batch=smallest)
        assert [len(batch) for batch in dropped] == [size] * (count // size)
