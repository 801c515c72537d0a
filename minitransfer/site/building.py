"""Build the site: a source folder in the cache, then Sphinx on it."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

from minitransfer.course import catalogue, lessons_folder
from minitransfer.files import check_writable
from minitransfer.folders import cache_folder
from minitransfer.kernels import get_num_threads
from minitransfer.site import lesson_pages, other_pages, running

PACKAGE = Path(__file__).resolve().parents[1]

#: Parts whose lessons measure how long something takes: each of them runs alone.
MEASURE_TIMES = {"Under the bonnet"}

#: Settings of the process that runs a lesson. Its remarks on its own transport are no business of
#: who reads the pages, nor is the place on this machine where the library gives a warning.
KERNEL = r"""settings = get_config()
settings.IPKernelApp.log_level = 40
settings.InteractiveShellApp.exec_lines = [
    "import warnings",
    "warnings.formatwarning = lambda text, kind, *_: f'{kind.__name__}: {text}\\n'",
]
"""


class SiteFailed(RuntimeError):
    """Sphinx has found something wrong; what, it has said."""


def build(out=None, *, numbers=None, evidence: bool = True, strict: bool = True) -> Path:
    """Write the site and return its first page.

    Each lesson is run, and its output kept: as long as neither its code nor the library changes,
    it is not run again. The site asks nothing of any server and can be opened from a folder.

    Args:
        out: the folder to write it to; one in the cache if None. What a former call has written
            to it is replaced, and no file of anybody else's is touched.
        numbers: of the lessons to show; all if None.
        evidence: whether to show what stands behind the lessons, too.
        strict: whether a warning of Sphinx's is an error.

    Raises:
        ValueError: if there is no lesson of such a number, or `out` holds files of other origin.
        ImportError: if Sphinx or one of its helpers is not installed.
        SiteFailed: if a lesson fails, or Sphinx finds a fault.
    """
    _check_installed()
    lessons = [one for one in catalogue() if numbers is None or one.number in numbers]
    if missing := set(numbers or ()) - {one.number for one in lessons}:
        there = ", ".join(str(one.number) for one in catalogue())
        raise ValueError(f"there is no lesson {min(missing)}; there are {there}")
    home = cache_folder() / "site"
    out = None if out is None else Path(out).expanduser().resolve()
    if out:
        _check_out(out)
    shown = "all" if numbers is None else "-".join(f"{one.number:02}" for one in lessons)
    work = home / f"{shown}{'' if evidence else '-plain'}"
    source, outputs = work / "source", home / "outputs" / code_hash()
    _forget(home / "outputs", outputs)
    files = lesson_pages.pages(lessons, evidence) | other_pages.pages(lessons, evidence)
    built = work / "html"
    if _write(source, files):  # Sphinx leaves the pages of what is gone
        shutil.rmtree(built, ignore_errors=True)
    _write(home / "ipython", {"profile_default/ipython_kernel_config.py": KERNEL})
    environment = {
        **{k: v for k, v in os.environ.items() if k not in ("MINITRANSFER_FIGURES", "DISPLAY")},
        "MINITRANSFER_LEDGER": str(work / "claims.jsonl"),
        "MINITRANSFER_CACHE": str(cache_folder()),
        "IPYTHONDIR": str(home / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    together = [one for one in lessons if lesson_pages.part_of(one) not in MEASURE_TIMES]
    notebooks = [source / name for name in lesson_pages.names(together, evidence)]
    running.run_side_by_side(notebooks, outputs, environment, min(4, get_num_threads()))
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-c", str(Path(__file__).parent)]
    command += ["-d", str(work / "doctrees"), *(["-W", "--keep-going"] if strict else [])]
    command += ["-D", f"nb_execution_cache_path={outputs}"]
    done = subprocess.run([*command, str(source), str(built)], env=environment)
    if done.returncode != 0:
        raise SiteFailed(f"the site could not be built; Sphinx said why. Its sources are {source}")
    _forget_pictures(built)
    if out:
        _mirror(built, out)
    return (out or built) / "index.html"


#: Says that a folder was written by this command, and which files of it: these may be replaced.
MARK = ".minitransfer-site"


def _check_installed() -> None:
    try:
        import furo  # noqa: F401
        import jupytext  # noqa: F401
        import myst_nb  # noqa: F401
        import sphinx_copybutton  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f'the site is built by Sphinx ({error}): pip install "minitransfer[site]"'
        ) from None


def _check_out(out: Path) -> None:
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).exists():
        raise ValueError(
            f"{out} holds files that this command has not written; name an empty or a new folder"
        )
    check_writable(out / MARK)


def code_hash() -> str:
    """Return a name for the library and for what stands beside the lessons, as they are now.

    Outputs of a lesson are kept by its code, but they depend on all of this, too.

    Example:
        >>> code_hash() == code_hash(), len(code_hash())
        (True, 16)
    """
    lessons, digest = lessons_folder(), hashlib.sha256()
    library = (file for file in PACKAGE.rglob("*.py") if "site" not in file.parent.parts[-2:])
    beside = [*lessons.glob("evidence/*_[0-9][0-9].py"), *lessons.glob("results/*.csv")]
    for file in sorted({*library, *beside}):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _forget(outputs: Path, current: Path) -> None:
    """Remove what was kept of an older library."""
    for old in outputs.glob("*"):
        if old != current:
            shutil.rmtree(old, ignore_errors=True)


def _forget_pictures(built: Path) -> None:
    """Remove figures of former outputs, which Sphinx leaves: those that no page shows."""
    pages = (page.read_text(encoding="utf-8") for page in built.rglob("*.html"))
    shown = {unquote(name) for page in pages for name in re.findall(r'_images/([^"?#]+)', page)}
    for picture in (built / "_images").glob("*"):
        if picture.name not in shown:
            picture.unlink()


def _mirror(built: Path, out: Path) -> None:
    """Copy the site to where the user wants it; what a former call has left there goes."""
    mark = out / MARK
    before = mark.read_text(encoding="utf-8").splitlines() if mark.exists() else []
    names = sorted(one.relative_to(built).as_posix() for one in built.rglob("*") if one.is_file())
    for name in set(before) - set(names):
        if (out / name).resolve().is_relative_to(out):
            (out / name).unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    mark.write_text("\n".join(sorted({*before, *names})) + "\n", encoding="utf-8")
    for name in names:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(built / name, out / name)
    mark.write_text("\n".join(names) + "\n", encoding="utf-8")


def _write(folder: Path, files: dict[str, str | bytes]) -> bool:
    """Make a folder hold these files and no others; what has not changed keeps its date.

    Returns:
        Whether files that were there are gone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    gone = False
    for file in [path for path in folder.rglob("*") if path.is_file()]:
        if file.relative_to(folder).as_posix() not in files:
            file.unlink()
            gone = True
    for name, text in files.items():
        data = text.encode() if isinstance(text, str) else text
        path = folder / name
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return gone
