"""PyTorch's place for `data`; everything in it stands in `minitransfer.data`."""

import importlib

from minitransfer.not_covered import not_covered


def __getattr__(name):
    if name == "data":  # loaded when it is first used, so that the import stays quick
        return importlib.import_module("minitransfer.utils.data")
    raise not_covered("utils", name)
