"""Transfer: carry over what a network has learnt on one task to another.

Read `freezing` first, then `heads`, then `recipes`, where the sentences of the articles are five
lines of code each.
"""

from minitransfer.transfer.features import cache_features, features_of, split_frozen
from minitransfer.transfer.freezing import freeze, freeze_to, unfreeze
from minitransfer.transfer.groups import parameter_groups
from minitransfer.transfer.heads import append, find_head, replace_head, strip_head
from minitransfer.transfer.inputs import check_input
from minitransfer.transfer.layers import Layer, weight_layers
from minitransfer.transfer.recipes import fine_tune, gradual_unfreezing

__all__ = [
    "Layer",
    "append",
    "cache_features",
    "check_input",
    "features_of",
    "find_head",
    "fine_tune",
    "freeze",
    "freeze_to",
    "gradual_unfreezing",
    "parameter_groups",
    "replace_head",
    "split_frozen",
    "strip_head",
    "unfreeze",
    "weight_layers",
]
