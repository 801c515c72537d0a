"""One text, twice: as a page in one file, and as Markdown with its pictures beside it.

A report is a list of blocks. What they hold is text from anybody (names of files and classes), and
stands in the page letter by letter: nothing in it can become markup.
"""

import base64
import html
import io
import re
from dataclasses import dataclass

import numpy as np

from minitransfer import plots
from minitransfer.terminal import without_controls


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the title."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Text:
    """A paragraph; `kind` is "", "lead" (the finding), "warning" or "note"."""

    text: str
    kind: str = ""


@dataclass(frozen=True)
class Items:
    """A list; of a long one, what is beyond the first `shown` is folded in the page."""

    items: tuple
    shown: int = 12


@dataclass(frozen=True)
class Code:
    """Commands, or lines of a program."""

    text: str


@dataclass(frozen=True)
class Table:
    """Rows of cells, the first of each names the row; `shades` colour the others, from 0 to 1."""

    header: tuple
    rows: tuple
    caption: str = ""
    shades: np.ndarray | None = None


@dataclass(frozen=True)
class Bars:
    """Shares with their intervals, from 0 to 1: (name, text, value, low, high); `of` is what."""

    rows: tuple
    caption: str = ""
    of: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure of `plots`, and what it shows in words."""

    figure: object
    name: str
    caption: str


@dataclass(frozen=True)
class Gallery:
    """Pictures with words below: (picture, map over it, lines); both (H, W, 3) in bytes."""

    entries: tuple
    name: str


def as_page(title: str, blocks) -> str:
    """Return an HTML page that needs nothing from outside, light or dark as its reader's screen.

    Example:
        >>> page = as_page("<b>", [Heading("<i>", 1), Text("a & b")])
        >>> "<b>" in page, "<h1>&lt;i&gt;</h1>" in page, "a &amp; b" in page
        (False, True, True)
    """
    body = "\n".join(_HTML[type(block)](block) for block in blocks)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        # The browser itself refuses to load anything, whatever a name may try.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:\">\n"
        f"<title>{_text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"{body}\n</main>\n</body>\n</html>\n"
    )


def as_markdown(blocks, folder: str) -> tuple[str, dict[str, bytes]]:
    """Return the same as Markdown, and its pictures.

    Args:
        blocks: as for `as_page`.
        folder: where the pictures will be, seen from the text.

    Returns:
        The text, and name → content of each picture.

    Example:
        >>> as_markdown([Heading("A *star*"), Text("x | y")], "pictures")[0]
        '## A \\\\*star\\\\*\\n\\nx \\\\| y\\n'
    """
    files: dict[str, bytes] = {}
    parts = [_MARKDOWN[type(block)](block, folder, files) for block in blocks]
    return "\n\n".join(part for part in parts if part) + "\n", files


# HTML


def _text(text) -> str:
    return html.escape(" ".join(without_controls(text).split()))


def _heading(block):
    return f"<h{block.level}>{_text(block.text)}</h{block.level}>"


def _paragraph(block):
    kind = f' class="{block.kind}"' if block.kind else ""
    return f"<p{kind}>{_text(block.text)}</p>"


def _items(block):
    def listed(items):
        return "<ul>" + "".join(f"<li>{_text(item)}</li>" for item in items) + "</ul>"

    first, rest = block.items[: block.shown], block.items[block.shown :]
    folded = f"<details><summary>{len(rest):,} more</summary>{listed(rest)}</details>"
    return listed(first) + folded * bool(rest)


def _code(block):
    return f"<pre><code>{html.escape(without_controls(block.text))}</code></pre>"


def _table(block):
    head = "".join(f'<th scope="col"><span>{_text(c)}</span></th>' for c in block.header)
    rows = []
    for i, (name, *cells) in enumerate(block.rows):
        drawn = [f'<th scope="row">{_text(name)}</th>']
        for j, cell in enumerate(cells):
            shade = "" if block.shades is None else _shade(block.shades[i][j])
            drawn.append(f"<td{shade}>{_text(cell)}</td>")
        rows.append(f"<tr>{''.join(drawn)}</tr>")
    kind = ' class="shaded"' if block.shades is not None else ""
    caption = f'<p class="note">{_text(block.caption)}</p>' if block.caption else ""
    return (  # the words stay where they are when a wide table is moved to the side
        f'{caption}<div class="wide"><table{kind}><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _shade(share) -> str:
    return f' style="--s:{share:.3f}"' if share > 0 else ' class="none"'


def _bars(block):
    rows = []
    for k, (name, said, value, low, high) in enumerate(block.rows):
        first = " first" if k == 0 else ""
        rows.append(
            f'<div class="bar{first}"><div class="name">{_text(name)}</div>'
            f'<div class="said">{_text(said)}</div><div class="track">'
            f'<div class="value" style="width:{_percent(value)}"></div>'
            f'<div class="interval" style="left:{_percent(low)};'
            f'width:{_percent(min(high, 1) - max(low, 0))}"></div></div></div>'
        )
    words = f"<figcaption>{_text(block.caption)}</figcaption>"
    return f'<figure class="bars">{"".join(rows)}{words}</figure>'


def _percent(share) -> str:
    return f"{100 * min(max(share, 0), 1):.2f}%"


def _figure(block):
    drawn = plots.as_svg(block.figure, block.name)
    label = f'role="img" aria-label="{_text(block.caption)}"'
    drawn = drawn.replace("<svg", f"<svg {label}", 1)
    return f"<figure>{drawn}<figcaption>{_text(block.caption)}</figcaption></figure>"


def _gallery(block):
    shown = []
    for picture, heat, lines in block.entries:
        images = "".join(
            f'<img alt="{_text(what)}" src="data:image/jpeg;base64,'
            f'{base64.b64encode(_jpeg(array)).decode()}">'
            for array, what in ((picture, lines[0]), (heat, "what the answer rests on"))
            if array is not None
        )
        first, *others = lines
        words = f"<b>{_text(first)}</b>" + "".join(f"<br>{_text(line)}" for line in others)
        shown.append(f'<figure class="picture"><div>{images}</div>'
                     f"<figcaption>{words}</figcaption></figure>")  # fmt: skip
    return f'<div class="gallery">{"".join(shown)}</div>'


def _jpeg(array) -> bytes:
    from PIL import Image

    image = Image.fromarray(array)
    if min(image.size) < 100:  # small pictures stay what they are, in larger dots
        image = image.resize((112, 112 * image.height // image.width), Image.Resampling.NEAREST)
    image.thumbnail((168, 168))
    with io.BytesIO() as file:
        image.save(file, "JPEG", quality=88)
        return file.getvalue()


_HTML = {
    Heading: _heading,
    Text: _paragraph,
    Items: _items,
    Code: _code,
    Table: _table,
    Bars: _bars,
    Figure: _figure,
    Gallery: _gallery,
}


# Markdown


def _plain(text) -> str:
    """The text, with a backslash before all that Markdown or HTML might take for its own."""
    return re.sub(r"([\\`*_{}\[\]<>#|!~&$])", r"\\\1", " ".join(without_controls(text).split()))


def _md_table(header, rows) -> str:
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _md_paragraph(block, folder, files):
    said = _plain(block.text)
    return f"**{said}**" if block.kind == "lead" else said


def _md_table_block(block, folder, files):
    rows = [[_plain(cell) for cell in row] for row in block.rows]
    table = _md_table([_plain(cell) or " " for cell in block.header], rows)
    return f"{_plain(block.caption)}\n\n{table}" if block.caption else table


def _md_bars(block, folder, files):
    rows = [[_plain(name), _plain(said)] for name, said, *_ in block.rows]
    return _md_table([" ", _plain(block.of) or " "], rows) + f"\n\n{_plain(block.caption)}"


def _md_figure(block, folder, files):
    with io.BytesIO() as file:
        block.figure.savefig(file, format="png")
        files[f"{block.name}.png"] = file.getvalue()
    return f"![{_plain(block.caption)}]({folder}/{block.name}.png)\n\n{_plain(block.caption)}"


def _md_gallery(block, folder, files):
    rows = []
    for k, (picture, heat, lines) in enumerate(block.entries):
        cells = []
        for array, what in ((picture, "picture"), (heat, "map")):
            name = f"{block.name}-{k + 1}-{what}.jpg"
            if array is not None:
                files[name] = _jpeg(array)
                cells.append(f"![{what}]({folder}/{name})")
            else:
                cells.append(" ")
        rows.append([*cells, "; ".join(map(_plain, lines))])
    lines = [["picture", "what counted", " "], ["---"] * 3, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_MARKDOWN = {
    Heading: lambda block, folder, files: f"{'#' * block.level} {_plain(block.text)}",
    Text: _md_paragraph,
    Items: lambda block, folder, files: "\n".join(f"- {_plain(item)}" for item in block.items),
    Code: lambda block, folder, files: "\n".join(
        f"    {line}" for line in without_controls(block.text).splitlines()
    ),
    Table: _md_table_block,
    Bars: _md_bars,
    Figure: _md_figure,
    Gallery: _md_gallery,
}

STYLE = """
:root{--paper:#fbfaf7;--card:#f1efe9;--ink:#1f1f1f;--soft:#5c5a55;--line:#d8d5cc;--blue:#0072b2;
--warn:#b04a00;--shade:0,114,178;--deep:.75}
@media (prefers-color-scheme:dark){:root{--paper:#17181a;--card:#212327;--ink:#e9e7e2;
--soft:#a9a69e;--line:#3a3d42;--blue:#56b4e9;--warn:#f0a35e;--shade:86,180,233;--deep:.5}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:17px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:820px;margin:0 auto;padding:28px 20px 80px}
h1{font-size:1.7em;line-height:1.2;margin:.2em 0 .5em;overflow-wrap:anywhere}
h2{font-size:1.2em;margin:2.2em 0 .5em;padding-top:.6em;border-top:1px solid var(--line)}
p{margin:.6em 0;overflow-wrap:anywhere}
p.lead{font-size:1.25em;line-height:1.4;font-weight:600}
p.warning{border-left:4px solid var(--warn);padding:.5em .9em;background:var(--card)}
p.note,figcaption{color:var(--soft);font-size:.87em}
ul{padding-left:1.2em}li{margin:.25em 0;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--blue)}
pre{background:var(--card);padding:.8em 1em;overflow-x:auto;font-size:.85em;border-radius:6px;
white-space:pre-wrap;overflow-wrap:anywhere}
.wide{overflow-x:auto;margin:.4em 0 1em}
table{border-collapse:collapse;font-size:.9em}
th,td{padding:.35em .7em;text-align:right;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft)}
th[scope=row],thead th:first-child{text-align:left}
th[scope=row]{color:var(--ink);min-width:6em;max-width:14em;overflow-wrap:break-word}
.shaded td{text-align:center;background:rgba(var(--shade),calc(var(--s)*var(--deep)));
border:1px solid var(--paper);min-width:2.4em;padding:.35em .3em}
.shaded td.none{color:var(--soft)}
.shaded thead th{vertical-align:bottom;padding:.4em .2em}
.shaded thead th:not(:first-child)>span{writing-mode:vertical-rl;transform:rotate(180deg);
text-align:left;max-height:11em;overflow-wrap:break-word}
.shaded th:first-child{position:sticky;left:0;background:var(--paper);min-width:7em;max-width:9em}
figure{margin:1.2em 0}
figure>svg{display:block;width:100%;max-width:520px;height:auto}
figcaption{margin-top:.4em}
.bar{display:grid;grid-template-columns:1fr auto;column-gap:1em;margin:.8em 0}
.bar .said{color:var(--soft);font-variant-numeric:tabular-nums}
.bar.first .name,.bar.first .said{font-weight:600;color:var(--ink)}
.track{grid-column:1/-1;position:relative;height:12px;background:var(--card);border-radius:3px;
margin-top:.25em}
.track .value{height:100%;background:var(--soft);opacity:.55;border-radius:3px}
.bar.first .value{background:var(--blue);opacity:1}
.track .interval{position:absolute;top:4.5px;height:3px;background:var(--ink);
box-shadow:0 0 0 1px var(--paper)}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(230px,1fr));gap:18px}
.picture{margin:0}.picture div{display:flex;gap:4px}
.picture img{width:calc(50% - 2px);height:auto;border-radius:3px;image-rendering:auto}
.picture figcaption{overflow-wrap:anywhere;line-height:1.4}.picture b{color:var(--ink)}
@media (max-width:560px){.bar{grid-template-columns:1fr}main{padding:18px 16px 60px}}
@media print{body{font-size:11pt}h2{break-after:avoid}figure{break-inside:avoid}}
"""
