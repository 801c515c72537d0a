"""Training: one readable loop (`loop`), what it counts and keeps, and how good a network is."""

from minitransfer.train.evaluation import METRICS, evaluate, predict
from minitransfer.train.loop import fit
from minitransfer.train.state import History, Monitor

__all__ = ["METRICS", "History", "Monitor", "evaluate", "fit", "predict"]
