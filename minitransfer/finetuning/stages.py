"""The stages of the job, one after the other.

The pictures are read and divided; a head is trained on the borrowed network's features; everything
is trained, if there is time, and kept if validation prefers it; a network from scratch stands
beside them. Test pictures are looked at once, in the end, when all that is chosen is chosen; only
the curve over fewer labels looks at them too, and nothing is chosen by it.

Each stage is kept when it is finished (see `work`), so that the same command goes on from there.
"""

from minitransfer.finetuning.job import Job
from minitransfer.finetuning.reading import read_pictures
from minitransfer.finetuning.training import train_all, train_head, train_scratch, vary_labels


def learn(job: Job) -> None:
    """Do all stages in their order; what is finished is in `job` when it is interrupted."""
    job.interrupted = "while the pictures were being read"
    read_pictures(job)
    job.interrupted = "while the head was being trained"
    train_head(job)
    if job.settings.option != "head":
        job.interrupted = "while everything was being trained"
        train_all(job)
    job.interrupted = "before the network from scratch was trained"
    train_scratch(job)
    job.interrupted = "before it was measured how much more labels would help"
    vary_labels(job)
    job.interrupted = ""
