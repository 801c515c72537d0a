"""What `fit` returns: how the training went."""

from dataclasses import dataclass, field


@dataclass
class History:
    """How a training went.

    Attributes:
        rows: one dictionary for each epoch (or each twentieth of `steps`): "epoch" (how many times
            the data was gone through), "step", "lr" (the largest of all groups, at the last step),
            "loss" and the metrics on the training data, and, where there was a validation set,
            "validation_loss" and so on.
        step_losses: the loss of every batch.
        best: the row with the smallest validation loss, or None.
        stopped_early: whether patience ran out.
        seconds: time that it took, including what went before a resume.

    Example:
        >>> history = History(rows=[{"loss": 0.5}, {"loss": 0.25}])
        >>> history["loss"]
        [0.5, 0.25]
    """

    rows: list[dict] = field(default_factory=list)
    step_losses: list[float] = field(default_factory=list)
    best: dict | None = None
    stopped_early: bool = False
    seconds: float = field(default=0.0, compare=False)

    def __getitem__(self, column: str) -> list:
        """Return one entry of all rows, as for a curve."""
        if self.rows and column not in self.rows[0]:
            raise KeyError(f"the history has no {column!r}; it has {', '.join(self.rows[0])}")
        return [row[column] for row in self.rows]

    def __len__(self):
        return len(self.rows)

    def __repr__(self):
        if not self.rows:
            return "History: nothing yet"
        last = (
            f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in self.rows[-1].items()
        )
        return f"History: {', '.join(last)}" + (", stopped early" if self.stopped_early else "")
