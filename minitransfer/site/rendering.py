"""How outputs, docstrings and the list of pages become parts of a page; a part of Sphinx."""

import re

from docutils import nodes
from myst_nb.core.render import NbElementRenderer

#: The name under which `pyproject.toml` tells MyST-NB of `Renderer`.
PLUGIN = "minitransfer"

#: More letters than this in a line, and an output is set smaller, or smaller still.
BROAD, BROADER = 84, 96

#: Pixels from which on a figure is not shrunk to the width of a phone, but scrolls.
WIDE = 560


class Renderer(NbElementRenderer):
    """MyST-NB's own, but a figure brings its words for those who cannot see it.

    What is printed tells the style sheet whether it is prose, and how broad.
    """

    def render_stdout(self, output, cell_metadata, cell_index, source_line) -> list[nodes.Element]:
        """Return what was printed, with classes of its kind."""
        found = super().render_stdout(output, cell_metadata, cell_index, source_line)
        for node in found:
            node["classes"] += kinds_of(output["text"])
        return found

    def render_image(self, data) -> list[nodes.Element]:
        """Return the figure with the alternative text that the cell gave it."""
        found = super().render_image(data)
        said = data.output_metadata.get("alt") or data.output_metadata.get(data.mime_type, {}).get(
            "alt"
        )
        for node in found:
            if said:
                node["alt"] = said
            if int(re.sub(r"\D", "", node.get("width", "")) or 0) > WIDE:
                node["classes"].append("wide")
        return found


def kinds_of(printed: str) -> list[str]:
    """Return the classes of an output: prose may be broken anew, columns may not.

    Example:
        >>> kinds_of("Exercise 1: Write a function.\\n  Put it in the place of the dots.")
        ['prose']
        >>> kinds_of("naive   2.3\\ntile  114.4"), kinds_of("a  b " + 85 * "c")
        ([], ['broad'])
    """
    lines = printed.splitlines()
    longest = max(map(len, lines), default=0)
    kinds = [] if any(re.search(r"\S {2,}\S|[│┃|╭─]", line) for line in lines) else ["prose"]
    return kinds + (["broader"] if longest > BROADER else ["broad"] if longest > BROAD else [])


def as_they_stand(lines: list[str]) -> list[str]:
    """Return a docstring in which bars and lone stars are signs, and no markup.

    Example:
        >>> as_they_stand(["the mean of |x|, and *shape", "* some *other* thing", ">>> a | b"])
        ['the mean of \\\\|x\\\\|, and \\\\*shape', '* some *other* thing', '>>> a | b']
    """
    found, example = [], False
    for line in lines:
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        if not example:
            bullet, line = re.match(r"(\s*(?:\* )?)(.*)", line, re.DOTALL).groups()
            parts = re.split(r"(`+[^`]*`+)", line)
            text = "".join(parts[::2])
            lone = text.count("*") % 2 == 1 or ("**" in text and text.count("**") % 2 == 1)
            for at in range(0, len(parts), 2):
                signs = r"(?<!\\)([|*])" if lone else r"(?<!\\)(\|)"  # not what is marked already
                parts[at] = re.sub(signs, r"\\\1", parts[at])
            line = bullet + "".join(parts)
        found.append(line)
    return found


def _on_docstring(app, what, name, thing, options, lines):
    lines[:] = as_they_stand(lines)


def _on_member(app, what, name, thing, skip, options):
    """Fields of a named tuple stand in its docstring; what Python says of them says nothing."""
    return True if (getattr(thing, "__doc__", "") or "").startswith("Alias for field") else None


def _on_page(app, page, template, context, doctree):
    """Headings of the list of pages say of which level they are: readers of screens ask."""
    heading = 'role="heading"'
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace(heading, f'{heading} aria-level="2"')


def setup(app):
    """Have Sphinx read our docstrings as they stand, and finish the list of pages."""
    app.connect("autodoc-process-docstring", _on_docstring)
    app.connect("autodoc-skip-member", _on_member)
    app.connect("html-page-context", _on_page, priority=900)  # after the theme
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
