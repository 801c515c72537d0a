import pytest

from minitransfer.course import code_of, figures
from minitransfer.kernels.compile import helper


def before(a):
    """Says something
    in two lines."""
    for i in range(a):
        print(i)


def after(a):
    total = 0
    for i in range(a):
        if i:
            print(i)
    return total


def test_docstrings_and_decorators_are_left_out():
    assert code_of(before) == "def before(a):\n    for i in range(a):\n        print(i)"
    assert code_of(helper(before)) == code_of(before)
    assert code_of(compiled) == "def compiled(a):\n    return a"


@helper
def compiled(a):
    return a


def test_new_lines_are_marked_and_deeper_ones_are_not():
    assert code_of(after, before).splitlines() == [
        "  def after(a):",
        "▌     total = 0",
        "      for i in range(a):",
        "▌         if i:",
        "              print(i)",
        "▌     return total",
    ]


def test_nothing_is_marked_in_what_is_the_same():
    assert "▌" not in code_of(before, before)


def test_a_method_or_a_class_stands_at_the_margin():
    class Inner:
        def method(self):
            return 1

    assert code_of(Inner.method) == "def method(self):\n    return 1"
    assert code_of(Inner).startswith("class Inner:")


def test_a_class_of_a_companion_stands_on_the_page():
    """Its module is not imported, so that Python's own search does not find the class."""
    reader = figures(25).Reader
    shown = code_of(reader)
    assert shown.startswith("class Reader(nn.Module):\n    def __init__")
    assert shown.endswith(code_of(reader.forward).replace("\n", "\n    "))
    assert "A transformer that reads" not in shown  # its docstring


def test_a_class_that_nobody_wrote_down_is_not_at_hand():
    made = {}
    exec("class Made:\n    def method(self): pass", made)
    with pytest.raises(OSError, match="the class Made is not at hand"):
        code_of(made["Made"])
