"""Transfer: carry over what a network has learnt on one task to another.

Read `freezing` first, then `heads`, then `recipes`, where the sentences of the articles are a few
lines of code each. `low_rank`, `adapters` and `freezing.bias_only` let a small part of the
numbers learn, `multitask` gives one body several heads. Where labels are missing:
`self_supervised` has tasks that pictures set by themselves, `clustering` sorts what nobody has
named, `adaptation` fits a network to inputs that look different, `reversal` lets a body forget
where its data came from, `alignment` finds what answers to what in two worlds, and
`meta_learning` looks for weights from which a new task is a few steps away. Before anything is
trained, `scores` judge a network for a task, and `recommendation` says what to do with it. The rest
serves to look into networks: `probes`, `similarity`, `visualization`, `filters`; `explanations` and
`attributions` say what an answer hangs on, `attacks` what a network does not withstand, and
`familiarity` whether it has seen anything like a picture.
"""

from minitransfer.transfer.activations import activations, by_place
from minitransfer.transfer.adaptation import (
    adapt_batch_norm,
    align,
    coral_loss,
    entropy,
    minimize_entropy,
    mmd_loss,
)
from minitransfer.transfer.adapters import Adapter, add_adapters, remove_adapters
from minitransfer.transfer.alignment import Alignment, match_structure, procrustes
from minitransfer.transfer.attacks import fgsm, pgd
from minitransfer.transfer.attributions import input_gradient, integrated_gradients, saliency
from minitransfer.transfer.clustering import Clusters, adjusted_rand_index, k_means
from minitransfer.transfer.explanations import grad_cam, occlusion
from minitransfer.transfer.familiarity import Familiarity
from minitransfer.transfer.features import cache_features, check_input, features_of, split_frozen
from minitransfer.transfer.filters import gabor_fit
from minitransfer.transfer.freezing import bias_only, freeze, freeze_all_but, freeze_to, unfreeze
from minitransfer.transfer.groups import parameter_groups
from minitransfer.transfer.heads import (
    Layer,
    append,
    find_head,
    replace_head,
    strip_head,
    weight_layers,
)
from minitransfer.transfer.low_rank import add_lora, merge_lora
from minitransfer.transfer.meta_learning import (
    adapted,
    first_order_maml,
    nearest_prototype,
    reptile,
)
from minitransfer.transfer.multitask import TaskHeads, TaskLoss
from minitransfer.transfer.penalties import L2SP
from minitransfer.transfer.probes import RidgeProbe, linear_probe, ridge_probe
from minitransfer.transfer.recipes import fine_tune, gradual_unfreezing, steps_for
from minitransfer.transfer.recommendation import (
    STRATEGIES,
    Facts,
    Recommendation,
    advice_for,
    facts_about,
    recommend,
)
from minitransfer.transfer.reversal import GradientReversal, reversal_strength, reverse_gradient
from minitransfer.transfer.scores import (
    h_score,
    leep,
    log_me,
    nearest_mean_accuracy,
    probe_accuracy,
    transferability,
)
from minitransfer.transfer.self_supervised import (
    SideBySide,
    VICReg,
    hide_patches,
    quarter_turns,
    two_views,
)
from minitransfer.transfer.similarity import layer_similarity, linear_cka
from minitransfer.transfer.visualization import maximize_activation, receptive_field, top_patches

__all__ = [
    "L2SP",
    "STRATEGIES",
    "Adapter",
    "Alignment",
    "Clusters",
    "Facts",
    "Familiarity",
    "GradientReversal",
    "Layer",
    "Recommendation",
    "RidgeProbe",
    "SideBySide",
    "TaskHeads",
    "TaskLoss",
    "VICReg",
    "activations",
    "adapt_batch_norm",
    "adapted",
    "add_adapters",
    "add_lora",
    "adjusted_rand_index",
    "advice_for",
    "align",
    "append",
    "bias_only",
    "by_place",
    "cache_features",
    "check_input",
    "coral_loss",
    "entropy",
    "facts_about",
    "features_of",
    "fgsm",
    "find_head",
    "fine_tune",
    "first_order_maml",
    "freeze",
    "freeze_all_but",
    "freeze_to",
    "gabor_fit",
    "grad_cam",
    "gradual_unfreezing",
    "h_score",
    "hide_patches",
    "input_gradient",
    "integrated_gradients",
    "k_means",
    "layer_similarity",
    "leep",
    "linear_cka",
    "linear_probe",
    "log_me",
    "match_structure",
    "maximize_activation",
    "merge_lora",
    "minimize_entropy",
    "mmd_loss",
    "nearest_mean_accuracy",
    "nearest_prototype",
    "occlusion",
    "parameter_groups",
    "pgd",
    "probe_accuracy",
    "procrustes",
    "quarter_turns",
    "receptive_field",
    "recommend",
    "remove_adapters",
    "replace_head",
    "reptile",
    "reversal_strength",
    "reverse_gradient",
    "ridge_probe",
    "saliency",
    "split_frozen",
    "steps_for",
    "strip_head",
    "top_patches",
    "transferability",
    "two_views",
    "unfreeze",
    "weight_layers",
]
