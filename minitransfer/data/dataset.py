"""Examples and labels that belong together, and how to take some of them."""

import hashlib
from dataclasses import FrozenInstanceError, dataclass, replace

import numpy as np

from minitransfer.autograd import as_array
from minitransfer.random import default_generator
from minitransfer.tensor import Tensor, float32

#: What to do about labels that are names.
HOW_TO_NUMBER = (
    "number the classes, as in classes, y = np.unique(labels, return_inverse=True), and give their "
    "names along: Dataset(x, y, classes=classes)"
)

INPUT_TYPES = ("image", "sound", "text", "numbers")


@dataclass(eq=False)
class Dataset:
    """Inputs `x` and what is to be said of them, `y`, with the meaning of both.

    A class of your own may be made of it as in PyTorch, with an ``__init__`` that sets what it
    likes, ``__len__`` and ``__getitem__``, which returns an example: then the items are the data,
    and they are fetched one by one (see `DataLoader`). Whatever wants arrays refuses such a class.

    Args:
        x: the inputs, one example per row: array of shape (N, ...). Pictures are
            (N, channels, height, width).
        y: array of shape (N, ...): labels (whole numbers, shape (N,)) or values.
        name: what to call the set in tables and figures.
        classes: the name of each label, in order; empty where `y` holds values.
        input_type: what kind of thing an example is: "image", "sound", "text" or "numbers"; None
            where nobody said. A network that learnt from one kind is of no use to another, and
            says so. Bytes (uint8) of an "image" are grey values, which a `DataLoader` brings from
            0…255 to 0…1; bytes of any other kind are numbers like others.
        licence: under which terms the data may be used.
        float_dtype: the type in which a `DataLoader` hands out floating numbers.

    Raises:
        ValueError: if `x` and `y` differ in length, a label has no class, or the input type is
            unknown.
        FrozenInstanceError: if one of these is assigned anew: a set cannot change under a loader.

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

    x: np.ndarray = None
    y: np.ndarray = None
    name: str = "data"
    classes: tuple[str, ...] = ()
    input_type: str | None = "numbers"
    licence: str = ""
    float_dtype: np.dtype = float32

    def __post_init__(self):
        if self.x is None and self.y is None and has_own_items(self):
            return  # super().__init__() of a class of somebody's own, as PyTorch scripts write it
        for name in ("x", "y"):
            if getattr(self, name) is None:
                raise ValueError(f"{name} is None; a Dataset is made of inputs x and targets y")
        self.x, self.y = _one_array(self.x, "x"), _one_array(self.y, "y")
        if self.y.dtype.kind in "US":
            raise ValueError(f"y holds texts ({self.y.dtype}); {HOW_TO_NUMBER}")
        self.classes = tuple(self.classes)
        if self.x.ndim == 0 or self.y.ndim == 0:
            raise ValueError(
                f"x and y need an axis that counts the examples; "
                f"given shapes {self.x.shape} and {self.y.shape}"
            )
        if len(self.x) != len(self.y):
            raise ValueError(
                f"x holds {len(self.x)} examples and y {len(self.y)}; every example needs its "
                "target, in the same order"
            )
        if self.input_type not in (*INPUT_TYPES, None):
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
        self._made = True

    def __setattr__(self, name, value):
        own = type(self) is not Dataset and name not in self.__dataclass_fields__
        if "_made" in self.__dict__ and not own:
            raise FrozenInstanceError(
                f"cannot assign {name!r}: a set that is made does not change; make another one, as "
                "with dataclasses.replace(data, y=labels)"
            )
        object.__setattr__(self, name, value)

    @classmethod
    def of(cls, data, *, needs_targets: bool = True, network=None) -> "Dataset":
        """Return data of any form as a Dataset: whoever takes data calls this first.

        Args:
            data: a Dataset, which is returned as it is; a `TensorDataset` of two tensors; or
                (inputs, targets) as arrays, tensors or nested lists. Tensors keep their floating
                type, as somebody chose it. Where no targets are needed, inputs alone will do, and
                only a tuple, not a list, is taken for a pair.
            needs_targets: whether there have to be targets.
            network: what the data is for. If it says that it takes pictures (its `input_type` is
                "image"), bytes that nobody declared to be pictures are refused, since nobody
                knows whether 255 or 1 is white.

        Raises:
            ValueError: if the data is empty, has no targets, inputs and targets differ in
                length, or bytes are undeclared.
            TypeError: if the data is something else, as a `DataLoader`: it cuts batches its own
                way.

        Example:
            >>> Dataset.of(([[1.0, 2.0], [3.0, 4.0]], [0, 1]))
            Dataset 'data': 2 examples (2,)
            >>> Dataset.of(np.zeros((3, 4)), needs_targets=False).x.shape
            (3, 4)
        """
        if has_own_items(data):
            raise TypeError(
                f"{type(data).__name__} gives its examples one by one, and arrays are needed here: "
                "give (x, y), or a Dataset of both"
            )
        whole = data if isinstance(data, Dataset) else cls._of_arrays(data, needs_targets)
        if len(whole) == 0:
            raise ValueError("the data is empty; there is nothing to learn or to answer")
        wanted = getattr(network, "input_type", None)
        if wanted == "image" and whole.x.dtype.kind in "iu" and whole.x.dtype != np.uint8:
            raise ValueError(whole_grey_values(whole.x.dtype))
        undeclared = wanted == "image" and whole.input_type in (None, "numbers")
        if undeclared and whole.x.dtype == np.uint8:
            raise ValueError(
                "this network takes pictures with values from 0 to 1, and these bytes (uint8) do "
                'not say what they are; declare them, Dataset(x, y, input_type="image"), and '
                "0…255 becomes 0…1, or give floats"
            )
        return whole

    @classmethod
    def _of_arrays(cls, data, needs_targets):
        bundle = data.tensors if isinstance(data, TensorDataset) else data
        if isinstance(bundle, (tuple, list)) and any(part is None for part in bundle):
            what = ("inputs", "targets")[[part is None for part in bundle].index(True) != 0]
            raise ValueError(f"the {what} are None; give both, as (inputs, targets)")
        if isinstance(bundle, tuple) or (needs_targets and isinstance(bundle, list)):
            parts = tuple(bundle)
        elif isinstance(bundle, (np.ndarray, Tensor, list)):
            parts = (bundle,)
        else:
            raise TypeError(
                "expected a Dataset, a TensorDataset of two tensors, or a pair (inputs, targets); "
                f"given {type(data).__name__}. Of a DataLoader give the data that it was made "
                "from; batch_size, transform and generator are arguments here"
            )
        if len(parts) == 1 and not needs_targets:
            x, y = parts[0], np.empty((len(parts[0]), 0))
        elif len(parts) == 2:
            x, y = parts
        else:
            what = "one array" if len(parts) == 1 else f"{len(parts)} arrays"
            raise ValueError(
                f"the data has to give inputs and targets, as (x, y) or a Dataset; given {what}"
            )
        chosen = isinstance(x, Tensor) and x.dtype.kind == "f"
        return cls(x, y, input_type=None, float_dtype=x.dtype if chosen else float32)

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
        if has_own_items(self):
            return f"{type(self).__name__}: {len(self)} examples"
        classes = f", {len(self.classes)} classes" if self.classes else ""
        return f"Dataset {self.name!r}: {len(self)} examples {self.input_shape}{classes}"

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return self.x.shape[1:]

    def sample(self, n: int, generator: np.random.Generator | None = None) -> "Dataset":
        """Draw `n` examples, equally many of each class, in random order.

        Where `n` is not a multiple of the number of classes, chance decides which of them get the
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
        return hash_of_arrays((self.x, self.y), repr(self.classes))

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


def _one_array(values, name) -> np.ndarray:
    """Return what was given as one array; examples of several shapes make none."""
    try:
        array = np.asarray(as_array(values))
    except ValueError:
        array = None
    if array is None or (array.dtype == object and array.ndim == 1 and len(array)):
        shapes = list(dict.fromkeys(np.shape(as_array(value)) for value in values))
        if len(shapes) > 1:
            some = ", ".join(map(str, shapes[:3])) + ", …" * (len(shapes) > 3)
            raise ValueError(
                f"the examples of {name} have different shapes ({some}), and one array is needed: "
                "resize, crop or pad them to one shape. Of files with pictures, "
                "minitransfer.pictures.collect makes data of one size"
            )
        array = np.array([np.asarray(as_array(value)) for value in values])
    return array


def hash_of_arrays(arrays, words: str = "") -> str:
    """Return the SHA-256 of some words, and of arrays, their types and their shapes.

    Example:
        >>> hash_of_arrays([np.zeros(2)])[:8]
        'bb17467d'
    """
    digest = hashlib.sha256(words.encode())
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def whole_grey_values(dtype) -> str:
    """Say what to do about pictures of whole numbers that are no bytes.

    Example:
        >>> whole_grey_values(np.dtype("uint16"))
        'pictures of uint16: which number is white cannot be known; give floats from 0 to 1, as
        x / 65535 (16 bits), x / 4095 (12) or x / 255, or bytes (uint8)'
    """
    return (
        f"pictures of {dtype}: which number is white cannot be known; give floats from 0 to 1, as "
        "x / 65535 (16 bits), x / 4095 (12) or x / 255, or bytes (uint8)"
    )


def has_own_items(data) -> bool:
    """Whether the examples are what an object's own ``__getitem__`` says, and not rows of arrays.

    Example:
        >>> class Squares(Dataset):
        ...     def __init__(self, count):
        ...         self.x = range(count)
        ...     def __getitem__(self, i):
        ...         return float(self.x[i]), float(self.x[i] ** 2)
        >>> has_own_items(Squares(5)), has_own_items(Dataset(np.eye(2), [0, 1]))
        (True, False)
    """
    own = getattr(type(data), "__getitem__", None)
    return any(
        isinstance(data, kind) and own is not kind.__getitem__ for kind in (Dataset, TensorDataset)
    )


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
