"""Data as scripts for PyTorch write it: a class of their own, and parts of it."""

import numpy as np
import pytest

import minitransfer as mt
from minitransfer.utils.data import (
    ConcatDataset,
    DataLoader,
    Dataset,
    Subset,
    TensorDataset,
    random_split,
)


class Numbers(Dataset):
    def __init__(self, count, transform=None):
        self.x = np.arange(count, dtype=np.float32)
        self.transform = transform

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        x = mt.tensor([self.x[i]])
        return (self.transform(x) if self.transform else x), int(i) % 2


def test_a_class_of_ones_own_goes_through_a_loader():
    loader = DataLoader(Numbers(5, lambda x: 2 * x), batch_size=2, num_workers=4, pin_memory=True)
    x, y = next(iter(loader))
    assert (x.tolist(), y.tolist(), len(loader)) == ([[0], [2]], [0, 1], 3)
    with pytest.raises(NotImplementedError, match="Empty has no __getitem__"):
        type("Empty", (Dataset,), {})()[0]


def test_parts_share_no_example_and_go_through_a_loader():
    mt.manual_seed(0)
    parts = random_split(Numbers(10), [6, 4])
    assert sorted(i for part in parts for i in part.indices) == list(range(10))
    assert sum(len(x) for x, _ in DataLoader(parts[0], 4)) == 6
    same = random_split(Numbers(10), [6, 4], generator=mt.Generator().manual_seed(1))
    again = random_split(Numbers(10), [6, 4], generator=mt.Generator().manual_seed(1))
    assert same[0].indices == again[0].indices
    with pytest.raises(ValueError, match="make 9 examples, the data has 10"):
        random_split(Numbers(10), [5, 4])


def test_one_after_the_other():
    both = Numbers(3) + TensorDataset(mt.ones(2, 1), mt.zeros(2).long())
    assert isinstance(both, ConcatDataset)
    assert len(both) == 5
    assert both[4][0].item() == both[-1][0].item() == 1
    assert Subset(both, [2, 3])[0][0].item() == 2
    with pytest.raises(IndexError, match="example 5 of 5"):
        both[5]
    with pytest.raises(ValueError, match="at least one"):
        ConcatDataset([])
