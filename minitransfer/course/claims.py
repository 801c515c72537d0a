"""A claim: a sentence of an article, what was measured of it, and the verdict the numbers give."""

import html
import importlib.metadata
import json
import math
import os
import platform
import re
import sys
import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from minitransfer.course.pages import check_claim_id
from minitransfer.course.records import VERDICTS, check_record, spread_of
from minitransfer.course.scripts import script_name
from minitransfer.folders import cache_folder
from minitransfer.terminal import in_notebook, print_whole


class ClaimFailed(AssertionError):
    """The measured numbers miss the bar that a claim's `check` sets."""


def claim(
    id: str,
    statement: str,
    *,
    measured,
    spread,
    seeds: int,
    verdict: str,
    check,
    condition: str = "",
    effect: float | None = None,
    interval: tuple[float, float] | None = None,
    source: str | None = None,
    refuted_by: str = "",
    control: str = "",
    unit: str = "",
    format: str = ".4g",
) -> dict:
    """State a claim beside its measurement, leave a line in the ledger and print both.

    The verdict is the lesson's finding and never an error: an article that is found wrong passes
    and is said to be wrong. `check` is the bar that says whether the measurement itself is what
    it used to be; only its failing raises.

    Args:
        id: the claim as `lessons/sources.md` lists it ("E5"); a second statement on the same
            claim adds a part after a slash ("E5/overfitting"). No id is used twice in all lessons.
        statement: the claim in one sentence, no full stop.
        measured: a number, a text, or several numbers as a sequence or as name → number.
        spread: how far it scatters over seeds (standard deviation unless the statement says
            otherwise), in the form of `measured`; 0 for what is exact, None where none makes sense.
            A pair (low, high) in the place of a number is an interval: shares have one.
        seeds: how many independent runs are behind it, 1 or more.
        verdict: "holds", "holds narrowly" or "does not hold"; compute it from the numbers where
            it can differ.
        check: whether the measurement meets its bar.
        condition: under which the claim holds narrowly.
        effect: size of the difference that the claim is about.
        interval: (low, high), its 95 % confidence interval; see `experiments.intervals`.
        source: whose sentence it is, "article" or "ours"; None where a lesson does not say yet.
        refuted_by: what would have refuted the sentence, said before measuring.
        control: what the sentence was compared with, so that this could be seen.
        unit: printed after the numbers ("bits", "s").
        format: Python format of the numbers, for instance ".1%".

    Returns:
        The record as it stands in the ledger.

    Raises:
        ClaimFailed: if `check` is not true, after recording and printing.
        ValueError: if the id or verdict is unknown, `seeds` is below 1, a number is not finite, or
            an entry is of another kind than described above.

    Example:
        >>> import numpy as np
        >>> solved = np.zeros(200, bool)
        >>> record = claim("E2", "two inputs and no hidden layer cannot separate XOR",
        ...                measured=solved.mean(), spread=0.0, seeds=200,
        ...                verdict="holds", check=solved.sum() == 0)
        Claim E2 holds
          two inputs and no hidden layer cannot separate XOR
          measured 0 ± 0 (200 seeds)
    """
    check_claim_id(id)
    if verdict not in VERDICTS:
        raise ValueError(f"verdict {verdict!r} of claim {id}; expected one of {list(VERDICTS)}")
    if condition and verdict != "holds narrowly":
        raise ValueError(f'claim {id}: a condition belongs to "holds narrowly", not to {verdict!r}')
    if seeds < 1:
        raise ValueError(f"claim {id}: seeds={seeds}; expected 1 or more")
    if (effect is None) is not (interval is None):
        raise ValueError(f"claim {id}: effect and interval belong together; give both or neither")
    record = {
        "id": id,
        "lesson": _lesson_of(sys._getframe(1)),
        "statement": statement,
        "measured": _plain(id, measured),
        "spread": _plain(id, spread),
        "seeds": int(seeds),
        "verdict": verdict,
        "condition": condition,
        "effect": _plain(id, effect),
        "interval": _plain(id, interval),
        "source": source,
        "refuted_by": refuted_by,
        "control": control,
        "unit": unit,
        "format": format,
        "passed": bool(check),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
    }
    check_record(record, f"claim {id}")
    with ledger_file().open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")
    _show(record)
    if not record["passed"]:
        raise ClaimFailed(
            f"claim {id}: measured {values_text(record, record['measured'])} misses its bar. "
            f"The claim: {statement}. Find out what changed before the bar is moved"
        )
    return Record(record)


class Record(dict):
    """A record that a notebook does not show once more, where the call of `claim` ends a cell."""

    def _ipython_display_(self):
        pass


def _show(record) -> None:
    """Print a record; a notebook gets it as a card, and as text where it cannot show one."""
    if not in_notebook():
        print_whole(claim_text(record))
        return
    from IPython.display import display

    display({"text/plain": claim_text(record), "text/html": claim_card(record)}, raw=True)


def ledger_file() -> Path:
    """Return the file that claims are written to, a JSON object a line.

    The environment variable ``MINITRANSFER_LEDGER`` names it; otherwise it is in the cache.

    Example:
        >>> ledger_file().suffix
        '.jsonl'
    """
    named = os.environ.get("MINITRANSFER_LEDGER")
    path = Path(named).expanduser() if named else cache_folder() / "ledger.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def claim_text(record: dict) -> str:
    """Lay a record, as `claim` returns it, out as the lines that a lesson prints.

    Example:
        >>> print(claim_text({"id": "E8", "statement": "few examples pin the table down",
        ...     "measured": 0.93, "spread": 0.02, "seeds": 20, "verdict": "holds narrowly",
        ...     "condition": "the cell is shared", "effect": 0.52, "interval": [0.4, 0.6],
        ...     "unit": "", "format": ".2f", "passed": False}))
        Claim E8 holds narrowly: the cell is shared
          few examples pin the table down
          measured 0.93 ± 0.02 (20 seeds)
          effect 0.52, 95 % interval 0.40 to 0.60
          THE CHECK FAILED: the measurement misses its bar
    """
    condition = f": {record['condition']}" if record["condition"] else ""
    whose = f" ({record['source']})" if record.get("source") else ""
    head = f"Claim {record['id']}{whose} {record['verdict']}{condition}"
    wrapped = textwrap.wrap(head, 76)
    for line in claim_details(record):
        wrapped += textwrap.wrap(line, 76, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(wrapped)


#: Okabe and Ito's green, orange and vermilion, dark enough to be read on white.
_COLOURS = dict(zip(VERDICTS, ("#00674b", "#8a5a00", "#b03a00"), strict=True))


def claim_card(record: dict, *, link: str = "") -> str:
    """Lay a record out as a piece of a web page: a badge with the verdict, sentence, numbers.

    The same piece stands in a notebook, on the page of a lesson and on that of the ledger.

    Args:
        record: as `claim` returns it.
        link: HTML that stands behind the id, for instance the lesson that measures it.

    Example:
        >>> card = claim_card({"id": "E8", "statement": "a < b", "verdict": "holds",
        ...     "condition": "", "measured": 1, "spread": 0, "seeds": 1, "effect": None,
        ...     "unit": "", "format": ".2f", "passed": True, "source": "ours"})
        >>> "A &lt; b" in card, 'class="badge"' in card, "sentence of ours" in card
        (True, True, True)
    """
    statement, *details = map(_on_a_page, claim_details(record))
    if not re.match("[b-z] ", statement):  # a letter that stands for a number
        statement = statement[:1].upper() + statement[1:]
    whose = {"article": "sentence of an article", "ours": "sentence of ours"}
    told = whose.get(record.get("source") or "", "")
    colour, verdict = _COLOURS[record["verdict"]], html.escape(record["verdict"])
    if record["condition"]:
        details.insert(0, f"condition: {_on_a_page(record['condition'])}")
    inner = ' style="margin-left: 1.2em"'  # of the numbers that belong to one measurement
    rows = "".join(
        f"<li{inner if line.startswith('  ') else ''}>{line.strip()}</li>" for line in details
    )
    return (
        f'<div class="claim" data-verdict="{verdict}" style="border-left: 4px solid {colour}; '
        f'padding: 0.4em 0 0.4em 1em; margin: 1em 0"><p><span class="badge" style="background: '
        f'{colour}; color: #fff; padding: 0.15em 0.6em; border-radius: 1em">{verdict}</span> '
        f"<b>{html.escape(record['id'])}</b> <span>{told}</span>{link}</p>"
        f"<p><b>{statement}.</b></p><ul>{rows}</ul></div>"
    )


def _on_a_page(text: str) -> str:
    """Text of a record as HTML; what stands between backticks is code, "-0.5" a number."""
    parts = html.escape(text).split("`")
    for at in range(0, len(parts), 2):
        parts[at] = with_minus(parts[at])
    return re.sub("`([^`]+)`", r"<code>\1</code>", "`".join(parts))


def with_minus(text: str) -> str:
    """Return the text with a minus sign where a hyphen stands before a number.

    Example:
        >>> with_minus("conv-3 loses -0.5 ± 0.1")
        'conv-3 loses −0.5 ± 0.1'
    """
    return re.sub(r"(?<![\w.)-])-(?=\d)", "−", text)


def claim_details(record: dict) -> list[str]:
    """Say what a claim states, how it was tested and what was measured, one line each.

    A line may have any length. What older records do not tell is left out.

    Example:
        >>> claim_details({"statement": "it takes longer", "measured": {"a": 0.5, "b": 1},
        ...     "spread": {"a": 0.25, "b": 0}, "seeds": 3, "effect": None, "format": ".2f",
        ...     "unit": "s", "passed": True})
        ['it takes longer', 'measured (3 seeds)', '  a: 0.50 s ± 0.25 s', '  b: 1 s ± 0 s']
    """
    measured = record["measured"]
    unsigned = {**record, "format": record["format"].removeprefix("+")}  # a spread has no sign
    seeds = f"({record['seeds']} seed{'s' if record['seeds'] > 1 else ''})"

    def with_spread(value, spread):
        if isinstance(spread, list) and not isinstance(value, list):
            bare = {**unsigned, "unit": ""}
            low, high = (values_text(bare, end) for end in spread)
            return f"{values_text(record, value)} ({low} to {high})"
        spread = values_text(unsigned, spread)
        return f"{values_text(record, value)}{f' ± {spread}' if spread else ''}"

    lines = [record["statement"]]
    for key, words in (("refuted_by", "would be refuted by"), ("control", "control")):
        if record.get(key):
            lines.append(f"{words}: {record[key]}")
    if isinstance(measured, dict):
        lines.append(f"measured {seeds}")
        lines += [
            f"  {name}: {with_spread(value, spread_of(record, name))}"
            for name, value in measured.items()
        ]
    else:
        lines.append(f"measured {with_spread(measured, spread_of(record))} {seeds}")
    if record["effect"] is not None:
        effect, low, high = (
            values_text(record, x) for x in (record["effect"], *record["interval"])
        )
        lines.append(f"effect {effect}, 95 % interval {low} to {high}")
    if not record["passed"]:
        lines.append("THE CHECK FAILED: the measurement misses its bar")
    return lines


def values_text(record: dict, value) -> str:
    """Write measured values, several by name or one after the other, as the record asks for.

    Example:
        >>> values_text({"format": ".1%", "unit": ""}, {"before": 0.5, "after": 0.75})
        'before 50.0%, after 75.0%'
        >>> values_text({"format": "+.1f", "unit": "points"}, -0.01)
        '0.0 points'
    """
    if isinstance(value, dict):
        return ", ".join(f"{name} {values_text(record, v)}" for name, v in value.items())
    if isinstance(value, list):
        return " / ".join(values_text(record, v) for v in value)
    if isinstance(value, str) or value is None:
        return value or ""
    whole = isinstance(value, int) and record["format"].endswith(("g", "f"))
    text = str(value) if whole else f"{value:{record['format']}}"
    if not re.search("[1-9]", text):  # what is rounded to nothing has no sign
        text = text.lstrip("+-")
    return f"{text} {record['unit']}".rstrip()


def _plain(id, value):
    """The value in the types that JSON knows."""
    if isinstance(value, Mapping):
        return {str(name): _plain(id, v) for name, v in value.items()}
    if isinstance(value, (str, type(None))):
        return value
    if isinstance(value, (list, tuple, np.ndarray)) and np.ndim(value):
        return [_plain(id, v) for v in value]
    number = value.item() if hasattr(value, "item") else value
    if not isinstance(number, (int, float)):
        raise ValueError(f"claim {id}: {value!r} is not a number, text, sequence or dictionary")
    if not math.isfinite(number):
        raise ValueError(f"claim {id}: measured {number}; the experiment gave no usable number")
    return number


def versions() -> dict[str, str]:
    """Return the versions that a measurement may depend on.

    Example:
        >>> sorted(versions())
        ['machine', 'minitransfer', 'numba', 'numpy', 'python']
    """
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in ("minitransfer", "numpy", "numba"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:  # a checkout that was never installed
            found[package] = "not installed"
    return found


def _lesson_of(frame) -> str:
    """The lesson that a call comes from; a notebook's kernel does not know its file."""
    file = frame.f_globals.get("__file__")
    return script_name(Path(file)) if file else "notebook"
