"""Lessons that run side by side before Sphinx asks for what they print."""

import os

import pytest

nbformat = pytest.importorskip("nbformat", reason="needs the extra `site`")
get_cache = pytest.importorskip("jupyter_cache", reason="needs the extra `site`").get_cache
pytest.importorskip("ipykernel", reason="needs the extra `site`")

from minitransfer.site import lesson_pages, running  # noqa: E402
from minitransfer.site.building import KERNEL  # noqa: E402


def written(path, *cells):
    page = nbformat.v4.new_notebook(metadata=dict(lesson_pages.METADATA))
    page.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(page, path)
    return path


@pytest.fixture
def environment(tmp_path):
    return {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")}


def test_outputs_are_kept_where_sphinx_looks_for_them(tmp_path, environment):
    one = written(tmp_path / "01_one.ipynb", "print(6 * 7)")
    other = written(tmp_path / "02_other.ipynb", "import os", "print(os.getcwd())")
    wrong = written(tmp_path / "03_wrong.ipynb", "1 / 0")
    outputs = tmp_path / "outputs"
    running.run_side_by_side([one, other, wrong], outputs, environment, at_once=2)

    cache = get_cache(str(outputs))
    for path, printed in ((one, "42"), (other, str(tmp_path))):
        asked = nbformat.read(path, as_version=4)  # as MyST-NB reads it
        _, found = cache.merge_match_into_notebook(asked)
        assert found.cells[-1].outputs[0].text.strip() == printed
    with pytest.raises(KeyError):  # Sphinx will run it again and say what is wrong
        cache.match_cache_notebook(nbformat.read(wrong, as_version=4))
    assert [path for path, _ in running._waiting([one, other, wrong], cache)] == [wrong]


def test_each_has_one_core(tmp_path, environment):
    asks = "import minitransfer.kernels as k\nprint(k.get_num_threads())"
    page = written(tmp_path / "01_one.ipynb", asks)
    running.run_side_by_side([page], tmp_path / "outputs", environment, at_once=1)
    found = get_cache(str(tmp_path / "outputs")).get_cache_bundle(1)
    assert found.nb.cells[0].outputs[0].text == "1\n"


def test_a_warning_is_told_without_the_file_that_gives_it(tmp_path, environment):
    settings = tmp_path / "ipython" / "profile_default" / "ipython_kernel_config.py"
    settings.parent.mkdir(parents=True)
    settings.write_text(KERNEL, encoding="utf-8")
    page = written(tmp_path / "01_one.ipynb", "import warnings\nwarnings.warn('too dark')")
    running.run_side_by_side([page], tmp_path / "outputs", environment, at_once=1)
    found = get_cache(str(tmp_path / "outputs")).get_cache_bundle(1)
    assert found.nb.cells[0].outputs[0].text == "UserWarning: too dark\n"


def test_the_longest_come_first(monkeypatch, tmp_path):
    seconds = {"01_short": 2.0, "evidence/01_short": 9.0}
    monkeypatch.setattr(running, "last_run", lambda: {"seconds": seconds})
    names = ("01_short", "evidence/01_short", "24_new")
    paths = [tmp_path / f"{name}.ipynb" for name in names]
    assert [running._seconds(path) for path in paths] == [2.0, 9.0, float("inf")]
