"""One's own pictures: from a folder to arrays, labels and a word on what was left out."""

from minitransfer.data.conventions import Look, look, mend, sentences_about, steps_to
from minitransfer.pictures.collection import Collection, collect
from minitransfer.pictures.decoding import decode
from minitransfer.pictures.duplicates import Pair, near_duplicates
from minitransfer.pictures.splitting import split
from minitransfer.pictures.streaming import Batch, batches

__all__ = [
    "Batch",
    "Collection",
    "Look",
    "Pair",
    "batches",
    "collect",
    "decode",
    "look",
    "mend",
    "near_duplicates",
    "sentences_about",
    "split",
    "steps_to",
]
