"""Figures: the only part of the library that imports matplotlib.

`style` says how all of them look and where they go; the others draw one kind of picture each.
A title states what the figure shows to be so; the caller writes it.
"""

from minitransfer.plots.style import COLOURS, figure, save, set_title, show

__all__ = ["COLOURS", "figure", "save", "set_title", "show"]
