"""Faults put into the code, one at a time: how many of them does the suite find?

    python tests/promises/mutation.py                    # 80 places of each part
    python tests/promises/mutation.py ops --places 200 --seed 3

Cosmic Ray knows what to change: a sign, a number, a comparison, True and False, a decorator, a
break. What is here is what it has no way to do: to draw a sample, to give each fault only the tests
that run its line, the quickest first, and to start them in a fork of a process that has imported
NumPy, numba and PyTorch, which makes them ten times as quick. (mutmut leaves functions with a
decorator alone, so all operations.)

A sample draws *places*, all equally likely, then one change for each: a minus sign can be exchanged
in eleven ways and does not count eleven times. A change with which the file cannot be imported any
more is no fault that anybody would overlook, and another one is drawn. A fault is found if a test
fails or if the time is up that its tests may take; one that no test reaches is not.

The folder that it writes to, build/mutation, keeps which test runs which lines, and what was found:
a run that was interrupted goes on. Delete it after writing tests. Each fault has a file there with
what the tests said.
"""

import argparse
import ast
import importlib
import itertools
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = {
    "autograd": [
        "minitransfer/autograd.py",
        "minitransfer/anomalies.py",
        "minitransfer/grad_fn.py",
    ],
    "ops": ["minitransfer/ops"],
    "transfer": ["minitransfer/transfer"],
    "train": ["minitransfer/train"],
}
#: Tests that stand near those parts, and start no other programs: they would run without the fault.
TESTS = [
    *(part for parts in PARTS.values() for part in parts),
    *(f"tests/{name}" for name in ("ops", "nn", "compiler", "transfer", "train", "experiments")),
    *(
        f"tests/test_{name}.py"
        for name in (
            *("autograd", "tensor", "creation", "optim", "distributions", "gradient_check"),
            *("differential", "differential_training", "checkpoint", "state_exchange"),
        )
    ),
    "tests/promises/test_freezing_machine.py",
]
PRELOADED = ["numpy", "numba", "PIL.Image", "matplotlib.pyplot", "safetensors", "rich.console"]
PRELOADED += ["pytest", "torch"]
BUDGET = 60  # seconds of tests for one fault: what only longer ones would find counts as missed
QUICK = 25  # tests that run before all the others are even collected
IMPORT_FAILS = 77
MEMORY = 16 << 30  # of addresses; the compiler and PyTorch take several thousand millions


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    every = f"of {', '.join(PARTS)}; all if none is named"
    choice = {"choices": [*PARTS, []], "metavar": "PART", "help": every}
    arguments.add_argument("parts", nargs="*", default=[], **choice)
    arguments.add_argument("--places", type=int, default=80)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--out", type=Path, default=ROOT / "build" / "mutation")
    options = arguments.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    out = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings(action="ignore"):
        for name in PRELOADED:
            with suppress(ImportError):
                importlib.import_module(name)
    if not (out / "reach.json").exists():
        print("which test runs which lines?", flush=True)
        (out / "cache").mkdir(exist_ok=True)
        _forked(lambda: _measure_reach(out), out, out / "reach.log", 7200)
    reach = json.loads((out / "reach.json").read_text())
    for test in reach["failed"]:
        print(f"left out, since it fails as things are: {test}, see {out / 'reach.log'}")
    results = {part: _sample(part, options, reach, out) for part in options.parts or PARTS}
    for part, found in results.items():  # last: the library is imported here, for its intervals
        _report(part, found)
    if len(results) > 1:
        _report("together", [result for found in results.values() for result in found])


def _measure_reach(out):
    """Run the tests once, and keep which of them ran each line, and how long each took."""
    import coverage
    import pytest

    measured = coverage.Coverage(
        out / "coverage", branch=True, source=["minitransfer"], config_file=False
    )
    os.environ["MINITRANSFER_CACHE"] = str(out / "cache")  # the kernels that are compiled stay
    seconds, failed = {}, set()

    class Plugin:
        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_protocol(self, item):
            measured.switch_context(item.nodeid)
            return (yield)

        def pytest_runtest_logreport(self, report):
            seconds[report.nodeid] = seconds.get(report.nodeid, 0) + report.duration
            if report.failed:
                failed.add(report.nodeid)

    measured.start()
    pytest.main(["-p", "no:cacheprovider", *TESTS], plugins=[Plugin()])
    measured.stop()
    measured.save()
    data, lines = measured.get_data(), {}
    for file in data.measured_files():
        name = str(Path(file).relative_to(ROOT))
        if any(name.startswith(path) for paths in PARTS.values() for path in paths):
            found = data.contexts_by_lineno(file)
            lines[name] = {n: sorted(set(tests) - {""} - failed) for n, tests in found.items()}
    reach = {"seconds": seconds, "failed": sorted(failed), "lines": lines}
    (out / "reach.json").write_text(json.dumps(reach))
    return 0


def _sample(part, options, reach, out):
    """Draw places of one part, put a fault into each, and return what became of it."""
    places = {}
    for path in PARTS[part]:
        for file in sorted(Path(path).rglob("*.py")) if Path(path).is_dir() else [Path(path)]:
            for place, change in _changes(file):
                places.setdefault((str(file), *place), []).append(change)
    order = random.Random(f"{part} {options.seed}").sample(sorted(places), len(places))
    log = out / f"{part}-{options.seed}.jsonl"
    log.touch()
    results = [json.loads(line) for line in log.read_text().splitlines()]
    done = {tuple(result["place"]) for result in results}
    for key in order:
        if len(results) >= options.places:
            break
        file, (line, column), _ = key
        if (file, line, column) in done:
            continue
        rng = random.Random(f"{key} {options.seed}")  # so that a run that goes on draws the same
        changes = rng.sample(places[key], len(places[key]))
        tests = _tests_of(Path(file), line, reach)
        for operator, occurrence in changes:
            name = out / f"{part}-{options.seed}-{len(results):03}.log"
            source = Path(file).read_text(encoding="utf-8")
            changed = _changed(source, operator, occurrence)
            verdict = _try(file, changed, tests, reach["seconds"], out, name)
            if verdict is not None:
                break
        else:
            continue
        result = {"place": (file, line, column), "change": _difference(source, changed)}
        results.append(result | {"verdict": verdict, "tests": len(tests)})
        with log.open("a") as lines:
            lines.write(json.dumps(results[-1]) + "\n")
    return results


def _report(part, results):
    """Print what was not found, and the share of the rest with its interval."""
    from minitransfer.experiments import intervals

    for result in results:
        if result["verdict"] == "missed":
            file, line, _ = result["place"]
            print(f"{file}:{line}: {result['change']}  ({result['tests']} tests)")
    found = [result["verdict"] != "missed" for result in results]
    low, high = intervals.share(found)
    print(
        f"{part}: {sum(found)} of {len(found)} found, {sum(found) / len(found):.0%} "
        f"[{low:.0%}, {high:.0%}]\n"
    )


def _changes(file):
    """Yield (where it stands, (operator, occurrence)) for every change that there is in a file."""
    from cosmic_ray.ast import ast_nodes, get_ast_from_path
    from cosmic_ray.plugins import get_operator, operator_names

    tree = get_ast_from_path(file)
    for name in operator_names():
        if get_operator(name).arguments():  # of the names that are exchanged: there are none here
            continue
        operator = get_operator(name)()
        positions = (p for node in ast_nodes(tree) for p in operator.mutation_positions(node))
        for occurrence, place in enumerate(positions):
            yield place, (name, occurrence)


def _changed(source, operator, occurrence):
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    return mutate_code(source, get_operator(operator)(), occurrence)


def _difference(before, after):
    lines = zip(before.splitlines(), after.splitlines(), strict=False)
    return next((f"{a.strip()}  ->  {b.strip()}" for a, b in lines if a != b), "at the end")


def _tests_of(file, line, reach):
    """The tests that run the statement of a line; else its function; else anything of the file."""
    lines = {int(n): tests for n, tests in reach["lines"].get(str(file), {}).items()}
    spans = [(1, 10**6)]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            function = isinstance(node, ast.FunctionDef)
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            spans.append((first, node.end_lineno))
            if body and not function:  # the head alone of what has a body
                spans.append((first, body[0].lineno - 1))
    spans = [(first, last) for first, last in spans if first <= line <= last]
    for first, last in sorted(spans, key=lambda span: span[1] - span[0]):
        tests = {test for n in range(first, last + 1) if n in lines for test in lines[n]}
        if tests:
            tests = sorted(tests, key=lambda test: (reach["seconds"].get(test, 0), test))
            ends = itertools.accumulate(reach["seconds"].get(test, 0) for test in tests)
            return [test for test, end in zip(tests, ends, strict=True) if end < BUDGET]
        if last == 10**6:
            return []
    return []


def _try(file, changed, tests, seconds, out, log):
    """Return "found", "endless" or "missed"; None if the file cannot be imported any more."""
    log.write_text("")
    # Doctests by themselves: pytest imports their files once more, beside what tests have patched.
    doctests = [test for test in tests if test.startswith("minitransfer/")]
    tests = [test for test in tests if test not in set(doctests)]
    for some in (doctests, tests[:QUICK], tests[QUICK:]):
        limit = 30 + 5 * sum(seconds.get(test, 0) for test in some)
        if some:
            code = _forked(lambda some=some: _run(file, changed, some), out, log, limit)
            if code == IMPORT_FAILS:
                return None
            if code != 0:
                return "endless" if code in (-signal.SIGXCPU, -signal.SIGALRM) else "found"
    return "missed"


def _run(file, changed, tests):
    import pytest

    original = SourceFileLoader.get_code

    def get_code(self, name):
        if Path(self.path) == ROOT / file:
            return compile(changed, self.path, "exec", dont_inherit=True)
        return original(self, name)

    SourceFileLoader.get_code = get_code
    try:
        importlib.import_module(
            file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        )
    except BaseException:
        return IMPORT_FAILS
    return int(pytest.main(["-x", "-p", "no:cacheprovider", "--tb=line", *tests]))


def _forked(function, out, log, limit):
    """Call a function in a fork, with a cache of its own; return its result or minus a signal."""
    with tempfile.TemporaryDirectory(dir=out) as folder:
        pid = os.fork()
        if pid == 0:
            _as_a_child(function, Path(folder), out, log, limit)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _as_a_child(function, folder, out, log, limit):
    import resource  # Windows, where tests are collected too, has neither this nor forks

    code = 1
    try:
        with log.open("a") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        sys.dont_write_bytecode = True
        # Links: files of the cache are replaced, never written to.
        shutil.copytree(out / "cache", folder / "cache", copy_function=os.link)
        os.environ["MINITRANSFER_CACHE"] = str(folder / "cache")
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(folder / "hypothesis")
        os.environ["PYTEST_ADDOPTS"] = f"--basetemp={folder / 'files'}"
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 10))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.alarm(10 * int(limit))
        code = function()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
