"""The ledger of a full run: every claim of every lesson, article by article."""

import json as json_format
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from minitransfer.course import scripts
from minitransfer.course.claims import claim_details, versions
from minitransfer.course.pages import Statement, articles, claim_statements
from minitransfer.course.records import VERDICTS, check_record, read_records
from minitransfer.documents import anything, entries, listed, named, number, parsed_file, text
from minitransfer.files import check_writable, write_atomically
from minitransfer.folders import cache_folder
from minitransfer.progress import progress_bar
from minitransfer.terminal import json_text, plain, without_controls

_COLOURS = dict(zip(VERDICTS, ("green", "yellow", "red"), strict=True))

#: What `print_ledger(json=True)` says of each claim, in this order.
KEYS = ("id", "lesson", "statement", "measured", "spread", "seeds", "verdict")


#: The shape of a full run in a file.
_RUN = entries(date=text, versions=named(text), seconds=named(number(0)), claims=listed(anything))

#: Bytes of the largest file of a full run that is read; ours has a twentieth of that.
_LARGEST = 2 * 2**20


class LessonFailed(RuntimeError):
    """A lesson did not run to its end, so that there is no full run to store."""


def last_run() -> dict | None:
    """Return the last full run: the one that was shipped, or a later one of this user's.

    Returns:
        A dictionary with "date", "versions", "seconds" (by script) and "claims" (records as
        `claim` returns them), or None if there is no full run yet.

    Raises:
        ValueError: if a file holds something else.

    Example:
        >>> run = last_run()
        >>> run is None or "claims" in run
        True
    """
    runs = []
    lessons = scripts.lessons_folder()
    for path in (lessons / "results" / "ledger.json", cache_folder() / "ledger.json"):
        if path.exists():
            runs.append(_read_run(path))
    return max(runs, key=lambda run: run["date"], default=None)


def _read_run(path: Path) -> dict:
    try:
        run = parsed_file(path, _LARGEST)
        _RUN(run, str(path))
        for record in run["claims"]:
            check_record(record, str(path))
    except ValueError as error:
        raise ValueError(
            f"{error}; this is no full run of these lessons: move {path} away, and measure all "
            "claims again with `minitransfer claims --run`"
        ) from None
    return run


def run_all(path=None, *, progress: bool = True) -> dict:
    """Run every lesson, and after it its evidence, and store what they claim.

    Args:
        path: where to store it; by default ``results/ledger.json`` in the folder of the lessons,
            or in the cache where that folder belongs to an installed package.
        progress: whether to show a bar with the time left, on the error stream.

    Returns:
        The run, as `last_run` returns it.

    Raises:
        LessonFailed: if a lesson fails, with the end of what it said. Nothing is stored.
        OSError: if the file cannot be written; before the first lesson runs.
    """
    claims, seconds, path = [], {}, path or default_path()
    check_writable(path)
    jobs = [(lesson, script) for lesson in scripts.catalogue() for script in lesson.scripts]
    with progress_bar("lessons", len(jobs), wanted=progress) as show:
        for done, (lesson, script) in enumerate(jobs):
            what = "lesson" if script == lesson.path else "evidence"
            show(done, description=f"{what} {lesson.number}: {without_controls(lesson.title)}")
            start = time.perf_counter()
            claims += run_script(script)
            seconds[scripts.script_name(script)] = round(time.perf_counter() - start, 1)
        show(len(jobs), description="lessons")
    result = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "seconds": seconds,
        "claims": claims,
    }
    write_atomically(path, json_format.dumps(result, ensure_ascii=False, indent=1) + "\n")
    return result


def run_script(path: Path) -> list[dict]:
    """Run one script in a process of its own and return the records of its claims.

    Raises:
        LessonFailed: if it exits with an error, or claims nothing.
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
    folder = scripts.lessons_folder()
    installed = folder.name == "_lessons"
    return (cache_folder() if installed else folder / "results") / "ledger.json"


def print_ledger(json: bool = False, *, run: dict | None = None, console: Console | None = None):
    """Print a full run, article by article.

    Args:
        json: whether to print a JSON list with one object per claim instead.
        run: as `last_run` returns it, and does so if None.
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
        said = ("source", "refuted_by", "control")  # which older records lack
        rows = [
            {key: record[key] for key in keys} | {key: record.get(key) for key in said}
            for record in (run or {"claims": []})["claims"]
        ]
        text = json_text(rows, indent=1)
        print(text, file=console.file if console else None)
        return run is not None
    console = console or Console()
    if run is None:
        console.print("No full run is stored yet. `minitransfer claims --run` measures all claims.")
        return False
    console.print("[dim]claim (lesson) verdict, measured, spread[/]\n")
    heads = {a.letter: f"{a.title}[/]\n{a.author}, {a.year}" for a in articles().values()}
    for letter, head in (heads | {"K": "Claims of our own[/]\nhow it is done, and fast"}).items():
        console.print(f"[bold]{letter} · {head}")
        for record in _in_order(letter, run["claims"]):
            _print_claim(record, console)
        if missing := [s.id for s in untested(run) if s.id.startswith(letter)]:
            console.print(f"[dim]not tested in this run: {', '.join(missing)}[/]")
        console.print()
    counts = [sum(r["verdict"] == verdict for r in run["claims"]) for verdict in VERDICTS]
    told = ", ".join(f"{n} {verdict}" for n, verdict in zip(counts, VERDICTS, strict=True))
    with_versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    console.print(f"{len(run['claims'])} statements: {told}.")
    whose = Counter(record.get("source") for record in run["claims"])
    if whose["article"] or whose["ours"]:
        more = f", {whose[None]} that do not say yet" if whose[None] else ""
        console.print(
            f"{whose['article']} are sentences of an article, {whose['ours']} ours{more}."
        )
    if count := len(untested(run)):
        console.print(
            f"[dim]{count} sentences are not tested; minitransfer claims --untested has them.[/]"
        )
    console.print(f"[dim]Measured {plain(run['date'][:10])} with {plain(with_versions)}.[/]")
    return True


def untested(run: dict) -> list[Statement]:
    """Return what the articles say and no claim of a run tests, in the order of the sources.

    A claim that is marked as ours tests our sentence, not the article's, even under its number.

    Example:
        >>> claims = [{"id": "A2", "source": "ours"}, {"id": "A3/far", "source": "article"}]
        >>> [statement.id for statement in untested({"claims": claims})][:3]
        ['A1', 'A2', 'A4']
    """
    tested = {r["id"].split("/")[0] for r in run["claims"] if r.get("source") != "ours"}
    own = tuple(articles())
    return [s for s in claim_statements().values() if s.id.startswith(own) and s.id not in tested]


def print_untested(run: dict | None = None, console: Console | None = None) -> None:
    """Print the sentences of the articles that the last full run does not test.

    Claims come first: an experiment can decide on them. Recipes, stories and devices are carried
    by lessons, and tested where that makes sense.

    Args:
        run: as `last_run` returns it, and does so if None; without any run nothing is tested.
        console: where to print; the terminal if None.

    Example:
        >>> print_untested({"claims": []}, Console(quiet=True))
    """
    console = console or Console()
    left = untested(run or last_run() or {"claims": []})
    for title, wanted in (("Claims", True), ("Recipes, stories and devices", False)):
        some = [s for s in left if (s.kind == "claim") is wanted]
        console.print(f"[bold]{title} of the articles that no claim tests: {len(some)}[/]")
        for statement in some:
            kind = "" if wanted else f" ({statement.kind})"
            console.print(Text.assemble((statement.id, "bold"), without_controls(kind)))
            console.print(Padding(Text(without_controls(statement.sentence)), (0, 0, 0, 2)))
        console.print()


def _in_order(letter, records):
    """The claims of an article, in the order of the page of sources."""
    order = list(claim_statements())
    own = [record for record in records if record["id"].startswith(letter)]
    return sorted(own, key=lambda r: (order.index(r["id"].split("/")[0]), r["id"]))


def _print_claim(record, console):
    """A claim a block, not a row: so nothing is cut off, however narrow the terminal is."""
    colour = _COLOURS[record["verdict"]]
    condition = f": {plain(record['condition'])}" if record["condition"] else ""
    console.print(
        f"[bold]{plain(record['id'])}[/] ({plain(_place(record))}) "
        f"[{colour}]{record['verdict']}[/]{condition}",
        highlight=False,
    )
    for line in claim_details(record):
        indent = 2 + len(line) - len(line.lstrip())
        console.print(Padding(Text(without_controls(line.lstrip())), (0, 0, 0, indent)))


def _place(record):
    """Where a claim stands, and whose sentence it is: "evidence 11, ours"."""
    folder, _, name = record["lesson"].rpartition("/")
    place = f"{folder or 'lesson'} {name.split('_')[0].lstrip('0')}"
    return f"{place}, {record['source']}" if record.get("source") else place
