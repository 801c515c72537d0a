"""How figures look, and where they go.

Colours are Okabe and Ito's, which people with colour-blind eyes can tell apart. Figures are cards
of a light, neutral colour with dark text, so that they can be read on a white page and on a dark
one. Where no window can be opened they are made without pyplot and its global state.
"""

import contextlib
import io
import os
import sys
from pathlib import Path

from cycler import cycler
from matplotlib import style
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from minitransfer.files import write_atomically
from minitransfer.folders import cache_folder
from minitransfer.terminal import in_notebook as _in_notebook
from minitransfer.terminal import print_whole

#: Okabe and Ito's colours, in the order of use (yellow is too light for text and lines).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#4D4D4D")
BLUE, ORANGE, GREEN, PURPLE, YELLOW, SKY, GREY = COLOURS

#: The same colours for words: a thin letter needs more contrast than a line. These have 4.5 to 1
#: on the card, which the Web Content Accessibility Guidelines (1.4.3) ask for.
WORDS = dict(
    zip(
        COLOURS,
        ("#0072B2", "#B95200", "#00805D", "#9B5C7F", "#956700", "#387698", "#4D4D4D"),
        strict=True,
    )
)

#: Colour of the card, of text on it, and of what should recede.
PAPER, INK, FAINT = "#F6F5F1", "#1F1F1F", "#B5B3AC"

STYLE = {
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "figure.dpi": 150,
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelsize": 11,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.unicode_minus": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "lines.linewidth": 2.0,
}


@contextlib.contextmanager
def house_style():
    """Draw in the house style: matplotlib's own settings and `STYLE`, whatever the user has set.

    A ``matplotlibrc`` may change every default, and one line of it (``text.usetex``) has each
    figure ask for a LaTeX that need not be there. The user's settings are back afterwards. Also a
    decorator: ``@house_style()``.

    Example:
        >>> import matplotlib
        >>> with house_style():
        ...     matplotlib.rcParams["axes.facecolor"]
        '#F6F5F1'
    """
    with style.context(["default", STYLE]):
        yield


@house_style()
def figure(title="", *, columns=1, rows=1, width=5.5, height=3.5, **options):
    """Make a figure in the house style.

    Args:
        title: what the figure shows to be so, in one short sentence.
        columns, rows: how many axes side by side, and one below the other.
        width, height: in inches; the default reads well on a phone.
        options: passed on to ``Figure.subplots``, for instance ``sharey=True``.

    Returns:
        (figure, axes): one axes, or an array of them if there are several.

    Example:
        >>> picture, axes = figure("The loss falls", width=4)
        >>> axes.set_xlabel("steps").get_text()
        'steps'
    """
    make = Figure
    if _has_window():  # only a figure of pyplot's can be given a window
        from matplotlib.pyplot import figure as make
    picture = make(figsize=(width, height), layout="constrained")
    axes = picture.subplots(rows, columns, **options)
    if title:
        set_title(picture, title)
    return picture, axes


@house_style()
def set_title(picture, title: str) -> None:
    """Write the finding over the figure, flush left, on as many lines as it needs.

    Example:
        >>> picture, _ = figure()
        >>> set_title(picture, "Width helps")
        >>> picture.get_suptitle()
        'Width helps'
    """
    room = int(picture.get_figwidth() * 10)  # letters of 12 points that fit in a line
    picture.suptitle(
        _wrapped(title, room), x=0.01, ha="left", fontsize=12, fontweight="bold", color=INK
    )


def _wrapped(text, room):
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def show(picture, name: str) -> Path | None:
    """Show a figure where there is a place for it, and save it as PNG where there is none.

    In a notebook it appears below the cell, on a display in a window. Without a display, or if
    the environment variable ``MINITRANSFER_FIGURES`` names a folder, it is saved (there, or else
    in the cache) and its path printed.

    Args:
        picture: a matplotlib figure.
        name: name of the file, without its ending.

    Returns:
        The path of the file, or None if the figure was shown.

    Raises:
        ValueError: if `name` is empty or is a path.
    """
    if not name or Path(name).name != name:
        raise ValueError(f"a figure's name is a file name without folder; given {name!r}")
    if "MINITRANSFER_FIGURES" not in os.environ:
        if _in_notebook():
            _display_in_notebook(picture)
            return None
        if _has_window():
            from matplotlib import pyplot

            with _ready_to_draw(picture):
                pyplot.show()
            return None
    path = save(picture, figures_folder() / f"{name}.png")
    print_whole(f"Figure saved: {path}")
    return path


def save(picture, path, dpi="figure") -> Path:
    """Save a figure as PNG, in one step, and return the path; its folder is made if need be.

    Args:
        picture: a matplotlib figure.
        path: the file; an older one is replaced.
        dpi: dots per inch; by default those that the figure was made for.

    Example:
        >>> import tempfile
        >>> picture, axes = figure()
        >>> save(picture, Path(tempfile.mkdtemp()) / "figures" / "empty.png").exists()
        True
    """
    with _ready_to_draw(picture):
        return write_atomically(path, lambda file: picture.savefig(file, dpi=dpi, format="png"))


def described(picture) -> str:
    """Say in words what a figure shows, for those who cannot see it.

    Its finding, then for each panel its axes and what is named in it: curves, bars, marks.

    Example:
        >>> picture, axes = figure("The loss falls")
        >>> _ = axes.plot([0, 1], [2, 1], label="scratch")
        >>> _ = axes.set(xlabel="step", ylabel="loss (nats)")
        >>> described(picture)
        'The loss falls (loss (nats) over step: scratch)'
    """
    finding = " ".join(picture.get_suptitle().split())
    said = []
    for axes in picture.axes:
        title = axes.get_title(loc="left") or axes.get_title()
        named = " over ".join(filter(None, (axes.get_ylabel(), axes.get_xlabel())))
        words = [title, named, ", ".join(_names_in(axes))]
        said.append(": ".join(filter(None, (" ".join(one.split()) for one in words))))
    panels = "; ".join(filter(None, dict.fromkeys(said)))
    return f"{finding} ({panels})" if finding and panels else finding or panels or "a figure"


def _names_in(axes, most=8):
    """What is named in a panel, in a legend or beside the curves, and on an axis of kinds."""
    legend = axes.get_legend()
    texts = [*axes.get_legend_handles_labels()[1], *axes.texts, *axes.get_xticklabels()]
    texts += [*axes.get_yticklabels(), *(legend.get_texts() if legend else [])]
    names = (one if isinstance(one, str) else one.get_text() for one in texts)
    plain = dict.fromkeys(" ".join(name.split()) for name in names)
    words = [name for name in plain if any(map(str.isalpha, name)) and "$" not in name]
    return [*words[:most], "…"] if len(words) > most else words


def figures_folder() -> Path:
    """Return the folder for figures: ``MINITRANSFER_FIGURES``, or one in the cache.

    Example:
        >>> figures_folder().is_absolute()
        True
    """
    named = os.environ.get("MINITRANSFER_FIGURES")
    return Path(named).expanduser().absolute() if named else cache_folder() / "figures"


@contextlib.contextmanager
def _ready_to_draw(picture):
    """The house style, also for what was put on the axes outside of it (in a lesson).

    A name in the colour of its curve is drawn a little darker: what is bright enough for a line is
    too pale for letters.
    """
    with house_style():
        for text in picture.findobj(Text):
            text.set_usetex(False)
            colour = text.get_color()
            text.set_color(WORDS.get(to_hex(colour).upper(), colour))
        yield


def _display_in_notebook(picture) -> None:
    """Put the figure below the cell; as an image, since it is not one of pyplot's."""
    from IPython.display import Image, display

    with io.BytesIO() as file, _ready_to_draw(picture):
        picture.savefig(file, format="png")
        width = round(96 * picture.get_figwidth())
        display(Image(file.getvalue(), width=width, metadata={"alt": described(picture)}))


def _has_window() -> bool:
    """Whether matplotlib has found, or was told, a backend that can open windows."""
    if "MINITRANSFER_FIGURES" in os.environ or _in_notebook():
        return False
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return False  # spares the import of pyplot
    from matplotlib import pyplot
    from matplotlib.backends import BackendFilter, backend_registry

    windowed = backend_registry.list_builtin(BackendFilter.INTERACTIVE)
    return pyplot.get_backend().lower() in [name.lower() for name in windowed]
