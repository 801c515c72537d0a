"""Bytes that anybody may have made, read as each kind of file that the library reads.

``python tests/fuzz/harness.py card`` gives every file of ``corpus/card`` to what reads cards, and
fails where a promise is broken: only the library's own errors come out, in bounded time and
memory; nothing is run, nothing is written outside, nothing is printed that steers a terminal.
With ``--seconds 60`` the fuzzer atheris looks for new bytes, led by which lines of the library and
of Pillow they reach; those that reached something new, or broke a promise, are left in ``--out``.
`nox -s fuzz` does that for all kinds of files.
"""

import argparse
import contextlib
import functools
import hashlib
import io
import json
import os
import random
import re
import resource
import struct
import sys
import sysconfig
import tempfile
import time
import traceback
import warnings
import zipfile
from pathlib import Path

CORPUS, ROOT = Path(__file__).resolve().with_name("corpus"), Path(__file__).resolve().parents[2]

#: What one file may take: seconds of processor time, and megabytes more than before.
SECONDS, MEGABYTES = 20, 1500

#: Characters that steer a terminal: control characters, and such as make text run backwards.
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class BrokenPromiseError(BaseException):
    """A promise is broken. No `Exception`: what catches those would hide it."""


# Nothing is run, and nothing is written outside

_ALLOWED = []  # folders that may be written to, while somebody reads
_HAPPENED = []  # what was tried all the same
_COMPILERS = (  # of the library's own code
    "<frozen importlib._bootstrap>",
    os.path.join(sysconfig.get_path("purelib"), "numba", ""),
    os.path.join(ROOT, "minitransfer", "kernels", ""),
)
_STARTS = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork")
_CODE = ("exec", "compile", "pickle.find_class", "marshal.loads")
_OUT = ("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "webbrowser.")
_CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod")


def _own_code() -> bool:
    """Whether a module is being imported or a kernel compiled: code that no file brought."""
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename.startswith(_COMPILERS):
            return True
        frame = frame.f_back
    return False


def _hook(event, arguments):
    if not _ALLOWED:
        return
    if event.startswith(_STARTS + _OUT) or (event in _CODE and not _own_code()):
        told = f"{event} {arguments!r}"[:300]
    elif event.startswith(_CHANGES) or (event == "open" and _to_write(*arguments)):
        places = [p for p in arguments if isinstance(p, (str, bytes, os.PathLike))][:2]
        places = [os.path.realpath(os.fsdecode(p)) for p in places[: 1 if event == "open" else 2]]
        inside = tuple(f"{os.path.realpath(place)}{os.sep}" for place in _ALLOWED)
        if all(f"{place}{os.sep}".startswith(inside) for place in places) or _own_code():
            return
        told = f"{event} {arguments!r}"[:300]
    else:
        return
    _HAPPENED.append(told)
    raise BrokenPromiseError(told)


def _to_write(path, mode, flags) -> bool:
    return isinstance(path, (str, bytes)) and bool(
        flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    )


sys.addaudithook(_hook)


def check(target, content: bytes) -> None:
    """Give one file's bytes to a target.

    Args:
        target: a function of (folder, content).

    Raises:
        BrokenPromiseError: says which, and by what.
    """
    from minitransfer import folders

    getattr(target, "prepare", lambda: None)()
    before, start = _most_memory(), time.process_time()
    printed = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sums of flipped bits overflow
        _ALLOWED[:] = [folder, folders.cache_folder(), os.devnull]
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                target(Path(folder), content)
        except Exception as error:
            raise BrokenPromiseError(f"{type(error).__name__}: {error}"[:2000]) from error
        finally:
            _ALLOWED.clear()
            happened, _HAPPENED[:] = _HAPPENED[:], []
    if happened:  # also where somebody caught the error
        raise BrokenPromiseError(f"it tried {happened}")
    printable(printed.getvalue())
    if (seconds := time.process_time() - start) > SECONDS:
        raise BrokenPromiseError(f"it took {seconds:.0f} s")
    if (grown := _most_memory() - before) > MEGABYTES:
        raise BrokenPromiseError(f"it took {grown:.0f} MB of memory")


def _most_memory() -> float:
    """Megabytes at the highest. Linux's own figure counts from the start of this program; that of
    `getrusage` begins with what the program that started it had."""
    with contextlib.suppress(OSError):
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1e3
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def printable(text) -> None:
    if found := CONTROLS.search(text):
        around = text[max(found.start() - 100, 0) : found.end() + 100]
        raise BrokenPromiseError(f"{found[0]!r} is printed, in {around!r}")


def reads(read, *arguments, errors=(ValueError,)):
    """Call what reads a file; of errors only these may come, in words that name the file."""
    try:
        return read(*arguments)
    except errors as error:
        own = type(error) in errors or type(error).__module__.startswith("minitransfer")
        text = str(error.args[0])
        path = next(str(a) for a in arguments if isinstance(a, Path))
        if not own or len(text) > 20_000 or path not in text:
            raise BrokenPromiseError(f"{type(error)} says: {text[:300]!r}") from error
        printable(text)
        return None


# The kinds of files. Each target brings what it needs of the library, which is imported last.


def weights(folder, content):
    """A file of weights, whole."""
    import minitransfer as mt
    from minitransfer import array_file, checkpoint, nn, zoo

    path = written(folder / "net.safetensors", content)
    for read in (array_file.load_arrays, array_file.read_extra, checkpoint.load_checkpoint):
        reads(read, path)
    for read in (checkpoint.read_card, checkpoint.load_beside, checkpoint.read_weights, mt.load):
        reads(read, path)
    for read in (zoo.read_card, zoo.load):
        reads(read, path)
    reads(checkpoint.load_weights, nn.Linear(3, 2), path, errors=(ValueError, KeyError))
    command("zoo", path)


def beside(folder, content):
    """What goes with arrays, in JSON, rightly signed: the state of a run, or what `save` got."""
    import numpy as np

    import minitransfer as mt
    from minitransfer import checkpoint

    arrays = {"x": np.arange(3.0), "one": np.array(2.0), "none": np.zeros((0, 2), np.int8)}
    path = signed(folder / "saved.safetensors", arrays, content)
    for read in (checkpoint.load_checkpoint, checkpoint.read_card, mt.load):
        reads(read, path)


def card(folder, content):
    """A card, rightly signed, with weights that fit the network that it describes, if it can be."""
    import numpy as np

    from minitransfer import nn, zoo
    from minitransfer.finetuning import keeping, learning
    from minitransfer.zoo import description

    arrays = {"weight": np.ones((2, 3), np.float32)}
    with contextlib.suppress(ValueError, RecursionError):
        document = json.loads(content)
        document = document if isinstance(document, dict) else {}
        words, classes = document.get("architecture"), document.get("classes")
        network = None
        if words in ("glyph_conv", "glyph_mlp") and isinstance(classes, list):
            network = zoo.ARCHITECTURES[words](len(classes))
        elif isinstance(words, dict):
            network = description.build(words, 100_000, "")
        if isinstance(network, nn.Module):
            arrays = {name: tensor.array for name, tensor in network.state_dict().items()}
            features = learning.head_of(network).in_features
            arrays["beside:familiarity"] = np.ones((3, features), np.float32)
    path = signed(folder / "net.safetensors", arrays, b'{"card": ' + content + b"}")
    for read in (zoo.read_card, zoo.load, keeping.load):
        reads(read, path)
    command("zoo", path)
    picture = written(folder / "p.png", PICTURE)
    for form in ((), ("--json",), ("--csv",)):
        command("predict", path, picture, *form)


def run(folder, content):
    """The state of a training run, rightly signed, to go on from."""
    arrays, _ = stopped_run()
    path = signed(folder / "run.safetensors", arrays, content)
    # A rate of 1e300 is allowed; fit says what comes of it, and names no file then.
    with contextlib.suppress(FloatingPointError):
        reads(_train, path)


def _train(path, resume=True):
    import numpy as np

    from minitransfer import nn, optim, train

    generator = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(2, 3, generator=generator), nn.Dropout(0.1), nn.Linear(3, 2))
    x = generator.standard_normal((12, 2)).astype(np.float32)
    train.fit(
        model,
        (x, (x[:, 0] > 0).astype(np.int64)),
        optimizer=optim.Adam(model.parameters(), lr=0.1),
        schedule=optim.CosineAnnealingLR,
        validation=0.25,
        epochs=3,
        batch_size=4,
        generator=generator,
        monitor=train.Monitor(checkpoint=path, resume=resume, patience=3),
    )


@functools.cache
def stopped_run():
    """The arrays of a run that was stopped in the middle of an epoch, and what goes with them."""
    import numpy as np

    from minitransfer.checkpoint import load_arrays, load_checkpoint, save_checkpoint

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.safetensors")
        _train(path, resume=False)
        state = load_checkpoint(path)
        # As if it had been stopped two steps earlier: there is something left to do.
        state |= {"step": 7, "batch": 1, "finished": False, "step_losses": np.ones(7), "waited": 0}
        save_checkpoint(path, state)
        return load_arrays(path)


run.prepare = stopped_run


def torch_file(folder, content):
    """A file that `torch.save` may have written, whole."""
    import numpy as np

    import minitransfer as mt
    from minitransfer import checkpoint, nn, zoo
    from minitransfer.torch_file import load_torch_file

    path = written(folder / "net.pth", content)

    def look(value):
        if isinstance(value, np.ndarray):
            value.sum()  # touches each number
        elif isinstance(value, dict):
            look([*value.keys(), *value.values()])
        elif isinstance(value, (list, tuple)):
            for item in value:
                look(item)
        elif not (value is None or isinstance(value, (bool, int, float, str, bytes))):
            raise BrokenPromiseError(f"it made a {type(value)}")

    look(reads(load_torch_file, path))
    for read in (mt.load, checkpoint.read_weights, zoo.read_card, zoo.load):
        reads(read, path)
    reads(checkpoint.load_weights, nn.Linear(3, 2), path, errors=(ValueError, KeyError))


def torch_program(folder, content):
    """The program in such a file, in a sound file of either form."""
    program, numbers = b"\x80\x02" + content, struct.pack("<12f", *range(12))
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("net/data.pkl", program)
        archive.writestr("net/byteorder", "little")
        archive.writestr("net/data/7", numbers)
    torch_file(folder, zipped.getvalue())
    head = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}."
    torch_file(folder, head + program + b"\x80\x02](X\x01\x00\x00\x007e.\x0c" + bytes(7) + numbers)


def table(folder, content):
    """A table of an experiment."""
    from minitransfer.experiments.storage import read_columns, read_rows

    path = written(folder / "table.csv", content)
    reads(read_columns, path)
    reads(read_rows, path, ["way", "frozen", "seed"])


def labels(folder, content):
    """A table of labels or values for a folder of pictures."""
    from minitransfer.pictures import collect

    for name in ("a.png", "b.png", "c.png"):
        written(folder / "pictures" / name, PICTURE)
    path = written(folder / "labels.csv", content)
    found = reads(lambda path: collect(folder / "pictures", csv=path, size=8), path)
    if found is None:
        return
    for picture in found.paths:
        if not Path(picture).is_relative_to(os.path.realpath(folder / "pictures")):
            raise BrokenPromiseError(f"it reads {picture}")
    told = [*found.notes, *(found.classes or ()), *(part for row in found.skipped for part in row)]
    printable("\n".join(told))


def ledger(folder, content):
    """The ledger of a full run, printed; and the claims of lessons, line by line."""
    from rich.console import Console

    from minitransfer.course import ledger as module
    from minitransfer.course import print_ledger
    from minitransfer.course.records import read_records

    reads(read_records, written(folder / "claims.jsonl", content))
    run = reads(module._read_run, written(folder / "ledger.json", content))
    if run is not None:
        print_ledger(run=run, console=Console(file=sys.stdout, width=60))
        print_ledger(True, run=run, console=Console(file=sys.stdout))


def picture(folder, content):
    """A picture, under three names: of some formats only the name tells."""
    import numpy as np

    from minitransfer.pictures import decode
    from minitransfer.pictures.decoding import check_header

    for ending in (".png", ".tga", ".spi"):
        path = written(folder / f"picture{ending}", content)
        reads(check_header, path)
        for channels in (1, 3):
            array = reads(lambda path, channels=channels: decode(path, 16, channels=channels), path)
            if array is not None and not (np.isfinite(array).all() and 0 <= array.min() <= 1):
                raise BrokenPromiseError(f"it holds {array.min()} to {array.max()}")
    command("predict", "glyph-mlp", path)


TARGETS = {
    target.__name__: target
    for target in (
        *(weights, beside, card, run, torch_file, torch_program),
        *(table, labels, ledger, picture),
    )
}


# What targets write


#: A grey picture of 4 × 4, in the simplest of formats.
PICTURE = b"P5 4 4 255\n" + bytes(range(0, 256, 16))


def written(path, content) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def signed(path, arrays, content: bytes) -> Path:
    """Write the file that `save_arrays` would, had it been told to write this text beside."""
    import safetensors.numpy

    from minitransfer.array_file import _fingerprint

    text = content.decode("utf-8", "replace")
    header = json.dumps({"sha256": _fingerprint(arrays, text), "extra": text})
    return written(path, safetensors.numpy.save(arrays, {"minitransfer": header}))


def command(*words) -> None:
    """Run the program; what it prints is looked at as all that is printed is."""
    from minitransfer import cli

    if cli.main([str(word) for word in words]) not in (0, 1, 2):
        raise BrokenPromiseError(f"{words} has another exit status")


# Looking for more


def _documents_changed(content, most, seed, mutate):
    """Change one place of a document; bytes that are none are left to the fuzzer."""
    chance = random.Random(seed)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return mutate(content, most)
    if chance.random() < 0.3:
        return mutate(content, most)
    for _ in range(chance.choice((1, 1, 2, 4))):
        document = _changed(document, chance)
    changed = json.dumps(document).encode()
    return changed if len(changed) <= most else mutate(content, most)


_ODD = [
    *(None, True, False, 0, 1, -1, 2, 7, 1000, 10**6, 2**31, 2**63, 10**40, 0.5, -0.5, 1e308),
    *(float("nan"), float("inf"), "", "x", "\x00", "\ud800", "[/usr]", "\x1b[2J", "\x9b2J"),
    *("\u202e", "1", "../../x", "/etc/passwd", [], {}, [[]], {"": None}, [1, "2", None], [0] * 5),
]


def _changed(document, chance):
    places = list(_places(document, ()))
    path = chance.choice(places)
    kind = chance.random()
    if kind < 0.5:
        new = chance.choice(_ODD)
    else:  # what stands in another place, or a number near the old one
        new = _at(document, chance.choice(places))
        old = _at(document, path)
        if type(old) in (int, float) and chance.random() < 0.5:
            new = old + chance.choice((-1, 1, old, -2 * old, 0.5))
    new = json.loads(json.dumps(new))
    if not path:
        return new if kind < 0.02 else document
    inside = _at(document, path[:-1])
    if kind < 0.1:
        del inside[path[-1]]
    elif kind < 0.2 and isinstance(inside, list):
        inside.insert(path[-1], new)
    elif kind < 0.2:
        inside[chance.choice(("x", "0", "kind", "parts", "\x1b[1m", ""))] = new
    else:
        inside[path[-1]] = new
    return document


def _places(document, path):
    yield path
    if isinstance(document, (dict, list)) and len(path) < 40:
        items = document.items() if isinstance(document, dict) else enumerate(document)
        for key, value in items:
            yield from _places(value, (*path, key))


def _at(document, path):
    for key in path:
        document = document[key]
    return document


def _headers_changed(content, most, seed, mutate):
    """Change the header of a safetensors file, and say its new length; or any bytes."""
    length = int.from_bytes(content[:8], "little")
    if seed % 4 == 0 or length > len(content) - 8:
        return mutate(content, most)
    header = _documents_changed(content[8 : 8 + length], most, seed, mutate)
    changed = len(header).to_bytes(8, "little") + header + content[8 + length :]
    return changed if len(changed) <= most else mutate(content, most)


MUTATORS = {
    "weights": _headers_changed,
    **dict.fromkeys(("beside", "card", "run", "ledger"), _documents_changed),
}


def fuzz(name: str, seconds: int, out: Path) -> None:
    """Let atheris look for bytes that reach new lines; it ends the process."""
    import atheris

    import_library(atheris.instrument_imports)
    out.mkdir(parents=True, exist_ok=True)
    target = TARGETS[name]
    for path in sorted((CORPUS / name).iterdir()):  # what is imported late, is now
        check(target, path.read_bytes())
    mutator = None
    if name in MUTATORS:

        def mutator(content, most, seed):
            return MUTATORS[name](bytes(content), most, seed, atheris.Mutate)

    options = {
        "max_total_time": seconds,
        "timeout": 2 * SECONDS,
        "rss_limit_mb": 3000,
        "max_len": 4096,
        "artifact_prefix": f"{out}/broken-",
        "print_final_stats": 1,
        "verbosity": 1,
    }
    words = [f"-{key}={value}" for key, value in options.items()]
    atheris.Setup(
        [sys.argv[0], *words, str(out / "found"), str(CORPUS / name)],
        lambda content: _check_and_keep(target, content, out),
        **({"custom_mutator": mutator} if mutator else {}),
    )
    (out / "found").mkdir(exist_ok=True)
    atheris.Fuzz()


def _check_and_keep(target, content, out) -> None:
    """Keep bytes that break a promise, once for each line that does it, and go on looking."""
    try:
        check(target, content)
    except BrokenPromiseError as error:
        lines, cause = [str(error)[:20]], error
        while cause is not None:
            frames = traceback.extract_tb(cause.__traceback__)
            lines += [f"{frame.filename}:{frame.lineno}" for frame in frames]
            cause = cause.__cause__
        path = out / f"broken-{hashlib.sha256(repr(lines).encode()).hexdigest()[:10]}"
        if not path.exists():
            path.write_bytes(content)
            print(f"{path}: {error}", *lines[-2:], file=sys.stderr, flush=True)


def import_library(instrumented=None) -> None:
    """Import the library; where a fuzzer is to be led by its lines, with counters in them.

    Kernels and what is as fast as they have none: numba would compile the counters too.
    """
    sys.path.insert(0, str(ROOT))
    fast = ("kernels", "compiler", "ops", "nn", "optim", "tensor.py", "autograd.py", "operators.py")
    left_out = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for part in fast
        for path in [ROOT / "minitransfer" / part, *(ROOT / "minitransfer" / part).rglob("*.py")]
    ]
    context = contextlib.nullcontext()
    if instrumented is not None:
        context = instrumented(
            include=["minitransfer", "PIL", "zipfile", "csv"],
            exclude=left_out,
            enable_loader_override=False,
        )
    with context:
        from PIL import Image

        import minitransfer.cli  # noqa: F401

        Image.init()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("files", nargs="*", type=Path, help="instead of the corpus")
    parser.add_argument("--seconds", type=int, help="how long to look for new ones, with atheris")
    parser.add_argument("--out", type=Path, help="folder for what is found (build/fuzz/TARGET)")
    options = parser.parse_args()
    if options.seconds:
        fuzz(options.target, options.seconds, options.out or Path("build/fuzz", options.target))
    import_library()
    files = options.files or sorted((CORPUS / options.target).iterdir())
    broken = 0
    for path in files:
        try:
            check(TARGETS[options.target], path.read_bytes())
        except BrokenPromiseError as error:
            broken += 1
            print(f"{path}: {error}")
    print(f"{options.target}: {len(files)} files, {broken} broke a promise")
    return 1 if broken or not files else 0


if __name__ == "__main__":
    sys.exit(main())
