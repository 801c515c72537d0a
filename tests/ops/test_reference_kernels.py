import os
import subprocess
import sys
from pathlib import Path


def test_all_derivatives_hold_with_the_plain_kernels_too():
    """In a process of its own: which kernels run is decided at their first use."""
    gradients = Path(__file__).with_name("test_gradients.py")
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider"),
            *("-k", "central", str(gradients)),
        ],
        env={**os.environ, "MINITRANSFER_KERNELS": "reference"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
