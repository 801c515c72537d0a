"""What moves the parameters: optimisers, and schedules for their learning rates."""

from minitransfer.nn.utils import clip_grad_norm_
from minitransfer.not_covered import not_covered
from minitransfer.optim import lr_scheduler
from minitransfer.optim.adaptive import Adadelta, Adagrad, RMSprop
from minitransfer.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
    Schedule,
    StepLR,
)
from minitransfer.optim.optimizers import SGD, Adam, AdamW, Optimizer


def __getattr__(name):
    raise not_covered("optim", name)
