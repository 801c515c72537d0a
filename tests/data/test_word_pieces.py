"""Pieces of words: learnt in order of frequency, never over a space, read back as they were."""

import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitransfer.data import NUMBER_LANGUAGES, WordPieces, number_words
from minitransfer.data.word_pieces import END, FILLING


def test_the_pair_that_stands_most_often_is_glued_first():
    words = ["low", "low", "lower", "newer", "newer", "new"]
    # "we" stands four times; then "wer", "lo" and "ne" three times: the last in the alphabet
    assert WordPieces(words, merges=1).split("lower") == ["l", "o", "we", "r"]
    assert WordPieces(words, merges=2).split("lower") == ["l", "o", "wer"]


def test_counts_follow_the_merges():
    """The same pairs as when everything is counted anew after each merge."""
    words = [number_words(language, n) for language in NUMBER_LANGUAGES for n in range(0, 300, 7)]
    assert list(WordPieces(words, merges=40)._rank) == counted_anew(words, 40)


def counted_anew(words, merges):
    rows = [list(part) for word in words for part in re.findall(r"\W?\w+|\W", word)]
    found = []
    for _ in range(merges):
        counts = Counter(pair for row in rows for pair in pairwise(row))
        a, b = max(counts, key=lambda pair: (counts[pair], pair))
        found.append((a, b))
        for k, row in enumerate(rows):
            glued = []
            while row:
                step = 2 if row[:2] == [a, b] else 1
                glued.append("".join(row[:step]))
                row = row[step:]
            rows[k] = glued
    return found


def test_no_piece_reaches_over_a_space():
    pieces = WordPieces(["on bir", "on bir", "vingt-deux", "vingt-deux"], merges=50)
    assert pieces.split("on bir") == ["on", " bir"]
    assert pieces.split("vingt-deux") == ["vingt", "-deux"]


def test_what_stands_once_is_not_glued():
    assert WordPieces(["abc"], merges=5).split("abc") == ["a", "b", "c"]


@given(st.lists(st.text("ab -"), min_size=1), st.integers(0, 9))
def test_words_come_back_as_they_went(words, merges):
    pieces = WordPieces(words, merges)
    for at_end in (False, True):
        rows = pieces.encode(words, at_end=at_end)
        assert pieces.decode(rows) == words
        assert ((rows == END).sum(1) == 1).all()
    assert (rows[:, -1] == END).all()


def test_rows_are_filled_up():
    pieces = WordPieces(["ab"], merges=0)
    rows = pieces.encode(["a", "ab"], 5)
    assert rows.shape == (2, 5)
    assert (rows[0, 2:] == FILLING).all()
    np.testing.assert_array_equal(pieces.encode([], 3), np.zeros((0, 3)))


def test_what_cannot_be_written_is_said():
    pieces = WordPieces(["ab"], merges=0)
    with pytest.raises(ValueError, match="'ac' has 'c', which is in none"):
        pieces.encode(["ac"])
    with pytest.raises(ValueError, match="length=2; 'ab' needs 3"):
        pieces.encode(["a", "ab"], 2)
