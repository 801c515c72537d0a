"""The choices under "predict before you run", and which of them the measurements bear out.

They stand in ``lessons/predictions.toml``. Nobody writes down which choice is right: the number
that decides is read from the ledger of the last full run, so that it cannot go stale.
"""

import tomllib
from functools import cache
from typing import NamedTuple

from minitransfer.course import scripts
from minitransfer.course.claims import values_text, with_minus
from minitransfer.course.ledger import last_run

#: What a cell of prose says that wants a guess before the result is shown.
PREDICT = "**Predict"


class Prediction(NamedTuple):
    """A question with a few answers to choose from.

    Attributes:
        question: what is to be predicted, in one sentence.
        choices: the answers.
        right: the number of the one that was measured, from 0.
        measured: the measured number or numbers, to be shown to who has chosen.
    """

    question: str
    choices: tuple[str, ...]
    right: int
    measured: str


@cache
def predictions() -> dict[str, list[Prediction]]:
    """Return the choices of each lesson, one for each of its cells that says "predict".

    Raises:
        ValueError: if the ledger cannot decide between the choices: no such claim, no such number,
            or not exactly one choice that holds it.

    Example:
        >>> first = predictions()["03_hidden_layer"][0]
        >>> len(first.choices) > 2, first.right in range(len(first.choices))
        (True, True)
    """
    page = (scripts.lessons_folder() / "predictions.toml").read_text(encoding="utf-8")
    records = {record["id"]: record for record in (last_run() or {"claims": []})["claims"]}
    return {
        name: [_decided(f"{name}, prediction {n}", row, records) for n, row in enumerate(rows, 1)]
        for name, rows in tomllib.loads(page).items()
    }


def _decided(place, row, records) -> Prediction:
    record = records.get(row["claim"])
    if record is None:
        raise ValueError(f"{place} asks for claim {row['claim']}, which the last full run lacks")
    measured, choices = record["measured"], row["choices"]
    if "value" in row or not isinstance(measured, dict):  # which range is it in?
        number = measured[row["value"]] if "value" in row else measured
        right = [at for at, (_, low, high) in enumerate(choices) if low <= number < high]
        shown = number
    else:  # which of several is the largest, or the smallest?
        best = {"largest": max, "smallest": min}[row["which"]]
        named = {name: measured[name] for _, name in choices}
        right = [at for at, (_, name) in enumerate(choices) if name == best(named, key=named.get)]
        shown = named
    if len(right) != 1:
        raise ValueError(f"{place}: {len(right)} choices hold what was measured, {shown}; give one")
    texts = tuple(choice[0] for choice in choices)
    return Prediction(row["question"], texts, right[0], with_minus(values_text(record, shown)))
