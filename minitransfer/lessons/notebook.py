"""A lesson as a Jupyter notebook."""

from pathlib import Path

from minitransfer.lessons.shelf import find


def write_notebook(number: int, folder=".") -> Path:
    """Write lesson `number` as a notebook, without outputs.

    Args:
        number: of the lesson.
        folder: where to; made if need be.

    Returns:
        The path of the ``.ipynb`` file.

    Raises:
        ValueError: if there is no such lesson.
        ImportError: if jupytext is not installed.

    Example:
        >>> write_notebook(99)
        Traceback (most recent call last):
        ...
        ValueError: there is no lesson 99; there are ...
    """
    lesson = find(number)
    try:
        import jupytext
    except ImportError:
        raise ImportError(
            'a notebook is written by jupytext: pip install "minitransfer[site]"'
        ) from None
    notebook = jupytext.read(lesson.path, fmt="py:percent")
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    path = Path(folder) / f"{lesson.path.stem}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    jupytext.write(notebook, path)
    return path
