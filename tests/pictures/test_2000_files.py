"""A folder as it might come from anybody: it is read to the end, and every bad file is named."""

import html
import os
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest

from minitransfer import pictures
from minitransfer.finetuning import finetune
from minitransfer.pictures import collection

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="links and pipes need POSIX")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, make):
    root = tmp_path_factory.mktemp("anybody's")
    return root, make.write_2000(root)


def test_every_bad_file_is_named_and_every_good_one_arrives(folder):
    root, bad = folder
    assert sum(len(files) for _, _, files in os.walk(root)) == 2000
    found = pictures.collect(root, size=16)
    parts = pictures.split(found)
    seen = []
    for part in parts:
        for x, y, rows in pictures.batches(part, batch_size=64):
            assert x.shape[1:] == (3, 16, 16)
            assert x.min() >= 0
            assert x.max() <= 1
            assert len(x) == len(y) == len(rows)
            seen += [part.shown(i) for i in rows]
    assert {name for name, _ in found.skipped} == bad
    assert len(found.skipped) == len(bad)  # each once
    assert all(reason for _, reason in found.skipped)
    assert len(seen) == len(set(seen))
    assert not bad & set(seen)
    files = {os.path.relpath(os.path.join(p, f), root) for p, _, fs in os.walk(root) for f in fs}
    assert set(seen) == files - bad
    notes = " ".join(found.notes)
    for words in ("'empty'", "'really empty'", "single", "deeper folders", "several frames"):
        assert words in notes


def test_a_network_is_made_of_it_and_the_report_names_every_bad_file(folder, tmp_path):
    root, bad = folder
    out = finetune(root, net="glyph-conv", option="head", out=tmp_path / "out", say=lambda _: None)
    assert (out / "network.safetensors").is_file()
    page = html.unescape((out / "report.html").read_text(encoding="utf-8"))
    listed = [" ".join(name.split()) for name in bad]
    assert [name for name in listed if f"<li>{name}: " not in page] == []


def test_the_order_does_not_depend_on_the_file_system(folder, monkeypatch):
    root, _ = folder
    before = pictures.collect(root).paths
    backwards = {
        "walk": lambda top, onerror: (
            (a, b, files[::-1]) for a, b, files in list(os.walk(top))[::-1]
        ),
        "scandir": lambda top: list(os.scandir(top))[::-1],
    }
    monkeypatch.setattr(collection, "os", SimpleNamespace(**{**vars(os), **backwards}))
    assert pictures.collect(root).paths == before


def test_memory_stays_flat(folder):
    """Four times the batches take no more memory; all pictures at once would take 700 MB."""
    root, _ = folder
    script = textwrap.dedent("""
        import pathlib, resource, sys
        from minitransfer import pictures
        status = pathlib.Path("/proc/self/status")
        def most():
            if status.exists():  # Linux; its getrusage begins with what the tests' program had
                return int(status.read_text().partition("VmHWM:")[2].split()[0])
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = pictures.collect(sys.argv[1], size=224)
        for k, batch in enumerate(pictures.batches(found, batch_size=16)):
            if k == 20:
                early = most()
        print(k, early, most())
    """)
    done = subprocess.run(
        [sys.executable, "-c", script, str(root)], capture_output=True, text=True, check=True
    )
    batches, early, late = map(int, done.stdout.split())
    unit = 1 if sys.platform == "darwin" else 1024
    assert batches > 80
    assert (late - early) * unit < 50e6
