"""Transfer: carry over what a network has learnt on one task to another.

Read `freezing` first, then `heads`, then `recipes`, where the sentences of the articles are a few
lines of code each. The rest serves to look into networks: `probes`, `similarity`,
`visualization`, `filters`; `attributions` ask what an answer hangs on,
`attacks` what a network does not withstand; `alignment` finds what answers to what in two worlds;
`meta_learning` looks for weights from which a new task is a few steps away.
"""

from minitransfer.transfer.activations import activations, by_place
from minitransfer.transfer.alignment import Alignment, match_structure, procrustes
from minitransfer.transfer.attacks import fgsm, pgd
from minitransfer.transfer.attributions import input_gradient, integrated_gradients, saliency
from minitransfer.transfer.features import cache_features, check_input, features_of, split_frozen
from minitransfer.transfer.filters import gabor_fit
from minitransfer.transfer.freezing import freeze, freeze_to, unfreeze
from minitransfer.transfer.groups import parameter_groups
from minitransfer.transfer.heads import (
    Layer,
    append,
    find_head,
    replace_head,
    strip_head,
    weight_layers,
)
from minitransfer.transfer.meta_learning import (
    adapted,
    first_order_maml,
    nearest_prototype,
    reptile,
)
from minitransfer.transfer.penalties import L2SP
from minitransfer.transfer.probes import RidgeProbe, linear_probe, ridge_probe
from minitransfer.transfer.recipes import fine_tune, gradual_unfreezing, steps_for
from minitransfer.transfer.similarity import layer_similarity, linear_cka
from minitransfer.transfer.visualization import maximize_activation, receptive_field, top_patches

__all__ = [
    "L2SP",
    "Alignment",
    "Layer",
    "RidgeProbe",
    "activations",
    "adapted",
    "append",
    "by_place",
    "cache_features",
    "check_input",
    "features_of",
    "fgsm",
    "find_head",
    "fine_tune",
    "first_order_maml",
    "freeze",
    "freeze_to",
    "gabor_fit",
    "gradual_unfreezing",
    "input_gradient",
    "integrated_gradients",
    "layer_similarity",
    "linear_cka",
    "linear_probe",
    "match_structure",
    "maximize_activation",
    "nearest_prototype",
    "parameter_groups",
    "pgd",
    "procrustes",
    "receptive_field",
    "replace_head",
    "reptile",
    "ridge_probe",
    "saliency",
    "split_frozen",
    "steps_for",
    "strip_head",
    "top_patches",
    "unfreeze",
    "weight_layers",
]
