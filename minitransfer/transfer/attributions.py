"""Which dots of a picture an answer hangs on: slopes, and slopes added up along a way.

A bright dot says that the answer would change if the dot changed. It does not say that the network
has understood anything: whether a map shows what was *learnt* is seen only beside the map of a
network that has learnt nothing (Adebayo et al. 2018).
"""

import numpy as np

from minitransfer.data import DataLoader, Dataset
from minitransfer.nn import Module
from minitransfer.tensor import Tensor
from minitransfer.train import predict
from minitransfer.transfer.visualization import held_in_evaluation


def input_gradient(model: Module, x, loss) -> np.ndarray:
    """Return the slope of a number in each dot of a batch of pictures.

    The network's weights take no part: their gradients stay as they are.

    Args:
        model: in evaluation mode meanwhile.
        x: pictures, an array (N, …) of floats.
        loss: a function of the outputs, as a tensor, that returns one number.

    Returns:
        An array of the shape of `x`.

    Example:
        >>> from minitransfer import nn
        >>> net = nn.Sequential(nn.Linear(2, 1, bias=False))
        >>> _ = net.load_state_dict({"0.weight": [[3.0, -1.0]]})
        >>> input_gradient(net, np.zeros((1, 2)), lambda outputs: outputs.sum()).tolist()
        [[3.0, -1.0]]
    """
    with held_in_evaluation(model):
        picture = Tensor(np.asarray(x, np.float32), requires_grad=True)
        loss(model(picture)).backward()
    return picture.gradient


def saliency(model: Module, x, target=None, *, batch_size: int = 100) -> np.ndarray:
    """Return how much each dot would move the answer (Simonyan et al. 2014).

    Args:
        model: a network with one output for each class.
        x: pictures, in any form that `Dataset.of` takes.
        target: the output to explain, a number for all or one for each; by default the network's
            answer.
        batch_size: pictures at a time.

    Returns:
        Slopes with their signs, in the shape of the pictures, float32; many look at their sizes.

    Raises:
        ValueError: if there is no such output.

    Example:
        >>> from minitransfer import nn
        >>> net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
        >>> saliency(net, np.zeros((3, 1, 2, 2), np.float32)).shape
        (3, 1, 2, 2)
    """
    return integrated_gradients(model, x, target, steps=0, batch_size=batch_size)


def integrated_gradients(
    model: Module, x, target=None, *, baseline: float = 0.0, steps: int = 32, batch_size: int = 100
) -> np.ndarray:
    """Share the answer out among the dots (Sundararajan et al. 2017).

    On the straight way from an empty picture to this one the slopes are added up. The shares of
    all dots together are the answer's score here minus its score for the empty picture, up to the
    error of the sum: that is checked easily, and no other map promises it.

    Args:
        model: a network with one output for each class.
        x: pictures, in any form that `Dataset.of` takes.
        target: as for `saliency`.
        baseline: value of all dots of the empty picture.
        steps: places on the way where the slope is taken.
        batch_size: pictures at a time.

    Returns:
        Shares in the shape of the pictures, float32.

    Raises:
        ValueError: if there is no such output.

    Example:
        >>> from minitransfer import nn
        >>> linear = nn.Linear(4, 2, generator=np.random.default_rng(0))
        >>> net = nn.Sequential(nn.Flatten(), linear, nn.ReLU())
        >>> x = np.ones((1, 1, 2, 2), np.float32)
        >>> shares = integrated_gradients(net, x, target=1)
        >>> gained = predict(net, x)[0, 1] - predict(net, 0 * x)[0, 1]
        >>> bool(abs(shares.sum() - gained) < 1e-4)
        True
    """
    data = Dataset.of(x, needs_targets=False, network=model)
    answers = predict(model, data)
    targets = np.broadcast_to(answers.argmax(1) if target is None else target, len(data))
    if targets.min(initial=0) < 0 or targets.max(initial=0) >= answers.shape[1]:
        raise ValueError(
            f"target={target!r}: the network has the outputs 0 to {answers.shape[1] - 1}"
        )
    maps = []
    for batch, _ in DataLoader(data, batch_size):
        begin, pictures = sum(map(len, maps)), batch.array
        chosen = np.arange(len(pictures)), targets[begin : begin + len(pictures)]

        def slope(place, chosen=chosen):
            return input_gradient(model, place, lambda outputs: outputs[chosen].sum())

        if steps == 0:
            maps.append(slope(pictures))
            continue
        way = pictures - np.float32(baseline)
        places = (np.arange(steps) + 0.5) / steps
        total = sum(slope(baseline + np.float32(at) * way) for at in places)
        maps.append(way * total / np.float32(steps))
    return np.concatenate(maps)
