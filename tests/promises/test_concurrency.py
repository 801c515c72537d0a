"""Many threads in one process disturb nobody's numbers."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import kernels
from minitransfer import random as own_random
from minitransfer.autograd import is_grad_enabled

#: Networks whose steps are large enough for several threads of the kernels' own.
TRAININGS = """
import hashlib, sys, threading
import numpy as np
import minitransfer as mt
from minitransfer import nn, optim

def mlp(g):
    return nn.Sequential(
        nn.Linear(300, 512, generator=g), nn.BatchNorm1d(512), nn.ReLU(), nn.Dropout(0.2),
        nn.Linear(512, 10, generator=g)), (512, 300)

def conv(g):
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1, generator=g), nn.BatchNorm2d(16), nn.ReLU(),
        nn.MaxPool2d(2), nn.Conv2d(16, 16, 3, padding=1, groups=16, generator=g),
        nn.Flatten(), nn.Dropout(0.1), nn.Linear(16 * 16 * 16, 10, generator=g)), (64, 3, 32, 32)

def norms(g):
    return nn.Sequential(
        nn.Linear(64, 256, generator=g), nn.LayerNorm(256), nn.GELU(),
        nn.Linear(256, 10, generator=g)), (2048, 64)

def dropping(g):
    return nn.Sequential(
        nn.Linear(40, 64, generator=g), nn.GELU(), nn.Dropout(0.3), nn.RMSNorm(64),
        nn.Linear(64, 10, generator=g)), (100, 40)

def train(make, seed, steps=6, compiled=False):
    g = np.random.default_rng(seed)
    mt.manual_seed(seed)
    network, shape = make(g)
    optimizer = optim.Adam(network.parameters(), lr=1e-3)
    loss = nn.CrossEntropyLoss()

    def step(x, y):
        optimizer.zero_grad()
        value = loss(network(x), y)
        assert value.requires_grad, "somebody else's no_grad"
        value.backward()
        optimizer.step()
        return value

    if compiled:
        step = mt.compile(step)
    digest = hashlib.sha256()
    for _ in range(steps):
        x = mt.tensor(g.standard_normal(shape).astype(np.float32))
        digest.update(step(x, mt.tensor(g.integers(0, 10, shape[0]))).array.tobytes())
    assert not compiled or step.program is not None, step.why_not
    for tensor in network.state_dict().values():
        digest.update(tensor.array.tobytes())
    return digest.hexdigest()

def evaluate(stop):
    "What others do meanwhile: nothing is recorded, and random numbers are drawn."
    with mt.no_grad():
        while not stop.is_set():
            network, shape = mlp(np.random.default_rng(9))
            assert not network(mt.randn(*shape)).requires_grad

def jobs(compiled):
    if compiled:  # twenty steps, of which one is eager: the first
        return [(make, seed, 20, True) for make in (norms, dropping) for seed in (0, 1, 2)]
    return [(make, seed) for make in (mlp, conv, norms) for seed in (0, 1)]
"""

AT_ONCE = """
mt.set_num_threads(int(sys.argv[1]))
others, jobs = sys.argv[2] == "first", jobs(sys.argv[3:] == ["compiled"])

def at_once():
    found, stop = {}, threading.Event()

    def work(job):
        found[job] = train(*job)

    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    beside = threading.Thread(target=evaluate, args=(stop,))
    for thread in (beside, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    stop.set()
    beside.join()
    return found

together = at_once() if others else None  # with nothing compiled or set up before
alone = {job: train(*job) for job in jobs}
together = together or at_once()
assert len(set(alone.values())) == len(alone), "else they would say nothing"
assert together == alone, {job: job in together for job in alone if together.get(job) != alone[job]}
print("the same")
"""


def said(script, *arguments, before=TRAININGS):
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", before + script, *arguments],
        capture_output=True,
        text=True,
        timeout=550,
    )
    assert done.stdout.strip() == "the same", done.stderr


@pytest.mark.parametrize("kernel_threads, which", [("3", "first"), ("1", "last")])
def test_networks_that_train_at_once_get_what_each_gets_alone(kernel_threads, which):
    """Perceptrons, convolutions, norms; others evaluate without gradients."""
    said(AT_ONCE, kernel_threads, which)


@pytest.mark.skipif(kernels.chosen_kernels() == "reference", reason="nothing is compiled")
@pytest.mark.parametrize("kernel_threads, which", [("3", "first"), ("1", "last")])
def test_compiled_steps_that_are_taken_at_once_compute_what_each_does_alone(
    kernel_threads, which, tmp_path, monkeypatch
):
    """Also with a cache in which there is nothing; others build networks meanwhile."""
    if which == "first":
        monkeypatch.setenv("MINITRANSFER_CACHE", str(tmp_path))
    said(AT_ONCE, kernel_threads, which, "compiled")


FORKED = """
import os, signal, sys, threading
import numpy as np
import minitransfer as mt

meanwhile, within, go = sys.argv[1], threading.Event(), threading.Event()
x = mt.tensor(np.arange(6, dtype=np.float32).reshape(2, 3))

@mt.compile  # before numba is loaded, with its lock
def step(x):
    "It waits as it stands or when it is traced, and needs a kernel then that nobody has used."
    if (type(x.array) is np.ndarray) == (meanwhile == "a step is taken"):
        within.set()
        go.wait()
    return x.softmax(1) if go.is_set() else x * 2

def hold():
    if meanwhile == "a kernel is compiled":
        from minitransfer.kernels.code_cache import global_compiler_lock
        with global_compiler_lock:
            within.set()
            go.wait()
    else:
        step(x)

x.relu()  # numba is loaded
if meanwhile == "a step is traced":
    step(x)  # the first time it is not
signal.alarm(60)
thread = threading.Thread(target=hold)
thread.start()
within.wait()
threading.Timer(0.3, go.set).start()  # the fork waits for locks by then, if it does
child = os.fork()
if not child:
    signal.alarm(60)
    go.set()
    for made in (mt.compile(lambda x: x * 3), step):
        for _ in range(3):
            assert made(x).sum().item() == (2 if made is step else 45)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0, "the child did not come to its end"
thread.join()
print("the same")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no forks")
@pytest.mark.skipif(kernels.chosen_kernels() == "reference", reason="nothing is compiled")
@pytest.mark.parametrize(
    "meanwhile", ["a step is traced", "a step is taken", "a kernel is compiled"]
)
def test_a_fork_while(meanwhile):
    """Another thread does this, and is not there in the child, which does the same for itself."""
    said(FORKED, meanwhile, before="")


def test_what_a_thread_switches_is_switched_for_it_alone():
    """Recording, looking for NaN, and the default generator with its seed."""
    inside, looked = threading.Barrier(2), threading.Barrier(2)
    found = []

    def switch():
        mt.manual_seed(3)
        with mt.no_grad(), mt.autograd.detect_anomaly():
            inside.wait(60)
            looked.wait(60)
            found.append((is_grad_enabled(), own_random.default_generator().random()))

    generator = mt.manual_seed(4)
    thread = threading.Thread(target=switch)
    thread.start()
    inside.wait(60)
    x = mt.tensor([0.0], requires_grad=True)
    with np.errstate(all="ignore"):
        y = (x / x).sum()  # nobody looks for it here
        y.backward()
    assert is_grad_enabled()
    assert np.isnan(x.grad.item())
    assert own_random.default_generator() is generator
    mt.rand(3)
    looked.wait(60)
    thread.join()
    assert found == [(False, np.random.default_rng(3).random())]
