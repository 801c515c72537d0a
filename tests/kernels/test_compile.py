import ast
import os
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np
import pytest
from llvmlite import ir
from numba import types

import minitransfer
from minitransfer import kernels
from minitransfer.folders import cache_folder
from minitransfer.kernels import compile as compiling
from minitransfer.kernels import elementwise, register_tiles, vector_code

PACKAGE = Path(minitransfer.__file__).parent


def _run(code, folder, **environment):
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(folder)} | environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_reference_mode_swaps_every_kernel():
    code = (
        "from minitransfer import kernels; import numpy as np\n"
        "files = kernels._FILES.keys() - {'precompilation', 'threads'}\n"
        "names = [n for n, file in kernels._WHERE.items() if file in files]\n"
        "print(all(getattr(kernels, n).__name__ == n + '_reference' for n in names), len(names))"
    )
    swapped, count = _run(code, PACKAGE.parent, MINITRANSFER_KERNELS="reference")
    assert swapped == "True"
    assert int(count) == 37


def test_a_misspelt_mode_and_a_misspelt_name_are_errors(monkeypatch):
    with pytest.raises(AttributeError, match="has no 'matmull'"):
        kernels.__getattr__("matmull")
    monkeypatch.setenv("MINITRANSFER_KERNELS", "slow")
    with pytest.raises(ValueError, match=r"'slow'.*'fast' or 'reference'"):
        kernels.__getattr__("matmul")


def test_editors_and_the_interpreter_find_a_name_in_the_same_file():
    """And no file has a function's name, or its first import would hide the function."""
    tree = ast.parse((PACKAGE / "kernels" / "__init__.py").read_text())
    found = {
        name.name: line.module
        for block in tree.body
        if isinstance(block, ast.If)
        for line in block.body
        for name in line.names
    }
    assert found == kernels._WHERE
    assert not found.keys() & set(kernels._FILES)


MAIN_JOB = """
from minitransfer.five_ways import one_way
from minitransfer.kernels.compile import REGISTRY
from minitransfer.kernels.precompilation import precompile_main_job
one_way("small_lr", 0, 100, "glyph-conv")
used = {name for name, kernel in REGISTRY.items() if kernel}
for kernel in REGISTRY.values():
    kernel.clear()
precompile_main_job()
print(*used ^ {name for name, kernel in REGISTRY.items() if kernel}, len(used))
"""


def test_the_main_job_precompiles_what_it_uses_and_nothing_else():
    *difference, count = _run(MAIN_JOB, PACKAGE.parent, MINITRANSFER_CACHE=str(cache_folder()))
    assert difference == []
    assert int(count) > 5


def test_a_kernel_names_itself_and_the_type_that_it_does_not_take():
    expected = r"elementwise\._relu takes float32 or float64 arrays, not int64; convert"
    with pytest.raises(TypeError, match=expected):
        elementwise._relu[np.dtype(np.int64)]


@compiling.kernel("void(in2, real[::1], intp)")
def _odd(x, y, n):
    for j in range(n):
        y[j] = x[0, j]


del compiling.REGISTRY[_odd.name]


def _protected(x):
    x.flags.writeable = False
    return x


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"x": np.ones((2, 3))}, r"x is float64 and must be float32: convert with .astype"),
        ({"x": np.ones((2, 3), ">f4")}, r"x is >f4, .*byte order.* and must be float32"),
        ({"x": np.ones(3, np.float32)}, "x has 1 axes and must have 2"),
        ({"x": [[1.0]]}, "x is of type list, not an array"),
        ({"y": _protected(np.ones(3, np.float32))}, r"y is write-protected.*x\.copy\(\)"),
        ({"y": np.ones(6, np.float32)[::2]}, "y is not contiguous.*ascontiguousarray"),
        ({"n": "3"}, "n is of type str, not a number"),
        ({"n": None, "x": np.ones((2, 3))}, r"x is float64.*; n is of type NoneType"),
    ],
)
def test_a_kernel_says_which_argument_it_cannot_take_and_why(change, expected):
    good = {"x": np.ones((2, 3), np.float32), "y": np.zeros(3, np.float32), "n": 3}
    _odd[np.dtype(np.float32)](*good.values())
    with pytest.raises(TypeError, match=rf"test_compile\._odd cannot take its .*{expected}"):
        _odd[np.dtype(np.float32)](*(good | change).values())


def test_a_kernel_from_elsewhere_is_not_kept():
    """Nothing would notice that its source has changed."""
    assert _odd[np.dtype(np.float32)].stats.cache_path is None


WITHOUT_JIT = """
from minitransfer import Tensor, kernels
print(kernels.matmul.__name__, Tensor([-1.0, 2.0]).relu().sum().item())
print(kernels.precompile_main_job())
"""


def test_without_a_compiler_the_plain_versions_run():
    said = _run(WITHOUT_JIT, PACKAGE.parent, NUMBA_DISABLE_JIT="1")
    assert said == ["matmul_reference", "2.0", "0"]


def test_fast_kernels_without_a_compiler_are_an_error():
    off = {"NUMBA_DISABLE_JIT": "1", "MINITRANSFER_KERNELS": "fast"}
    run = [sys.executable, "-c", WITHOUT_JIT]
    done = subprocess.run(run, env=os.environ | off, capture_output=True, text=True)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "NUMBA_DISABLE_JIT is set" in last
    assert "MINITRANSFER_KERNELS=reference" in last


def test_all_kernels_are_precompiled_once_for_each_type():
    seen = []
    count = kernels.precompile(lambda done, total, name: seen.append((done, total, name)))
    assert count == 2 * len(compiling.REGISTRY)
    assert seen[-1] == (count, count, "")
    assert {name for _, _, name in seen[:-1]} == set(compiling.REGISTRY)


def test_a_kernel_takes_arrays_of_any_layout_without_compiling_again():
    @compiling.kernel("void(in2, real[::1])")
    def first_row(x, y):
        for j in range(y.size):
            y[j] = x[0, j]

    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    x.flags.writeable = False
    for view in (x, x.T, x[::2, ::-1]):
        y = np.zeros(view.shape[1], np.float32)
        first_row[x.dtype](view, y)
        assert np.array_equal(y, view[0])
    assert len(first_row[x.dtype].signatures) == 1
    del compiling.REGISTRY[first_row.name]


class _Context:
    """As much of numba's context as the tiles ask for."""

    def get_value_type(self, kind):
        return {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}[kind]

    def get_dummy_value(self):
        return ir.Constant(ir.IntType(8), 0)


def _assembly(tile, numbers, triple, features):
    """The tile's machine code, as text, for another processor."""
    real = types.float32
    like = types.Array(real, 1, "C")
    signature, generate = tile._defn(None, like, *[types.intp] * numbers, types.boolean)
    whole = ir.IntType(64)
    module = ir.Module()
    module.triple = triple
    kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8), *[whole] * numbers, ir.IntType(1)])
    function = ir.Function(module, kind, "tile")
    builder = ir.IRBuilder(function.append_basic_block())
    generate(_Context(), builder, signature, function.args)
    builder.ret_void()
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(triple).create_target_machine(features=features, opt=3)
    return machine.emit_assembly(llvm.parse_assembly(str(module)))


@pytest.mark.parametrize("table", [False, True])
@pytest.mark.parametrize(
    "triple, features, width, outer_size, dot_size, expected",
    [
        ("aarch64-unknown-linux-gnu", "+neon", 16, (8, 2), (4, 6), "fmla\tv"),
        ("x86_64-unknown-linux-gnu", "+avx2,+fma", 32, (6, 2), (4, 3), "vfmadd231ps"),
        ("x86_64-unknown-linux-gnu", "", 16, (6, 2), (4, 3), "mulps"),
    ],
)
def test_the_tiles_are_vector_code_on_other_processors(
    triple, features, width, outer_size, dot_size, expected, table, monkeypatch
):
    monkeypatch.setattr(vector_code, "VECTOR_BYTES", width)
    outer = _assembly(
        register_tiles.make_outer_tile(*outer_size, table, unroll=1), 8, triple, features
    )
    assert outer.count(expected) >= np.prod(outer_size)  # one for each accumulator
    dot = _assembly(register_tiles.make_dot_tile(*dot_size, table), 7, triple, features)
    assert dot.count(expected) >= np.prod(dot_size)
    size = outer_size if "x86" in triple else (6, 4)
    packed = register_tiles.make_packed_tile(*size, panel=size[1], unroll=1)
    packed = _assembly(packed, 6, triple, features)
    assert packed.count(expected) >= np.prod(size)
    assert "prefetch" in packed or "prfm" in packed
    for text in (outer, dot, packed):
        assert "fmaf" not in text  # no call of a C function for every number
