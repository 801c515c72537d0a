"""Run the cells of the lessons before Sphinx asks for their outputs, a lesson on each core."""

import asyncio
import math
import subprocess
import sys
from pathlib import Path

from minitransfer.course.ledger import last_run
from minitransfer.course.scripts import script_name
from minitransfer.progress import progress_bar

#: Seconds that a cell may take: thirty times what the slowest evidence takes on an idle machine.
TIMEOUT = 900

#: Lessons that run side by side have a core each.
ONE_CORE = {
    "MINITRANSFER_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def run_side_by_side(
    notebooks: list[Path], outputs: Path, environment: dict[str, str], at_once: int
) -> None:
    """Run notebooks and keep their outputs; Sphinx would run them one after the other.

    A notebook that fails is left for Sphinx: it runs it again, and says where it failed.

    Args:
        notebooks: those whose outputs are kept already are not run.
        outputs: the folder in which Sphinx looks for outputs.
        environment: of the processes that run them.
        at_once: how many run side by side, each on one core.

    Example:
        >>> run_side_by_side([], Path("outputs"), {}, at_once=2)
    """
    if notebooks:
        # A process of its own: nobody else's loop is in the way, and Ctrl-C ends all of it.
        program = "import sys; from minitransfer.site import running; running.main(*sys.argv[1:])"
        command = [sys.executable, "-c", program, str(at_once), str(outputs)]
        subprocess.run([*command, *map(str, notebooks)], env=environment | ONE_CORE)


def _waiting(notebooks: list[Path], cache) -> list[tuple]:
    """What has to be run: the longest first, so that none begins when the others are done."""
    import nbformat

    found = []
    for path in sorted(notebooks, key=_seconds, reverse=True):
        notebook = nbformat.read(path, as_version=4)
        try:
            cache.match_cache_notebook(notebook)
        except KeyError:
            found.append((path, notebook))
    return found


def _seconds(path: Path) -> float:
    """How long a page took in the last full run."""
    return (last_run() or {"seconds": {}})["seconds"].get(script_name(path), math.inf)


async def _run(waiting, cache, at_once, show) -> None:
    from jupyter_cache.base import CacheBundleIn

    queue, ended = iter(waiting), iter(range(1, len(waiting) + 1))

    async def worker():
        for path, notebook in queue:
            if await _ran(notebook, path.parent):
                bundle = CacheBundleIn(notebook, str(path))
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            show(next(ended), text=path.stem)

    await asyncio.gather(*(worker() for _ in range(at_once)))


async def _ran(notebook, folder: Path) -> bool:
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    # Times beside its cells would make it another notebook than the one that Sphinx asks for.
    place = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=TIMEOUT, record_timing=False, resources=place)
    try:
        await client.async_execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError):
        return False
    return True


def main(at_once: str, outputs: str, *notebooks: str) -> None:
    """Run those notebooks whose outputs are not kept in the folder `outputs` yet."""
    from jupyter_cache import get_cache

    cache = get_cache(outputs)
    if waiting := _waiting([Path(one) for one in notebooks], cache):
        with progress_bar("running lessons", len(waiting)) as show:
            asyncio.run(_run(waiting, cache, int(at_once), show))
