"""Tensors from nothing: values, shapes, types, and the generator that is asked."""

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import Tensor


def test_tensor_copies_and_keeps_the_type_of_arrays():
    array = np.zeros(2)
    x = mt.tensor(array)
    array[0] = 5
    assert x.tolist() == [0, 0]
    assert x.dtype == np.float64
    assert mt.tensor([1, 2]).dtype == np.int64
    assert mt.tensor([1, 2], dtype=mt.float32).dtype == np.float32
    assert mt.tensor([1.0, 2.0]).dtype == np.float32
    assert mt.tensor(3.0, requires_grad=True).requires_grad
    with pytest.raises(TypeError, match="numbers or booleans"):
        mt.tensor("text")


def test_from_numpy_shares():
    array = np.zeros(2, np.float32)
    assert mt.from_numpy(array).array is array


@pytest.mark.parametrize("create", [mt.zeros, mt.ones, mt.rand, mt.randn])
def test_shapes_types_and_gradients(create):
    assert create(2, 3).shape == create((2, 3)).shape == create([2, 3]).shape == (2, 3)
    assert create(()).shape == ()
    assert create(2).dtype == create(2, dtype=None).dtype == np.float32
    assert create(2, dtype=mt.float64).dtype == np.float64
    assert create(2, requires_grad=True).requires_grad
    assert not create(2).requires_grad


def test_constants():
    assert mt.zeros(2).tolist() == [0, 0]
    assert mt.ones(2).tolist() == [1, 1]
    assert mt.full((2,), 7).tolist() == [7, 7]
    assert mt.full((2,), 7).dtype == np.int64
    assert mt.full((2,), 0.5).dtype == np.float32
    assert mt.eye(2).tolist() == [[1, 0], [0, 1]]
    x = Tensor(np.full((1, 2), 3.0))
    assert mt.zeros_like(x).tolist() == [[0, 0]]
    assert mt.ones_like(x).dtype == np.float64
    assert mt.ones_like(x, dtype=mt.int64).dtype == np.int64


def test_ranges():
    assert mt.arange(3).tolist() == [0, 1, 2]
    assert mt.arange(1, 7, 2).tolist() == [1, 3, 5]
    assert mt.arange(3).dtype == np.int64
    assert mt.arange(0, 1, 0.5).dtype == np.float32
    assert mt.arange(2, dtype=mt.float64).dtype == np.float64
    assert mt.linspace(-1, 1, 3).tolist() == [-1, 0, 1]


@pytest.mark.parametrize(
    "draw",
    [
        lambda g: mt.rand(50, generator=g),
        lambda g: mt.randn(50, generator=g),
        lambda g: mt.randint(0, 1000, (50,), generator=g),
        lambda g: mt.randperm(50, generator=g),
    ],
)
def test_random_numbers_come_from_the_generator_given_else_from_the_default_one(draw):
    first, again = draw(np.random.default_rng(3)), draw(np.random.default_rng(3))
    assert (first == again).all()
    assert not (first == draw(np.random.default_rng(4))).all()
    mt.manual_seed(3)
    assert (draw(None) == first).all()


def test_ranges_of_random_numbers():
    generator = np.random.default_rng(0)
    x = mt.rand(200_000, generator=generator)
    assert 0 <= x.min().item() < 1e-4
    assert 1 - 1e-4 < x.max().item() < 1
    z = mt.randn(200_000, generator=generator)
    assert abs(z.mean().item()) < 0.01
    assert abs(z.std().item() - 1) < 0.01
    assert sorted(mt.randperm(7, generator=generator).tolist()) == list(range(7))


def test_random_numbers_like_a_tensor():
    x = mt.zeros(2, 3, dtype=mt.float64)
    for like in (mt.rand_like, mt.randn_like):
        assert like(x).shape == (2, 3)
        assert like(x).dtype == np.float64
        again = [like(x, generator=np.random.default_rng(1)) for _ in range(2)]
        assert (again[0] == again[1]).all()


def test_randint_takes_one_bound_or_two():
    generator = np.random.default_rng(0)
    assert set(mt.randint(3, (99,), generator=generator).tolist()) == {0, 1, 2}
    assert set(mt.randint(5, 7, (99,), generator=generator).tolist()) == {5, 6}
    assert mt.randint(0, 2, size=(2, 3)).shape == (2, 3)
    assert mt.randint(9, ()).shape == ()
    with pytest.raises(TypeError, match=r"\(high, size\)"):
        mt.randint(3)
    with pytest.raises(TypeError, match=r"\(high, size\)"):
        mt.randint()


def test_joining():
    a, b = mt.ones(1, 2), mt.zeros(2, 2)
    assert mt.cat([a, b]).tolist() == [[1, 1], [0, 0], [0, 0]]
    assert mt.cat((a, a), dim=1).tolist() == [[1, 1, 1, 1]]
    assert mt.stack([a, a], dim=-1).shape == (1, 2, 2)
    with pytest.raises(ValueError, match="cat: got no arrays"):
        mt.cat([])
    with pytest.raises(ValueError, match=r"\(1, 2\)"):
        mt.cat([a, mt.zeros(2, 3)])
