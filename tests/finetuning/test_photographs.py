"""With the network for photographs, where it is installed."""

import re

import numpy as np
import pytest
from PIL import Image

from minitransfer import checkpoint, nn, train, zoo
from minitransfer.cli import main
from minitransfer.finetuning import bodies, finetune, predict
from minitransfer.zoo import imagenet


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


def test_it_is_said_that_a_network_for_grey_pictures_sees_no_colour(colours, tmp_path):
    said = []
    options = {"net": "glyph-conv", "option": "head", "say": said.append}
    out = finetune(colours, out=tmp_path / "out", **options)
    (sentence,) = (one for one in said if "colour" in one)
    assert re.match("Of 12 pictures looked at, 1[012] are in colour, and glyph-conv", sentence)
    assert "--net efficientnet-lite0" in sentence
    assert "the colour was left out" in (out / "report.md").read_text()
    for path in colours.rglob("*.jpg"):  # grey ones, though each has three channels
        grey = tmp_path / "grey" / path.relative_to(colours)
        grey.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(path) as image:
            image.convert("L").convert("RGB").save(grey)
    said.clear()
    finetune(tmp_path / "grey", out=tmp_path / "out of grey", **options)
    assert not any("colour" in one for one in said)


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


def test_weights_without_a_card_are_known_by_their_names(colours, tmp_path):
    weights = tmp_path / "mine.safetensors"
    checkpoint.save_weights(zoo.efficientnet_lite0(3, generator=np.random.default_rng(0)), weights)
    options = {"size": 32, "option": "head", "say": lambda sentence: None}
    out = finetune(colours, out=tmp_path / "out", net=str(weights), **options)
    card = zoo.read_card(out / "network.safetensors")
    assert card["architecture"] == "efficientnet_lite0"
    assert "mine (what the file mine.safetensors does not say" in card["source"]
    assert card["licence"].startswith("body: not said in the file")


@pytest.mark.usefixtures("installed")
def test_the_published_file_is_taken_as_it_is():
    network = zoo.load(imagenet._file())
    x = np.random.default_rng(0).random((1, 3, 64, 64), np.float32)
    same = zoo.load("efficientnet-lite0")
    np.testing.assert_array_equal(train.predict(network, x), train.predict(same, x))
    assert network.card["classes"] == same.card["classes"]


def test_who_gives_other_weights_is_told_what_the_command_takes(colours, tmp_path, capsys):
    weights = tmp_path / "mine.safetensors"
    checkpoint.save_weights(nn.Linear(2, 1), weights)
    assert main(["finetune", str(colours), f"--net={weights}", f"--out={tmp_path / 'out'}"]) == 2
    told = capsys.readouterr().err
    assert "no card that says how to build the network" in told
    assert "On the command line, give a file that minitransfer finetune wrote" in told


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
