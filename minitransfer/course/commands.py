"""What a reader may type while stepping through a lesson."""

from typing import NamedTuple

HELP = (
    "Enter: next · b: back · a: again · 7: go to cell 7 · u: unfold answers · t: try lines of your "
    "own · e: edit a copy of the cell · o: open the last figure · q: quit"
)

#: Letters and words that stand for themselves, and what they ask for.
WORDS = {
    "a": "again", "again": "again", "u": "unfold", "unfold": "unfold", "t": "try", "try": "try",
    "e": "edit", "edit": "edit", "o": "open", "open": "open", "q": "quit", "quit": "quit",
    "?": "explain", "h": "explain", "help": "explain",
}  # fmt: skip


class Command(NamedTuple):
    """What the reader asked for.

    Attributes:
        kind: "go", "again", "unfold", "try", "edit", "open", "quit", "beyond" (there is no such
            cell) or "explain".
        target: the cell to go to, from 0 ("go" and "beyond" only).
    """

    kind: str
    target: int = 0


def parse_command(answer: str, position: int, count: int) -> Command:
    """Read what was typed.

    Args:
        answer: the line.
        position: the cell just shown, from 0; -1 before the first.
        count: how many cells there are.

    Returns:
        The command. Going on after the last cell quits; what is not understood is explained.

    Example:
        >>> parse_command("", 3, 9), parse_command("b", 0, 9), parse_command("7", 3, 9)
        (Command(kind='go', target=4), Command(kind='go', target=0), Command(kind='go', target=6))
        >>> [parse_command(typed, 8, 9).kind for typed in ("", "12", "what?")]
        ['quit', 'beyond', 'explain']
    """
    answer = answer.strip().lower()
    if answer in WORDS:
        return Command(WORDS[answer])
    if answer in ("", "n", "next"):
        return Command("go", position + 1) if position + 1 < count else Command("quit")
    if answer in ("b", "back"):
        return Command("go", max(position - 1, 0))
    if answer.isdecimal():
        return Command("go" if 1 <= int(answer) <= count else "beyond", int(answer) - 1)
    return Command("explain")


def is_guess(answer: str) -> bool:
    """Whether what was typed after "predict before you run" is a guess, and no command.

    A number is a guess there, and not the way to a cell.

    Example:
        >>> is_guess("95"), is_guess("half of them"), is_guess("b"), is_guess("")
        (True, True, False, False)
    """
    word = answer.strip().lower()
    return word != "" and word not in WORDS and word not in ("b", "back", "n", "next")
