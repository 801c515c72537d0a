"""``python -m benchmarks``: measure, print, write the table and the pictures."""

import argparse
import platform
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from minitransfer import kernels
from minitransfer.kernels import caches
from minitransfer.kernels.gemm.ladder import climb
from minitransfer.kernels.peak import memory_bandwidth, peak_flops
from minitransfer.kernels.vector_code import VECTOR_BYTES
from minitransfer.terminal import replace_what_cannot_be_shown

from . import (
    kernel_cases,
    photograph_cases,
    report,
    sequence_cases,
    step_cases,
    thread_cases,
    timing,
)

_GROUPS = {
    "matmul": kernel_cases.matmul_cases,
    "threads": thread_cases.thread_cases,
    "conv": kernel_cases.conv_cases,
    "rest": kernel_cases.other_cases,
    "steps": step_cases.step_cases,
    "sequences": sequence_cases.sequence_cases,
    "compiled": step_cases.compiled_cases,
    "photographs": photograph_cases.photograph_cases,
}
_SLOW = ("steps", "compiled", "photographs")
"""Groups with peers or cases that take minutes; the quick look goes without these."""
_QUICK_SECONDS = 0.06
_QUICK_BUDGET = 80.0
"""Seconds after which a quick look begins no other case, and says what it has left out."""
_PEERS = ("mygrad", "autograd", "dezero", "tinygrad", "micrograd")
_START = (
    "import time; start = time.perf_counter(); from minitransfer import kernels; "
    "kernels.precompile_main_job(); print(time.perf_counter() - start)"
)


def main(arguments=None):
    """Run the benchmarks; returns the process's exit status."""
    parser = argparse.ArgumentParser("benchmarks", description=main.__doc__)
    parser.add_argument("--out", type=Path, default=Path("benchmarks") / "results")
    parser.add_argument("--only", nargs="*", choices=_GROUPS, default=list(_GROUPS))
    parser.add_argument("--seconds", type=float, default=0.5, help="for each competitor of a case")
    parser.add_argument("--quick", action="store_true", help="only rows with a bar, no pictures")
    replace_what_cannot_be_shown(sys.stdout, sys.stderr)
    options = parser.parse_args(arguments)
    if not options.quick:
        options.out.mkdir(parents=True, exist_ok=True)
    kernels.set_num_threads(1)
    kernels.keep_freed_memory()  # as `train.fit` does
    if kernel_cases.torch:
        kernel_cases.torch.set_num_threads(1)
    peak = peak_flops(np.float32)
    print(f"{_processor()}; {_machine(peak)}")
    cases, left_out, end = [], [], time.monotonic() + _QUICK_BUDGET
    for group in options.only:
        quick = {"slow": False} if options.quick and group in _SLOW else {}
        for case in _GROUPS[group](**quick):
            if options.quick and time.monotonic() > end:
                left_out.append(f"{group} (from {case.name} on)")
                break
            if options.quick and not case.bar:
                continue
            timing.measure(case, _QUICK_SECONDS if options.quick else options.seconds)
            cases.append(case)
            if not options.quick:
                ratios = ", ".join(f"{case.ratio(peer):.2f} × {peer}" for peer in case.peers)
                took = 1e3 * case.seconds["minitransfer"]
                print(f"{case.group}: {case.name}: {took:.3g} ms; {ratios}")
    if options.quick:
        print(report.rows_under_their_bar(cases))
        if left_out:
            print(f"Left out, since {_QUICK_BUDGET:.0f} s were over: {'; '.join(left_out)}")
        return 0
    report.write_tables(cases, peak, options.out, _notes(peak))
    report.draw_ratios(cases, options.out)
    speeds = {n: climb(n, n, n, seconds=options.seconds) for n in (32, 64, 128, 256, 512, 1024)}
    report.draw_roofline(speeds, memory_bandwidth(), options.out)
    print(f"written to {options.out}/: table.md, table.csv, ratios.png, roofline.png")
    return 0


def _notes(peak):
    cold, warm = _compile_times()
    return [
        f"{_processor()}, {_machine(peak)}",
        f"Python {platform.python_version()}, " + ", ".join(_versions()),
        f"kernels of the main job, imports included: {cold:.1f} s compiled anew, {warm:.1f} s "
        "from the cache",
        time.strftime("measured on %Y-%m-%d"),
    ]


def _machine(peak):
    levels = sorted(caches.sizes().items())
    sizes = [f"L{level} {size >> 10:,} KiB" for level, size in levels] or ["caches not known"]
    return (
        f"vectors of {8 * VECTOR_BYTES} bits, {', '.join(sizes)}, peak of one core "
        f"{peak / 1e9:.0f} GFLOP/s float32 (measured)"
    )


def _compile_times():
    """Seconds until the main job's kernels are ready, in a new process, without and with cache."""
    import os
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"MINITRANSFER_CACHE": folder}
        return [
            float(subprocess.check_output([sys.executable, "-c", _START], env=environment))
            for _ in range(2)
        ]


def _processor():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _versions():
    for name in ("minitransfer", "numpy", "numba", "torch", *_PEERS):
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} not installed"


if __name__ == "__main__":
    sys.exit(main())
