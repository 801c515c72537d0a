"""A folder of pictures in, a network and a report out; and what the network says of others.

Read `stages` first, then `reading` and `training`, which they are made of. `job` is what is known
meanwhile, `bodies` says what is borrowed, `learning` how it learns, `work` how nothing is lost,
`judging` what is kept and how good it is, `report` and `page` how that is told. With the network in
hand, `answering` asks it.
"""

from pathlib import Path

from minitransfer.finetuning import answering, job, judging, keeping, stages
from minitransfer.finetuning.answering import Answer, predict
from minitransfer.finetuning.keeping import Kept, load
from minitransfer.finetuning.settings import OPTIONS, Settings

__all__ = ["OPTIONS", "Answer", "Kept", "Settings", "finetune", "load", "predict"]


def finetune(folder, *, say=print, progress: bool = False, **settings) -> Path:
    """Make a network for the pictures of a folder, and a report on how good it is.

    Leaves in the folder `out`: ``network.safetensors`` with its card, ``report.html`` (one file)
    and ``report.md`` with its pictures; and ``from-scratch.safetensors``, if by the validation
    pictures a network that borrows nothing is surely better. Meanwhile the work is kept in its
    sub-folder "unfinished"; the same call goes on from there after an interruption of any kind, and
    ends with the same bits. After Ctrl-C the network and a report on what was learnt so far are
    written.

    Args:
        folder: one sub-folder of pictures for each class, or pictures with a table; see
            `pictures.collect`.
        say: called with each sentence for the user.
        progress: whether to show bars with the time left.
        csv: a table of labels or values, see `pictures.collect`.
        net: what to borrow, as `zoo.load` takes it; by default EfficientNet-Lite0 where it is
            installed, else the network for printed characters.
        option: "head", "all", "head, then all"; or "auto", which takes what validation prefers.
        size: side of the pictures; the network's own if None.
        epochs: passes over the pictures when everything is trained.
        minutes: how long all may take, about; full fine-tuning is shortened or left out for it.
        augment: whether pictures are changed a little each time they are learnt from.
        seed: of all that is drawn.
        out: folder for the results; by default one in the current folder, named after `folder`.

    Returns:
        The folder with the results.

    Raises:
        ValueError: if there is nothing to learn from, or an argument makes no sense.
        FileExistsError: if `out` holds results, or unfinished work, of another command, or one is
            working there.
        OSError: if nothing can be written there.
        KeyboardInterrupt: after Ctrl-C, when what was learnt is kept.

    Example:
        >>> finetune("holidays", minutes=10)
        Traceback (most recent call last):
            ...
        ValueError: holidays does not exist; give a folder with one sub-folder of pictures for each
        class, or with pictures and a table labels.csv
    """
    asked = Settings(Path(folder), **settings)
    with job.prepared(asked, say, progress) as running:
        if running is None:
            say(f"{asked.place} holds the result of this very command already.")
        else:
            _do(running, say)
    return asked.place


def _do(running, say) -> None:
    try:
        stages.learn(running)
    except KeyboardInterrupt:
        if not running.candidates:
            say(
                f"Interrupted {running.interrupted}; nothing was learnt yet. What was done is "
                "kept, and the same command goes on from there."
            )
            raise
        say(f"Interrupted {running.interrupted}. Writing down what was learnt so far …")
        _conclude(running)
        raise
    _conclude(running)
    running.work.end()


def _conclude(running) -> None:
    from minitransfer.finetuning import report  # matplotlib takes a second; here it is needed

    judged = judging.judge(running)
    report.write(running, judged)
    if judged.instead is not None:
        keeping.keep(running, judged.instead, running.settings.place / keeping.FROM_SCRATCH)
    # The network last: where it stands, everything does.
    keeping.keep(running, judged, running.settings.place / "network.safetensors")
    for sentence in [*judged.why, *report.summary(running, judged)]:
        running.say(sentence)
    running.say(f"Report: {running.settings.place / 'report.html'}")
    running.say(f"Network: {running.settings.place / 'network.safetensors'}")
