import numpy as np
import pytest

from minitransfer import zoo


def test_the_same_command_gives_the_same_bits(tmp_path):
    a, b = (
        zoo.load(
            zoo.pretrain(
                "glyph_mlp", tmp_path / f"{name}.safetensors", classes=5, per_class=4, steps=3
            )
        )
        for name in "ab"
    )
    for x, y in zip(a.parameters(), b.parameters(), strict=True):
        assert np.array_equal(x.array, y.array)


def test_the_card_names_the_command_that_made_it(tmp_path):
    path = zoo.pretrain(
        "glyph_mlp", tmp_path / "x.safetensors", classes=5, per_class=4, steps=3, seed=2
    )
    command = zoo.read_card(path)["command"]
    assert command == (
        "minitransfer pretrain glyph_mlp --classes 5 --per-class 4 --steps 3 --seed 2"
    )


def test_an_unknown_architecture_names_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match="glyph_conv, glyph_mlp"):
        zoo.pretrain("resnet", tmp_path / "x.safetensors")
