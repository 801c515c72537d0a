"""`minitransfer predict`: what a network says of pictures, and how far to believe it."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minitransfer import pictures
from minitransfer.finetuning import keeping, learning
from minitransfer.finetuning.measuring import written
from minitransfer.finetuning.reading import in_bytes, mended, ready_to_run
from minitransfer.pictures.collection import reason_of
from minitransfer.terminal import escaped, json_text, without_controls
from minitransfer.train import predict as outputs_of
from minitransfer.train import softmax
from minitransfer.transfer import strip_head

#: Answers that are told of each picture.
TOP = 3


@dataclass
class Answer:
    """What a network says of one file.

    Attributes:
        file: its name, as it was given.
        error: why it could not be read, or "".
        classes: (name, probability) of the likeliest, best first; empty for values.
        value, half_width: the value and half of the interval that holds most; None for classes.
        unknown: whether it looks like nothing the network was trained on; None if not known.
    """

    file: str
    error: str = ""
    classes: tuple = ()
    value: float | None = None
    half_width: float | None = None
    unknown: bool | None = None


def predict(network, files, top: int = TOP) -> list[Answer]:
    """Ask a network about pictures.

    Args:
        network: name or path, as `zoo.load` takes it, or what `keeping.load` returned.
        files: paths of pictures; of a folder, all the files in it that are not hidden.
        top: how many classes to name for each.

    Returns:
        An `Answer` for each, in the order given; files that cannot be read have an `error`.

    Raises:
        ValueError: if there is no such network, or there are no files.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> from minitransfer.data import render
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Image.fromarray(render("A")).save(f"{folder}/a.png")
        ...     (answer,) = predict("glyph-conv", [f"{folder}/a.png"], top=1)
        >>> answer.classes[0][0]
        'A'
    """
    kept = network if isinstance(network, keeping.Kept) else keeping.load(network)
    files = [Path(file) for file in files]
    files = [one for file in files for one in (_inside(file) if file.is_dir() else [file])]
    if not files:
        raise ValueError("predict: no files were given, or the folders hold none")
    channels, size = _wanted(kept)
    body, head = ready_to_run(strip_head(kept.network)), learning.head_of(kept.network)
    answers = []
    for begin in range(0, len(files), learning.AT_ONCE):
        some = [_read(file, size, channels) for file in files[begin : begin + learning.AT_ONCE]]
        arrays = [array for _, array in some if array is not None]
        rows = iter(())
        if arrays:
            x = mended(np.stack(arrays), kept.card, (kept.notes or {}).get("mending"))
            features = outputs_of(body, in_bytes(x) / np.float32(255))
            if features.ndim != 2:  # a file may describe layers that do not go together
                raise ValueError(
                    f"{kept.card['name']!r} brings {len(x)} pictures to its head as an array of "
                    f"shape {features.shape}; expected a row of numbers for each"
                )
            rows = iter(zip(features, outputs_of(head, features), strict=True))
        for answer, array in some:
            if array is not None:
                _fill(answer, kept, *next(rows), top)
            answers.append(answer)
    return answers


def _wanted(kept):
    if kept.notes is not None:
        return kept.notes["channels"], kept.notes["size"]
    channels, height, _ = kept.network.input_shape
    return channels, height or 224


def _inside(folder):
    found = (file for file in folder.rglob("*") if file.is_file())
    return sorted(file for file in found if not file.name.startswith("."))


def _read(file, size, channels):
    answer = Answer(str(file))
    try:
        array = pictures.decode(file, size, channels=channels)
    except ValueError as error:
        answer.error = reason_of(error)
        return answer, None
    return answer, array


def _fill(answer, kept, features, outputs, top) -> None:
    notes = kept.notes or {}
    if kept.familiarity is not None:
        answer.unknown = bool(kept.familiarity.is_unknown(features[None])[0])
    if notes.get("task") == "values":
        answer.value, answer.half_width = float(outputs[0]), notes["half_width"]
        return
    probabilities = softmax(outputs[None], notes.get("temperature") or 1.0)[0]
    best = np.argsort(-probabilities, kind="stable")[:top]
    answer.classes = tuple((kept.card["classes"][k], float(probabilities[k])) for k in best)


def as_json(answers) -> str:
    """Return answers as JSON, a list of objects.

    Example:
        >>> as_json([Answer("a.png", classes=(("cat", 0.5),), unknown=False)])[:37]
        '[\\n  {\\n    "file": "a.png",\\n    "answe'
    """
    return json_text([_entries(answer) for answer in answers], indent=2)


def _entries(answer) -> dict:
    if answer.error:
        return {"file": answer.file, "error": answer.error}
    if answer.value is not None:
        return {
            "file": answer.file,
            "value": answer.value,
            "half_width": answer.half_width,
            "unknown": answer.unknown,
        }
    named = [{"class": name, "probability": round(p, 6)} for name, p in answer.classes]
    return {"file": answer.file, "answers": named, "unknown": answer.unknown}


def as_csv(answers) -> str:
    """Return answers as CSV, a row for each file. In names control characters stand as codes.

    Example:
        >>> print(as_csv([Answer("a.png", classes=(("cat", 0.5),), unknown=False)]), end="")
        file,answer,probability,unknown,error
        a.png,cat,0.5,False,
    """
    values = any(answer.value is not None for answer in answers)
    names = ["value", "half_width"] if values else ["answer", "probability"]
    with io.StringIO(newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["file", *names, "unknown", "error"])
        for answer in answers:
            if answer.error:
                said = ("", "")
            elif values:
                said = (answer.value, answer.half_width)
            else:
                name, p = answer.classes[0]
                said = (escaped(name), round(p, 6))
            unknown = "" if answer.unknown is None else answer.unknown
            rows.writerow([escaped(answer.file), *said, unknown, answer.error])
        return file.getvalue()


def as_text(answers) -> str:
    """Return answers in words, a line or two for each.

    Example:
        >>> print(as_text([Answer("a.png", classes=(("cat", 0.9), ("dog", 0.1)), unknown=True)]))
        a.png  cat 90 %, dog 10 %
          looks like nothing that the network was trained on: do not rely on it
    """
    lines = []
    for answer in answers:
        if answer.error:
            said = f"cannot be read: {answer.error}"
        elif answer.value is not None:
            said = f"{written(answer.value, 4)} ± {written(answer.half_width, 2)}"
        else:
            said = ", ".join(f"{name} {100 * p:.0f} %" for name, p in answer.classes)
        lines.append(_in_one_line(f"{escaped(answer.file)}  {said}"))
        if answer.unknown:
            lines.append("  looks like nothing that the network was trained on: do not rely on it")
    return "\n".join(lines)


def _in_one_line(text) -> str:
    """What a file's name says after a line end must not look like another answer."""
    return " ".join(without_controls(text).splitlines())
