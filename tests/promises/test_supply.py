"""What comes with the package is what was put there, and everybody's licence is beside it.

``cd minitransfer && sha256sum --check SHA256SUMS`` is the same check by hand.
"""

import hashlib
import re
from pathlib import Path

import pytest

import minitransfer
from minitransfer import zoo

PACKAGE = Path(minitransfer.__file__).parent
SUMS = PACKAGE / "SHA256SUMS"

#: What people write and read here; all else was made elsewhere, or by a command.
WRITTEN = {".py", ".css", ".html", ".js", ".svg"}

FILES = sorted(
    path.relative_to(PACKAGE).as_posix()
    for path in PACKAGE.rglob("*")
    if path.is_file()
    and path != SUMS
    and "__pycache__" not in path.parts
    and path.suffix != ".md"
    and (path.suffix not in WRITTEN or "vendor" in path.parts)
)
TOLD = dict(reversed(line.split("  ")) for line in SUMS.read_text(encoding="utf-8").splitlines())


def test_every_file_is_listed():
    assert sorted(TOLD) == FILES


@pytest.mark.parametrize("name", FILES)
def test_the_bytes_are_those_that_were_put_there(name):
    digest = hashlib.sha256((PACKAGE / name).read_bytes()).hexdigest()
    assert f"{digest}  {name}" == f"{TOLD.get(name)}  {name}", "if that is meant, change SHA256SUMS"


@pytest.mark.parametrize("name", FILES)
def test_its_licence_is_beside_it(name):
    path = PACKAGE / name
    if "LICENSE" in path.name:  # it is one
        return
    if path.suffix == ".safetensors":
        assert zoo.read_card(path)["licence"]
        return
    told = (path.parent / "LICENCES.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {re.escape(path.name)}\n(.*?)(?=^## |\Z)", told, re.M | re.S)
    assert section, f"LICENCES.md in {path.parent} has no section on {path.name}"
    assert "Licence:" in section.group(1)
    assert "Source:" in section.group(1)
