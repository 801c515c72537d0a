"""Make a published network: from rendering the characters to the card."""

from pathlib import Path

import numpy as np

from minitransfer import data, optim
from minitransfer.folders import cache_folder
from minitransfer.train import Monitor, evaluate, fit
from minitransfer.zoo.architectures import ARCHITECTURES, GLYPH_CONVENTION
from minitransfer.zoo.published import load, publish, read_card

#: Steps of training that each network gets by default.
STEPS = {"glyph_conv": 4000, "glyph_mlp": 8000}

#: Seeds of the drawings to learn from, and of those to be tested on.
DRAWING_SEED, HELD_OUT_SEED = 7, 99


def pretrain(
    architecture: str,
    path,
    *,
    classes: int = 1000,
    per_class: int = 120,
    steps: int | None = None,
    seed: int = 0,
    dtype: str = "float16",
    checkpoint=None,
    progress: bool = False,
) -> Path:
    """Train a network to tell rendered characters apart, and publish it (article C's step one).

    Adam at 2e-3 with a cosine down to 0, batches of 128; drawings by `data.glyphs` with
    `DRAWING_SEED`, accuracy measured on two more drawings of each, with `HELD_OUT_SEED`.

    Args:
        architecture: "glyph_conv" or "glyph_mlp".
        path: the file to write.
        classes: how many characters to tell apart.
        per_class: drawings of each character.
        steps: batches to train on; None takes what the published networks had.
        seed: draws the first weights and the order of the drawings.
        dtype: type of the stored weights.
        checkpoint: a file to go on from after an interruption, by the same command; None keeps
            none.
        progress: whether to show a bar with the time left.

    Returns:
        The path.

    Raises:
        ValueError: if the architecture is unknown, or the checkpoint is that of another command
            or of other drawings.

    Example:
        >>> import tempfile
        >>> from minitransfer import zoo
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pretrain("glyph_mlp", f"{folder}/tiny.safetensors",
        ...                     classes=3, per_class=4, steps=2)
        ...     len(zoo.load(path).card["classes"])
        3
    """
    if architecture not in STEPS:
        raise ValueError(f"{architecture!r} is unknown; there are {', '.join(STEPS)}")
    steps = STEPS[architecture] if steps is None else steps
    command = (
        f"minitransfer pretrain {architecture} --classes {classes} --per-class {per_class} "
        f"--steps {steps} --seed {seed}"
    )
    generator = np.random.default_rng(seed)
    drawings = data.glyphs(classes, per_class, seed=DRAWING_SEED)
    network = ARCHITECTURES[architecture](classes, generator=generator)
    fit(
        network,
        drawings,
        optimizer=optim.Adam(network.parameters(), lr=2e-3),
        schedule=optim.CosineAnnealingLR,
        steps=steps,
        batch_size=128,
        generator=generator,
        monitor=Monitor(
            checkpoint=checkpoint,
            resume=checkpoint is not None,
            progress=progress,
            command=command,
        ),
    )
    network.load_state_dict(
        {name: t.array.astype(dtype) for name, t in network.state_dict().items()}
    )
    held_out = evaluate(network, data.glyphs(classes, 2, seed=HELD_OUT_SEED))["accuracy"]
    return publish(
        network,
        path,
        dtype=dtype,
        name=architecture.replace("_", "-"),
        architecture=architecture,
        input_type=drawings.input_type,
        input_shape=drawings.input_shape,
        classes=drawings.classes,
        source=(
            f"{classes} characters of the fonts that matplotlib ships, {per_class} drawings each "
            f"(content hash {drawings.content_hash()[:16]})"
        ),
        licence="weights MIT; " + drawings.licence,
        accuracy={"two further drawings of each character": round(held_out, 4)},
        command=command,
        convention=GLYPH_CONVENTION,
    )


def sibling(name: str, seed: int, steps: int | None = None):
    """Return a network that learnt what a published one did, from other initial weights.

    A pretrained network is a piece of luck too. Who wants to say something about more than one of
    them needs several that differ by chance only. A sibling is trained when it is first asked
    for, which takes minutes, and kept in the cache.

    Args:
        name: name of the published network.
        seed: draws the initial weights and the order of the drawings; 0 is the published one's.
        steps: batches to train on; None takes what the published networks had.

    Returns:
        The network, as `load` returns it.

    Raises:
        ValueError: if there is no such network, or the seed is 0: that one is published.

    Example:
        >>> sibling("glyph-mlp", 0)
        Traceback (most recent call last):
        ValueError: seed 0 is the published network itself; zoo.load('glyph-mlp') returns it
    """
    architecture = read_card(name)["architecture"]
    if seed == 0:
        raise ValueError(f"seed 0 is the published network itself; zoo.load({name!r}) returns it")
    steps = STEPS[architecture] if steps is None else steps
    path = cache_folder() / "networks" / f"{name}-{steps}-steps-seed-{seed}.safetensors"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        pretrain(architecture, path, seed=seed, steps=steps)
    return load(path)
