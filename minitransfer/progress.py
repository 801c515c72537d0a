"""How far a long piece of work is: one bar for everything that takes its time."""

import contextlib


@contextlib.contextmanager
def progress_bar(description: str = "", total: int | None = None, done: int = 0, *, wanted=True):
    """Show a bar with the time left on the error stream while the context lasts.

    Without a terminal (a log file, a pipe) one line is printed in the end.

    Args:
        description: what is being done.
        total: how many steps there are in all; None if that is not known yet.
        done: how many of them are done already.
        wanted: whether to show anything at all.

    Yields:
        ``show(done, total=None, ..., text="", description=None)``, to call whenever something is
        done. What else is given by position is left out, so that it serves as the ``progress``
        of any function. `text` stands behind the bar.

    Example:
        >>> with progress_bar("counting", 2, wanted=False) as show:
        ...     show(1)
    """
    if not wanted:
        yield lambda *_, **__: None
        return
    # Here, because rich takes longer to import than a small network takes to train.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("left {task.fields[text]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(description, total=total, completed=done, text="")

        def show(done, total=None, *_, text="", description=None):
            bar.update(task, completed=done, total=total, text=text, description=description)

        yield show
