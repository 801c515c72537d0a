"""Batches: a few examples at a time, in order or shuffled, as tensors."""

import copy
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from minitransfer.autograd import as_array
from minitransfer.data.dataset import (
    HOW_TO_NUMBER,
    Dataset,
    TensorDataset,
    has_own_items,
    hash_of_arrays,
    whole_grey_values,
)
from minitransfer.not_covered import what_was_given
from minitransfer.random import default_generator
from minitransfer.tensor import Tensor

# Arguments of torch.utils.data.DataLoader that a library for data in memory does without.
_WITHOUT = {
    "collate_fn": "batches are stacked; change them with transform=",
    "sampler": "index the data in the order that you want, as in data[order]",
    "batch_sampler": "index the data in the order that you want, as in data[order]",
}
# Arguments that say how fast batches come, not which: taken, and without effect, since batches are
# made in this process, from arrays in memory.
_NO_DIFFERENCE = {
    *("num_workers", "pin_memory", "persistent_workers", "prefetch_factor", "timeout"),
    *("worker_init_fn", "multiprocessing_context", "pin_memory_device", "in_order"),
}


class DataLoader:
    """Goes through the data once per loop and hands it out in batches.

    Every batch is a tuple of tensors, one for each array of the data: floats as float32, whole
    numbers as int64. Bytes (uint8) and booleans among the inputs, the first array, are numbers
    like others and become float32 as they are, 255 as 255.0. Only the bytes of a `Dataset` whose
    `input_type` is "image" are brought from 0…255 to 0…1, batch by batch, which needs a quarter
    of the memory; so are targets of the very shape of the pictures, as an auto-encoder has. The
    floating type of a `Tensor` stays, as somebody chose it.

    Args:
        dataset: a `Dataset` or `TensorDataset`, a tuple of arrays such as ``(x, y)``, one array,
            or any object with a length whose items are examples (tuples of arrays and numbers),
            also one of a class made of `Dataset`. Arrays are cut by the batch; items of other
            objects are fetched one by one.
        batch_size: examples in a batch; the last one holds what is left.
        shuffle: whether to go through the examples in a new random order every time.
        drop_last: whether to leave out a last batch that is not full.
        generator: source of randomness; the default one if left out. One number is drawn from
            it at the start of every epoch in which anything is random.
        smallest_batch: a last batch with fewer examples joins the one before it. Batch norm needs
            2: nothing is to be learnt from the variance of one.
        transform: called with every batch of inputs, a float32 array that it may overwrite, and
            a generator of that batch's own; returns the array to use instead.
        others: PyTorch's arguments that say how fast batches come (num_workers, pin_memory, …);
            taken, and without effect.

    Raises:
        ValueError: if the data is empty, its arrays differ in length, or batch_size is below 1.
        TypeError: if the data has no length, or an argument is PyTorch's but not needed here.

    Example:
        >>> x, y = np.zeros((10, 1, 28, 28), np.float32), np.arange(10)
        >>> loader = DataLoader((x, y), batch_size=4)
        >>> [len(labels) for images, labels in loader], len(loader)
        ([4, 4, 2], 3)
    """

    def __init__(
        self,
        dataset,
        batch_size: int = 1,
        shuffle: bool = False,
        drop_last: bool = False,
        generator: np.random.Generator | None = None,
        transform=None,
        smallest_batch: int = 1,
        **others,
    ):
        for name, value in others.items():
            if name not in _WITHOUT and name not in _NO_DIFFERENCE:
                raise TypeError(f"DataLoader has no argument {name!r}")
            if value and name in _WITHOUT:  # collate_fn=None asks for what happens anyway
                raise TypeError(f"DataLoader has no {name}: {_WITHOUT[name]}")
        if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise ValueError(f"batch_size is a whole number of 1 or more; given {batch_size!r}")
        if generator is not None and not isinstance(generator, np.random.Generator):
            raise TypeError(
                "generator has to be a numpy.random.Generator, as numpy.random.default_rng(0) "
                f"makes it; given {type(generator).__name__}"
            )
        self.dataset = dataset
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.generator = generator
        self.transform = transform
        self.smallest_batch = smallest_batch
        self._columns, self._length = _columns(dataset)
        # A single array is handed out bare, as PyTorch does. Of other objects the items tell.
        self._in_tuples = not isinstance(dataset, (np.ndarray, Tensor))
        self._state_before_epoch = None
        if self._length == 0:
            raise ValueError("the data is empty; a DataLoader needs at least one example")
        if len(self) == 0:
            raise ValueError(
                f"drop_last=True and batch_size={batch_size} leave no batch of the "
                f"{self._length} examples; use a smaller batch_size or drop_last=False"
            )

    @classmethod
    def of(cls, data, batch_size: int, *, network=None, **options) -> "DataLoader":
        """Return a loader of data of any form; a loader as it is.

        Args:
            data: what `Dataset.of` takes, a DataLoader, or an object with a length whose items
                are examples, which are fetched one by one, anew in every pass.
            batch_size: examples in a batch.
            network: see `Dataset.of`.
            **options: as of the class.

        Example:
            >>> len(DataLoader.of(([[1.0], [2.0]], [0, 1]), batch_size=1))
            2
        """
        if isinstance(data, DataLoader):
            return data
        in_arrays = isinstance(data, (Dataset, TensorDataset, tuple, np.ndarray, Tensor))
        in_arrays = in_arrays or (isinstance(data, list) and len(data) == 2)
        if has_own_items(data) or not in_arrays:
            return cls(data, batch_size, **options)
        return cls(Dataset.of(data, network=network), batch_size, **options)

    @property
    def targets(self) -> np.ndarray | None:
        """The targets of all examples, where the data is in two arrays; else None."""
        return self._columns[1].array if self._columns and len(self._columns) == 2 else None

    def content_hash(self) -> str | None:
        """Return a fingerprint of all examples; None where they are fetched one by one.

        Example:
            >>> DataLoader(np.zeros(3)).content_hash() == DataLoader(np.zeros(3), 2).content_hash()
            True
        """
        if self._columns is None:
            return None
        return hash_of_arrays(column.array for column in self._columns)

    def __len__(self):
        """Number of batches in an epoch."""
        full, rest = divmod(self._length, self.batch_size)
        joins = full and rest < self.smallest_batch
        return full + (rest > 0 and not (self.drop_last or joins))

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        seed = None
        if self.shuffle or self.transform is not None:
            generator = self._generator()
            self._state_before_epoch = copy.deepcopy(generator.bit_generator.state)
            # One draw decides the whole epoch, so that a loop left early changes nothing later.
            seed = int(generator.integers(2**63))
        return self._batches(seed)

    def state_dict(self) -> dict:
        """Return the random state, from which `load_state_dict` continues to the bit.

        The state is that of an epoch's beginning: taken between two epochs, the next one follows
        as if nothing had happened; taken within an epoch, that epoch will be repeated from its
        first batch, in the same order.

        Example:
            >>> loader = DataLoader(np.arange(5), 5, True, generator=np.random.default_rng(0))
            >>> state = loader.state_dict()
            >>> first = next(iter(loader))
            >>> loader.load_state_dict(state)
            >>> bool((next(iter(loader)) == first).all())
            True
        """
        state = self._state_before_epoch or self._generator().bit_generator.state
        return {"generator": copy.deepcopy(state)}

    def load_state_dict(self, state: dict) -> None:
        """Go back to the random state that `state_dict` returned.

        Raises:
            ValueError: if the state belongs to another kind of generator, or is not a state.
        """
        try:
            self._generator().bit_generator.state = state["generator"]
        except (KeyError, TypeError, ValueError) as error:
            kind = type(self._generator().bit_generator).__name__
            raise ValueError(
                f"this is not a random state for a {kind} generator ({error}); give the "
                "DataLoader the kind of generator it had when the state was saved"
            ) from error
        self._state_before_epoch = None

    def _generator(self):
        # Asked for every time: manual_seed may have put a new default one in its place.
        return self.generator or default_generator()

    def _batches(self, seed):
        order = None
        if self.shuffle:
            order = np.random.default_rng((seed, 0)).permutation(self._length)
        for number in range(len(self)):
            first, last = number * self.batch_size, (number + 1) * self.batch_size
            if number == len(self) - 1 and not self.drop_last:
                last = self._length
            rows = slice(first, last)
            if order is not None:
                rows = order[rows]
            batch = self._arrays(rows)
            if self.transform is not None:
                batch[0] = self._transformed(batch[0], np.random.default_rng((seed, number + 1)))
            batch = tuple(Tensor(array) for array in batch)
            if number == len(self) - 1:
                self._state_before_epoch = None  # the epoch is over once its last batch is out
            yield batch if self._in_tuples else batch[0]

    def _arrays(self, rows) -> list[np.ndarray]:
        """Return new arrays of these examples, of the types that networks take."""
        if self._columns is not None:
            return [column.converted(column.array[rows]) for column in self._columns]
        numbers = range(self._length)[rows] if isinstance(rows, slice) else rows.tolist()
        items = [self.dataset[i] for i in numbers]
        self._in_tuples = isinstance(items[0], (tuple, list))
        if not self._in_tuples:
            items = [(item,) for item in items]
        pictures = getattr(self.dataset, "input_type", None) == "image"
        stacked = [_stacked(part, numbers) for part in zip(*items, strict=True)]
        return [
            _Column(array, _floats_of(first), k == 0, pictures and k == 0).converted(array)
            for k, (array, first) in enumerate(zip(stacked, items[0], strict=True))
        ]

    def _transformed(self, x, generator):
        result = np.asarray(self.transform(x, generator))
        if len(result) != len(x):
            raise ValueError(
                f"transform was given {len(x)} examples and returned {len(result)}; it may change "
                "examples, not drop or add any"
            )
        inputs = self._columns[0] if self._columns else _Column(x, np.float32, is_input=True)
        return inputs.converted(result)


class _Column(NamedTuple):
    """One of the arrays of the data, and what its numbers become in a batch."""

    array: np.ndarray
    floats: np.dtype  # of floating numbers
    is_input: bool
    is_picture: bool = False  # whether 255 means full brightness

    def converted(self, array) -> np.ndarray:
        """Return some rows in the type that networks take, new; see `DataLoader` for the rules."""
        kind = array.dtype.kind
        if kind == "f":
            return array.astype(self.floats, order="C")
        if array.dtype == np.uint8 and self.is_picture:
            return np.multiply(array, np.float32(1 / 255), dtype=np.float32)
        if self.is_picture and kind in "iu":
            raise ValueError(whole_grey_values(array.dtype))
        if self.is_input and (kind == "b" or array.dtype == np.uint8):
            return array.astype(np.float32, order="C")
        if array.dtype == np.uint64 and array.max(initial=0) > np.iinfo(np.int64).max:
            raise ValueError(
                f"the data holds the whole number {array.max()}, which int64 does not reach; turn "
                "it into floats, or number the labels from 0"
            )
        if kind in "iub":
            return array.astype(np.int64, order="C")
        advice = "turn it into numbers first" if self.is_input else HOW_TO_NUMBER
        raise TypeError(f"data of type {array.dtype} is not numeric; {advice}")


def _floats_of(part):
    """A tensor's floating type was chosen by somebody; that of arrays and lists seldom is."""
    return part.dtype if isinstance(part, Tensor) and part.dtype.kind == "f" else np.float32


def _columns(dataset):
    """Return (the columns, or None where items are fetched one by one; number of examples)."""
    if has_own_items(dataset):
        return None, len(dataset)
    if isinstance(dataset, Dataset):
        x, y, floats = dataset.x, dataset.y, dataset.float_dtype
        pictures = dataset.input_type == "image"
        alike = pictures and y.shape == x.shape
        return [_Column(x, floats, True, pictures), _Column(y, floats, False, alike)], len(x)
    if isinstance(dataset, TensorDataset):
        parts = dataset.tensors
    elif isinstance(dataset, (np.ndarray, Tensor)):
        parts = (dataset,)
    elif isinstance(dataset, tuple) and all(hasattr(part, "__array__") for part in dataset):
        parts = [p if isinstance(p, Tensor) else np.asarray(p) for p in dataset]  # PyTorch's too
    elif isinstance(dataset, tuple) and any(part is None for part in dataset):
        raise ValueError("one of the arrays is None; give inputs and targets, or inputs alone")
    elif hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__"):
        return None, len(dataset)
    else:
        raise TypeError(
            "a DataLoader needs data with a length and an index, such as a Dataset or a tuple of "
            f"arrays (x, y); given {what_was_given(dataset)}"
        )
    columns = [
        _Column(as_array(part), _floats_of(part), is_input=k == 0) for k, part in enumerate(parts)
    ]
    lengths = [len(column.array) if column.array.ndim else 0 for column in columns]
    if len(set(lengths)) > 1:
        raise ValueError(
            f"arrays of lengths {', '.join(map(str, lengths))} do not belong together; "
            "example i is row i of each"
        )
    return columns, lengths[0] if lengths else 0


def _stacked(part, numbers):
    arrays = [np.asarray(as_array(item)) for item in part]
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        raise ValueError(
            f"examples {min(numbers)} to {max(numbers)} have different shapes "
            f"({', '.join(map(str, sorted(shapes)))}) and do not fit in one batch; "
            "cut or pad them to one shape"
        )
    return np.stack(arrays)
