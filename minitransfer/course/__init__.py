"""The course: what finds, plays, checks and prints the lessons in the folder ``lessons``.

`scripts` finds the lessons and cuts them into cells, `player` steps through one in the terminal,
`claims` is what a lesson ends with, `exercises` what it asks the reader to do, `records` what it
leaves in a file, `ledger` what all of them leave behind, `predictions` has the choices for what is
to be guessed, and `pages` reads the sources, the glossary and the index. What a lesson itself uses
of this package is `claim`, `figures`, `exercises` and `code_of`, which brings code that stands
elsewhere onto the page.
"""

import sys

from minitransfer.course import scripts
from minitransfer.course.claims import ClaimFailed, claim
from minitransfer.course.code_on_page import code_of
from minitransfer.course.exercises import Exercise, exercises, near
from minitransfer.course.ledger import LessonFailed, last_run, print_ledger, print_untested, run_all
from minitransfer.course.pages import (
    articles,
    claim_statements,
    glossary_terms,
    print_glossary,
    print_sources,
)
from minitransfer.course.player import run_through, step_through
from minitransfer.course.scripts import (
    catalogue,
    figures,
    lessons_folder,
    print_catalogue,
    write_notebook,
)
from minitransfer.terminal import replace_what_cannot_be_shown

if scripts.a_lesson_is_running():  # as a plain script: nobody else has looked at its streams
    replace_what_cannot_be_shown(sys.stdout, sys.stderr)
