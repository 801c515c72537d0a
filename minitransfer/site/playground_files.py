"""Make what the playground needs of the library: weights and digits, as one JavaScript file.

    python -m minitransfer.site.playground_files

takes the published network as it is, trains that of lesson 12 by running the lesson's own cells,
and draws handwritten digits: some to learn from, some to be tested on.
"""

import base64
import json
from pathlib import Path

import numpy as np

from minitransfer import data, zoo
from minitransfer.course.scripts import find_lesson, split_cells
from minitransfer.files import write_atomically

FILE = Path(__file__).parent / "static" / "playground" / "weights.js"


def published_parts() -> dict:
    """Return what is taken from the package as it is: the glyph network, and digits.

    Example:
        >>> sorted(published_parts())
        ['characters', 'glyphs', 'learn', 'learnLabels', 'test', 'testLabels']
    """
    network = zoo.load("glyph-conv")
    learn = data.mnist("pool").sample(50, np.random.default_rng(0))
    test = data.mnist("test").sample(200, np.random.default_rng(1))
    return {
        "glyphs": _packed(_weights(network).astype(np.float16)),  # as they are published
        "characters": list(network.card["classes"]),
        **_digits("learn", learn),
        **_digits("test", test),
    }


def edges_network():
    """Train the network of lesson 12, by the cells of the lesson up to the one that trains it."""
    scope: dict = {"__name__": "lesson 12"}
    for cell in split_cells(find_lesson(12).path.read_text(encoding="utf-8")):
        if cell.kind == "code":
            source = cell.source.replace("plots.show(", "(lambda *_: None)(")
            exec(compile(source, "lesson 12", "exec"), scope)
            if "film" in scope:
                return scope["network"]
    raise ValueError("lesson 12 trains no network whose filters it films")


def _weights(network) -> np.ndarray:
    return np.concatenate([array.numpy().ravel() for array in network.state_dict().values()])


def _packed(array) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def _digits(name, some) -> dict:
    images = np.asarray(some.x)
    if images.dtype != np.uint8:
        images = np.rint(255 * images).astype(np.uint8)
    return {name: _packed(images), f"{name}Labels": [int(label) for label in some.y]}


def main() -> None:
    """Write the file."""
    parts = published_parts() | {"edges": _packed(_weights(edges_network()).astype(np.float32))}
    text = (
        "// Written by `python -m minitransfer.site.playground_files`: weights of published\n"
        "// networks, and handwritten digits of MNIST (LeCun, Cortes and Burges; CC BY-SA 3.0).\n"
        f'"use strict";\nconst Weights = {json.dumps(parts, ensure_ascii=False)};\n'
    )
    print(f"{write_atomically(FILE, text)}: {FILE.stat().st_size / 2**20:.1f} MB")


if __name__ == "__main__":
    main()
