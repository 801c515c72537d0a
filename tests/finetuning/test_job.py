"""From a folder to a network and a report: what is left, and what it says."""

import ast
import json
import re
import shlex
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageOps

from minitransfer import checkpoint, nn, train, transfer, zoo
from minitransfer.array_file import load_arrays, save_arrays
from minitransfer.cli import main
from minitransfer.finetuning import finetune, keeping, learning, predict

QUIET = {"say": lambda sentence: None, "net": "glyph-conv"}


@pytest.fixture(scope="module")
def made(strokes, tmp_path_factory):
    """What `finetune` leaves of the strokes, and what it said."""
    out, said = tmp_path_factory.mktemp("made") / "out", []
    finetune(strokes, out=out, net="glyph-conv", say=said.append)
    return out, said


def test_it_leaves_a_network_and_two_reports_and_no_unfinished_work(made):
    out, _ = made
    assert sorted(path.name for path in out.iterdir()) == [
        "network.safetensors",
        "report-pictures",
        "report.html",
        "report.md",
    ]


def test_the_card_says_what_the_network_is_and_is_worth(made):
    card = zoo.read_card(made[0] / "network.safetensors")
    notes = card["finetuned"]
    assert card["classes"] == ["lying", "ring"]
    assert "glyph-conv" in card["source"]
    assert "MIT" in card["licence"]
    assert notes["pictures"] == {"lying": [9, 3, 3], "ring": [9, 3, 3]}
    assert notes["temperature"] > 0
    assert card["accuracy"]["accuracy, 6 test pictures"] == notes["scores"]["accuracy"][0]
    assert card["command"].startswith("minitransfer finetune ")


def test_it_says_what_came_out_with_intervals_and_controls(made):
    out, said = made
    text = "\n".join(said)
    assert re.search(r"names .* % of 6 test pictures rightly \(95 % interval", text)
    assert "network from scratch" in text
    assert "Training everything changed the balanced accuracy" in text
    report = (out / "report.md").read_text()
    for part in (
        "always the commonest class",
        "from scratch: the same network with random weights",
        "Would more labels help",
        "temperature of",
        "|   | accuracy on the test pictures |",
        "|   | balanced accuracy on the test pictures |",
    ):
        assert part in report, part


def test_both_reports_say_the_same(made):
    out, _ = made
    page = (out / "report.html").read_text()
    words = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]*>", " ", page, flags=re.S)
    text = (out / "report.md").read_text().replace("\\", "")
    for line in ("What is taken for what", "The loss while learning", "Every class counts alike"):
        assert line in words
        assert line in text
    pictures = re.findall(r"\]\((report-pictures/[^)]+)\)", (out / "report.md").read_text())
    assert len(pictures) > 5
    assert all((out / name).is_file() for name in pictures)


def test_nothing_in_the_page_comes_from_outside(made):
    page = (made[0] / "report.html").read_text()
    sources = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')> ]+)""", page)
    assert all(source.startswith(("data:", "#")) for source in sources)
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert "prefers-color-scheme:dark" in page


def test_the_network_can_be_asked_and_gives_what_it_was_judged_with(made, strokes):
    kept = keeping.load(made[0] / "network.safetensors")
    answers = predict(kept, [strokes])
    right = [a.classes[0][0] in a.file for a in answers]
    assert np.mean(right) > 0.8
    assert all(0.99 < sum(p for _, p in a.classes) <= 1.0001 for a in answers)
    assert np.mean([a.unknown for a in answers]) < 0.3


def test_what_is_nothing_like_a_stroke_looks_unknown(made, tmp_path, rng):
    for i in range(10):
        Image.fromarray(rng.integers(0, 256, (28, 28), np.uint8)).save(tmp_path / f"{i}.png")
    answers = predict(made[0] / "network.safetensors", [tmp_path])
    assert np.mean([a.unknown for a in answers]) > 0.7


def test_a_new_head_in_the_three_lines_of_the_readme(made, stroke, rng, capsys):
    readme = Path(__file__).parents[2] / "README.md"
    (lines,) = re.findall(r"```py\n(.*?)```", readme.read_text(encoding="utf-8"), re.S)
    assert len(lines.strip().splitlines()) == 3
    five = ["slanted", "standing", "ring", "lying", "blank"]

    def some(count):
        shown = [stroke(k, rng) if k != "blank" else stroke("ring", rng) // 9
                 for k in five for _ in range(count)]  # fmt: skip
        return np.stack(shown)[:, None] / np.float32(255), np.repeat(np.arange(5), count)

    names = dict(zip(("pictures", "labels", "others", "their_labels"), (*some(12), *some(5)),
                     strict=True))  # fmt: skip
    path = (made[0] / "network.safetensors").as_posix()
    code = lines.replace("photographs-finetuned/network.safetensors", path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # strokes are a little off centre
        exec(code, {"transfer": transfer, "zoo": zoo, "train": train} | names)
    assert ast.literal_eval(capsys.readouterr().out)["accuracy"] > 0.8


def test_it_can_be_published_again_and_finetuned_further(made, write, tmp_path, rng):
    """Somebody else's network is a body like any other."""
    write(tmp_path / "more", {"a": "slanted", "b": "standing"}, 10, rng)
    network = made[0] / "network.safetensors"
    finetune(
        tmp_path / "more", out=tmp_path / "out", option="head", **QUIET | {"net": str(network)}
    )
    card = zoo.read_card(tmp_path / "out" / "network.safetensors")
    assert card["classes"] == ["a", "b"]
    assert card["finetuned"]["borrowed"] == "out"


def test_the_same_command_again_says_that_all_is_there(made, strokes):
    said = []
    before = (made[0] / "network.safetensors").read_bytes()
    finetune(strokes, out=made[0], net="glyph-conv", say=said.append)
    assert "holds the result of this very command already" in said[0]
    assert (made[0] / "network.safetensors").read_bytes() == before


def test_another_command_does_not_write_over_it(made, strokes):
    before = (made[0] / "network.safetensors").read_bytes()
    with pytest.raises(FileExistsError, match="was made by: minitransfer finetune"):
        finetune(strokes, out=made[0], seed=1, **QUIET)
    assert (made[0] / "network.safetensors").read_bytes() == before


def test_values_of_a_table_are_predicted_with_an_interval(tmp_path, rng):
    folder, rows = tmp_path / "bars", ["file,length"]
    folder.mkdir()
    for i in range(60):
        length = int(rng.integers(4, 25))
        picture = np.zeros((28, 28), np.uint8)
        picture[12:15, 14 - length // 2 : 14 + (length + 1) // 2] = 255
        Image.fromarray(picture).save(folder / f"{i}.png")
        rows.append(f"{i}.png,{length * 10.5}")
    (folder / "labels.csv").write_text("\n".join(rows))
    said = []
    out = finetune(folder, out=tmp_path / "out", net="glyph-conv", say=said.append)
    notes = zoo.read_card(out / "network.safetensors")["finetuned"]
    assert notes["task"] == "values"
    assert notes["scores"]["R²"][0] > 0.8
    assert "it is off by" in "\n".join(said)
    assert "The labels were read from labels.csv." in said
    assert "the mean of the training values" in (out / "report.md").read_text()
    answers = predict(out / "network.safetensors", [folder / f"{i}.png" for i in range(60)])
    truth = np.array([float(row.split(",")[1]) for row in rows[1:]])
    off = np.abs(np.array([a.value for a in answers]) - truth)
    assert off.mean() < np.abs(truth - truth.mean()).mean() / 2
    assert (off <= answers[0].half_width).mean() > 0.7


@pytest.mark.parametrize("values", [False, True], ids=["classes", "values"])
def test_where_borrowing_does_harm_the_better_network_is_there_too(
    values, write, tmp_path, rng, monkeypatch
):
    """A head that has learnt nothing stands for a body that is of no use."""

    def nothing(head, *_, **__):
        head.weight.array[...] = 0
        return SimpleNamespace(rows=[])

    monkeypatch.setattr(learning, "learn_head", nothing)
    write(tmp_path / "p", {"lying": "lying", "ring": "ring"}, 40, rng)
    if values:
        names = sorted((tmp_path / "p").rglob("*.png"))
        rows = [f"{p.parent.name}/{p.name},{200 if p.parent.name == 'ring' else 100}"
                for p in names]  # fmt: skip
        rows[0] = rows[0][:-3] + "100.5"
        (tmp_path / "p" / "labels.csv").write_text("\n".join(["file,price", *rows]))
    said = []
    out = finetune(tmp_path / "p", out=tmp_path / "out", option="head",
                   **QUIET | {"say": said.append})  # fmt: skip
    text = " ".join(said)
    assert "the network from scratch is surely better" in text
    assert f"minitransfer predict {out / 'from-scratch.safetensors'} PICTURES…" in text
    assert "network.safetensors is the borrowed one" in (out / "report.md").read_text()
    card = zoo.read_card(out / "from-scratch.safetensors")
    assert "beginning with nothing (random weights)" in card["source"]
    answers = predict(out / "from-scratch.safetensors", [tmp_path / "p" / "ring"])
    if values:
        assert np.mean([abs(a.value - 200) <= a.half_width for a in answers]) > 0.7
    else:
        assert np.mean([a.classes[0][0] == "ring" for a in answers]) > 0.8
    assert np.mean([a.unknown for a in answers]) < 0.3


def test_a_rare_class_is_not_forgotten(stroke, write, tmp_path, rng):
    """One picture in five is slanted; a network that never says so is right four times in five."""
    write(tmp_path / "p", {"lying": "lying"}, 60, rng)
    write(tmp_path / "p", {"slanted": "slanted"}, 15, rng)
    said = []
    out = finetune(tmp_path / "p", out=tmp_path / "out", net="glyph-conv", option="head",
                   say=said.append)  # fmt: skip
    scores = zoo.read_card(out / "network.safetensors")["finetuned"]["scores"]
    assert scores["balanced accuracy"][0] > 0.8
    assert "do not rely on it" not in "\n".join(said)
    for i in range(20):
        Image.fromarray(stroke("slanted", rng)).save(tmp_path / f"{i}.png")
    answers = predict(out / "network.safetensors", [tmp_path / f"{i}.png" for i in range(20)])
    assert np.mean([a.classes[0][0] == "slanted" for a in answers]) > 0.7


def test_names_are_text_and_nothing_else(write, tmp_path, rng, capsys):
    """Names of classes and files come from anybody, and end up in a page."""
    evil = {
        "<img src=x onerror=alert(1)>": "lying",
        "a|b*_[x](javascript:y)`": "ring",
        "“ü” & \x1b[31m$(rm)": "slanted",
    }
    write(tmp_path / "p", evil, 6, rng)
    broken = (
        tmp_path / "p" / "a|b*_[x](javascript:y)`" / "<script>alert(2)</script".replace("/", "_")
    )
    broken.write_bytes(b"")
    assert main(["finetune", str(tmp_path / "p"), "--net=glyph-conv", "--option=head",
                 f"--out={tmp_path / 'out'}"]) == 0  # fmt: skip
    page = (tmp_path / "out" / "report.html").read_text()
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert not re.search(r"<(img|script)(?! alt=)", page)
    assert "\x1b" not in page
    assert r"\x1b[31m$(rm)" in page
    assert "&lt;script&gt;alert(2)" in page  # a file that was left out is named
    text = (tmp_path / "out" / "report.md").read_text()
    assert "\\<img src=x" in text
    assert not re.search(r"(?<!\\)<", text)
    assert "a\\|b\\*\\_\\[x\\](javascript:y)\\`" in text
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "1 file was left out (" in shown
    assert "the file is empty (0 bytes)); the" in " ".join(shown.split())
    network = str(tmp_path / "out" / "network.safetensors")
    assert main(["predict", network, str(tmp_path / "p")]) == 1  # one cannot be read
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "cannot be read: the file is empty" in printed


def test_a_file_whose_name_goes_over_two_lines_has_one_answer(made, strokes, tmp_path, capsys):
    network, file = str(made[0] / "network.safetensors"), tmp_path / "a: b\nc.png  ring 100 %"
    file.write_bytes(b"")
    assert main(["predict", network, str(file)]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith(r"a: b\x0ac.png  ring 100 %  cannot be read: the file is empty (0 bytes)")


def test_predict_in_json_and_csv(made, strokes, tmp_path, capsys):
    network, picture = str(made[0] / "network.safetensors"), str(strokes / "ring" / "00.png")
    assert main(["predict", network, picture, "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert answer["file"] == picture
    assert answer["answers"][0]["class"] == "ring"
    assert answer["unknown"] in (True, False)
    (tmp_path / "no.png").write_bytes(b"no picture")
    assert main(["predict", network, picture, str(tmp_path / "no.png"), "--csv"]) == 1
    header, first, second = capsys.readouterr().out.splitlines()
    assert header == "file,answer,probability,unknown,error"
    assert first.split(",")[1] == "ring"
    assert second.split(",")[1:4] == ["", "", ""]


def test_networks_that_were_not_finetuned_can_be_asked_too(strokes, capsys):
    assert main(["predict", "glyph-conv", str(strokes / "ring" / "00.png")]) == 0
    assert "%" in capsys.readouterr().out


def test_a_damaged_network_is_refused(made, tmp_path, strokes, capsys):
    path = tmp_path / "network.safetensors"
    content = bytearray((made[0] / "network.safetensors").read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    assert main(["predict", str(path), str(strokes / "ring" / "00.png")]) == 2
    assert "damaged" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda card: card.pop("convention"), "notes do not fit the rest"),
        (lambda card: card["finetuned"].update(task="values"), "notes do not fit the rest"),
    ],
)
def test_a_card_whose_parts_do_not_fit_is_refused(change, message, made, tmp_path, strokes, capsys):
    arrays, extra = load_arrays(made[0] / "network.safetensors")
    extra["card"]["finetuned"].update(mending=["inverted"])
    change(extra["card"])
    if "convention" in extra["card"]:
        extra["card"]["finetuned"].update(mending=[], half_width=None)
    save_arrays(tmp_path / "n.safetensors", arrays, extra)
    assert main(["predict", str(tmp_path / "n.safetensors"), str(strokes)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "shape, count, message", [([1, 28, 28], 3, "names 3 classes"), ([784], 5, "not pictures")]
)
def test_a_described_network_of_other_classes_or_shape_is_refused(
    shape, count, message, tmp_path, strokes, capsys
):
    names = list("abcde")
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 5))
    file = zoo.publish(network, tmp_path / "n.safetensors", name="n", input_type="image",
                       input_shape=shape, classes=names, source="", licence="", accuracy={},
                       command="")  # fmt: skip
    arrays, extra = load_arrays(file)
    extra["card"]["classes"] = names[:count]
    save_arrays(file, arrays, extra)
    assert main(["predict", str(file), str(strokes)]) == 2
    assert message in capsys.readouterr().err


def test_a_card_that_lies_about_its_features_is_refused(made, tmp_path, strokes):
    source = made[0] / "network.safetensors"
    card = checkpoint.read_card(source)
    zoo.publish(zoo.load(str(source)), tmp_path / "n.safetensors", **card)  # without the features
    with pytest.raises(ValueError, match="does not hold the features"):
        keeping.load(tmp_path / "n.safetensors")


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--size=64"], "takes pictures of 28 × 28 dots; given --size 64"),
        (["--net=nothing"], "no published network is called 'nothing'"),
    ],
)
def test_what_cannot_be_is_said_before_the_work(arguments, message, strokes, tmp_path, capsys):
    options = ["--net=glyph-conv", f"--out={tmp_path / 'out'}", *arguments]
    assert main(["finetune", str(strokes), *options]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["all", "head, then all"])
def test_what_was_asked_for_is_done(option, strokes, tmp_path):
    said = []
    out = finetune(strokes, out=tmp_path / "out", net="glyph-conv", option=option, epochs=2,
                   augment=False, say=said.append)  # fmt: skip
    card = zoo.read_card(out / "network.safetensors")
    assert card["finetuned"]["option"] == "all"
    assert any("It was kept, as asked for" in sentence for sentence in said)
    words = shlex.split(card["command"])
    assert words[words.index("--option") + 1] == option
    assert "--no-augment" in words
    borrowed, mine = (zoo.load(n).state_dict() for n in ("glyph-conv", out / "network.safetensors"))
    moved = np.abs(borrowed["0.weight"].array - mine["0.weight"].array).max()
    assert 0 < moved < 0.01  # a few small steps


def test_too_few_pictures_are_refused(write, tmp_path, rng):
    write(tmp_path / "few", {"a": "ring", "b": "lying"}, 2, rng)
    with pytest.raises(ValueError, match="fewer than two classes have three pictures"):
        finetune(tmp_path / "few", out=tmp_path / "out", **QUIET)


def test_values_that_are_all_the_same_are_refused(write, tmp_path, rng):
    write(tmp_path / "p", {"a": "ring"}, 12, rng)
    rows = "".join(f"a/{i:02}.png,7\n" for i in range(12))
    (tmp_path / "p" / "labels.csv").write_text("file,price\n" + rows)
    with pytest.raises(ValueError, match="all 12 values are 7; there is nothing to learn"):
        finetune(tmp_path / "p", out=tmp_path / "out", **QUIET)


def test_results_do_not_come_to_lie_among_the_pictures(strokes, monkeypatch, capsys):
    """The report's pictures would be one more class the next time."""
    monkeypatch.chdir(strokes)
    assert main(["finetune", "."]) == 2
    assert "for instance with --out ../strokes-finetuned" in capsys.readouterr().err
    assert sorted(path.name for path in strokes.iterdir()) == ["lying", "ring"]


def test_a_folder_of_results_is_told_from_the_network_in_it(made, capsys):
    assert main(["predict", str(made[0]), "a.png"]) == 2
    assert f"give {made[0] / 'network.safetensors'}" in capsys.readouterr().err


def test_pictures_that_are_there_twice_are_named_and_counted_out(write, tmp_path, rng):
    write(tmp_path / "p", {"a": "lying", "b": "ring"}, 15, rng)
    for i in range(6):
        copy = tmp_path / "p" / "a" / f"copy{i}.png"
        copy.write_bytes((tmp_path / "p" / "a" / f"{i:02}.png").read_bytes())
    out = finetune(tmp_path / "p", out=tmp_path / "out", option="head", **QUIET)
    text = (out / "report.md").read_text()
    assert re.search(r"Nearly the same in two parts \(\d\)", text)
    assert re.search(r"a/0\d.png \(.*\) and a/copy\d.png \(.*\)", text)
    assert "Without them the result is" in text


def test_scans_are_brought_into_the_form_that_the_network_knows(write, tmp_path, rng):
    """Dark on white paper: turned round, said, and predict does the same with a single one."""
    write(tmp_path / "p", {"lying": "lying", "ring": "ring"}, 12, rng)
    for path in (tmp_path / "p").rglob("*.png"):
        with Image.open(path) as image:
            turned = ImageOps.invert(image)
        turned.save(path)
    said = []
    out = finetune(tmp_path / "p", out=tmp_path / "out", net="glyph-conv", option="head",
                   say=said.append)  # fmt: skip
    assert "The ink was dark on bright; pictures were inverted." in said
    assert "invert" in zoo.read_card(out / "network.safetensors")["finetuned"]["mending"]
    assert "pictures were inverted. predict does the same" in (out / "report.md").read_text()
    answers = [predict(out / "network.safetensors", [f])[0] for f in (tmp_path / "p").rglob("*")
               if f.is_file()]  # fmt: skip
    assert np.mean([a.classes[0][0] in a.file for a in answers]) > 0.8
