"""Checkpoints in time: at the start, after every report, and when somebody stops the run."""

import contextlib
import os
import signal
import sys
import threading

from minitransfer import workers
from minitransfer.checkpoint import load_checkpoint, save_checkpoint
from minitransfer.train.resuming import check_saved


def saved_run(path, resume: bool) -> dict | None:
    """Return the state to go on from, or None to begin anew.

    Raises:
        FileExistsError: if without `resume` an unfinished run, or a file of another kind, would
            be overwritten.
        ValueError: if with `resume` the file is damaged, or none that a training run wrote.
    """
    if not os.path.exists(path):
        return None
    if resume:
        state = load_checkpoint(path)
        if "made_with" not in state:
            raise ValueError(f"{path} is a checkpoint, but not one of fit's; give another file")
        check_saved(state, path)
        return state
    try:
        state = load_checkpoint(path)
    except ValueError:
        what = "is not a whole checkpoint of a training run"
    else:
        if state.get("finished"):
            return None
        what = f"holds a training run at step {state.get('step')} of {state.get('total')}"
    raise FileExistsError(
        f"{path} {what} and would be overwritten; go on with it (resume=True), delete it, or "
        "choose another file"
    )


@contextlib.contextmanager
def checkpointing(path, run, resume: bool):
    """Keep `run` in a file while the context lasts.

    The first Ctrl-C, or SIGTERM (what ``kill`` and a machine that shuts down send), lets the step
    that is under way come to its end, so that what is saved is whole; a second one stops at once.
    Where the signal cannot be caught (in a thread, or where somebody else handles it) the
    checkpoint is that of the last report.

    Args:
        path: the file.
        run: the `Run` to keep.
        resume: whether the same call would go on from the file.

    Yields:
        A function of (whether a report is due) to call after each step.

    Raises:
        KeyboardInterrupt: after Ctrl-C or SIGTERM, when all is saved and how to
            go on was printed.
    """
    asked, at = False, run.step

    def save():
        nonlocal at
        save_checkpoint(path, run.state_dict())
        at = run.step

    def after_step(report_due):
        if report_due or asked:
            save()
        if asked:
            raise KeyboardInterrupt

    def on_signal(number, frame):
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    # Only where Ctrl-C means what it usually means; Python delivers it to the main thread.
    catch = threading.current_thread() is threading.main_thread()
    catch = catch and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    save()  # at once: a path that cannot be written to shows now and not after an hour
    try:
        if catch:
            signal.signal(signal.SIGINT, on_signal)
        with workers.terminated_like_interrupted():
            yield after_step
        if asked:  # after the last step
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        print(
            f"Stopped at step {run.step} of {run.total}; {path} holds the run up to step "
            f"{at}. To go on, run the same again{'' if resume else ' with resume=True'}.",
            file=sys.stderr,
        )
        raise
    finally:
        if catch:
            signal.signal(signal.SIGINT, signal.default_int_handler)
