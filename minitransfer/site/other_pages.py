"""The pages of the site that are no lesson: the first one, the path, the ledger, the kernels, …"""

import html
import importlib
import inspect
import json
import re

from minitransfer.course import claims
from minitransfer.course.code_on_page import code_of
from minitransfer.course.ledger import last_run, untested
from minitransfer.course.pages import articles, claim_statements, glossary_terms
from minitransfer.course.records import VERDICTS
from minitransfer.course.scripts import EVIDENCE, Lesson, lessons_folder
from minitransfer.site import learning_path, teaching, words
from minitransfer.site.lesson_pages import METADATA, PAGES, _targets, part_of, with_pages

#: Modules with a page in the reference, and what each is for.
REFERENCE = {
    "minitransfer": "tensors and operations",
    "minitransfer.nn": "layers and modules",
    "minitransfer.nn.functional": "layers and losses as functions",
    "minitransfer.nn.init": "initial weights",
    "minitransfer.optim": "optimisers",
    "minitransfer.optim.lr_scheduler": "schedules of the learning rate",
    "minitransfer.train": "the training loop",
    "minitransfer.transfer": "freezing, heads, recipes, probes, advice",
    "minitransfer.zoo": "published networks",
    "minitransfer.data": "data sets and loaders",
    "minitransfer.experiments": "grids, seeds, intervals, verdicts",
    "minitransfer.checkpoint": "files of weights and of runs",
    "minitransfer.plots": "figures",
    "minitransfer.kernels": "the loops that numba compiles",
    "minitransfer.course": "what a lesson uses",
}

#: Modules that gather what others define, and what has to be said of the operations among it.
GATHERERS = ("minitransfer", "minitransfer.nn.functional")
OPERATIONS = """Operations are written on arrays, and a decorator makes them differentiable. What
you call takes tensors and returns a tensor. Most docstrings describe the function on arrays, which
returns the derivatives beside its value; their examples call it `__wrapped__`."""


def pages(lessons: list[Lesson], evidence: bool) -> dict[str, str | bytes]:
    """Return file name → text of all pages that are no lesson, and of the pictures on them.

    Args:
        lessons: that the site shows.
        evidence: whether it shows what stands behind them.
    """
    known = _targets(lessons, evidence)
    parts = _parts(lessons)
    folder = lessons_folder()
    found = {
        "index.md": _first_page(parts),
        "path.md": _path(parts),
        "playground.md": _playground(lessons),
        "ledger.md": _ledger(lessons, evidence),
        "kernels.ipynb": _kernels(known),
        "teaching.md": teaching.teachers_page(parts),
        "glossary.md": _glossary(known),
        "labels.png": (folder / "results" / "labels.png").read_bytes(),
    }
    for name in PAGES:
        text = (folder / name).read_text(encoding="utf-8")
        found[name] = with_pages(text, known).replace("](index.md)", "](path.md)")
    return found | _reference()


def _parts(lessons) -> dict[str, list[Lesson]]:
    parts: dict[str, list[Lesson]] = {}
    for lesson in lessons:
        parts.setdefault(part_of(lesson), []).append(lesson)
    return parts


def _first_page(parts) -> str:
    first = next(iter(parts.values()))[0].path.stem
    trees = "\n".join(
        f"```{{toctree}}\n:hidden:\n:caption: {name}\n\n"
        + "\n".join(f"{lesson.number} · {lesson.title} <{lesson.path.stem}>" for lesson in lessons)
        + "\n```\n"
        for name, lessons in parts.items()
    )
    count, run = sum(map(len, parts.values())), last_run() or {"claims": []}
    counts = [sum(r["verdict"] == verdict for r in run["claims"]) for verdict in VERDICTS]
    return FIRST_PAGE.format(
        first=first,
        lessons=f"{count} lessons" if count > 1 else "a lesson",
        claims=len(run["claims"]),
        holds=counts[0],
        narrowly=counts[1],
        not_so=counts[2],
        trees=trees,
        headline=HEADLINE,
    )


HEADLINE = (
    "Accuracy on handwritten digits against the number of labelled ones, from 10 to 4,000, in five "
    "curves with bands of spread. The three that borrow from printed characters start far above "
    "scratch and a random body; scratch comes near to them as labels become many, the random body "
    "does not."
)

FIRST_PAGE = """---
hide-toc: true
---

# minitransfer

<p class="lead">How what a network has learnt on one task is carried to another: a deep-learning
library in Python whose core can be read in a weekend, and {lessons} in which every claim is
measured.</p>

<div class="doors">
<a class="door" href="path.html"><b>Learn</b><span>Short lessons from two bits and a lamp to
borrowed networks. Guess first, then see.</span></a>
<a class="door" href="teaching.html"><b>Teach</b><span>Aims, times, questions, exercises with their
solutions; each lesson steps on a projector.</span></a>
<a class="door" href="kernels.html"><b>Read the kernels</b><span>From three loops to the machine’s
limit, rung beside rung.</span></a>
</div>

<div class="first">

```{{image}} labels.png
:alt: {headline}
:class: headline
```

<div><p class="legend">Handwritten digits, read by networks that learnt from 10 to 4,000 of them.
Three ways borrow from printed characters: <em>option 1</em> trains a new head alone,
<em>option 2</em> all of the network, <em>small steps</em> all of it gently. <em>Scratch</em> and
the <em>random body</em> borrow nothing.
<a href="ledger.html">{claims} statements</a> were measured in all: {holds} hold, {narrowly} hold
narrowly, {not_so} do not.</p>

<p class="ways"><a class="button" href="{first}.html">Begin with the first lesson</a>
<a class="button plain" href="playground.html">Play with the networks</a></p></div>

</div>

```{{toctree}}
:hidden:

Learning path <path>
Playground <playground>
Claims and verdicts <ledger>
```

{trees}
```{{toctree}}
:hidden:
:caption: To look things up

Glossary <glossary>
The articles <sources>
For teachers <teaching>
The ladder of kernels <kernels>
Reference <reference>
Coming from PyTorch <pytorch>
Pictures of your own <own_data>
Stepping inside <debugging>
What we promise <promises>
```
"""


def _path(parts) -> str:
    minutes = sum(lesson.minutes or 0 for some in parts.values() for lesson in some)
    lists = "\n".join(
        f"## {name}\n\n" + "\n".join(_path_row(lesson) for lesson in lessons) + "\n"
        for name, lessons in parts.items()
    )
    return f"""---
hide-toc: true
---

# The learning path

The parts can be read in any order; within a part, arrows say what builds on what. A frame gathers
lessons that build on the same one, in any order; “after 3” names a lesson of another part.
All of it takes {_about(minutes)}.

<div class="path-map-frame" tabindex="0" role="region" aria-label="Map of the lessons">
{learning_path.drawn(parts)}
</div>

{lists}"""


def _about(minutes: int) -> str:
    hours = round(minutes / 60)
    return f"about {hours} hours" if hours > 1 else f"{minutes} minutes"


def _path_row(lesson) -> str:
    needs = f" You need {lesson.needs}." if lesson.needs else ""
    return (
        f"- [**{lesson.number} · {lesson.title}**]({lesson.path.stem}.ipynb) "
        f"({lesson.minutes} minutes)  \n  {lesson.question}{needs}"
    )


def _ledger(lessons, evidence) -> str:
    run, order = last_run() or {"claims": [], "date": "", "versions": {}}, list(claim_statements())
    shown = {lesson.path.stem: lesson.number for lesson in lessons}
    heads = {a.letter: f"{a.letter}: {a.title}" for a in articles().values()} | {"K": "K: our own"}
    cards = []
    for record in sorted(
        run["claims"], key=lambda r: (order.index(r["id"].split("/")[0]), r["id"])
    ):
        folder, _, name = record["lesson"].rpartition("/")
        there = name in shown and (folder == "" or (evidence and folder == EVIDENCE))
        number = name[:2].lstrip("0")
        where = html.escape(f"{folder or 'lesson'} {number}")
        link = f'<a href="{record["lesson"]}.html">{where}</a>' if there else where
        card = claims.claim_card(record, link=f" · {link}")
        cards.append(f'<div class="row" data-article="{record["id"][0]}">{card}</div>')
    article = "".join(
        f'<option value="{letter}">{html.escape(head)}</option>' for letter, head in heads.items()
    )
    verdict = "".join(f'<option value="{one}">{one}</option>' for one in VERDICTS)
    left = "\n".join(
        f"- **{s.id}** ({s.kind}) {s.sentence}" for s in untested(run) if s.kind == "claim"
    )
    with_versions = ", ".join(f"{name} {one}" for name, one in run["versions"].items())
    rest = f"\n## Claims of the articles that nobody has tested\n\n{left}\n" if left else ""
    return f"""---
hide-toc: true
---

# Claims and verdicts

What [the articles](sources.md) say, and what we add, as it was measured in the last full run:
{run["date"][:10]}, with {with_versions}. Measure it again with `minitransfer claims --run`.

<form class="filter" role="search" aria-label="Filter the claims">
<label>Article <select name="article"><option value="">all</option>{article}</select></label>
<label>Verdict <select name="verdict"><option value="">all</option>{verdict}</select></label>
<label>Words <input name="words" type="search" autocomplete="off"></label>
<output></output>
</form>
<div class="ledger">{"".join(cards)}</div>
{rest}"""


def _glossary(known) -> str:
    """The page of the glossary as a list of definitions, each with a place of its own."""
    found = []
    for term in glossary_terms():
        lessons = "lessons " if len(term.lessons) > 1 else "lesson "
        lessons += ", ".join(
            f"[{int(name[:2])}]({name.replace('.py', '.ipynb')})"
            if name in known
            else f"{int(name[:2])}"
            for name in term.lessons
        )
        name = ", ".join(term.names)
        found.append(
            f'<div class="term" id="{words.anchor(term.names[0])}">\n\n'
            f"**{name}** {with_pages(term.sentence, known)} ({lessons})\n\n</div>\n"
        )
    head = (
        "# Glossary\n\nThe words of the trade, one sentence each, and the lessons that show them "
        "best. In a lesson, rest on a dotted word to see its sentence.\n\n"
    )
    return head + "\n".join(found)


_BAR = "▌ "


def _kernels(known) -> str:
    """The ladders, rung beside rung; the times are measured when the site is built."""
    import nbformat

    from minitransfer.kernels.conv import ladder as convolutions
    from minitransfer.kernels.gemm import ladder as products

    told = [with_pages(KERNELS_HEAD, known)]
    for title, text, rungs in (
        ("Matrix products", PRODUCTS, list(products.LOOPS.values())),
        ("Convolutions", CONVOLUTIONS, list(convolutions.LOOPS.values())),
    ):
        cells = [f"## {title}\n\n{text}\n", "::::{container} rungs"]
        before = None
        for rung in rungs:
            cells.append(_rung(rung, before))
            before = rung
        told.append("\n".join([*cells, "::::"]))
    notebook = nbformat.v4.new_notebook(metadata=METADATA | {"hide-toc": True})
    code = nbformat.v4.new_code_cell
    prose = nbformat.v4.new_markdown_cell
    notebook.cells = [
        prose(told[0]),
        prose(told[1]),
        code(MEASURED),
        prose(told[2]),
    ]
    for at, cell in enumerate(notebook.cells):
        cell.id = f"cell-{at + 1}"
    return nbformat.writes(notebook) + "\n"


def _rung(rung, before) -> str:
    lines = code_of(rung, before).splitlines()
    new = [at for at, line in enumerate(lines, 1) if line.startswith(_BAR)]
    plain = "\n".join(line[2:] if before else line for line in lines)
    marked = f":emphasize-lines: {','.join(map(str, new))}\n" if new else ""
    about = inspect.getdoc(rung) or ""
    name = rung.__name__.replace("_", " ")
    about = re.sub(r"\s*\n\s*", " ", about.replace("\n\n", "  ")).strip()
    return (
        f":::{{container}} rung\n**{name}**\n\n{about}\n\n"
        f"```{{code-block}} python\n{marked}\n{plain}\n```\n:::\n"
    )


KERNELS_HEAD = """# The ladder of kernels

How can one program multiply matrices many times as fast as another that leaves out not a single
operation? Each box is a rung, in plain loops that run as they stand; what is new against the
rung before it is marked. The whole of it is [lesson 41](41_matmul.py), and
[lesson 42](42_convolution_four_ways.py) for convolutions."""
PRODUCTS = (
    "`c = a @ b`, from the definition to the order in which caches and registers like it. Below "
    "stands how fast each rung is for matrices of 256 by 256. These fit a cache, so that the tile "
    "alone may win; packing is for larger ones."
)
CONVOLUTIONS = "One image, filters of three by three, from seven loops to views that copy nothing."
MEASURED = """from minitransfer.kernels.gemm import ladder

speeds = ladder.climb()
for rung in ladder.RUNGS:
    share = speeds[rung] / speeds["peak"]
    speed = f"{speeds[rung] / 1e9:6.1f} GFLOP/s"
    print(f"{rung:10}{speed} {share:5.0%} of what this core can do")"""

PLAYGROUND = """---
hide-toc: true
---

# Playground

Networks that train in this page, with the library's mathematics. Nothing is sent anywhere.

<div id="panels" data-lessons="{lessons}">
<noscript>The playground needs JavaScript.</noscript></div>

<script src="_static/playground/numbers.js"></script>
<script src="_static/playground/networks.js"></script>
<script src="_static/playground/weights.js"></script>
<script src="_static/playground/drawing.js"></script>
<script src="_static/playground/panels.js"></script>
"""


def _playground(lessons) -> str:
    pages = {lesson.number: f"{lesson.path.stem}.html" for lesson in lessons}
    return PLAYGROUND.format(lessons=html.escape(json.dumps(pages)))


def _reference() -> dict[str, str]:
    found, told = {}, set()
    for name in sorted(REFERENCE, key=lambda name: -name.count(".")):  # the innermost tells it
        found[f"reference/{name}.md"] = _module_page(name, told)
    rows = [
        f"{name.removeprefix('minitransfer.')}: {about} <reference/{name}>"
        for name, about in REFERENCE.items()
    ]
    found["reference.md"] = (
        "# Reference\n\nWhat can be imported, from its docstrings. Names are PyTorch’s where "
        'PyTorch has them. All of them from A to Z: <a href="genindex.html">the index</a>.\n\n'
        "```{toctree}\n:maxdepth: 1\n\n" + "\n".join(rows) + "\n```\n"
    )
    return found


def public_names(module) -> list[str]:
    """Return what a module offers: what it lists, or what it has of this library's making.

    Example:
        >>> from minitransfer import optim
        >>> "SGD" in public_names(optim), "np" in public_names(optim)
        (True, False)
    """
    home = "minitransfer." if module.__name__ in GATHERERS else module.__name__
    listed, found = getattr(module, "__all__", None), []
    for name in sorted(listed or vars(module), key=str.lower):
        thing = getattr(module, name)
        made_in = str(getattr(thing, "__module__", ""))
        ours = made_in.startswith("minitransfer" if listed else home) and name[0] != "_"
        if ours and callable(thing):
            found.append(name)
    return found


def _module_page(name: str, told: set[type]) -> str:
    module, lines = importlib.import_module(name), []
    for one in public_names(module):
        thing = getattr(module, one)
        if inspect.isclass(thing):  # a class has one page
            if thing in told:
                continue
            told.add(thing)
        kind = "autoclass" if inspect.isclass(thing) else "autofunction"
        lines += [f".. {kind}:: {name}.{one}"]
        lines += ["   :members:"] if kind == "autoclass" else []
        lines.append("")
    body = "\n".join(lines)
    note = f"{OPERATIONS}\n\n" if name in GATHERERS else ""
    about = inspect.getdoc(module) or ""
    head = about.split("\n\n")[0].replace("\n", " ")
    head = re.sub(r"``([^`]+)``", r"`\1`", head)
    return f"# {name}\n\n{head}\n\n{note}```{{eval-rst}}\n{body}\n```\n"
