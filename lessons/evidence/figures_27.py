"""Figures of lesson 27 and of its evidence: data in, figure out."""

SOURCES = (
    "characters",
    "ten characters",
    "animals",
    "gratings",
    "sounds",
    "shuffled",
    "ink",
    "noise",
)
LABELS = (20, 100, 1000, 4000)
LENDERS = ("characters", "animals", "ink")
STROKES = ("line", "corner", "curve")
COUNTS = (100, 900)
MADE_ON = (
    "digits",
    "noisy digits",
    "other characters",
    "animals",
    "gratings",
    "shuffled digits",
)
ASKED = (
    "second scanner",
    "strokes",
    "which way up",
    "ink of digits",
    "sounds",
    "shuffled animals",
)
