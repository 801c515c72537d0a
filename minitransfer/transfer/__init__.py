"""Transfer: carry over what a network has learnt on one task to another.

Read `freezing` first, then `heads`, then `recipes`, where the sentences of the articles are five
lines of code each.
"""

from minitransfer.transfer.freezing import freeze, freeze_to, unfreeze
from minitransfer.transfer.groups import parameter_groups
from minitransfer.transfer.heads import append, find_head, replace_head, strip_head
from minitransfer.transfer.layers import Layer, weight_layers

__all__ = [
    "Layer",
    "append",
    "find_head",
    "freeze",
    "freeze_to",
    "parameter_groups",
    "replace_head",
    "strip_head",
    "unfreeze",
    "weight_layers",
]
