"""Text from files, made safe to print.

A card or a ledger may come from anybody. A control character in it could move the cursor, rename
the window or hide what follows, and square brackets are rich's markup.
"""

import contextlib
import json
import re
import sys
import textwrap

_CONTROLS = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # an escape sequence, whole: its letters are not text
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # the same for those that set titles and links
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"  # control, and text run backwards
)

_NO_SIGNS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def without_controls(text) -> str:
    r"""Return the text without control characters; line ends and tabs stay.

    Example:
        >>> without_controls("a\x1b[31mred\x1b[0m word\n")
        'ared word\n'
    """
    return _CONTROLS.sub("", str(text))


def escaped(text) -> str:
    r"""Return a name as one line in which control characters can be seen, and told apart.

    Example:
        >>> print(escaped("a\x1b[31m.png"), escaped("two\nlines"))
        a\x1b[31m.png two\x0alines
    """
    return _NO_SIGNS.sub(_code, str(text))


def json_text(value, indent: int) -> str:
    r"""Return JSON to print: letters of all alphabets as they are, control characters as codes.

    Whoever reads it as JSON gets what stood in the file.

    Example:
        >>> print(json_text(["Größe", "a\x9b2Jb"], indent=0))
        [
        "Größe",
        "a\u009b2Jb"
        ]
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)  # has codes for those below 0x20
    return _NO_SIGNS.sub(lambda c: c[0] if c[0] == "\n" else f"\\u{ord(c[0]):04x}", text)


def _code(found) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def plain(text) -> str:
    r"""Return the text as rich shall print it: letter by letter, with neither control nor markup.

    Example:
        >>> plain("[/usr] \x1b[2Jand more")
        '\\[/usr] and more'
    """
    from rich.markup import escape  # takes a moment, and not everything that is printed needs it

    return escape(without_controls(text))


def wrapped(text: str, width: int = 76) -> str:
    """Break a text into lines of a width that every terminal has, all but the first indented.

    Example:
        >>> print(wrapped("one two three", width=8))
        one two
          three
    """
    return "\n".join(textwrap.wrap(text, width, subsequent_indent="  "))


def replace_what_cannot_be_shown(*streams) -> None:
    """Have these streams write a question mark for each sign that their encoding lacks.

    A terminal without ± is no reason to stop; only a program's own streams are to be changed so.

    Example:
        >>> import io
        >>> stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        >>> replace_what_cannot_be_shown(stream)
        >>> stream.write("1 ± 2") and stream.flush()
        >>> stream.buffer.getvalue()
        b'1 ? 2'
    """
    for stream in streams:
        with contextlib.suppress(AttributeError, ValueError):  # not a stream of text, or closed
            stream.reconfigure(errors="replace")


def print_whole(text: str) -> None:
    """Print a text at once, with question marks for the signs that standard output lacks.

    Example:
        >>> print_whole("0.5 ± 0.1")
        0.5 ± 0.1
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), flush=True)


def in_notebook() -> bool:
    """Whether this runs in a kernel, which shows pictures and pages itself.

    Example:
        >>> in_notebook()
        False
    """
    if "ipykernel" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None
