"""The lessons: percent scripts that tell, show and measure what the articles say.

`claims` is what a lesson ends with, `ledger` what all of them leave behind, `shelf` finds the
lessons, and `stepping` walks through one in the terminal. What a lesson uses of this package is
`claim`, and the intervals in `intervals`.
"""

from minitransfer.lessons.claims import ClaimFailed, claim
from minitransfer.lessons.glossary import Term, glossary_terms, print_glossary
from minitransfer.lessons.ledger import LessonFailed, last_run, print_ledger, run_all
from minitransfer.lessons.notebook import write_notebook
from minitransfer.lessons.shelf import Lesson, catalogue, find, lessons_folder, print_catalogue
from minitransfer.lessons.sources import articles, claim_statements
from minitransfer.lessons.stepping import run, step

__all__ = [
    "ClaimFailed",
    "Lesson",
    "LessonFailed",
    "Term",
    "articles",
    "catalogue",
    "claim",
    "claim_statements",
    "find",
    "glossary_terms",
    "last_run",
    "lessons_folder",
    "print_catalogue",
    "print_glossary",
    "print_ledger",
    "run",
    "run_all",
    "step",
    "write_notebook",
]
