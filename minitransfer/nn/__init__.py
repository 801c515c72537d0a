"""Layers, losses and containers, under PyTorch's names.

Read `module` first: it is what all of them share.
"""

from minitransfer.nn import functional, init
from minitransfer.nn.activations import (
    GELU,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    ReLU6,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
)
from minitransfer.nn.containers import ModuleList, Residual, Sequential
from minitransfer.nn.layers import Conv2d, Dropout, Embedding, Flatten, Identity, Linear
from minitransfer.nn.losses import (
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
)
from minitransfer.nn.module import Module, Parameter
from minitransfer.nn.normalization import BatchNorm1d, BatchNorm2d, LayerNorm
from minitransfer.nn.pooling import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d
from minitransfer.nn.population import member, member_losses, population
from minitransfer.nn.summary import summary
from minitransfer.not_covered import not_covered


def __getattr__(name):
    raise not_covered("nn", name)
