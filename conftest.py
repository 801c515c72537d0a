"""What all tests share: claims and figures go to a temporary folder, not to the user's cache."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def _lines_of_tests_stay_apart(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("lessons")
        patch.setenv("MINITRANSFER_LEDGER", str(folder / "ledger.jsonl"))
        patch.setenv("MINITRANSFER_FIGURES", str(folder / "figures"))
        yield
