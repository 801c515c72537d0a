"""Run the cells of the lessons before Sphinx asks for their outputs, a lesson on each core."""

import asyncio
import math
from pathlib import Path

from minitransfer.course.ledger import last_run
from minitransfer.course.scripts import script_name
from minitransfer.progress import progress_bar

#: Seconds that a cell may take; the slowest evidence takes a tenth on an idle machine.
TIMEOUT = 300

#: Lessons that run side by side have a core each.
ONE_CORE = {
    "MINITRANSFER_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def run(notebooks: list[Path], outputs: Path, environment: dict[str, str], at_once: int) -> int:
    """Run those notebooks whose outputs are not kept yet, and keep them.

    Sphinx would run them one after the other. A notebook that fails is left for it: it runs the
    notebook again, and says where it failed.

    Args:
        notebooks: paths.
        outputs: the folder in which Sphinx looks for outputs.
        environment: of the processes that run them.
        at_once: how many run side by side, each on one core.

    Returns:
        How many have run to their end.

    Example:
        >>> run([], Path("outputs"), {}, at_once=2)
        0
    """
    if not notebooks:
        return 0
    import nbformat
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn

    cache, waiting = get_cache(str(outputs)), []
    for path in notebooks:
        notebook = nbformat.read(path, as_version=4)
        try:
            cache.match_cache_notebook(notebook)
        except KeyError:
            waiting.append((path, notebook))
    if not waiting:
        return 0
    waiting.sort(key=lambda one: -_seconds(one[0]))

    async def work(show) -> int:
        queue, ran = iter(waiting), []

        async def worker():
            for path, notebook in queue:
                whole = await _ran(notebook, path.parent, environment | ONE_CORE)
                ran.append(whole)
                if whole:
                    bundle = CacheBundleIn(notebook, str(path))
                    cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
                show(len(ran), text=path.stem)

        await asyncio.gather(*(worker() for _ in range(at_once)))
        return sum(ran)

    with progress_bar("running lessons", len(waiting)) as show:
        return asyncio.run(work(show))


async def _ran(notebook, folder: Path, environment) -> bool:
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    # Times beside its cells would make it another notebook than the one that Sphinx asks for.
    place = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=TIMEOUT, record_timing=False, resources=place)
    try:
        await client.async_execute(env=environment)
    except (CellExecutionError, CellTimeoutError):
        return False
    return True


def _seconds(path: Path) -> float:
    """How long a page took in the last full run; the longest come first, so that none is late."""
    return (last_run() or {"seconds": {}})["seconds"].get(script_name(path), math.inf)
