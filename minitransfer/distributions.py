"""Random variables: what may come out, how likely each of it is, and how surprised one should be.

The two that scripts use most, under the names of ``torch.distributions``: a choice among several,
for a policy or a language model, and a bell curve.
"""

import math

import numpy as np

from minitransfer import ops
from minitransfer.autograd import as_array
from minitransfer.not_covered import not_covered
from minitransfer.random import default_generator
from minitransfer.tensor import Tensor


class Categorical:
    """One of several, each with its probability; a leading axis holds a batch of such choices.

    Args:
        probs: (…, choices), weights not below 0 that need not add up to 1; or else
        logits: (…, choices), their logarithms, up to a constant.
        validate_args: PyTorch's; what does not fit is refused in any case.

    Attributes:
        probs, logits: probabilities that add up to 1, and their logarithms.

    Raises:
        ValueError: if not exactly one of the two is given, or probabilities are negative.

    Example:
        >>> policy = Categorical(logits=Tensor([0.0, 0.0], requires_grad=True))
        >>> round(policy.entropy().item(), 4)                       # of a fair coin
        0.6931
        >>> (-policy.log_prob(Tensor(1)) * 10.0).backward()         # choice 1 brought a reward
        >>> policy.log_prob(policy.sample()).shape
        ()
    """

    def __init__(self, probs=None, logits=None, validate_args=None):
        if (probs is None) == (logits is None):
            raise ValueError("Categorical: give either probs= or logits=")
        if logits is None:
            if not (as_array(probs) >= 0).all() or not as_array(probs).sum(-1).all():
                raise ValueError("Categorical: probs are weights not below 0, and not all 0")
            self.probs = probs / probs.sum(-1, keepdim=True)
            tiny = np.finfo(probs.dtype).eps
            self.logits = self.probs.clamp(tiny, 1 - tiny).log()
        else:
            self.logits = logits - logits.logsumexp(-1, keepdim=True)
            self.probs = ops.softmax(logits, -1)

    def sample(self, sample_shape=(), *, generator=None):
        """Draw from each choice of the batch; no gradient flows through.

        Args:
            sample_shape: axes in front, as many draws.
            generator: a ``numpy.random.Generator``; the library's default one if None.

        Returns:
            Whole numbers (*sample_shape, …).

        Example:
            >>> Categorical(Tensor([0.0, 1.0])).sample((3,)).tolist()
            [1, 1, 1]
        """
        shape = (*tuple(sample_shape), *self.probs.shape[:-1])
        ends = np.cumsum(self.probs.array.astype(np.float64), -1)
        u = (generator or default_generator()).random(shape) * ends[..., -1]
        return Tensor((u[..., None] >= ends).sum(-1).astype(np.int64))

    def log_prob(self, value):
        """Return the logarithm of the probability of what came out; gradients flow.

        Args:
            value: whole numbers that broadcast to the batch.
        """
        picked = as_array(value)
        shape = np.broadcast_shapes(picked.shape, self.logits.shape[:-1])
        choices = self.logits.shape[-1]
        if picked.dtype.kind not in "iu" or ((picked < 0) | (picked >= choices)).any():
            raise ValueError(f"Categorical: values are whole numbers from 0 to {choices - 1}")
        places = np.broadcast_to(picked, shape)[..., None]
        return ops.gather(self.logits.expand(*shape, choices), -1, places).squeeze(-1)

    def entropy(self):
        """Return how surprising a draw is on average, in nats; 0 if there is only one."""
        finite = self.logits.clamp(min=float(np.finfo(self.logits.dtype).min))
        return -(self.probs * finite).sum(-1)


class Normal:
    """The bell curve.

    Args:
        loc: mean, a number or a tensor.
        scale: standard deviation, above 0, that broadcasts with `loc`.
        validate_args: PyTorch's; what does not fit is refused in any case.

    Raises:
        ValueError: if a standard deviation is not above 0.

    Example:
        >>> round(Normal(0.0, 1.0).log_prob(Tensor(0.0)).item(), 4)
        -0.9189
    """

    def __init__(self, loc, scale, validate_args=None):
        if not (np.asarray(as_array(scale)) > 0).all():
            raise ValueError("Normal: scale is a standard deviation above 0")
        loc, scale = (x if isinstance(x, Tensor) else Tensor(x) for x in (loc, scale))
        shape = np.broadcast_shapes(loc.shape, scale.shape)
        self.loc, self.scale = loc.expand(*shape), scale.expand(*shape)

    def rsample(self, sample_shape=(), *, generator=None):
        """Draw mean + deviation · noise, so that gradients flow to both (Kingma and Welling 2014).

        Example:
            >>> Normal(Tensor([2.0]), 1e-9).rsample((2,)).tolist()
            [[2.0], [2.0]]
        """
        shape = (*tuple(sample_shape), *self.loc.shape)
        noise = (generator or default_generator()).standard_normal(shape)
        return self.loc + self.scale * Tensor(np.asarray(noise, self.loc.dtype))

    def sample(self, sample_shape=(), *, generator=None):
        """Draw; no gradient flows through."""
        return self.rsample(sample_shape, generator=generator).detach()

    def log_prob(self, value):
        """Return the logarithm of the density at `value`; gradients flow."""
        away = (value - self.loc) / self.scale
        return -0.5 * away * away - self.scale.log() - 0.5 * math.log(2 * math.pi)

    def entropy(self):
        """Return 1/2 + log(scale √(2π)), in nats."""
        return self.scale.log() + (0.5 + 0.5 * math.log(2 * math.pi))


def __getattr__(name):
    raise not_covered("distributions", name)
