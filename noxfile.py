"""The suite on other Pythons, with the lowest versions, on other processors; and what it misses.

`nox -l` lists the sessions, `nox` runs all of them, which takes hours; `nox -s "tests-3.13"` or
`nox -s "emulated(x86-64 without AVX)"` one. Arguments after ``--`` go to pytest.

The emulated processors need Debian or Ubuntu with the package qemu-user. There the kernels really
run, at the small sizes of their tests, with the vectors that such a processor has.
"""

import os
import platform
import sys
import tempfile
from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"

#: What a program that is started by a test would need of the system, which emulates this one alone.
STARTS_PROGRAMS = [
    *("test_code_cache.py", "test_numba_cache.py", "test_memory.py", "test_threads.py"),
    *("test_compile.py", "test_reference.py", "test_caches.py"),
]

#: Packages of a Python for 64-bit Arm, taken apart into a folder and not installed.
ARM_PYTHON = [
    *("libc6", "python3.11", "python3.11-minimal", "libpython3.11-stdlib", "libssl3", "zlib1g"),
    *("libpython3.11-minimal", "libexpat1", "libffi8", "libsqlite3-0", "liblzma5", "libbz2-1.0"),
    *("libcrypt1", "libgcc-s1", "libstdc++6", "libuuid1"),
]


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session):
    """The whole suite, as the README says."""
    session.install("-e", ".[test]")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session(python="3.11")
def lowest(session):
    """The suite with the lowest version of each dependency that pyproject.toml allows."""
    session.install("uv")
    session.run("uv", "pip", "install", "--resolution", "lowest-direct", "-e", ".[test]")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session(python="3.11")
def fuzz(session):
    """Look for files that break a promise, with atheris; ten minutes in all, or ``-- SECONDS``."""
    session.install("-e", ".[test]", "atheris")
    seconds = int(session.posargs[0]) if session.posargs else 600
    harness, out = Path("tests/fuzz/harness.py"), Path("build/fuzz")
    kinds = sorted(path.name for path in Path("tests/fuzz/corpus").iterdir())
    for kind in kinds:
        each = ("--seconds", str(max(seconds // len(kinds), 1)), "--out", str(out / kind))
        session.run("python", str(harness), kind, *each)
    if broken := sorted(map(str, out.glob("*/broken-*"))):
        session.error(f"{len(broken)} files break a promise: {', '.join(broken)}")


#: What a processor of the kind of Haswell has, in LLVM's words.
AVX2 = "+64bit,+sse,+sse2,+sse3,+ssse3,+sse4.1,+sse4.2,+avx,+avx2,+fma,+f16c,+bmi,+bmi2,+lzcnt"


@nox.session(python="3.11")
def avx2(session):
    """The tests of the kernels with machine code for AVX2, on a processor that has more."""
    session.install("-e", ".[test]")
    env = {
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": AVX2,
        "MINITRANSFER_CACHE": str(Path(session.create_tmp()).resolve() / "cache"),
    }
    session.run("pytest", "tests/kernels", *session.posargs, env=env)


@nox.session(python="3.11")
def coverage(session):
    """Which branches of the library the suite takes, in every process: fails below 95 %.

    The cache is an empty one, since what writes machine code runs only where it is not there yet.
    """
    session.install("-e", ".[dev]")
    folder = Path(session.create_tmp()).resolve()
    data = {"MINITRANSFER_CACHE": tempfile.mkdtemp(dir=folder), "COVERAGE_FILE": f"{folder}/lines"}
    session.run("coverage", "erase", env=data)
    # Programs that tests watch by the clock may be late when they are traced: counted all the same.
    tests = ("-m", "pytest", "-n", "auto", *session.posargs)
    session.run("coverage", "run", *tests, env=data, success_codes=[0, 1])
    session.run("coverage", "combine", "--quiet", env=data)
    session.run("coverage", "report", env=data)


@nox.session(python="3.11")
def mutation(session):
    """Faults put into a sample of lines: which of them no test finds (hours).

    ``nox -s mutation -- ops --places 200 --seed 3`` for more of one part.
    """
    session.install("-e", ".[dev]", "torch>=2.5")
    session.run("python", "tests/promises/mutation.py", *session.posargs)


@nox.session(python="3.11")
@nox.parametrize(
    "processor", ["Nehalem", "Haswell", "arm64"], ids=["x86-64 without AVX", "AVX2", "64-bit Arm"]
)
def emulated(session, processor):
    """The tests of the kernels on a processor that is not there."""
    folder = Path(session.create_tmp()).resolve()
    if processor == "arm64":
        python, packages = _arm_python(session, folder)
    else:
        session.install("-e", ".[test]")
        python, packages = [f"qemu-{platform.machine()}", "-cpu", processor, _python(session)], ""
    skipped = [f"--ignore=tests/kernels/{name}" for name in STARTS_PROGRAMS]
    session.run(
        *python,
        *("-m", "pytest", "-p", "no:cacheprovider", "tests/kernels", *skipped, *session.posargs),
        env={
            "MINITRANSFER_CACHE": str(folder / "cache"),
            "PYTHONPATH": os.pathsep.join([str(packages), str(Path.cwd())]),
        },
        external=True,
    )


def _python(session):
    return str(Path(session.bin) / "python")


def _arm_python(session, folder):
    """Put a Python for Arm and the packages for it into a folder; return how to start it."""
    root, packages = folder / "root", folder / "packages"
    if not root.exists():
        names = [f"{name}:arm64" for name in ARM_PYTHON]
        with session.chdir(folder):
            session.run("apt-get", "download", *names, external=True)
        for package in sorted(folder.glob("*.deb")):
            session.run("dpkg", "-x", str(package), str(root), external=True)
    if not packages.exists():
        # Wheels for that processor, which pip only puts beside each other.
        kinds = [f"--platform=manylinux_2_{n}_aarch64" for n in (17, 28)]
        needs = nox.project.load_toml("pyproject.toml")["project"]["dependencies"]
        session.run(
            *(sys.executable, "-m", "pip", "install", "--quiet", "--target", str(packages)),
            *("--only-binary=:all:", "--python-version=3.11", *kinds, *needs),
            *("pytest", "pytest-socket", "pytest-xdist", "hypothesis"),
            external=True,
        )
    return ["qemu-aarch64", "-L", str(root), str(root / "usr/bin/python3.11")], packages
