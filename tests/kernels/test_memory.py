import os
import platform
import subprocess
import sys

import numpy as np
import pytest

from minitransfer.kernels.memory import aligned_empty, aligned_zeros

CHURN = """
import resource
import numpy as np
import minitransfer.kernels.memory
for turn in range(20):
    if turn == 10:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    arrays = [np.ones(800_000, np.float32) for _ in range(5)]
    del arrays
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.parametrize("shape", [(1,), (3, 5), (7, 100_000)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scratch_begins_at_a_cache_line(shape, dtype):
    for make in (aligned_empty, aligned_zeros):
        array = make(shape, np.dtype(dtype))
        assert array.shape == shape
        assert array.dtype == dtype
        assert array.ctypes.data % 64 == 0
        assert array.flags.c_contiguous
        assert array.flags.writeable
    assert not aligned_zeros(shape, np.dtype(dtype)).any()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked")
def test_freed_memory_is_used_again_without_new_pages():
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}

    def new_pages(environment):
        run = [sys.executable, "-c", CHURN]
        return int(subprocess.check_output(run, env=environment, text=True))

    asked = new_pages(plain)
    left_alone = new_pages(plain | {"MALLOC_TRIM_THRESHOLD_": "131072"})
    assert asked < 500  # the ten turns write to 40,000 pages
    assert left_alone > 10 * asked
