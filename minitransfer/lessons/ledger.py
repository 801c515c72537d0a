"""The ledger of a full run: every claim of every lesson, article by article."""

import json as json_format
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from minitransfer.folders import cache_folder
from minitransfer.lessons.claims import VERDICTS, measured_rows, read_records, versions
from minitransfer.lessons.shelf import catalogue, lessons_folder
from minitransfer.lessons.sources import articles, claim_statements

_COLOURS = dict(zip(VERDICTS, ("green", "yellow", "red"), strict=True))

#: What `print_ledger(json=True)` says of each claim, in this order.
KEYS = ("id", "lesson", "statement", "measured", "spread", "seeds", "verdict")


class LessonFailed(RuntimeError):
    """A lesson did not run to its end, so that there is no full run to store.

    Example:
        >>> issubclass(LessonFailed, RuntimeError)
        True
    """


def last_run() -> dict | None:
    """Return the last full run: the one that was shipped, or a later one of this user's.

    Returns:
        A dictionary with "date", "versions", "seconds" (by lesson) and "claims" (records as
        `claim` returns them), or None if there is no full run yet.

    Example:
        >>> run = last_run()
        >>> run is None or "claims" in run
        True
    """
    runs = []
    for path in (lessons_folder() / "results" / "ledger.json", cache_folder() / "ledger.json"):
        if path.exists():
            runs.append(json_format.loads(path.read_text(encoding="utf-8")))
    return max(runs, key=lambda run: run["date"], default=None)


def run_all(path=None, *, console: Console | None = None) -> dict:
    """Run every lesson, one after the other, and store what they claim.

    Args:
        path: where to store it; by default ``results/ledger.json`` in the folder of the lessons,
            or in the cache where that folder belongs to an installed package.
        console: where to show the progress; the terminal if None.

    Returns:
        The run, as `last_run` returns it.

    Raises:
        LessonFailed: if a lesson fails, with the end of what it said. Nothing is stored.

    Example:
        >>> run = run_all()  # doctest: +SKIP
    """
    console = console or Console(stderr=True)
    claims, seconds = [], {}
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        lessons = catalogue()
        task = progress.add_task("lessons", total=len(lessons))
        for lesson in lessons:
            progress.update(task, description=f"lesson {lesson.number}: {lesson.title}")
            start = time.perf_counter()
            claims += run_script(lesson.path)
            seconds[lesson.path.stem] = round(time.perf_counter() - start, 1)
            progress.advance(task)
    result = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "seconds": seconds,
        "claims": claims,
    }
    _store(result, Path(path) if path else default_path())
    return result


def run_script(path: Path) -> list[dict]:
    """Run one lesson in a process of its own and return the records of its claims.

    Raises:
        LessonFailed: if it exits with an error, or claims nothing.

    Example:
        >>> records = run_script(catalogue()[0].path)  # doctest: +SKIP
    """
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "ledger.jsonl"
        figures = os.environ.get("MINITRANSFER_FIGURES") or str(cache_folder() / "figures")
        run = subprocess.run(
            [sys.executable, str(path)],
            env={
                **os.environ,
                "MINITRANSFER_LEDGER": str(ledger),
                "MINITRANSFER_FIGURES": figures,
                "PYTHONIOENCODING": "utf-8",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        records = read_records(ledger)
    if run.returncode != 0:
        raise LessonFailed(
            f"{path.name} failed; nothing was stored. It said:\n{run.stdout[-3000:]}"
        )
    if not records:
        raise LessonFailed(f"{path.name} claims nothing; nothing was stored")
    return records


def default_path() -> Path:
    """Return where a full run is stored if nobody says where.

    Example:
        >>> default_path().name
        'ledger.json'
    """
    folder = lessons_folder()
    installed = folder.name == "_lessons"
    return (cache_folder() if installed else folder / "results") / "ledger.json"


def print_ledger(json: bool = False, *, run: dict | None = None, console: Console | None = None):
    """Print a full run, article by article.

    Args:
        json: whether to print a JSON list with one object per claim instead of tables.
        run: as `last_run` returns it; the last one if None.
        console: where to print; the terminal if None.

    Returns:
        Whether there was a run to print.

    Example:
        >>> import json
        >>> empty = {"claims": [], "versions": {}, "date": "", "seconds": {}}
        >>> print_ledger(json=True, run=empty)
        []
        True
    """
    run = run or last_run()
    if json:
        keys = (*KEYS, "condition", "effect", "interval", "unit", "date", "versions")
        rows = [{key: record[key] for key in keys} for record in (run or {"claims": []})["claims"]]
        text = json_format.dumps(rows, ensure_ascii=False, indent=1)
        print(text, file=console.file if console else None)
        return run is not None
    console = console or Console()
    if run is None:
        console.print("No full run is stored yet. `minitransfer claims --run` measures all claims.")
        return False
    heads = {a.letter: f"{a.title}[/]\n{a.author}, {a.year}" for a in articles().values()}
    for letter, head in (heads | {"K": "Claims of our own[/]\nhow it is done, and fast"}).items():
        console.print(f"[bold]{letter} · {head}")
        if any(record["id"].startswith(letter) for record in run["claims"]):
            console.print(_table(letter, run["claims"]))
        if missing := _missing(letter, run["claims"]):
            console.print(f"[dim]not in this run: {', '.join(missing)}[/]")
        console.print()
    counts = [sum(r["verdict"] == verdict for r in run["claims"]) for verdict in VERDICTS]
    told = ", ".join(f"{n} {verdict}" for n, verdict in zip(counts, VERDICTS, strict=True))
    with_versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    console.print(f"{len(run['claims'])} statements: {told}.")
    console.print(f"[dim]Measured {run['date'][:10]} with {with_versions}.[/]")
    return True


def _table(letter, records):
    """One article: what was measured of its claims."""
    table = Table(box=box.SIMPLE_HEAD, expand=True, show_edge=False)
    table.add_column("claim", no_wrap=True)
    table.add_column("statement", ratio=9)
    table.add_column("measured", ratio=6)
    table.add_column("spread", ratio=2, min_width=6)
    table.add_column("seeds", justify="right", no_wrap=True)
    table.add_column("verdict", ratio=5)
    table.add_column("lesson", justify="right", no_wrap=True)
    order = list(claim_statements())
    own = [record for record in records if record["id"].startswith(letter)]
    for record in sorted(own, key=lambda r: (order.index(r["id"].split("/")[0]), r["id"])):
        colour, condition = _COLOURS[record["verdict"]], record["condition"]
        rows = measured_rows(record)
        table.add_row(
            record["id"].replace("/", "/\n"),
            escape(record["statement"]),
            escape("\n".join(f"{name} {number}".strip() for name, number, _ in rows)),
            escape("\n".join(spread or "–" for _, _, spread in rows)),
            str(record["seeds"]),
            f"[{colour}]{record['verdict']}[/]" + (f": {escape(condition)}" if condition else ""),
            record["lesson"].split("_")[0].lstrip("0"),
            end_section=True,
        )
    return table


def _missing(letter, records):
    """The claims of an article that no lesson of this run measured."""
    measured = {record["id"].split("/")[0] for record in records}
    return [id for id in claim_statements() if id.startswith(letter) and id not in measured]


def _store(run, path):
    """Write the whole file or nothing: first beside it, then in its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    beside.write_text(json_format.dumps(run, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)
