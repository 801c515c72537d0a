"""LoRA: hold what was learnt, and learn a change of low rank beside it (Hu et al. 2021).

A matrix W of out x in numbers stays as it is. What is learnt is A (rank x in) and B (out x rank),
and the layer computes ``W x + scale · B A x``. At the start B is 0, so that nothing has changed;
afterwards W + scale · B A is a matrix like any other: merged, the network is as large and as quick
as before.

A layer that is given A and B stays the same object with the same names in files; it only becomes
one of the classes below until `merge_lora` or `remove_adapters` gives it back its own.
"""

import numpy as np

from minitransfer import nn, ops
from minitransfer.autograd import as_array, increment_version
from minitransfer.nn import Module, Parameter, init
from minitransfer.nn.module import check_module
from minitransfer.transfer.adapters import attach, chosen_layers, detach
from minitransfer.transfer.freezing import freeze_all_but

#: What has names like these in a network is learnt beside it.
PREFIX = "lora_"


class LoRALinear(nn.Linear):
    """A Linear with a change of low rank; made by `add_lora`.

    Attributes:
        lora_A: (rank, in_features), drawn evenly from ±1/√in_features.
        lora_B: (out_features, rank), zeros at the start.
        lora_scale: alpha / rank.
        lora_dropout: probability of dropping a number that goes into A, in training.
    """

    def forward(self, x):
        if not self.training:  # the bits that it has when merged
            return ops.linear(x, self.merged(), self.bias)
        return super().forward(x) + self._change(x, self.lora_A, self.lora_B)

    def _change(self, x, a, b):
        x = ops.dropout(x, self.lora_dropout) if self.lora_dropout else x
        return ops.linear(ops.linear(x, a), b) * self.lora_scale

    def merged(self):
        """Return W + scale · B A."""
        return self.weight + self.lora_B @ self.lora_A * self.lora_scale

    def merge(self) -> None:
        """Write the sum into W."""
        _write(self.weight, self.merged())

    def low_rank_shapes(self):
        """The sizes of A and B, by the letter of the matrix that they change."""
        return {"": (self.in_features, self.out_features)}

    def extra_repr(self):
        return f"{super().extra_repr()}, rank {len(self.lora_A)}"


class LoRAAttention(nn.MultiheadAttention):
    """An attention layer whose matrices of query and value have a change of low rank.

    Those two are what the paper changes. The matrix that joins the heads is a `Linear` of its own.

    Attributes:
        lora_A_q, lora_B_q, lora_A_v, lora_B_v: as in `LoRALinear`.
    """

    _change = LoRALinear._change

    def _turned(self, query, key, value):
        q, k, v = super()._turned(query, key, value)
        if self.training:
            q = q + self._change(query, self.lora_A_q, self.lora_B_q)
            v = v + self._change(value, self.lora_A_v, self.lora_B_v)
        return q, k, v

    def _matrices(self):
        q, k, v = super()._matrices()
        return (q, k, v) if self.training else (self._changed(q, "q"), k, self._changed(v, "v"))

    def _changed(self, matrix, letter):
        a, b = getattr(self, f"lora_A_{letter}"), getattr(self, f"lora_B_{letter}")
        return matrix + b @ a * self.lora_scale

    def merge(self) -> None:
        """Write the sums into the matrices of query and value."""
        before = super()._matrices()
        q, v = self._changed(before[0], "q"), self._changed(before[2], "v")
        if self.in_proj_weight is None:
            _write(self.q_proj_weight, q)
            _write(self.v_proj_weight, v)
        else:
            _write(self.in_proj_weight, ops.cat([q, before[1], v]))

    def low_rank_shapes(self):
        """The sizes of A and B, by the letter of the matrix that they change."""
        return {"_q": (self.embed_dim, self.embed_dim), "_v": (self.vdim, self.embed_dim)}


#: What becomes what.
KINDS = {nn.Linear: LoRALinear, nn.MultiheadAttention: LoRAAttention}


def add_lora(
    model: Module,
    rank: int = 4,
    alpha: float | None = None,
    *,
    layers=None,
    dropout: float = 0.0,
    head: str | None = None,
    generator=None,
) -> Module:
    """Hold a network, and let a change of low rank learn beside its layers, and its head.

    Args:
        model: the network, with a head that fits the new task.
        rank: of the change. A layer of 128 x 128 numbers learns 2 · 128 · rank.
        alpha: the change counts ``alpha / rank`` times; `rank` if None. With a fixed alpha
            another rank does not ask for another learning rate.
        layers: dotted names of layers, Linear or MultiheadAttention; all but the head if None.
        dropout: probability of dropping a number on its way into A, in training.
        head: dotted name of the head, see `find_head`; it learns as a whole.
        generator: draws A; the default one if None.

    Returns:
        The network itself. Only what is new and the head ask for gradients. A network without
        such a head gives ``head=""``: then nothing but the changes learns.

    Raises:
        ValueError: if the rank is not from 1 up to the layer's smaller side, a layer has a change
            or an adapter already, or there is no layer to change.

    Example:
        >>> net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> [(n, p.shape) for n, p in add_lora(net, 2).named_parameters() if p.requires_grad]
        [('0.lora_A', (2, 8)), ('0.lora_B', (8, 2)), ('2.weight', (2, 8)), ('2.bias', (2,))]
        >>> type(merge_lora(net)[0]).__name__
        'Linear'
    """
    check_module(model)
    if not 0 <= dropout < 1:
        raise ValueError(f"add_lora: dropout is a probability below 1; given {dropout}")
    chosen, in_head = chosen_layers("add_lora", model, layers, head, KINDS)
    for layer in chosen:
        shapes = KINDS[type(layer)].low_rank_shapes(layer).values()
        most = min(min(shape) for shape in shapes)
        if isinstance(rank, bool) or not isinstance(rank, int) or not 1 <= rank <= most:
            raise ValueError(
                f"add_lora: rank is a whole number from 1 to {most}, the smaller side of "
                f"{layer.label()}; given {rank!r}"
            )
    for layer in chosen:
        layer.__class__ = KINDS[type(layer)]
        dtype = next(layer.parameters()).dtype
        for letter, (inputs, outputs) in layer.low_rank_shapes().items():
            bound = 1 / inputs**0.5
            a, b = (Parameter(np.zeros(s, dtype)) for s in ((rank, inputs), (outputs, rank)))
            attach(layer, f"{PREFIX}A{letter}", init.uniform_(a, -bound, bound, generator))
            attach(layer, f"{PREFIX}B{letter}", b)
        layer.lora_scale = (rank if alpha is None else alpha) / rank
        layer.lora_dropout = dropout
    return freeze_all_but(
        model, lambda name, p: id(p) in in_head or name.rpartition(".")[2].startswith(PREFIX)
    )


def merge_lora(model: Module) -> Module:
    """Add every change of low rank to the matrix beside it, and give the layers back their class.

    In evaluation mode the network computes the same bits before and after. What was frozen stays
    so until `unfreeze`.

    Returns:
        The network itself.

    Raises:
        ValueError: if there is no change to merge.

    Example:
        >>> from minitransfer import randn
        >>> net, x = add_lora(nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2)), 1), randn(5, 4)
        >>> before = net.eval()(x)
        >>> bool((merge_lora(net)(x) == before).all())
        True
    """
    check_module(model)
    changed = [module for module in model.modules() if type(module) in KINDS.values()]
    if not changed:
        raise ValueError("merge_lora: no layer has a change of low rank; add_lora makes some")
    for layer in changed:
        layer.merge()
        detach(layer, PREFIX)
    return model


def _write(parameter, value) -> None:
    parameter.array[...] = as_array(value)
    increment_version(parameter)
