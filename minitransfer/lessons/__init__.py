"""The lessons: percent scripts that tell, show and measure what the articles say.

`claims` is what a lesson ends with, `ledger` what all of them leave behind, `shelf` finds the
lessons, and `stepping` walks through one in the terminal. What a lesson uses of this package is
`claim`, and the intervals in `intervals`.
"""

from minitransfer.lessons.claims import ClaimFailed, claim
from minitransfer.lessons.shelf import Lesson, catalogue, find, lessons_folder
from minitransfer.lessons.sources import articles, claim_statements

__all__ = [
    "ClaimFailed",
    "Lesson",
    "articles",
    "catalogue",
    "claim",
    "claim_statements",
    "find",
    "lessons_folder",
]
