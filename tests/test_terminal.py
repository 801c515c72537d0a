import io

import pytest
from rich.console import Console

from minitransfer.terminal import plain, without_controls


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
