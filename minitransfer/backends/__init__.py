"""What PyTorch can compute with. Scripts ask and set switches here; all answers are no.

Example:
    >>> from minitransfer import backends
    >>> backends.mps.is_available(), backends.cudnn.is_available()
    (False, False)
    >>> backends.cudnn.benchmark = True                      # may be set, changes nothing
"""

from types import SimpleNamespace

from minitransfer.backends import cudnn
from minitransfer.devices import Absent, mps
from minitransfer.not_covered import not_covered

cuda = Absent("backends")
cuda.matmul = SimpleNamespace(allow_tf32=False)  # a switch that scripts set


def __getattr__(name):
    raise not_covered("backends", name)
