"""A small training in a process of its own, and the hash of all that it left.

``python training.py [--checkpoint FILE] [--kernel-threads N] [--python-threads N] [--first NAME]
[--pause SECONDS]`` prints one hash for the weights, the optimiser's state and the history. With
`--pause` a step takes that long, so that a test can kill it in the middle of anything.
"""

import argparse
import hashlib
import importlib
import time

parser = argparse.ArgumentParser()
parser.add_argument("--checkpoint")
parser.add_argument("--kernel-threads", type=int)
parser.add_argument("--python-threads", type=int, default=1)
parser.add_argument("--first", default="minitransfer")
parser.add_argument("--pause", type=float, default=0)
options = parser.parse_args()

importlib.import_module(options.first)

import threading  # noqa: E402

import numpy as np  # noqa: E402

import minitransfer as mt  # noqa: E402
from minitransfer import data, nn, optim, train  # noqa: E402


def run(seed=0):
    """Train with everything that draws random numbers; return the hash of what is left."""
    generator = np.random.default_rng(seed)
    mt.manual_seed(seed)
    network = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, generator=generator),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(4),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(4 * 7 * 7, 32, generator=generator),
        nn.Tanh(),
        nn.Linear(32, 10, generator=generator),
    )
    optimizer = optim.Adam(network.parameters(), lr=3e-3, weight_decay=1e-4)

    def transform(x, g):
        time.sleep(options.pause)
        return x + np.float32(0.05) * g.standard_normal(x.shape, np.float32)

    history = train.fit(
        network,
        data.mnist("pool")[:300],
        optimizer=optimizer,
        schedule=optim.CosineAnnealingLR,
        transform=transform,
        epochs=3,
        batch_size=32,
        validation=0.2,
        generator=generator,
        monitor=train.Monitor(checkpoint=options.checkpoint, resume=options.checkpoint is not None),
    )
    digest = hashlib.sha256(repr((history.rows, history.step_losses)).encode())
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode() + tensor.array.tobytes())
    for name, kept in sorted(optimizer.state.items()):
        for key, value in sorted(kept.items()):
            digest.update(f"{name} {key}".encode() + np.asarray(value).tobytes())
    return digest.hexdigest()


if options.kernel_threads:
    mt.set_num_threads(options.kernel_threads)
hashes = [None] * options.python_threads
if options.python_threads == 1:
    hashes[0] = run()
else:

    def work(i):
        hashes[i] = run()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(options.python_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
assert len(set(hashes)) == 1, hashes
print(hashes[0])
