"""Figures: the only part of the library that imports matplotlib.

`style` says how all of them look and where they go; the others draw one kind of picture each.
A title states what the figure shows to be so; the caller writes it.
"""

from minitransfer.plots.curves import accuracy_bars, curves_with_spread, label_ends, loss_curves
from minitransfer.plots.images import picture_rows
from minitransfer.plots.networks import network_diagram
from minitransfer.plots.planes import decision_regions, hidden_space, truth_table_picture
from minitransfer.plots.relations import relation_diagram
from minitransfer.plots.reports import (
    as_svg,
    course_figure,
    labels_figure,
    laid_over,
    reliability_figure,
    values_figure,
)
from minitransfer.plots.roofs import carried, roofline
from minitransfer.plots.style import COLOURS, figure, save, set_title, show
