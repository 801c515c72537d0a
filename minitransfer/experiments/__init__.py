"""Long experiments: a grid of settings and seeds, measured row by row into a table that stays.

A lesson takes seconds, some of its experiments take an hour. Such an experiment is a function that
measures one *cell* (one setting with one seed) and a list of cells. `stored` keeps what was
measured in a CSV file, one row a cell. The lesson reads the file, and `measure_again` repeats a
few cells on the spot, so that nobody has to believe the file.

Whoever wants to measure all of it says so when running the lesson::

    python lessons/evidence/13_which_layer.py --full    # one cell after the other
    python lessons/evidence/13_which_layer.py --full=4  # four cells side by side

and in a notebook ``stored(..., full=4)``. A row is written as soon as it is measured: whoever
stops the program, or pulls the plug, loses the cells under way and no others. To measure
everything anew, delete the file first.

Side by side means joblib, which comes with ``pip install "minitransfer[cluster]"``; so does Dask,
which spreads the cells over the machines of a cluster::

    client = dask.distributed.Client("scheduler:8786")
    with joblib.parallel_config("dask"):
        stored(..., full=100)

What the seeds can tell of the truth is computed in `intervals`; `verdicts` turns it into words,
`clusters` takes care of runs that share something, `readings` of numbers read off curves, and
`ranks` compares orders.
"""

from minitransfer.experiments.agreement import Agreement, measure_again
from minitransfer.experiments.clusters import by_cluster, redrawn
from minitransfer.experiments.ranks import kendall_tau
from minitransfer.experiments.readings import crossing, needed, over_seeds
from minitransfer.experiments.runner import grid, read, stored
from minitransfer.experiments.storage import results_folder
from minitransfer.experiments.table import Table
from minitransfer.experiments.verdicts import Judgement, holm, judge, judge_each, over_cases
