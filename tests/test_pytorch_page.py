"""The page on PyTorch says what is true: every covered name exists, every alternative is listed.

And every name takes PyTorch's arguments, in PyTorch's order, with its defaults. The signatures
stand in pytorch_signatures.txt; with torch installed they are compared with its own.
"""

import ast
import functools
import inspect
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

import minitransfer as mt
from minitransfer import nn, optim
from minitransfer.not_covered import KINDS, NOT_COVERED, SAME

PAGE = Path(__file__).parents[1] / "lessons" / "pytorch.md"
TEXT = PAGE.read_text(encoding="utf-8")
PLACES = {
    "minitransfer": mt,
    "Tensor": mt.ones(1, 1),
    "nn": nn,
    "Module": nn.Linear(1, 1),
    "nn.init": nn.init,
    "nn.functional": nn.functional,
    "optim": optim,
    "lr_scheduler": optim.lr_scheduler,
    "nn.utils": nn.utils,
    "utils.data": mt.utils.data,
    "distributions": mt.distributions,
}


#: Helpers that modules share, and names that the page gives in another table.
OURS_WITHOUT_MENTION = {
    *("__getattr__", "not_covered", "check_default", "explain_arguments", "increment_version"),
    *("cat", "reshape", "norm", "Tensor", "Optimizer", "Schedule", "check_optimizer"),
    *("gradcheck", "default_generator", "accumulate", "bisect_right"),
}


def covered():
    """Every name in the second column of the tables of the section on what is covered."""
    section = TEXT.split("## Covered")[1].split("\n## ")[0]
    for part in section.split("\n### ")[1:]:
        place = re.search(r"`(.+?)`", part.splitlines()[0]).group(1)
        for row in re.findall(r"^\| .+ \| (.+) \|$", part, re.MULTILINE):
            yield from ((place, name) for name in re.findall(r"`(\w+)`", row))


def test_the_tables_are_found():
    names = list(covered())
    assert len(names) == len(set(names)) > 200
    assert {place for place, _ in names} == set(PLACES)


@pytest.mark.parametrize(("place", "name"), list(covered()))
def test_every_covered_name_exists(place, name):
    assert getattr(PLACES[place], name, PLACES) is not PLACES


@pytest.mark.parametrize(
    "place",
    ["minitransfer", "nn", "nn.functional", "nn.utils", "optim", "lr_scheduler", "utils.data"],
)
def test_every_public_name_is_on_the_page(place):
    claimed = {name for where, name in covered() if where == place}
    ours = TEXT.split("## Not in PyTorch")[1].split("\n## ")[0]
    public = {
        name
        for name, value in vars(PLACES[place]).items()
        if inspect.isroutine(value) or inspect.isclass(value)
    }
    public = {name for name in public - OURS_WITHOUT_MENTION if name[0] != "_"}
    for name in public - claimed:
        found = {name} & {other for _, other in covered()} if place == "optim" else ()
        assert found or f"`{place}.{name}`" in ours, name


@pytest.mark.parametrize(("where", "name"), list(NOT_COVERED))
def test_every_alternative_is_on_the_page(where, name):
    key = f'to("{name}")' if where == "device" else f"{where}.{name}"
    assert f"| `{key}` | {NOT_COVERED[where, name]} |" in TEXT


def test_nothing_is_on_the_page_that_is_no_alternative():
    rows = re.findall(r"^\| `", TEXT.split("## What to use instead")[1], re.MULTILINE)
    assert len(rows) == len(NOT_COVERED)


def test_every_second_name_is_on_the_page_and_stands_for_one_that_is_here():
    for old, new in SAME.items():
        assert re.search(rf"[ |]{new} for {old}\b", TEXT)
        assert hasattr(mt, new) or hasattr(mt.Tensor, new)
        assert not hasattr(mt, old)


@pytest.mark.parametrize("kind", KINDS, ids=[kind[0] for kind in KINDS])
def test_every_kind_is_on_the_page(kind):
    what, _, instead = kind
    assert f"| {what} | {instead} |" in TEXT


# Arguments

FILE = Path(__file__).with_name("pytorch_signatures.txt")
OWNERS = {**PLACES, "Tensor": mt.Tensor, "Module": nn.Module}

#: Names on the page that are no functions: types, modules, numbers.
NO_CALLS = {
    *("Tensor", "float16", "float32", "float64", "int32", "int64", "uint8", "bool", "float"),
    *("double", "long", "int", "half", "dtype", "cuda", "accelerator", "backends", "nn", "optim"),
    *("utils", "autograd", "data", "grad", "requires_grad", "is_leaf", "grad_fn", "shape"),
    *("device", "is_cuda", "ndim", "T", "mT", "training", "lr_scheduler", "Module", "Parameter"),
    *("enable_grad", "Dataset", "distributions"),
}

#: What differs on purpose, as the page says: (name, argument).
DELIBERATE = {
    ("nn.functional.softmax", "dim"),  # PyTorch has deprecated to leave it out
    ("nn.functional.softmax", "_stacklevel"),
    ("nn.functional.softmax", "dtype"),
    ("nn.functional.log_softmax", "dim"),
    ("nn.functional.log_softmax", "_stacklevel"),
    ("nn.functional.log_softmax", "dtype"),
    ("nn.Softmax", "dim"),  # the last axis, where PyTorch guesses
    ("nn.LogSoftmax", "dim"),
    ("Tensor.uniform_", "from_"),  # `from` is no name in Python
    ("Tensor.uniform_", "to"),
    ("Tensor.backward", "retain_graph"),  # False for None
    ("minitransfer.save", "pickle_module"),  # nothing is pickled
    ("minitransfer.norm", "out"),  # by position in PyTorch; there is none here
    ("minitransfer.norm", "dtype"),
    # Arguments that may be tensors, arrays or shapes, under a name that says so.
    ("Tensor.to", "device"),
    ("Module.to", "device"),
}


class Signature(SimpleNamespace):
    """One line of the file: where, name, the arguments by position and those by name only."""

    @classmethod
    def parse(cls, line):
        line, by_hand, _ = line.partition("  # by hand")
        path, arguments = line.split("(", 1)
        place, _, name = path.rpartition(".")
        a = ast.parse(f"def f({arguments[:-1]}): pass").body[0].args
        by_position = a.posonlyargs + a.args
        defaults = [None] * (len(by_position) - len(a.defaults)) + a.defaults
        positional = [(p.arg, d) for p, d in zip(by_position, defaults, strict=True)]
        named = [(p.arg, d) for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True)]
        values = {n: ast.unparse(d) for n, d in positional + named if d is not None}
        return cls(
            text=line, path=path, place=place, name=name, by_hand=bool(by_hand),
            positional=[n for n, _ in positional], named=[n for n, _ in named],
            only_positional={p.arg for p in a.posonlyargs},
            many=a.vararg and a.vararg.arg, defaults=values,
        )  # fmt: skip


LINES = [
    Signature.parse(line)
    for line in FILE.read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
every_line = pytest.mark.parametrize("theirs", LINES, ids=[s.text for s in LINES])


def ours(signature):
    """Our function and its parameters, without the tensor or module it is a method of."""
    function = getattr(OWNERS[signature.place], signature.name)
    looked_at = function.__init__ if isinstance(function, type) else function
    parameters = list(inspect.signature(looked_at).parameters.values())
    bound = isinstance(function, type) or signature.place in ("Tensor", "Module")
    return function, parameters[1:] if bound else parameters


def same_default(theirs, ours):
    """PyTorch's default as text, against our value; "..." and PyTorch's own objects are any."""
    try:
        value = ast.literal_eval(theirs)
    except ValueError:
        return True
    if value is Ellipsis:
        return True
    if isinstance(value, float):
        return ours == pytest.approx(value)
    return value == ours


def test_every_name_on_the_page_has_a_signature():
    named = {(place, name) for place, name in covered() if name not in NO_CALLS}
    listed = {(s.place, s.name) for s in LINES}
    assert named - listed == set()
    assert {path for path, _ in DELIBERATE} <= {s.path for s in LINES}
    assert len(listed) > 380


@every_line
def test_arguments_by_position(theirs):
    _, parameters = ours(theirs)
    names = [p.name for p in parameters]
    many = [p.name for p in parameters if p.kind is p.VAR_POSITIONAL]
    for place, name in enumerate(covered_by_position(theirs, names)):
        if (theirs.path, name) in DELIBERATE or name in theirs.only_positional:
            continue
        if name == "other" and theirs.name in ("max", "min"):  # stands where `dim` does
            continue
        assert name in names, f"{theirs.path} has no argument {name}"
        if many:  # PyTorch's sizes and axes, one by one or in a tuple
            continue
        assert names.index(name) == place, f"{name} stands at {names.index(name)}, not {place}"
        parameter = parameters[place]
        assert parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        if name in theirs.defaults and (theirs.path, name) != ("utils.data.DataLoader", "shuffle"):
            given = theirs.defaults[name]
            assert parameter.default is not parameter.empty, f"{name} has no default"
            assert same_default(given, parameter.default), f"{name}={parameter.default}"
    if theirs.many:
        assert many


def covered_by_position(theirs, names):
    """PyTorch's arguments by position, without the last ones where these are not covered."""
    count = len(theirs.positional)
    while count and theirs.positional[count - 1] not in names:
        if (theirs.path, theirs.positional[count - 1]) in DELIBERATE:
            break
        count -= 1
    # As the page says, DataLoader takes the arguments after the third by name.
    return theirs.positional[: 3 if theirs.path == "utils.data.DataLoader" else count]


@every_line
def test_other_arguments_are_taken_by_name_or_explained(theirs):
    function, parameters = ours(theirs)
    names = {p.name for p in parameters}
    takes_all = any(p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in parameters)
    for name in theirs.positional + theirs.named:
        if name in names or name[0] == "_" or name in theirs.only_positional:
            continue
        if (theirs.path, name) in DELIBERATE or (
            takes_all and not hasattr(function, "__wrapped__")
        ):
            continue
        # Not covered: then the error says more than that the argument is unexpected.
        with pytest.raises(TypeError, match=rf"has no argument '{name}'(:|; it takes)"):
            function(**{name: None})


# With torch: whether the file says what PyTorch says

PYTORCH = {
    "minitransfer": "torch",
    "Tensor": "torch.Tensor",
    "Module": "torch.nn.Module",
    "lr_scheduler": "torch.optim.lr_scheduler",
}


@functools.cache
def documented(place, name):
    """PyTorch's signatures of a name, as (positional, named, many) with their defaults."""
    pytest.importorskip("torch", reason="compares with PyTorch's own signatures")
    owner = functools.reduce(
        getattr, PYTORCH.get(place, f"torch.{place}").split(".")[1:], __import__("torch")
    )
    function = getattr(owner, name)
    try:
        looked_at = function.__init__ if isinstance(function, type) else function
        parameters = list(inspect.signature(looked_at).parameters.values())
    except (ValueError, TypeError):
        parameters = None
    kinds = {p.kind for p in parameters or ()}
    generic = inspect.Parameter.VAR_POSITIONAL in kinds and inspect.Parameter.VAR_KEYWORD in kinds
    if parameters is not None and not generic:
        if isinstance(function, type) or (parameters[:1] and parameters[0].name == "self"):
            parameters = parameters[1:]
        return [[p.name for p in parameters if p.kind is not p.VAR_KEYWORD]]
    text = (function.__doc__ or "").replace("\\*", "*")
    found = re.findall(
        rf"^\s*(?:\.\. function:: )?{re.escape(name)}\((.*?)\)\s*(?:->|$)", text, re.M
    )
    return [[re.split("[:= ]", a.strip())[0].strip("*") for a in f.split(",")] for f in found]


@every_line
def test_the_file_says_what_pytorch_says(theirs):
    signatures = documented(theirs.place, theirs.name)
    if theirs.by_hand:
        return
    names = theirs.positional + ([theirs.many] if theirs.many else []) + theirs.named
    cleaned = [[a for a in s if a and a.isidentifier()] for s in signatures]
    assert sorted(names) in [sorted(s) for s in cleaned], signatures


@pytest.mark.parametrize("place", [*OWNERS, "utils", "autograd"])
def test_every_public_name_of_pytorch_is_here_or_has_a_hint(place):
    torch = pytest.importorskip("torch", reason="goes through PyTorch's names")
    theirs = functools.reduce(getattr, PYTORCH.get(place, f"torch.{place}").split(".")[1:], torch)
    ours = {**PLACES, "utils": mt.utils, "autograd": mt.autograd}[place]
    errors = []
    for name in dir(theirs):
        if not name.startswith("_"):
            try:
                getattr(ours, name)
            except AttributeError as error:
                errors.append(str(error))
    assert [error for error in errors if "instead" not in error] == []
