"""Layers, losses and containers, under PyTorch's names.

Read `module` first: it is what all of them share. For sequences: `attention` before `transformer`,
and `recurrent`.
"""

from minitransfer.nn import functional, init, utils
from minitransfer.nn.attention import MultiheadAttention
from minitransfer.nn.containers import ModuleDict, ModuleList, ParameterList, Residual
from minitransfer.nn.functions import (
    ELU,
    GELU,
    SELU,
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    Dropout,
    Dropout2d,
    Flatten,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    HuberLoss,
    Identity,
    KLDivLoss,
    L1Loss,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    MSELoss,
    NLLLoss,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    SmoothL1Loss,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
    Upsample,
)
from minitransfer.nn.layers import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    Conv2d,
    Embedding,
    Linear,
    MaxPool2d,
    PReLU,
)
from minitransfer.nn.module import Module, Parameter, Sequential
from minitransfer.nn.normalization import BatchNorm1d, BatchNorm2d, GroupNorm, LayerNorm, RMSNorm
from minitransfer.nn.population import member, member_losses, population
from minitransfer.nn.positions import PositionalEncoding, sinusoidal_positions
from minitransfer.nn.recurrent import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell
from minitransfer.nn.summary import multiplications, summary
from minitransfer.nn.transformer import (
    Transformer,
    TransformerDecoder,
    TransformerDecoderLayer,
    TransformerEncoder,
    TransformerEncoderLayer,
)
from minitransfer.nn.windows import (
    AvgPool1d,
    Conv1d,
    ConvTranspose1d,
    ConvTranspose2d,
    MaxPool1d,
)
from minitransfer.not_covered import not_covered


def __getattr__(name):
    raise not_covered("nn", name)
