"""Every new array of floats holds NaN, so that a kernel that forgets an element is found out."""

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _empty_is_nan(monkeypatch):
    original, original_like = np.empty, np.empty_like

    def spoil(array):
        if array.dtype.kind == "f":
            array.fill(np.nan)
        return array

    monkeypatch.setattr(np, "empty", lambda *a, **k: spoil(original(*a, **k)))
    monkeypatch.setattr(np, "empty_like", lambda *a, **k: spoil(original_like(*a, **k)))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def close():
    """Compare within a few roundings of the type, relative to `scale`."""

    def check(given, expected, scale=1.0):
        assert given.dtype == expected.dtype
        assert given.shape == expected.shape
        tolerance = 200 * np.finfo(given.dtype).eps * scale
        np.testing.assert_allclose(given, expected, rtol=tolerance, atol=tolerance)

    return check
