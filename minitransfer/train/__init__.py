"""Training: one readable loop (`loop`), and what it keeps, counts and refuses (the other files)."""

from minitransfer.train.evaluation import evaluate, predict
from minitransfer.train.history import History
from minitransfer.train.loop import fit
from minitransfer.train.metrics import METRICS

__all__ = ["METRICS", "History", "evaluate", "fit", "predict"]
