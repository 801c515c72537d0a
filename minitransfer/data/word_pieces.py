"""Words cut into pieces that occur often: more than a letter, less than a word.

A network that reads letter by letter has long to go, and one that reads whole words knows none that
it has not seen. Pieces stand between the two: what stands side by side most often is glued
together, again and again (Gage 1994, for compressing files; Sennrich, Haddow and Birch 2016, for
translation).
"""

import re
from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np

FILLING, END, START = 0, 1, 2  # codes that stand for no piece


class WordPieces:
    """Cuts words into pieces, and writes them as numbers.

    A piece does not reach over a space or hyphen; the sign in front of a word belongs to the word.

    Args:
        words: texts to learn the pieces from.
        merges: how often two neighbours are glued together, at most: as many pieces there will be,
            besides the single letters.

    Attributes:
        pieces: all pieces, sorted.
        codes: how many numbers there are: the pieces and three more, `FILLING` (0), `END` (1) and
            `START` (2).

    Example:
        >>> words = WordPieces(["zwanzig", "achtzig", "zwei", "acht", "achtundzwanzig"], merges=9)
        >>> words.split("zweiundachtzig")
        ['zw', 'e', 'i', 'u', 'n', 'd', 'acht', 'zig']
        >>> words.decode(words.encode(["acht", "zweiundachtzig"]))
        ['acht', 'zweiundachtzig']
    """

    def __init__(self, words, merges):
        parts = Counter(part for word in words for part in _parts(word))
        letters = {letter for part in parts for letter in part}
        self._rank = {pair: n for n, pair in enumerate(_merged(parts, merges))}
        self.pieces = sorted(letters | {a + b for a, b in self._rank})
        self._code = {piece: n for n, piece in enumerate(self.pieces, START + 1)}
        self.codes = len(self.pieces) + 3

    def __repr__(self):
        return f"WordPieces: {len(self.pieces)} pieces"

    def split(self, word: str) -> list[str]:
        """Return the pieces of a word, in order; glued in the order in which they were learnt.

        Example:
            >>> WordPieces(["nana", "na"], merges=1).split("nanan")
            ['na', 'na', 'n']
        """
        found = []
        for part in _parts(word):
            pieces = list(part)
            while pairs := set(pairwise(pieces)) & self._rank.keys():
                pieces = _glued(pieces, *min(pairs, key=self._rank.get))
            found += pieces
        return found

    def encode(self, words, length: int | None = None, *, at_end: bool = False) -> np.ndarray:
        """Write words as rows of numbers, each with `END` behind it, filled up with `FILLING`.

        Args:
            words: the words.
            length: numbers in a row; as many as the longest needs if None.
            at_end: whether a word stands at the end of its row, for a network that reads rows and
                keeps what it knows after the last number.

        Returns:
            (number of words, length), int64.

        Raises:
            ValueError: if a letter was not among those that the pieces were learnt from, or a word
                is too long.

        Example:
            >>> WordPieces(["ab"], merges=0).encode(["b", "ba"], at_end=True).tolist()
            [[0, 4, 1], [4, 3, 1]]
        """
        rows = [[self._coded(piece, word) for piece in self.split(word)] + [END] for word in words]
        longest = max(map(len, rows), default=0)
        length = longest if length is None else length
        if longest > length:
            word = words[max(range(len(rows)), key=lambda n: len(rows[n]))]
            raise ValueError(f"length={length}; {word!r} needs {longest}, its end included")
        table = np.full((len(rows), length), FILLING)
        for row, codes in zip(table, rows, strict=True):
            row[slice(length - len(codes), None) if at_end else slice(len(codes))] = codes
        return table

    def decode(self, rows) -> list[str]:
        """Return the words that rows of numbers spell, each up to its `END`.

        Example:
            >>> WordPieces(["ab"], merges=0).decode([[4, 3, 1, 4]])
            ['ba']
        """
        words = []
        for row in np.asarray(rows).tolist():
            told = row[: row.index(END)] if END in row else row
            words.append("".join(self.pieces[code - START - 1] for code in told if code > START))
        return words

    def _coded(self, piece, word):
        if piece not in self._code:
            raise ValueError(
                f"{word!r} has {piece!r}, which is in none of the words that these pieces were "
                "learnt from; learn them from words that have all letters"
            )
        return self._code[piece]


def _parts(word):
    """What pieces do not reach beyond: words, each with the sign in front of it."""
    return re.findall(r"\W?\w+|\W", word)


def _merged(parts, merges):
    """The pairs that are glued, in order; `parts` are counted."""
    split = {part: list(part) for part in parts}
    counts, places = Counter(), defaultdict(set)

    def count(part, sign):
        for pair in pairwise(split[part]):
            counts[pair] += sign * parts[part]
            places[pair].add(part)

    for part in split:
        count(part, 1)
    for _ in range(merges):
        pair = max(counts, key=lambda pair: (counts[pair], pair), default=None)
        if pair is None or counts[pair] < 2:
            return
        yield pair
        for part in places.pop(pair):  # some may have lost the pair meanwhile
            count(part, -1)
            split[part] = _glued(split[part], *pair)
            count(part, 1)
        del counts[pair]


def _glued(pieces, a, b):
    """A row of pieces in which a and b, where they are neighbours, are one."""
    glued, n = [], 0
    while n < len(pieces):
        both = pieces[n : n + 2] == [a, b]
        glued.append(a + b if both else pieces[n])
        n += 2 if both else 1
    return glued
