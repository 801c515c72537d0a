"""What a fuzzer has found is read again in each run; and the harness sees what is not to happen.

``nox -s fuzz`` looks for more, ten minutes in all.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = Path(__file__).with_name("harness.py")
CORPUS = HARNESS.with_name("corpus")
KINDS = sorted(path.name for path in CORPUS.iterdir())

pytest.importorskip("resource", reason="measures memory as systems of the kind of Unix do")


def test_the_corpus_is_small_and_has_all_kinds():
    source = HARNESS.read_text(encoding="utf-8")
    assert all(f"\ndef {kind}(folder, content):" in source for kind in KINDS)
    assert source.count("(folder, content):") == len(KINDS)
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < 200_000


@pytest.mark.parametrize("kind", KINDS)
def test_no_file_of_the_corpus_breaks_a_promise(kind):
    done = subprocess.run([sys.executable, str(HARNESS), kind], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{kind}: {len(list((CORPUS / kind).iterdir()))} files, 0 broke a promise" in done.stdout


BROKEN = {
    "another error": "raise TypeError('not ours')",
    "a program": "import subprocess; subprocess.run(['true'])",
    "a program, and the error is caught": """
try:
    os.system('true')
except BaseException:
    pass""",
    "code": "exec('1 + 1')",
    "a pickle": "import pickle; pickle.loads(b'cos\\ngetcwd\\n(tR.')",
    "a file outside": "open(os.path.join(os.path.dirname(folder), 'x'), 'w')",
    "a folder outside": "os.mkdir(os.path.join(os.path.dirname(folder), 'x'))",
    "a file outside is moved": "os.rename(harness.CORPUS, folder / 'x')",
    "a control character": "print('\\x1b[2J')",
    "text that runs backwards": "print('\\u202e', file=sys.stderr)",
    "the network": "import socket; socket.socket().connect(('127.0.0.1', 9))",
    "memory": "harness.MEGABYTES = 50; b'x' * 300_000_000",
    "time": "harness.SECONDS = 0.1; sum(range(10_000_000))",
    "an error of somebody else": "harness.reads(int, 'x')",
    "an error that names no file": "harness.reads(lambda path: refuse('no'), folder)",
    "an error that steers": "harness.reads(lambda path: refuse(f'{path} \\x9b'), folder)",
}


def test_the_harness_sees_what_is_not_to_happen():
    script = f"""
import os, sys
sys.path.insert(0, {str(HARNESS.parent)!r})
import harness

def refuse(text):
    raise ValueError(text)

def seen(function):
    try:
        harness.check(function, b"")
    except harness.BrokenPromiseError:
        return True
    return False

assert not seen(lambda folder, content: (folder / "x").write_bytes(content))
assert not seen(lambda folder, content: print("fine"))
"""
    for number, line in enumerate(BROKEN.values()):
        body = line.strip().replace("\n", "\n    ")
        script += f"\ndef broken_{number}(folder, content):\n    {body}\n"
    names = [f"broken_{number}" for number in range(len(BROKEN))]
    script += f"\nprint([seen(f) for f in ({', '.join(names)},)])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = dict(zip(BROKEN, json.loads(done.stdout.lower()), strict=True))
    assert all(found.values()), found
