"""Code that stands elsewhere, brought onto the page of a lesson: what runs is what one reads."""

import ast
import difflib
import inspect
import linecache
import textwrap
from collections.abc import Callable


def code_of(function: Callable, before: Callable | None = None) -> str:
    """Return the source of a function, without decorators and docstring, with what is new marked.

    Args:
        function: written in Python, compiled by numba or not; or a class.
        before: a function that it was made from. Lines that this one does not have are marked; how
            far a line is indented does not count.

    Returns:
        The text; marked lines begin with ``▌``.

    Raises:
        OSError: if the source is not at hand.

    Example:
        >>> print(code_of(code_of).splitlines()[0].split("(")[0])
        def code_of
    """
    lines = _lines(function)
    if before is None:
        return "\n".join(lines)
    old = [line.strip() for line in _lines(before)[1:]]
    new = [line.strip() for line in lines]
    kept = set()
    for block in difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        kept |= set(range(block.b, block.b + block.size))
    marked = (line and at > 0 and at not in kept for at, line in enumerate(lines))
    signs = ("▌ " if new else "  " for new in marked)
    return "\n".join(f"{sign}{line}".rstrip() for sign, line in zip(signs, lines, strict=True))


def _lines(function):
    plain = getattr(function, "py_func", function)  # of a function that numba compiles
    lines = textwrap.dedent(_source(plain)).splitlines()
    while lines[0].startswith("@"):
        del lines[0]
    body = ast.parse("\n".join(lines)).body[0].body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        start = body[0].lineno - 1
        del lines[start : body[0].end_lineno]
        while lines[start:] and not lines[start].strip():
            del lines[start]
    return lines


def _source(thing) -> str:
    try:
        return inspect.getsource(thing)
    except (OSError, TypeError):
        if not inspect.isclass(thing):
            raise
    # No module of that name can be imported, as with a lesson's companion: but methods know a file.
    for method in filter(inspect.isfunction, vars(thing).values()):
        text = "".join(linecache.getlines(method.__code__.co_filename))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef) and node.name == thing.__name__:
                return ast.get_source_segment(text, node, padded=True)
    raise OSError(f"the source of the class {thing.__name__} is not at hand")
