"""What `import minitransfer` pulls in, how long it takes, and what the names lead to."""

import subprocess
import sys

import pytest

import minitransfer as mt
from minitransfer import nn, optim
from minitransfer.not_covered import NOT_COVERED


def run(code):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_import_is_light():
    heavy = "('numba', 'matplotlib', 'PIL', 'rich', 'safetensors', 'llvmlite')"
    code = "import sys, minitransfer as mt; net = mt.nn.Linear(2, 1); x = mt.ones(2, 2) + 1"
    assert run(f"{code}; print([m for m in {heavy} if m in sys.modules])") == "[]"


def test_the_import_is_quick(tmp_path, monkeypatch):
    """The bar is 0.1 s beyond numpy, in time of the processor: other processes do not count.

    The first import compiles the modules; Python keeps that, and so it does not count either.
    """
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    code = "from time import process_time as now; import numpy; start = now(); import minitransfer"
    run(code)
    assert min(float(run(f"{code}; print(now() - start)")) for _ in range(3)) < 0.1


def test_parts_can_be_imported_as_modules():
    run(
        """
import minitransfer.nn as nn
import minitransfer.nn.functional as F
import minitransfer.optim as optim
from minitransfer.optim.lr_scheduler import StepLR
from minitransfer.data import DataLoader, TensorDataset
import minitransfer
assert minitransfer.data.DataLoader is DataLoader
assert optim.lr_scheduler.StepLR is optim.StepLR
nn.Linear(2, 1), F.relu
"""
    )


def test_the_version_is_the_one_of_the_package():
    from importlib.metadata import version

    assert mt.__version__ == version("minitransfer")


@pytest.mark.parametrize(
    ("get", "message"),
    [
        (lambda: nn.RNNBase, r"nn has no 'RNNBase' \(recurrent networks\); instead: RNN, GRU"),
        (
            lambda: mt.cuda.current_device(),
            "cuda has no 'current_device'; instead: everything runs",
        ),
        (lambda: mt.device("cuda"), "device has no 'cuda'; instead: everything runs"),
        (lambda: mt.ones(1).cuda(), "device has no 'cuda'; instead: everything runs"),
        (lambda: nn.Linear(1, 1).cuda(), "device has no 'cuda'; instead: everything runs"),
        (lambda: mt.zeros(1, device="mps"), "device has no 'mps'; instead: everything runs"),
        (lambda: nn.functional.ctc_loss, r"'ctc_loss' \(losses\); instead: write the formula"),
        (lambda: optim.LBFGS, "optim has no 'LBFGS'; instead: Adam"),
        (lambda: optim.lr_scheduler.CyclicLR, "instead: Schedule"),
        (lambda: mt.batch_norm, "instead: nn.functional.batch_norm"),
        (lambda: mt.autograd.grad, "autograd has no 'grad'; instead: backward"),
        (lambda: mt.no_such_thing, "minitransfer has no 'no_such_thing'; what of PyTorch"),
        (lambda: nn.Sequential().no_such_thing, "Sequential has no 'no_such_thing'$"),
        (lambda: mt.ones(1).no_such_thing, "'Tensor' object has no attribute 'no_such_thing'$"),
    ],
)
def test_what_is_not_here_is_an_error_that_names_the_alternative(get, message):
    with pytest.raises(AttributeError, match=message):
        get()


def places():
    layer = nn.Linear(1, 1)
    return {
        "minitransfer": mt,
        "Tensor": mt.ones(1),
        "Module": layer,
        "nn": nn,
        "functional": nn.functional,
        "optim": optim,
        "lr_scheduler": optim.lr_scheduler,
        "autograd": mt.autograd,
        "nn.utils": nn.utils,
        "utils": mt.utils,
        "utils.data": mt.utils.data,
        "distributions": mt.distributions,
    }


@pytest.mark.parametrize(("where", "name"), sorted(NOT_COVERED))
def test_every_alternative_is_for_a_name_that_is_missing(where, name):
    if where == "device":
        with pytest.raises(AttributeError, match="instead"):
            mt.ones(1).to(name)
    else:
        with pytest.raises(AttributeError, match="instead"):
            getattr(places()[where], name)


def test_scripts_may_ask_for_other_processors_and_set_their_switches():
    assert not mt.cuda.is_available()
    assert not mt.backends.mps.is_available()
    assert not mt.backends.cudnn.is_available()
    assert not mt.accelerator.is_available()
    assert mt.cuda.device_count() == 0
    assert mt.accelerator.current_accelerator() is None
    before = mt.backends.cudnn.benchmark
    mt.backends.cudnn.benchmark = before
    mt.backends.cuda.matmul.allow_tf32 = True
    mt.cuda.manual_seed_all(0)
    place = mt.device("cuda" if mt.cuda.is_available() else "cpu")
    assert (place, str(place), place.type) == ("cpu", "cpu", "cpu")
    assert place == mt.device("cpu:0") == mt.ones(1, device=place).device
    assert place != "cuda"
    with mt.device("cpu"):
        assert mt.ones(1).to(place, non_blocking=True).is_cuda is False
