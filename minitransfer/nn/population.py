"""Many seeds of one small network, trained side by side.

A statement about what training "does" is about a distribution over initial weights. A population
stacks the parameters of many members along a leading axis of one module, so that the same layers
and the same optimiser train all of them in one go, hundreds of times faster than one by one.
Members never mix: the loss is a sum over members of each member's own mean, so the gradient that
reaches a member is the one it would have had alone, and what an optimiser keeps (momentum, m, v)
it keeps number by number.
"""

import copy

import numpy as np

from minitransfer.autograd import as_array, to_array
from minitransfer.nn.layers import Linear
from minitransfer.nn.module import Module
from minitransfer.tensor import Tensor


def population(build, seeds) -> Module:
    """Build a module once per seed and stack the parameters along a leading axis.

    Args:
        build: called with a ``numpy.random.Generator`` for each seed; returns a module whose
            parameters are in `Linear` layers or are its own (then its forward has to expect the
            leading axis). All random choices have to come from that generator. (Dropout draws
            during training, from one generator for all, so no member repeats its solo run.)
        seeds: whole numbers, one per member; or how many members (the seeds 0, 1, …).

    Returns:
        One module of the same class. Given inputs (N, in), shared by all members, or
        (members, N, in), it returns (members, N, out).

    Raises:
        ValueError: if there are no seeds, or the modules differ in names or shapes.
        TypeError: if a layer has parameters or buffers and knows no leading axis.

    Example:
        >>> from minitransfer import nn, tensor
        >>> def build(generator):
        ...     return nn.Sequential(nn.Linear(2, 8, generator=generator), nn.Sigmoid(),
        ...                          nn.Linear(8, 1, generator=generator))
        >>> net = population(build, seeds=200)
        >>> net[0].weight.shape, net(tensor([[0.0, 1.0]])).shape
        ((200, 8, 2), (200, 1, 1))
    """
    seeds = range(seeds) if isinstance(seeds, (int, np.integer)) else list(seeds)
    if len(seeds) == 0:
        raise ValueError("a population needs at least one seed; given none")
    members = [build(np.random.default_rng(seed)) for seed in seeds]
    for name, layer in members[0].named_modules():
        _check_layer(name, layer)
    _check_alike(members)
    whole = copy.deepcopy(members[0])
    for stacked, *alike in zip(
        whole.parameters(), *(member.parameters() for member in members), strict=True
    ):
        stacked.array = np.stack([parameter.array for parameter in alike])
    return whole


def member(net: Module, index: int) -> Module:
    """Take one member out of a population, as a module of its own.

    Args:
        net: from `population`.
        index: which member; negative numbers count from the end.

    Raises:
        IndexError: if there is no such member.
        ValueError: if `net` is no population.

    Example:
        >>> from minitransfer import nn
        >>> net = population(lambda generator: nn.Linear(2, 3, generator=generator), seeds=5)
        >>> member(net, 4).weight.shape
        (3, 2)
    """
    sizes = {len(parameter.array) if parameter.ndim else 0 for parameter in net.parameters()}
    stacked = all(m.weight.ndim == 3 for m in net.modules() if isinstance(m, Linear))
    if len(sizes) != 1 or not stacked:
        raise ValueError("expected a module made by nn.population; this one has no members")
    (count,) = sizes
    if not -count <= index < count:
        raise IndexError(f"there is no member {index}; the population has 0 to {count - 1}")
    solo = copy.deepcopy(net)
    for parameter in solo.parameters():
        parameter.array = parameter.array[index].copy()
        parameter.gradient = None
    return solo


def member_losses(loss, outputs: Tensor, target) -> Tensor:
    """Return the mean loss of each member. Call ``.sum().backward()`` to train all of them.

    Args:
        loss: a loss of ``nn.functional``, for instance ``cross_entropy``.
        outputs: (members, N, …), from a population.
        target: what is wanted of every member: labels (N,), or an array that has the shape of
            one member's outputs. With the leading axis it may differ from member to member.

    Returns:
        (members,): the mean over the examples, and over what else a loss averages over.

    Raises:
        ValueError: if outputs and target do not fit.

    Example:
        >>> from minitransfer import nn, tensor, zeros
        >>> loss = nn.functional.binary_cross_entropy_with_logits
        >>> member_losses(loss, zeros(3, 2, 1), [[0.0], [1.0]]).shape
        (3,)
    """
    target = to_array(as_array(target))
    labels = loss.__name__ == "cross_entropy" and target.dtype.kind in "iu"
    one = outputs.shape[1:2] if labels else outputs.shape[1:]
    wanted = (len(outputs), *one)
    if outputs.ndim < 2 or target.shape not in (one, wanted):
        raise ValueError(
            f"member_losses: outputs {tuple(outputs.shape)} with a target {target.shape}; "
            f"expected {one}, the same for all members, or {wanted}"
        )
    target = np.broadcast_to(target, wanted)
    members, examples = outputs.shape[:2]
    rows = outputs.reshape(members * examples, *outputs.shape[2:])
    single = loss(rows, Tensor(target.reshape(-1, *target.shape[2:])), reduction="none")
    return single.reshape(members, -1).mean(1)


def _check_layer(name, layer):
    """The library's own layers know a leading axis only where it is said here."""
    own = layer._parameters or layer._buffers
    ours = type(layer).__module__.startswith("minitransfer.nn.")
    if layer._buffers or (own and ours and type(layer) is not Linear):
        raise TypeError(
            f"a population of {type(layer).__name__} ({name or 'the module itself'}): its "
            "parameters or buffers know no leading axis of members. Use Linear layers, or train "
            "the members one by one"
        )


def _check_alike(members):
    shapes = [{name: p.shape for name, p in member.named_parameters()} for member in members]
    for number, other in enumerate(shapes):
        if other != shapes[0]:
            raise ValueError(
                f"member {number} has the parameters {other}, member 0 has {shapes[0]}; "
                "build must make the same network for every seed"
            )
    if not shapes[0]:
        raise ValueError("build returned a module without parameters; there is nothing to train")
