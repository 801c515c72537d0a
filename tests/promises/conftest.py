"""Programs that tests start are no tests themselves."""

collect_ignore = ["training.py"]
