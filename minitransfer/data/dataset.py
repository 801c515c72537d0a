"""Examples and labels that belong together, and how to take some of them."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from minitransfer.random import default_generator
from minitransfer.tensor import Tensor

INPUT_TYPES = ("image", "sound", "text", "numbers")


@dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs `x` and what is to be said of them, `y`, with the meaning of both.

    Args:
        x: the inputs, one example per row: array of shape (N, ...). Pictures are
            (N, channels, height, width), and uint8 to save memory (see `DataLoader`).
        y: array of shape (N, ...): labels (whole numbers, shape (N,)) or values.
        name: what to call the set in tables and figures.
        classes: the name of each label, in order; empty where `y` holds values.
        input_type: what kind of thing an example is: "image", "sound", "text" or "numbers". A
            network that learnt from one kind is of no use to another, and says so.
        licence: under which terms the data may be used.

    Raises:
        ValueError: if `x` and `y` differ in length, a label has no class, or the input type is
            unknown.

    Example:
        >>> data = Dataset(np.eye(4), [0, 1, 0, 1], name="corners", classes=("even", "odd"))
        >>> len(data), data.input_shape
        (4, (4,))
        >>> x, y = data[1]                           # a number: one example
        >>> data.classes[y]
        'odd'
        >>> data[data.y == 0]                        # a slice, array or mask: a smaller set
        Dataset 'corners': 2 examples (4,), 2 classes
    """

    x: np.ndarray
    y: np.ndarray
    name: str = "data"
    classes: tuple[str, ...] = ()
    input_type: str = "numbers"
    licence: str = ""

    def __post_init__(self):
        # Frozen, so that a set cannot change under a loader: hence the detour for plain lists.
        object.__setattr__(self, "x", np.asarray(self.x))
        object.__setattr__(self, "y", np.asarray(self.y))
        object.__setattr__(self, "classes", tuple(self.classes))
        if self.x.ndim == 0 or self.y.ndim == 0:
            raise ValueError(
                f"x and y need an axis that counts the examples; "
                f"given shapes {self.x.shape} and {self.y.shape}"
            )
        if len(self.x) != len(self.y):
            raise ValueError(
                f"x holds {len(self.x)} examples and y {len(self.y)}; every example needs its "
                "label, in the same order"
            )
        if self.input_type not in INPUT_TYPES:
            raise ValueError(
                f"unknown input_type {self.input_type!r}; expected one of {', '.join(INPUT_TYPES)}"
            )
        if self.classes and self.y.size:
            low, high = self.y.min(), self.y.max()
            if low < 0 or high >= len(self.classes):
                raise ValueError(
                    f"labels run from {low} to {high}, but the {len(self.classes)} classes are "
                    f"numbered 0 to {len(self.classes) - 1}"
                )

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        if isinstance(index, (int, np.integer)) and not isinstance(index, bool):
            return self.x[index], self.y[index]
        if not isinstance(index, slice):
            index = np.asarray(index)
            if index.size == 0:  # an empty list would otherwise count as floats
                index = index.astype(np.int64)
            if index.ndim != 1 or index.dtype.kind not in "iub":
                raise IndexError(
                    "a Dataset is indexed by a whole number, a slice, or a one-dimensional array "
                    f"of whole numbers or booleans; given an array of {index.dtype} "
                    f"of shape {index.shape}"
                )
        return replace(self, x=self.x[index], y=self.y[index])

    def __repr__(self):
        classes = f", {len(self.classes)} classes" if self.classes else ""
        return f"Dataset {self.name!r}: {len(self)} examples {self.input_shape}{classes}"

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return self.x.shape[1:]

    def sample(self, n: int, generator: np.random.Generator | None = None) -> "Dataset":
        """Draw `n` examples, equally many of each class, in random order.

        Where `n` is no multiple of the number of classes, chance decides which of them get the
        one example more. A set whose `y` holds values instead of labels is drawn from evenly.

        Args:
            n: how many examples; at least one per class.
            generator: source of randomness; the default one if left out.

        Raises:
            ValueError: if there are too few examples, in all or of one class.

        Example:
            >>> data = Dataset(np.arange(100), np.repeat([0, 1], [80, 20]))
            >>> few = data.sample(10, np.random.default_rng(0))
            >>> int((few.y == 1).sum())
            5
        """
        generator = generator or default_generator()
        if not 1 <= n <= len(self):
            raise ValueError(f"cannot draw {n} examples from {self!r}; ask for 1 to {len(self)}")
        if not self._has_labels:
            return self[generator.permutation(len(self))[:n]]
        present, counts = np.unique(self.y, return_counts=True)
        if n < len(present):
            raise ValueError(
                f"{n} examples cannot show all {len(present)} classes of {self.name!r}; "
                f"ask for {len(present)} or more"
            )
        wanted = np.full(len(present), n // len(present))
        wanted[generator.permutation(len(present))[: n % len(present)]] += 1
        if (counts < wanted).any():
            short = int(np.argmax(wanted - counts))
            raise ValueError(
                f"class {self._class_name(present[short])} of {self.name!r} has only "
                f"{counts[short]} examples, and {n} in all take {wanted[short]} of each class; "
                f"ask for at most {counts.min() * len(present)}"
            )
        chosen = [
            generator.permutation(np.flatnonzero(self.y == label))[:count]
            for label, count in zip(present, wanted, strict=True)
        ]
        return self[generator.permutation(np.concatenate(chosen))]

    def split(
        self, *sizes: int, generator: np.random.Generator | None = None
    ) -> tuple["Dataset", ...]:
        """Divide into parts that share no example, each with the classes in the same proportion.

        Args:
            sizes: how many examples each part gets; together at most ``len(self)``.
            generator: source of randomness; the default one if left out.

        Returns:
            One Dataset per size, each in random order.

        Raises:
            ValueError: if the sizes are not positive or too large together.

        Example:
            >>> data = Dataset(np.arange(100), np.repeat([0, 1], [80, 20]))
            >>> train, test = data.split(50, 40, generator=np.random.default_rng(0))
            >>> int((train.y == 1).sum()), int((test.y == 1).sum())
            (10, 8)
        """
        generator = generator or default_generator()
        if not sizes or min(sizes) < 1 or sum(sizes) > len(self):
            raise ValueError(
                f"cannot split {self!r} into parts of {sizes}; each part needs at least one "
                f"example, and all parts together have {len(self)}"
            )
        order = _interleaved(self.y if self._has_labels else np.zeros(len(self)), generator)
        ends = np.cumsum(sizes)
        return tuple(
            # The second draw undoes the regular order of classes within the part.
            self[order[end - size : end][np.argsort(generator.random(size), kind="stable")]]
            for size, end in zip(sizes, ends, strict=True)
        )

    def permuted(self, generator: np.random.Generator) -> "Dataset":
        """Shuffle the numbers of every example, all examples in the same order.

        "Permuted MNIST" (Goodfellow et al. 2013): a plain network finds in the shuffled pictures
        all that was in the others; neighbours, strokes and shapes are gone.

        Args:
            generator: decides on the order; generators of one seed shuffle several parts alike.

        Returns:
            Dataset of the same shape and labels.

        Example:
            >>> data = Dataset([[1, 2, 3], [4, 5, 6]], [0, 1])
            >>> data.permuted(np.random.default_rng(0)).x.tolist()
            [[3, 1, 2], [6, 4, 5]]
        """
        order = generator.permutation(int(np.prod(self.input_shape)))
        rows = self.x.reshape(len(self), -1)[:, order]
        return replace(self, x=rows.reshape(self.x.shape), name=f"{self.name} permuted")

    def content_hash(self) -> str:
        """Return a fingerprint of the content: equal for equal examples, labels and classes.

        Returns:
            The SHA-256 of arrays, types, shapes and class names, in hexadecimal digits.

        Example:
            >>> a = Dataset(np.zeros(3), [0, 1, 0])
            >>> b = Dataset(np.zeros(3), [0, 1, 1])
            >>> a.content_hash() == a[:].content_hash(), a.content_hash() == b.content_hash()
            (True, False)
        """
        digest = hashlib.sha256(repr(self.classes).encode())
        for array in (self.x, self.y):
            digest.update(f"{array.dtype.str} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    @property
    def _has_labels(self):
        return self.y.ndim == 1 and self.y.dtype.kind in "iu"

    def _class_name(self, label):
        return repr(self.classes[label]) if self.classes else int(label)


class TensorDataset:
    """Tensors of equal length, bundled: example i is the tuple of their rows i.

    Same as ``torch.utils.data.TensorDataset``; arrays are welcome too. `Dataset` knows more (its
    classes, how to sample).

    Raises:
        ValueError: if no tensor is given, or their lengths differ.

    Example:
        >>> data = TensorDataset(Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([5.0, 6.0]))
        >>> len(data), data[1]
        (2, (tensor([3., 4.]), tensor(6.)))
    """

    def __init__(self, *tensors):
        if not tensors:
            raise ValueError("TensorDataset needs at least one tensor; given none")
        self.tensors = tuple(t if isinstance(t, Tensor) else Tensor(t) for t in tensors)
        lengths = [len(t) for t in self.tensors]
        if len(set(lengths)) > 1:
            raise ValueError(
                f"tensors of lengths {', '.join(map(str, lengths))} do not belong together; "
                "example i is row i of each"
            )

    def __len__(self):
        return len(self.tensors[0])

    def __getitem__(self, index):
        return tuple(tensor[index] for tensor in self.tensors)


def _interleaved(labels, generator):
    """Return an order of which every stretch holds the classes in proportion, chance deciding.

    The members of a class, shuffled, are laid out evenly over the interval 0..1, each class
    from a random start; read from left to right, any stretch has its share of every class.
    """
    order = np.lexsort((generator.random(len(labels)), labels))  # by class, shuffled within
    _, first, counts = np.unique(labels[order], return_index=True, return_counts=True)
    rank = np.arange(len(labels)) - np.repeat(first, counts)
    start = generator.random(len(counts))
    return order[np.argsort((rank + np.repeat(start, counts)) / np.repeat(counts, counts))]
