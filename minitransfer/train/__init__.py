"""Training: one readable loop (`loop`), what it counts and keeps, and how good a network is.

Many small networks side by side have a loop of their own (`members`), and so has learning from
reward (`playing`).
"""

from minitransfer.train.evaluation import METRICS, evaluate, predict
from minitransfer.train.loop import fit
from minitransfer.train.members import fit_members
from minitransfer.train.playing import policy_gradient
from minitransfer.train.state import History, Monitor

__all__ = [
    "METRICS",
    "History",
    "Monitor",
    "evaluate",
    "fit",
    "fit_members",
    "policy_gradient",
    "predict",
]
