"""The words of the glossary, explained where a lesson uses them: a part of Sphinx.

The first time a page uses a word, it becomes a link to the glossary that carries its sentence; the
browser shows it when the pointer or the keyboard comes to rest on it.
"""

import re
from functools import cache

from minitransfer.course.pages import glossary_terms

#: Words that are everyday English as well, or are met on each page.
EVERYDAY = {"seed", "step", "class", "bit", "run", "label", "image", "state", "example", "unit"}
EVERYDAY |= {"message", "by depth"}  # a word with two senses; the second name of another

#: Phrases in which a word of the glossary has another sense, or is no noun.
ELSEWHERE = "|".join(
    (
        "(?:[Bb]y|to|from|no|same|a|the|what|that is) chances?|exactly, chance|as chance would",
        "[Tt]ests?(?! (?:examples|pictures?|images?|digits?|set|data))",
        "by factors?|compared as factors|gives each factor|factors? of",
        "is spread|spread (?:evenly|over|the)|same source|source of",
        "inductive bias|without bias|[Dd]ead end|somebody[’']s head|side effects?|such joints",
        "like cards|graphics cards?|Which tap|takes a stride|years of attention|ridge between",
    )
).replace(" ", r"\s+")


def anchor(name: str) -> str:
    """Return the name of a word's place on the page of the glossary.

    Example:
        >>> anchor("centred kernel alignment")
        'word-centred-kernel-alignment'
    """
    return "word-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


@cache
def sentences() -> dict[str, tuple[str, str]]:
    """Return each word → (its place on the page of the glossary, its sentence).

    Example:
        >>> sentences()["fine-tuning"][0]
        'word-fine-tuning'
    """
    return {
        name: (anchor(term.names[0]), re.sub(r"[`*]", "", term.sentence))
        for term in glossary_terms()
        for name in term.names
    }


@cache
def _pattern() -> re.Pattern:
    """Any of the words: "OR" is one and "or" is none, but others may begin a sentence.

    What is meant otherwise matches, too, without a group: it is passed over.
    """
    names = sorted(set(sentences()) - EVERYDAY, key=len, reverse=True)
    either = (
        re.escape(name) if name != name.lower() else f"(?i:{name[0]}){re.escape(name[1:])}"
        for name in names
    )
    word = f"({'|'.join(either)})(?:s|es)?"
    return re.compile(rf"(?<![\w-])(?:{ELSEWHERE}|{word})(?![\w-])")


def found_in(text: str) -> list[str]:
    """Return the words of the glossary that a text uses.

    Example:
        >>> found_in("Weights, or the OR of an activation")
        ['weight', 'OR', 'activation']
        >>> found_in("We test by chance what is better than chance on test digits")
        ['chance', 'test']
    """
    return [_name(found[1]) for found in _pattern().finditer(text) if found[1]]


def _name(word):
    return word if word in sentences() else word[0].lower() + word[1:]


def explain(document, up: str = "") -> int:
    """Mark the first use of each word in the paragraphs of a page; return how many there were.

    Args:
        document: the page, as docutils has it.
        up: from the page to the folder of the glossary.
    """
    from docutils import nodes  # comes with the extra `site`

    used, places = set(), sentences()
    for text in list(document.findall(nodes.Text)):
        parents = []
        parent = text.parent
        while parent is not None:
            parents.append(parent)
            parent = parent.parent
        kept = (nodes.literal, nodes.literal_block, nodes.title, nodes.reference, nodes.raw)
        kept += (nodes.math, nodes.math_block)
        inside = any(isinstance(one, nodes.paragraph) for one in parents)
        listed = any(one.get("ids") == ["read-on"] for one in parents)  # titles of other people
        if not inside or listed or any(isinstance(one, kept) for one in parents):
            continue
        parts, end, line = [], 0, text.astext()
        for found in _pattern().finditer(line):
            if not found[1]:
                continue
            place, sentence = places[_name(found[1])]
            if place in used:
                continue
            used.add(place)
            attributes = f'class="word" href="{up}glossary.html#{place}"'
            tip = _escaped(sentence)
            parts.append(nodes.Text(line[end : found.start()]))
            link = f'<a {attributes} data-tip="{tip}">{_escaped(found[0])}</a>'
            parts.append(nodes.raw("", link, format="html"))
            end = found.end()
        if parts:
            at = text.parent.index(text)
            text.parent[at : at + 1] = [*parts, nodes.Text(line[end:])]
    return len(used)


def _escaped(text):
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )


def _on_resolved(app, document, docname):
    if re.match(r"(evidence/)?\d\d_", docname):
        explain(document, "../" * docname.count("/"))


def setup(app):
    """Have Sphinx call `explain` on each lesson and each evidence."""
    app.connect("doctree-resolved", _on_resolved)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
