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


@pytest.mark.parametrize(
    "change, difference",
    [
        ({"seed": 1}, r"command: .* --seed 0 / .* --seed 1"),
        ({"steps": 2}, r"command: .* --steps 4 .* / .* --steps 2"),
        ({"steps": 6}, r"command: .* --steps 4 .* / .* --steps 6"),
        ({"per_class": 5}, r"data 'training': "),
        ({"classes": 6}, r"weights '.*.weight': float32 \(5, .*\) / float32 \(6, "),
    ],
)
def test_another_command_does_not_go_on_from_an_interrupted_one(tmp_path, change, difference):
    """Else what both have trained together would be published under the second one's name."""
    options = {"classes": 5, "per_class": 4, "steps": 4, "checkpoint": tmp_path / "checkpoint"}
    zoo.pretrain("glyph_mlp", tmp_path / "first.safetensors", **options)
    with pytest.raises(ValueError, match=difference):
        zoo.pretrain("glyph_mlp", tmp_path / "second.safetensors", **{**options, **change})
    assert not (tmp_path / "second.safetensors").exists()
    zoo.pretrain("glyph_mlp", tmp_path / "second.safetensors", **options)


def test_a_sibling_is_trained_once_and_kept(tmp_path, monkeypatch):
    trained = []

    def quick(architecture, path, *, seed, steps):
        trained.append((architecture, seed, steps))
        return zoo.pretrain(architecture, path, classes=4, per_class=2, steps=1, seed=seed)

    # Not by the environment: once asked, the place of the cache stays, and it may be the user's.
    monkeypatch.setattr("minitransfer.zoo.pretraining.cache_folder", lambda: tmp_path)
    monkeypatch.setattr("minitransfer.zoo.pretraining.pretrain", quick)
    first, again, longer = (
        zoo.sibling("glyph-mlp", 3, steps=steps).state_dict() for steps in (7, 7, None)
    )
    assert trained == [("glyph_mlp", 3, 7), ("glyph_mlp", 3, 8000)]
    assert all(np.array_equal(first[name].array, again[name].array) for name in first)
    assert longer.keys() == first.keys()


def test_a_sibling_is_not_the_published_network_itself():
    with pytest.raises(ValueError, match=r"zoo.load\('glyph-mlp'\)"):
        zoo.sibling("glyph-mlp", 0)
