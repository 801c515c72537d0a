import ast
import os
import shutil
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
ASK = """
import numpy as np
from minitransfer import kernels
from minitransfer.kernels.compile import kernel_folder
x = np.ones((40, 40), np.float32)
print(kernels.matmul(x, x)[0, 0], kernel_folder())
"""


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


@pytest.fixture
def copied(tmp_path):
    """A copy of the kernels in a package of their own."""
    package = tmp_path / "minitransfer"
    shutil.copytree(
        PACKAGE / "kernels", package / "kernels", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(PACKAGE / "folders.py", package)
    (package / "__init__.py").touch()
    return tmp_path


def test_an_edited_tile_is_compiled_anew(copied):
    cache = {"MINITRANSFER_CACHE": str(copied / "cache")}
    value, folder = _run(ASK, copied, **cache)
    assert float(value) == 40
    assert list(Path(folder).glob("*.nbc"))
    tile = copied / "minitransfer" / "kernels" / "vector_code.py"
    text = tile.read_text()
    assert "return self.builder.call(function, [x, y, z])" in text
    tile.write_text(
        text.replace(
            "return self.builder.call(function, [x, y, z])",
            "return self.builder.call(function, [x, self.builder.fadd(y, y), z])",
        )
    )
    value, other = _run(ASK, copied, **cache)
    assert float(value) == 80
    assert other != folder


def test_an_unchanged_kernel_is_loaded_and_not_compiled_again(copied):
    cache = {"MINITRANSFER_CACHE": str(copied / "cache")}
    _, folder = _run(ASK, copied, **cache)
    before = {file.name: file.stat().st_mtime_ns for file in Path(folder).iterdir()}
    _run(ASK, copied, **cache)
    after = {file.name: file.stat().st_mtime_ns for file in Path(folder).iterdir()}
    assert before == after


def test_no_home_and_no_folder_to_write_to(copied):
    """And the installation may be read-only: nothing is written beside the kernels."""
    nowhere = "/proc/nowhere"
    environment = dict.fromkeys(("MINITRANSFER_CACHE", "HOME", "XDG_CACHE_HOME"), nowhere)
    before = set(copied.rglob("*"))
    value, folder = _run(ASK, copied, PYTHONDONTWRITEBYTECODE="1", **environment)
    assert float(value) == 40
    assert not folder.startswith(nowhere)
    assert set(copied.rglob("*")) == before


def test_only_a_few_old_folders_are_kept(tmp_path, monkeypatch):
    for i in range(10):
        (tmp_path / f"kernels-{i}").mkdir()
        os.utime(tmp_path / f"kernels-{i}", (i, i))
    monkeypatch.setattr(compiling, "cache_folder", lambda: tmp_path)
    folder = compiling.kernel_folder.__wrapped__()
    left = {f.name for f in tmp_path.iterdir()}
    assert left == {folder.name, *(f"kernels-{i}" for i in range(5, 10))}
    assert len(left) == compiling.KEEP


def test_reference_mode_swaps_every_kernel():
    code = (
        "from minitransfer import kernels; import numpy as np\n"
        "files = kernels._FILES.keys() - {'compile', 'memory', 'threads'}\n"
        "names = [n for n, file in kernels._WHERE.items() if file in files]\n"
        "print(all(getattr(kernels, n).__name__ == n + '_reference' for n in names), len(names))"
    )
    swapped, count = _run(code, PACKAGE.parent, MINITRANSFER_KERNELS="reference")
    assert swapped == "True"
    assert int(count) == 27


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
from minitransfer.kernels.compile import REGISTRY, precompile_main_job
one_way("small_lr", 0, 100, "glyph-conv")
used = {name for name, kernel in REGISTRY.items() if kernel}
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


def test_all_kernels_are_precompiled_once_for_each_type():
    seen = []
    count = compiling.precompile(lambda done, total, name: seen.append((done, total, name)))
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
    for text in (outer, dot):
        assert "fmaf" not in text  # no call of a C function for every number
