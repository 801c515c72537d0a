import io
import sys

import pytest
from rich.console import Console

from minitransfer.terminal import (
    plain,
    print_whole,
    replace_what_cannot_be_shown,
    without_controls,
)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("two\nlines\tand a tab, Größe ± 3", "two\nlines\tand a tab, Größe ± 3"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;a title\x07seen", "seen"),
        ("\x1b]8;;http://x\x1b\\a link", "a link"),
        ("over\rwritten\b\x7f\x9b2J", "overwritten2J"),
        ("\u202edrawkcab", "drawkcab"),
        (3.5, "3.5"),
    ],
)
def test_without_controls(text, expected):
    assert without_controls(text) == expected


@pytest.mark.parametrize("text", ["[/usr]", "[bold]not bold[/]", "a [1, 2] b", "ends with \\"])
def test_plain_is_printed_letter_by_letter(text):
    console = Console(file=io.StringIO(), width=60)
    console.print(f"[dim]{plain(text)}[/]")
    assert console.file.getvalue() == f"{text}\n"


@pytest.mark.parametrize(
    "encoding, expected", [("ascii", b"1 ? 2 ?\n"), ("cp1252", b"1 \xb1 2 ?\n"), ("utf-8", None)]
)
def test_signs_that_a_terminal_lacks(monkeypatch, encoding, expected):
    text = "1 ± 2 ─"
    for prepare in (lambda _: None, replace_what_cannot_be_shown):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
        prepare(stream)
        monkeypatch.setattr(sys, "stdout", stream)
        print_whole(text)
        if prepare is replace_what_cannot_be_shown:
            print(text, flush=True)
        written = stream.buffer.getvalue()
        assert set(written.splitlines(True)) == {expected or f"{text}\n".encode()}


def test_streams_of_other_kinds_are_left_alone(monkeypatch):
    closed = io.TextIOWrapper(io.BytesIO())
    closed.close()
    replace_what_cannot_be_shown(io.StringIO(), None, closed)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    print_whole("1 ± 2")
    assert sys.stdout.getvalue() == "1 ± 2\n"
