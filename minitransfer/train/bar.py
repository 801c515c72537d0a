"""A progress bar for a training run: the steps, the time left, and the last scores."""

import contextlib

from minitransfer.progress import progress_bar


@contextlib.contextmanager
def bar(wanted: bool, run):
    """Show a bar while the context lasts, or nothing at all.

    Args:
        wanted: whether to show anything.
        run: the `Run` to show.

    Yields:
        A function without arguments, to call after each step.
    """
    with progress_bar("", run.total, run.step, wanted=wanted) as show:

        def show_run():
            rows = run.history.rows
            show(run.step, text=_text(rows[-1]) if rows and wanted else "")

        yield show_run


def _text(row: dict) -> str:
    """Return what fits beside a bar: the scores on the validation set if there is one."""
    prefix = "validation_" if "validation_loss" in row else ""
    scores = [k for k in row if k.startswith(prefix) and k not in ("epoch", "step", "lr")]
    texts = [f"{name.removeprefix(prefix)} {row[name]:.3f}" for name in scores]
    return prefix.replace("_", " ") + ", ".join(texts)
