"""What all tests share: claims and figures go to a temporary folder, not to the user's cache."""

import pytest

# Loaded before pytest looks for doctests: it would otherwise import single modules by itself, and
# put the module nn.population where the package has the function of that name.
import minitransfer  # noqa: F401


@pytest.fixture(autouse=True, scope="session")
def _lines_of_tests_stay_apart(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("lessons")
        patch.setenv("MINITRANSFER_LEDGER", str(folder / "ledger.jsonl"))
        patch.setenv("MINITRANSFER_FIGURES", str(folder / "figures"))
        yield
