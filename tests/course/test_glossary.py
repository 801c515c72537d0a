"""The glossary: in order, each word once, and each really met in the lessons that its row names."""

import io
import re

import pytest
from rich.console import Console

from minitransfer import course

TERMS = course.glossary_terms()
PAGE = (course.lessons_folder() / "glossary.md").read_text(encoding="utf-8")


def read(lesson):
    """The words of a lesson, as a reader meets them: no comment signs, emphasis or line ends."""
    text = (course.lessons_folder() / lesson).read_text(encoding="utf-8")
    text = re.sub(r"\$(\w)_(\w)\$", r"\1\2", text)
    return " ".join(re.sub(r"[#*`_$]+", " ", text).casefold().split())


def is_met(name, text):
    """Whether a name stands in the text; of long words the ending may be another."""

    def pattern(word):
        if len(word) < 5:
            return re.escape(word) + "s?"
        return re.escape(word[: max(5, len(word) - 2)]) + r"\w*"

    words = " ".join(pattern(word) for word in name.casefold().split())
    return re.search(rf"(?<!\w){words}(?!\w)", text) is not None


def test_every_row_of_the_table_is_read():
    rows = [line for line in PAGE.splitlines() if line.startswith("|")]
    assert len(TERMS) == len(rows) - 2  # its heading and the line below


def test_it_is_alphabetical_and_no_word_stands_twice():
    first = [term.names[0].casefold() for term in TERMS]
    assert first == sorted(first)
    names = [name.casefold() for term in TERMS for name in term.names]
    assert len(set(names)) == len(names)


def test_each_word_has_one_sentence():
    for names, sentence, _ in TERMS:
        assert re.fullmatch(r"[A-Zλ0-9].*[^.]\.", sentence), names
        assert not re.search(r"\. [A-Z]", sentence), names


def test_links_are_lessons_and_show_their_numbers():
    links = re.findall(r"\[([^\]]+)\]\(([^)]+)\)", PAGE)
    there = {str(lesson.number): lesson.path.name for lesson in course.catalogue()}
    assert [link for link in links if there.get(link[0]) != link[1]] == []


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.names[0])
def test_each_word_is_met_in_its_lessons(term):
    assert term.lessons
    for lesson in term.lessons:
        assert any(is_met(name, read(lesson)) for name in term.names), lesson


def test_a_word_that_is_not_there_is_not_met():
    assert is_met("freeze", "nothing is freezing")
    assert is_met("batch norm", "two batch norms")
    assert not is_met("freeze", "a free rider")
    assert not is_met("batch norm", "a batch of norms")
    assert not is_met("tap", "a tape")


def test_the_terminal_prints_every_word():
    console = Console(width=100, file=io.StringIO())
    course.print_glossary(console)
    printed = console.file.getvalue()
    assert [t.names[0] for t in TERMS if t.names[0].split()[0] not in printed] == []
