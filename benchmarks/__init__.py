"""Speed side by side: the kernels and whole training steps against NumPy and PyTorch.

``python -m benchmarks`` measures everything in one process on one thread, the competitors in turn
so that a busy moment of the machine meets all of them, and takes medians. It writes a table
(Markdown and CSV) and two pictures. PyTorch and the other libraries are used where they are
installed (``pip install -e ".[bench]"``).
"""

import os

# Before NumPy is loaded: one thread for everybody, or nobody knows what was compared.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
