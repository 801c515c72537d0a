"""Training: one readable loop (`loop`), what it counts and keeps, and how good a network is.

Whether the probabilities that it gives can be believed, `calibration` finds out. Many small
networks side by side have a loop of their own (`members`), and so has learning from reward
(`playing`).
"""

from minitransfer.train.calibration import Reliability, fit_temperature, reliability, softmax
from minitransfer.train.evaluation import METRICS, evaluate, predict
from minitransfer.train.loop import fit
from minitransfer.train.members import fit_members
from minitransfer.train.playing import policy_gradient
from minitransfer.train.state import History, Monitor

__all__ = [
    "METRICS",
    "History",
    "Monitor",
    "Reliability",
    "evaluate",
    "fit",
    "fit_members",
    "fit_temperature",
    "policy_gradient",
    "predict",
    "reliability",
    "softmax",
]
