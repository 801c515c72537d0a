"""In a file of its own, for without these names the kernels cannot even be imported."""

import numba
import pytest
from numba.core import compiler, dispatcher, serialize


@pytest.mark.parametrize(
    "owner, names",
    [
        (compiler.CompileResult, ["_reduce", "_rebuild"]),
        (serialize, ["dumps"]),
        (dispatcher.Dispatcher, ["_explain_matching_error", "nopython_signatures"]),
        (numba.njit(lambda: 0), ["_cache"]),
        (numba.config, ["DISABLE_JIT", "OPT", "BOUNDSCHECK"]),
    ],
)
def test_numba_still_has_the_names_that_kernels_are_made_of(owner, names):
    """Some are private; pyproject.toml bounds numba's version to those in which they were seen."""
    for name in names:
        assert hasattr(owner, name), (
            f"{owner}.{name} is gone in numba {numba.__version__}: adapt "
            "minitransfer/kernels/compile.py and code_cache.py"
        )
