"""The site, built once: three lessons with their evidence, or (slow) all of it."""

import shutil

import pytest

from minitransfer.site import build

#: Lessons that are quick to run, one of each kind of page.
THREE = (1, 13, 17)


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(THREE, id="three"),
        pytest.param(None, id="whole", marks=pytest.mark.slow),
    ],
)
def site(request, tmp_path_factory):
    """The folder of the site."""
    for needed in ("sphinx", "myst_nb", "furo", "jupytext"):
        pytest.importorskip(needed, reason="needs the extra `site`")
    return build(tmp_path_factory.mktemp("site") / "html", numbers=request.param).parent


@pytest.fixture(scope="session")
def browser():
    """Debian's chromium, or another one that is on the path."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra `test`")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
    if found is None:
        pytest.skip("no chromium on this machine: pages were not looked at in a browser")
    with playwright.sync_playwright() as started:
        # Without its sandbox, since this may run as root; it sees files of our own only.
        browser = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()
