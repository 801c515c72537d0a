"""What moves the parameters: optimisers, and schedules for their learning rates."""

from minitransfer.not_covered import not_covered
from minitransfer.optim import lr_scheduler
from minitransfer.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR, Schedule, StepLR
from minitransfer.optim.optimizers import SGD, Adam, AdamW, Optimizer, clip_grad_norm_

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "CosineAnnealingLR",
    "OneCycleLR",
    "Optimizer",
    "Schedule",
    "StepLR",
    "clip_grad_norm_",
    "lr_scheduler",
]


def __getattr__(name):
    raise not_covered("optim", name)
