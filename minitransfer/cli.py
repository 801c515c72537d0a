"""The command `minitransfer`: arguments in, a table and a picture out."""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import webbrowser
from concurrent.futures import BrokenExecutor
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from minitransfer import course, data, finetuning, folders, kernels, workers, zoo
from minitransfer.files import check_writable, write_atomically
from minitransfer.finetuning import answering
from minitransfer.five_ways import WAYS, conclusion, five_ways
from minitransfer.progress import progress_bar
from minitransfer.site import SiteFailed, build
from minitransfer.terminal import (
    plain,
    print_whole,
    replace_what_cannot_be_shown,
    without_controls,
    wrapped,
)

DESCRIPTION = """\
Without a command: take a network that has learnt a thousand printed characters, give it 100
labelled handwritten digits, and see five ways to train with so few."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit status.

    Args:
        arguments: what stands behind the program's name; ``sys.argv`` if None.

    Example:
        >>> main(["zoo", "no such network"])  # which ones there are is said on the error stream
        2
    """
    replace_what_cannot_be_shown(sys.stdout, sys.stderr)
    options = _parser().parse_args(arguments)
    with workers.terminated_like_interrupted() as terminated:
        return _run(options, terminated)


def _run(options, terminated) -> int:
    try:
        status = options.command(options) or 0
        sys.stdout.flush()  # here, where a reader that has left is expected
        return status
    except BrokenPipeError:  # `minitransfer claims --json | head`: it has all it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        return 1
    except (
        ValueError,
        OSError,
        ImportError,
        ArithmeticError,
        BrokenExecutor,
        course.LessonFailed,
        SiteFailed,
    ) as error:
        print(f"minitransfer: {without_controls(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nminitransfer: stopped", file=sys.stderr)
        return 128 + (signal.SIGTERM if terminated() else signal.SIGINT)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="minitransfer",
        description=DESCRIPTION,
        epilog="Start here: `minitransfer`, then `minitransfer learn`.",
    )
    parser.add_argument("--version", action="version", version=version("minitransfer"))
    parser.add_argument("--labels", type=_whole, default=100, help="labelled digits (100)")
    parser.add_argument("--seeds", type=_whole, default=3, help="runs of each way (3)")
    parser.add_argument("--network", default="glyph-conv", help="what to borrow (glyph-conv)")
    parser.add_argument("--out", type=Path, help="folder for accuracy.png and result.json")
    parser.add_argument(
        "--processes", type=_whole, default=_cores(), help="runs side by side (one per core)"
    )
    parser.set_defaults(command=_main_job)
    commands = parser.add_subparsers(title="commands", metavar="")

    learn = commands.add_parser("learn", help="list the lessons, or step through one")
    learn.add_argument("number", nargs="?", type=int, help="the lesson's number")
    learn.add_argument("--run", action="store_true", help="run it without stopping")
    learn.add_argument("--notebook", action="store_true", help="write it as .ipynb")
    learn.add_argument("--evidence", action="store_true", help="what stands behind the lesson")
    learn.add_argument("--out", type=Path, default=Path(), help="folder for the notebook")
    learn.add_argument("--words", action="store_true", help="explain the words of the trade")
    learn.add_argument("--sources", action="store_true", help="the articles and what they say")
    learn.set_defaults(command=_learn)

    site = commands.add_parser("site", help="the lessons as a web site that needs no network")
    site.add_argument("--out", type=Path, help="folder to write it to (one in the cache)")
    site.add_argument("--open", action="store_true", help="open it in the browser")
    site.add_argument("--only", nargs="+", type=int, metavar="N", help="these lessons alone")
    site.add_argument("--without-evidence", action="store_true", help="the lessons, no more")
    site.set_defaults(command=_site)

    claims = commands.add_parser("claims", help="every claim of the articles, and how it fared")
    claims.add_argument("--run", action="store_true", help="measure all of them again")
    claims.add_argument("--json", action="store_true", help="one object per claim")
    claims.add_argument(
        "--untested", action="store_true", help="sentences of the articles not yet tested"
    )
    claims.set_defaults(command=_claims)

    pretrain = commands.add_parser("pretrain", help="make a published network again")
    pretrain.add_argument("architecture", choices=list(zoo.STEPS))
    pretrain.add_argument("--out", type=Path, default=Path(), help="folder for the network (.)")
    pretrain.add_argument("--classes", type=_whole, default=1000, help="characters (1000)")
    pretrain.add_argument("--per-class", type=_whole, default=120, help="drawings of each (120)")
    pretrain.add_argument("--steps", type=_whole, help="batches of 128")
    pretrain.add_argument("--seed", type=_from_zero, default=0, help="first weights and order (0)")
    pretrain.set_defaults(command=_pretrain)

    networks = commands.add_parser("zoo", help="the published networks and their cards")
    networks.add_argument("name", nargs="?", help="show this network's card")
    networks.add_argument("--names", action="store_true", help="print the names alone")
    networks.set_defaults(command=_zoo)

    tune = commands.add_parser(
        "finetune", help="a folder of pictures in, a network and a report out"
    )
    tune.add_argument("folder", type=Path, help="one sub-folder of pictures for each class")
    tune.add_argument(
        "--csv", type=Path, help="a table of files and labels, or values (labels.csv in the folder)"
    )
    tune.add_argument("--out", type=Path, help="folder for the results (./FOLDER-finetuned)")
    tune.add_argument(
        "--net", help="what to borrow (efficientnet-lite0 if installed, else glyph-conv)"
    )
    tune.add_argument(
        "--option",
        default="auto",
        choices=finetuning.OPTIONS,
        help="what is trained (auto: the head, then all if there is time; the better is kept)",
    )
    tune.add_argument("--size", type=_whole, help="side of the pictures (the network's own)")
    tune.add_argument("--epochs", type=_whole, help="passes when all is trained (up to 10)")
    tune.add_argument("--minutes", type=_above_zero, default=3.0, help="time for all, about (3)")
    tune.add_argument(
        "--no-augment", dest="augment", action="store_false", help="show pictures as they are"
    )
    tune.add_argument("--seed", type=_from_zero, default=0, help="split, weights and order (0)")
    tune.set_defaults(command=_finetune)

    predict = commands.add_parser("predict", help="ask a network about pictures")
    predict.add_argument("network", metavar="NET", help="network.safetensors, or a name of the zoo")
    predict.add_argument("files", nargs="+", metavar="FILE", help="pictures, or folders of them")
    predict.add_argument("--top", type=_whole, default=3, help="classes to name (3)")
    form = predict.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one object per picture")
    form.add_argument("--csv", action="store_true", help="one row per picture")
    predict.set_defaults(command=_predict)

    doctor = commands.add_parser("doctor", help="versions, threads, kernels, cache")
    doctor.add_argument(
        "--precompile", "--warm", action="store_true", help="compile all kernels now"
    )
    doctor.set_defaults(command=_doctor)

    bench = commands.add_parser("bench", help="speed beside NumPy, PyTorch and other libraries")
    bench.add_argument("--out", type=Path, help="folder for the tables and pictures")
    bench.add_argument("--only", nargs="+", default=[], help="matmul, conv, rest, steps")
    bench.add_argument(
        "--quick", action="store_true", help="a minute: only the rows that are under their bar"
    )
    bench.set_defaults(command=_bench)
    return parser


def _main_job(options) -> None:
    from minitransfer import plots  # matplotlib takes a second; other commands do without it

    console = Console()
    if options.labels % 10:
        raise ValueError(f"--labels is spread over ten classes; given {options.labels}")
    zoo.read_card(options.network)  # a name or a place that cannot be is said before the work
    folder = options.out or folders.cache_folder() / "main-job"
    check_writable(folder / "result.json", folder / "accuracy.png")
    console.print(f"[bold]Five ways to use {options.labels} labelled digits[/]")
    _compile_kernels()
    with progress_bar("training and testing") as show:
        result = five_ways(
            options.labels,
            options.seeds,
            options.network,
            processes=options.processes,
            progress=show,
        )
    # Kept before anything is printed or drawn: what was computed is not lost to what fails then.
    write_atomically(folder / "result.json", json.dumps(result, indent=2) + "\n")
    console.print(_ways_table(result))
    console.print(conclusion(result))
    figure = plots.accuracy_bars(result, WAYS)
    print(f"Figure: {plots.save(figure, folder / 'accuracy.png', dpi=200)}")


def _compile_kernels(compile=kernels.precompile_main_job) -> None:
    with progress_bar("compiling the kernels") as show:
        compile(show)


def _ways_table(result) -> Table:
    runs = len(next(iter(result["ways"].values()))["runs"])
    table = Table(caption=f"mean ± standard deviation over {runs} seeds; {result['seconds']} s")
    table.add_column("way", overflow="fold")
    table.add_column("on test digits", justify="right")
    best = max(way["mean"] for way in result["ways"].values())
    for way, numbers in result["ways"].items():
        style = "bold" if numbers["mean"] == best else None
        figure = f"{100 * numbers['mean']:.1f} ± {100 * numbers['sd']:.1f} %"
        table.add_row(WAYS[way], figure, style=style)
    return table


def _learn(options) -> int:
    if options.words:
        course.print_glossary()
    elif options.sources:
        course.print_sources()
    elif options.number is None:
        course.print_catalogue()
    elif options.notebook:
        print(course.write_notebook(options.number, options.out, options.evidence))
    elif options.run:
        return 0 if course.run_through(options.number, evidence=options.evidence) else 1
    else:
        course.step_through(options.number, evidence=options.evidence)
    return 0


def _site(options) -> None:
    page = build(options.out, numbers=options.only, evidence=not options.without_evidence)
    print(f"Site: {page}")
    if options.open:
        webbrowser.open(page.as_uri())


def _claims(options) -> None:
    if options.run:
        course.run_all()
    if options.untested:
        course.print_untested()
    else:
        course.print_ledger(json=options.json)


def _pretrain(options) -> None:
    name = options.architecture.replace("_", "-")
    path = options.out / f"{name}.safetensors"
    checkpoint = options.out / f"{name}.checkpoint"
    check_writable(path, checkpoint)
    _compile_kernels()
    with progress_bar("drawing the characters") as show:
        data.glyphs(options.classes, options.per_class, seed=zoo.DRAWING_SEED, progress=show)
    zoo.pretrain(
        options.architecture,
        path,
        classes=options.classes,
        per_class=options.per_class,
        steps=options.steps,
        seed=options.seed,
        checkpoint=checkpoint,
        progress=True,
    )
    checkpoint.unlink(missing_ok=True)
    Console().print(_card_table(zoo.read_card(path)))
    print(f"Network: {path}")


def _zoo(options) -> None:
    if options.names:
        print("\n".join(zoo.list()))
        return
    names = [options.name] if options.name else zoo.list()
    for name in names:
        Console().print(_card_table(zoo.read_card(name)))


def _card_table(card) -> Table:
    table = _two_columns(card["name"])
    for key, value in card.items():
        if key == "classes" and isinstance(value, list):
            value = f"{len(value)}: {' '.join(map(str, value[:12]))} …"
        elif key == "architecture" and isinstance(value, dict):
            value = f"{value['kind']}, described in the file"
        elif isinstance(value, dict):
            value = "; ".join(
                f"{what}: {share}" for what, share in value.items() if not isinstance(share, dict)
            )
        table.add_row(plain(key), plain(value))
    return table


def _two_columns(title) -> Table:
    """A table of names and values, in which a long value goes on in the next line."""
    table = Table(title=plain(title), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _finetune(options) -> None:
    names = ("csv", "out", "net", "option", "size", "epochs", "minutes", "augment", "seed")
    settings = {name: getattr(options, name) for name in names}

    def say(sentence):
        print_whole(wrapped(without_controls(sentence)))

    finetuning.finetune(options.folder, say=say, progress=True, **settings)


def _predict(options) -> int:
    answers = finetuning.predict(options.network, options.files, options.top)
    form = answering.as_json if options.json else answering.as_text
    print_whole((answering.as_csv if options.csv else form)(answers).rstrip("\n"))
    return 1 if any(answer.error for answer in answers) else 0


def _doctor(options) -> None:
    from minitransfer.kernels.code_cache import host, kernel_folder  # numba; as above

    if options.precompile:
        _compile_kernels(kernels.precompile)
    table = _two_columns("minitransfer doctor")
    for package in ("minitransfer", "numpy", "numba", "llvmlite", "matplotlib", "safetensors"):
        table.add_row(package, version(package))
    table.add_row("Python", f"{platform.python_version()} on {platform.system()}")
    processor, features = host()
    wide = [f for f in ("avx512f", "avx2", "fma", "neon") if f"+{f}" in features.split(",")]
    vectors = ", ".join(wide) or "no wide vectors found"
    table.add_row("processor", plain(f"{processor} ({vectors})"))
    table.add_row("kernels", kernels.chosen_kernels())
    table.add_row("threads", str(kernels.get_num_threads()))
    table.add_row("compiled kernels", plain(kernel_folder()))
    table.add_row("cache folder", plain(folders.cache_folder()))
    Console().print(table)


def _bench(options) -> int:
    package = Path(__file__).parent
    if (package / "_benchmarks").is_dir():  # an installed wheel brings them along
        name, folder = "minitransfer._benchmarks", Path.cwd()
    else:  # a checkout has them beside the package
        name, folder = "benchmarks", package.parent
    out = (options.out or folders.cache_folder() / "benchmarks").resolve()
    only = ["--only", *options.only] if options.only else []
    if options.quick:
        only.append("--quick")
    else:
        check_writable(*(out / file for file in ("table.csv", "table.md", "ratios.png")))
    # A process of its own: the peers read how many threads to use when they are loaded.
    one = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    command = [sys.executable, "-m", name, "--out", str(out), *only]
    return subprocess.run(command, cwd=folder, env={**os.environ, **one}).returncode


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _from_zero(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def _above_zero(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
