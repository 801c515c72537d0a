"""In a file of its own, for without these names the kernels cannot even be imported."""

import numba
from numba.core import caching


def test_numba_still_has_the_names_that_its_cache_is_made_of():
    """They are private; pyproject.toml bounds numba's version to those in which they were seen."""
    expected = {
        "_CacheLocator": ["get_cache_path", "get_source_stamp", "get_disambiguator"],
        "CompileResultCacheImpl": ["_locator_classes"],
        "FunctionCache": ["_impl_class"],
    }
    for name, members in expected.items():
        for member in members:
            assert hasattr(getattr(caching, name, None), member), (
                f"numba.core.caching.{name}.{member} is gone in numba {numba.__version__}: adapt "
                "the classes in minitransfer/kernels/compile.py that keep the machine code"
            )
