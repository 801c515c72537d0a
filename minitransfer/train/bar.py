"""A progress bar with the time left."""

import contextlib


@contextlib.contextmanager
def bar(wanted: bool, run):
    """Show a bar on the error stream while the context lasts, or nothing at all.

    Without a terminal (a log file, a pipe) one line is printed in the end.

    Args:
        wanted: whether to show anything.
        run: the `Run` to show.

    Yields:
        A function without arguments, to call after each step.
    """
    if not wanted:
        yield lambda: None
        return
    # Here, because rich takes longer to import than a small training takes to run.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("left"),
        TextColumn("{task.fields[scores]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=run.total, completed=run.step, scores="")

        def show():
            rows = run.history.rows
            progress.update(task, completed=run.step, scores=_text(rows[-1]) if rows else "")

        yield show


def _text(row: dict) -> str:
    """Return what fits beside a bar: the scores on the validation set if there is one."""
    prefix = "validation_" if "validation_loss" in row else ""
    scores = [k for k in row if k.startswith(prefix) and k not in ("epoch", "step", "lr")]
    texts = [f"{name.removeprefix(prefix)} {row[name]:.3f}" for name in scores]
    return prefix.replace("_", " ") + ", ".join(texts)
