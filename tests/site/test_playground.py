"""The playground's mathematics against the library's, and its panels as one uses them."""

import json

import numpy as np
import pytest

import minitransfer as mt
from minitransfer import data, nn, optim, zoo
from minitransfer.site import playground_files
from minitransfer.site.playground_files import published_parts

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of playwright's own making

FOLDER = playground_files.FILE.parent


@pytest.fixture(scope="module")
def bench(browser):
    """A page that has the playground's mathematics, and nothing to look at."""
    page = browser.new_page()
    page.goto("about:blank")
    for name in ("numbers", "networks", "weights", "drawing"):
        text = (FOLDER / f"{name}.js").read_text(encoding="utf-8")
        text = text.replace("class DrawingPad", "globalThis.DrawingPad = class DrawingPad")
        for one in ("Numbers", "Networks", "Weights"):
            text = text.replace(f"const {one} =", f"globalThis.{one} =")
        page.evaluate(f"() => {{ {text} }}")
    yield page
    page.close()


@pytest.mark.parametrize("seed", [0, 1, 199, 2**32 + 5])
def test_random_numbers_are_numpy_s(bench, seed):
    found = bench.evaluate(
        "(seed) => { const g = new Numbers.Generator(seed);"
        "return [g.random(), ...Array.from({length: 5000}, () => g.normal())] }",
        seed,
    )
    rng = np.random.default_rng(seed)
    wanted = [rng.random(), *rng.standard_normal(5000)]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)


def small(width, activation):
    """The network of lesson 3, in double precision."""

    def build(rng):
        net = nn.Sequential(
            nn.Linear(2, width, generator=rng), activation, nn.Linear(width, 1, generator=rng)
        )
        for drawn in (net[0].weight, net[0].bias, net[2].weight):
            nn.init.normal_(drawn, generator=rng)
        nn.init.zeros_(net[2].bias)
        return net.double()

    return build


def losses_of_library(width, activation, seed, y, rate, l2):
    net = small(width, activation)(np.random.default_rng(seed))
    x, _ = data.xor()
    x, y = mt.tensor(x.astype(np.float64)), mt.tensor(np.reshape(y, (4, 1)).astype(np.float64))
    rule, losses = optim.SGD(net.parameters(), lr=rate), []
    for _ in range(100):
        rule.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(net(x), y)
        losses.append(loss.item())
        penalty = sum((net[at].weight ** 2).sum() for at in (0, 2))
        (loss + l2 / 2 * penalty).backward()
        rule.step()
    return losses


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize(
    ("name", "activation", "l2"),
    [("sigmoid", nn.Sigmoid(), 0.0), ("tanh", nn.Tanh(), 0.01), ("relu", nn.ReLU(), 0.0)],
)
def test_losses_agree_over_100_steps(bench, name, activation, l2, seed):
    table, rate = [0, 1, 1, 0], 0.5
    found = bench.evaluate(
        "([name, seed, table, rate, l2]) => { const net = new Networks.Small(3, name, seed);"
        "return Array.from({length: 100}, () => net.step(table, rate, l2)) }",
        [name, seed, table, rate, l2],
    )
    wanted = losses_of_library(3, activation, seed, table, rate, l2)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)
    assert max(wanted) - min(wanted) > 1e-3  # it has learnt something


def drawn(bench):
    """A digit drawn with the playground's pen, as the networks get it."""
    picture = bench.evaluate(
        "() => { const pad = new DrawingPad('test');"
        "pad.line([150, 40], [80, 60]); pad.line([80, 60], [80, 110]);"
        "pad.line([80, 110], [140, 130]); pad.line([140, 130], [90, 180]);"
        "return Array.from(pad.picture()) }"
    )
    return np.array(picture, np.float32).reshape(1, 1, 28, 28)


def test_logits_of_a_drawn_digit_agree(bench):
    picture = drawn(bench)
    assert 30 < (picture > 0.5).sum() < 300
    found = bench.evaluate(
        "(picture) => Array.from(Networks.glyphConv(Weights.characters.length)"
        ".load(Networks.floats16(Weights.glyphs)).logits(Float32Array.from(picture)))",
        picture.ravel().tolist(),
    )
    with mt.no_grad():
        wanted = zoo.load("glyph-conv")(mt.tensor(picture)).numpy()[0]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4)


def test_training_all_of_a_network_agrees(bench):
    """Derivatives of convolution, pooling and linear layers, and Adam: ten steps of scratch."""
    pool = data.mnist("pool").sample(10, np.random.default_rng(0))
    x = np.asarray(pool.x, np.float32) / (255 if pool.x.dtype == np.uint8 else 1)
    x, y = x.reshape(10, 1, 28, 28), np.asarray(pool.y)
    found = bench.evaluate(
        "([seed, pictures, labels]) => { const net = Networks.glyphConv(10).draw(seed);"
        "const learner = new Networks.Learner(net, 1e-3);"
        "const seen = pictures.map((one) => Float32Array.from(one));"
        "const first = Array.from(net.layers[0].weight.slice(0, 9));"
        "return [first, Array.from({length: 10}, () => learner.step(seen, labels))] }",
        [3, x.reshape(10, -1).tolist(), y.tolist()],
    )
    net = zoo.glyph_conv(10, generator=np.random.default_rng(3))
    start = [layer for layer in net if hasattr(layer, "weight")]
    rng = np.random.default_rng(3)  # the playground draws nothing first
    for layer in start[:-1]:
        nn.init.kaiming_normal_(layer.weight, generator=rng)
    nn.init.normal_(start[-1].weight, std=0.05, generator=rng)
    np.testing.assert_allclose(found[0], start[0].weight.detach().numpy().ravel()[:9], atol=1e-7)
    rule, losses = optim.Adam(net.parameters(), lr=1e-3), []
    for _ in range(10):
        rule.zero_grad()
        loss = nn.functional.cross_entropy(net(mt.tensor(x)), mt.tensor(y))
        losses.append(loss.item())
        loss.backward()
        rule.step()
    np.testing.assert_allclose(found[1], losses, rtol=1e-3)
    assert losses[-1] < losses[0]


def test_filters_of_lesson_12_answer_alike(bench):
    """The shipped weights, in the lesson's own architecture: logits agree."""
    values = np.frombuffer(
        bytes(bench.evaluate("() => Array.from(Networks.bytes(Weights.edges))")), np.float32
    )
    layers = [nn.Conv2d(1, 16, 7, stride=2, padding=3), nn.ReLU()]
    for wide in ((16, 24), (24, 32)):
        layers += [nn.Conv2d(*wide, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(288, 64), nn.ReLU(), nn.Linear(64, 100))
    at = 0
    for parameter in net.parameters():
        size = int(np.prod(parameter.shape))
        parameter.data = mt.tensor(values[at : at + size].reshape(parameter.shape).copy())
        at += size
    assert at == len(values)
    picture = drawn(bench)
    found = bench.evaluate(
        "(picture) => Array.from(Networks.edges().load(Networks.floats32(Weights.edges))"
        ".logits(Float32Array.from(picture)))",
        picture.ravel().tolist(),
    )
    with mt.no_grad():
        wanted = net(mt.tensor(picture)).numpy()[0]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4)


def test_beliefs_are_those_of_lesson_5(bench):
    sizes = bench.evaluate("() => Object.values(Networks.BELIEFS).map((tables) => tables.size)")
    assert sizes == [256, 88, 14]
    left = bench.evaluate(
        "() => ['memory', 'chain', 'one cell'].map((belief) => Networks.possible(belief,"
        "Object.fromEntries([0, 1, 2, 3, 4, 5, 6, 7].map((s) => [s, (s ^ s >> 1 ^ s >> 2) & 1])))"
        ".length)"
    )
    assert left == [1, 1, 1]


def test_the_file_holds_the_published_network():
    text = (FOLDER / "weights.js").read_text(encoding="utf-8")
    shipped = json.loads(text[text.index("= {") + 2 : text.rindex(";")])
    assert {name: shipped[name] for name in published_parts()} == published_parts()


# As one uses it


@pytest.fixture
def playground(site, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto((site / "playground.html").as_uri())
    yield page
    page.close()
    assert faults == []


def test_four_hidden_nodes_learn_xor(playground):
    panel = playground.locator("#panel-xor")
    assert panel.get_attribute("data-right") != "4"
    panel.locator(".go").click()
    playground.wait_for_selector("#panel-xor[data-right='4']", timeout=60_000)


def test_ten_drawn_digits_are_learnt(playground):
    """Ten drawings by the mouse, each of one kind; option 1 tells all of them apart afterwards."""
    pad = playground.locator("#panel-transfer .pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    strokes = {
        0: [(0.5, 0.2), (0.3, 0.5), (0.5, 0.8), (0.7, 0.5), (0.5, 0.2)],
        1: [(0.5, 0.15), (0.5, 0.85)],
        2: [(0.3, 0.3), (0.5, 0.15), (0.7, 0.3), (0.3, 0.8), (0.7, 0.8)],
        3: [(0.3, 0.2), (0.65, 0.3), (0.4, 0.5), (0.7, 0.7), (0.3, 0.8)],
        4: [(0.6, 0.85), (0.6, 0.15), (0.3, 0.6), (0.75, 0.6)],
        5: [(0.7, 0.2), (0.35, 0.2), (0.35, 0.5), (0.7, 0.65), (0.3, 0.85)],
        6: [(0.6, 0.15), (0.35, 0.6), (0.5, 0.85), (0.65, 0.65), (0.38, 0.6)],
        7: [(0.3, 0.2), (0.7, 0.2), (0.45, 0.85)],
        8: [(0.5, 0.5), (0.35, 0.3), (0.65, 0.3), (0.35, 0.75), (0.65, 0.75), (0.5, 0.5)],
        9: [(0.65, 0.4), (0.4, 0.45), (0.45, 0.2), (0.65, 0.3), (0.6, 0.85)],
    }
    for label, places in strokes.items():
        spots = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in places]
        playground.mouse.move(*spots[0])
        playground.mouse.down()
        for spot in spots[1:]:
            playground.mouse.move(*spot, steps=4)
        playground.mouse.up()
        playground.locator("#panel-transfer .kinds button").nth(label).click()
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
    panel = playground.locator("#panel-transfer")
    assert panel.get_attribute("data-examples") == "10"
    panel.locator(".learn").click()
    playground.wait_for_selector("#panel-transfer[data-option1]", timeout=60_000)
    assert panel.get_attribute("data-fits") == "10"
    assert float(panel.get_attribute("data-option1")) > 0.25  # chance is 0.1


def test_layers_answer_and_tables_are_struck_out(playground):
    playground.wait_for_selector("#panel-filters[data-answered]")
    assert playground.locator("#panel-filters .maps canvas").count() > 80
    chain = playground.locator("#panel-chain")
    assert chain.get_attribute("data-memory") == "256"
    playground.get_by_text("Four that settle it").click()
    assert chain.get_attribute("data-onecell") == "1"
    assert chain.get_attribute("data-memory") == "16"
