import os
import platform
import subprocess
import sys

import pytest

CHURN = """
import resource
import numpy as np
from minitransfer import kernels
kernels.keep_freed_memory()
for turn in range(20):
    if turn == 10:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    arrays = [np.ones(800_000, np.float32) for _ in range(5)]
    del arrays
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


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
