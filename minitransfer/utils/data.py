"""Data under the names of ``torch.utils.data``.

`minitransfer.data` has the loader, and data that ships with the library. Here is what scripts put
before it: a class of their own, and parts of it.
"""

import math
from bisect import bisect_right
from itertools import accumulate

from minitransfer.data import DataLoader, TensorDataset
from minitransfer.not_covered import not_covered
from minitransfer.random import default_generator


class Dataset:
    """Base of data that is made example by example: write ``__len__`` and ``__getitem__``.

    It holds nothing itself. `minitransfer.data.Dataset`, which does, knows what its numbers mean.

    Example:
        >>> class Squares(Dataset):
        ...     def __init__(self, count):
        ...         self.count = count
        ...     def __len__(self):
        ...         return self.count
        ...     def __getitem__(self, i):
        ...         return float(i), i * i
        >>> [y.tolist() for x, y in DataLoader(Squares(3), batch_size=2)]
        [[0, 1], [4]]
    """

    def __getitem__(self, index):
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__; write one")

    def __add__(self, other):
        return ConcatDataset([self, other])


class Subset(Dataset):
    """Some examples of a data set, by their numbers.

    Args:
        dataset: anything with an index.
        indices: the numbers of the examples.

    Example:
        >>> Subset("abcd", [3, 0])[0]
        'd'
    """

    def __init__(self, dataset, indices):
        self.dataset, self.indices = dataset, indices

    def __len__(self):
        return len(self.indices)

    def __getitem__(self, index):
        return self.dataset[self.indices[index]]


class ConcatDataset(Dataset):
    """Data sets one after the other.

    Args:
        datasets: anything with a length and an index.

    Example:
        >>> ConcatDataset(["ab", "cd"])[2]
        'c'
    """

    def __init__(self, datasets):
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset needs at least one data set; given none")
        self.cumulative_sizes = list(accumulate(map(len, self.datasets)))

    def __len__(self):
        return self.cumulative_sizes[-1]

    def __getitem__(self, index):
        if not -len(self) <= index < len(self):
            raise IndexError(f"example {index} of {len(self)}")
        index %= len(self)
        which = bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][index - before]


def random_split(dataset, lengths, generator=None) -> list[Subset]:
    """Divide data into parts at random that share no example.

    Args:
        dataset: anything with a length and an index.
        lengths: of the parts; or shares that add up to 1, of which the first parts get what is
            left over.
        generator: a ``numpy.random.Generator``; the library's default one if None.

    Raises:
        ValueError: if the lengths do not add up to that of the data.

    Example:
        >>> [len(part) for part in random_split(range(10), [0.8, 0.2])]
        [8, 2]
    """
    count, lengths = len(dataset), list(lengths)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1 + 1e-9:
        lengths = [math.floor(count * share) for share in lengths]
        for i in range(count - sum(lengths)):
            lengths[i % len(lengths)] += 1
    if sum(lengths) != count:
        raise ValueError(
            f"random_split: parts of {lengths} make {sum(lengths)} examples, the data has {count}; "
            "they must add up (or be shares that add up to 1)"
        )
    order = (generator or default_generator()).permutation(count).tolist()
    ends = list(accumulate(lengths))
    return [
        Subset(dataset, order[end - length : end])
        for length, end in zip(lengths, ends, strict=True)
    ]


def __getattr__(name):
    raise not_covered("utils.data", name)
