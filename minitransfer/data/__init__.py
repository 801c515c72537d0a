"""Data: sets that come with the library, and what brings them to a network in batches."""

from minitransfer.data import games, rooms
from minitransfer.data.alterations import altered
from minitransfer.data.augmentation import augment
from minitransfer.data.characters import FONTS, glyph_characters, render, script_of
from minitransfer.data.dataset import Dataset, TensorDataset
from minitransfer.data.glyph_set import glyphs
from minitransfer.data.loader import DataLoader
from minitransfer.data.number_words import NUMBER_LANGUAGES, number_words
from minitransfer.data.patches import patches
from minitransfer.data.patterns import gratings, sounds
from minitransfer.data.sets import (
    animal_shapes,
    japanese_vowels,
    languages,
    mnist,
    shuffled_digits,
    uci_digits,
)
from minitransfer.data.strokes import strokes
from minitransfer.data.truth_tables import one_hot, or_, state_index, truth_table, xor
from minitransfer.data.word_pieces import WordPieces

__all__ = [
    "FONTS",
    "NUMBER_LANGUAGES",
    "DataLoader",
    "Dataset",
    "TensorDataset",
    "WordPieces",
    "altered",
    "animal_shapes",
    "augment",
    "games",
    "glyph_characters",
    "glyphs",
    "gratings",
    "japanese_vowels",
    "languages",
    "mnist",
    "number_words",
    "one_hot",
    "or_",
    "patches",
    "render",
    "rooms",
    "script_of",
    "shuffled_digits",
    "sounds",
    "state_index",
    "strokes",
    "truth_table",
    "uci_digits",
    "xor",
]
