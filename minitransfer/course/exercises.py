"""Exercises: a question, and a judge that looks at the answer and says what is missing.

Those of a lesson stand in ``evidence/exercises_NN.py``, with their solutions; the lesson ends with
a cell that asks them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from minitransfer.course import scripts
from minitransfer.terminal import print_whole, wrapped


class Exercise(NamedTuple):
    """One question, and what the answer to it has to stand.

    Attributes:
        question: what is asked for, and in which form: a number, a pair, a function of …
        judge: called with the answer; returns a hint, or "" where the answer is right.
        solution: an answer that is right.
        wrong: answers that are wrong in ways that suggest themselves; the judge has to see it.
        number: which of the lesson's it is, from 1; `exercises` counts.

    Example:
        >>> def judge(bits):
        ...     return "" if bits == 3 else "each of the eight is one of two, twice, and once more"
        >>> eight = Exercise("How many bits tell eight states apart?", judge, 3, (8,))
        >>> eight.check(...)
        Exercise 1: How many bits tell eight states apart?
          Put your answer in the place of the dots.
        >>> eight.check(8)
        Exercise 1, not yet: each of the eight is one of two, twice, and once more
        False
        >>> eight.check(3)
        Exercise 1: right
        True
    """

    question: str
    judge: Callable[[Any], str]
    solution: Any
    wrong: tuple = ()
    number: int = 1

    def check(self, answer) -> bool | None:
        """Say whether an answer is right, and if it is not, what to think of.

        Args:
            answer: in the form that the question asks for; ``...`` has the question printed.

        Returns:
            Whether it is right; None as long as there is no answer.
        """
        name = f"Exercise {self.number}"
        if answer is ...:
            print_whole(wrapped(f"{name}: {self.question}"))
            print_whole("  Put your answer in the place of the dots.")
            return None
        try:
            hint = self.judge(answer)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            hint = f"this answer cannot be judged ({said}). Asked was: {self.question}"
        print_whole(wrapped(f"{name}, not yet: {hint}" if hint else f"{name}: right"))
        return not hint


def exercises(number: int) -> list[Exercise]:
    """Return the exercises of a lesson, from ``evidence/exercises_NN.py``.

    The file is plain Python that defines ``EXERCISES``; it is read anew by each call.

    Args:
        number: of the lesson.

    Raises:
        ValueError: if this lesson has none.

    Example:
        >>> exercises(99)
        Traceback (most recent call last):
        ...
        ValueError: lesson 99 has no exercises; they would be in ...
    """
    module = scripts.companion("exercises", number)
    return [one._replace(number=at) for at, one in enumerate(module.EXERCISES, 1)]


def near(answer, wanted, within: float) -> bool:
    """Whether a number, or each of several, is as near to what is wanted as it should be.

    Example:
        >>> near(3.19, 3.1926, 0.005), near((5, 1), (5, 2), 0.1), near((5, 1), 5, 0.1)
        (True, False, False)
    """
    if isinstance(wanted, (tuple, list)):
        return len(answer) == len(wanted) and all(
            near(one, other, within) for one, other in zip(answer, wanted, strict=True)
        )
    return not hasattr(answer, "__len__") and abs(answer - wanted) <= within
