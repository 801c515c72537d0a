"""Whether a picture is like anything a network has learnt from: distance among its features.

A classifier has to name one of its classes, whatever it is shown, and may well be sure of it. How
far the picture's features lie from those of the pictures it learnt from is another question, which
needs no examples of the unknown (Sun et al. 2022).
"""

from dataclasses import dataclass

import numpy as np

from minitransfer.autograd import as_array

#: How many features to keep.
MOST = 1000


@dataclass(frozen=True, eq=False)
class Familiarity:
    """Features of known examples, and the distance beyond which others look like none of them.

    The distance is that to the nearest known example, of directions: 1 − cosine. Of a thousand
    examples a class, Sun et al. take one further away; where there are a few dozen of a class, as
    here, the nearest tells more. (Of classes of photographs that were held back, it found more than
    the third or fifth nearest, and than Mahalanobis's distance from the mean of each class.)

    Attributes:
        known: (K, features) float32, directions of unit length.
        threshold: the distance beyond which something is called unknown.
        expected: share of pictures of the known kind beyond the threshold, as calibrated.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> cats, dogs = rng.standard_normal((2, 100, 20)) + 4 * np.eye(2, 20)[:, None]
        >>> known = np.concatenate([cats[:70], dogs[:70]])
        >>> familiarity = Familiarity.of(known, np.concatenate([cats[70:], dogs[70:]]))
        >>> birds = rng.standard_normal((50, 20)) + 8 * np.eye(20)[9]
        >>> bool(familiarity.is_unknown(birds).mean() > 0.9)
        True
    """

    known: np.ndarray
    threshold: float
    expected: float = 0.05

    @classmethod
    def of(cls, features, validation, *, share=0.05, most=MOST, generator=None) -> "Familiarity":
        """Keep features, and find the threshold on others of the same kind.

        Args:
            features: (N, …) of the examples that were learnt from.
            validation: (M, …) of examples of the same kind that were not.
            share: how many of the known kind may be taken for unknown. The threshold is the
                smallest of the validation distances for which chance alone keeps that promise
                (the rank of split conformal prediction, Vovk et al. 2005); with fewer than
                1/share − 1 examples it cannot be kept, and the largest of them has to do.
            most: how many features to keep; more are drawn from at random.
            generator: draws them; a fresh one of seed 0 if None.

        Raises:
            ValueError: if there are no features, or theirs and the others' differ in length.
        """
        features, validation = _rows(features), _rows(validation)
        if not len(features) or not len(validation) or features.shape[1] != validation.shape[1]:
            raise ValueError(
                "Familiarity takes features (N, D) to keep and others (M, D) to find the "
                f"threshold with; given {features.shape} and {validation.shape}"
            )
        if len(features) > most:
            generator = generator or np.random.default_rng(0)
            features = features[np.sort(generator.permutation(len(features))[:most])]
        made = cls(_directions(features), np.inf)
        distances = np.sort(made.distance(validation))
        rank = min(int(np.ceil((len(distances) + 1) * (1 - share))), len(distances))
        expected = 1 - rank / (len(distances) + 1)
        return cls(made.known, float(distances[rank - 1]), expected)

    def distance(self, features) -> np.ndarray:
        """Return how far each example (N, …) lies from what is known, (N,), from 0 to 2."""
        nearest = (_directions(_rows(features)) @ self.known.T).max(1)
        return np.clip(1 - nearest, 0, 2)

    def is_unknown(self, features) -> np.ndarray:
        """Return for each example whether it lies beyond the threshold."""
        return self.distance(features) > self.threshold


def _rows(features):
    features = np.asarray(as_array(features), np.float32)
    return features.reshape(len(features), -1)


def _directions(features):
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return (features / np.maximum(lengths, 1e-12)).astype(np.float32)
