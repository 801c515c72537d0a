"""The site in a real browser, from its folder: no server, no network."""

import json
from pathlib import Path

import pytest

from minitransfer.course.scripts import find_lesson, split_cells

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of playwright's own making

#: Pictures of the pages, for people to look at; the folder is ignored by git.
PICTURES = Path(__file__).parents[2] / "build" / "screenshots"

LESSON = "17_from_kinds_to_values.html"


@pytest.fixture
def look(browser):
    """Open a page; in the end nothing may have been complained about, or asked of a server."""
    faults, contexts = [], []

    def opened(path, *, width=1280, scheme="light", fragment=""):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()

        def told(message):
            if message.type in ("error", "warning"):
                faults.append(f"{path.name}: {message.text}")

        page.on("console", told)
        page.on("pageerror", lambda error: faults.append(f"{path.name}: {error}"))
        page.on("requestfailed", lambda request: faults.append(f"{path.name}: {request.url}"))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(("file:", "data:", "blob:"))
                else faults.append(f"{path.name} asks for {request.url}")
            ),
        )
        page.goto(path.as_uri() + fragment)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def test_every_page_opens_without_a_fault(site, look):
    paths = [path for path in sorted(site.rglob("*.html")) if path.name != "genindex.html"]
    for path in paths:
        page = look(path)
        assert page.title(), path
        page.close()
    assert len(paths) > 20


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_fit_their_width(site, look, width, scheme):
    names = ["index", "path", "playground", "ledger", "kernels", "teaching", "glossary", "search"]
    names += [path.stem for path in sorted(site.glob("[0-9][0-9]_*.html"))]
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name in [*names, "reference/minitransfer.transfer"]:
        page = look(site / f"{name}.html", width=width, scheme=scheme)
        page.wait_for_load_state()
        excess = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(excess) <= 0, f"{name} is wider than {width} pixels"
        picture = f"{name.replace('/', '_')}_{width}_{scheme}.png"
        page.screenshot(path=PICTURES / picture, full_page=True)
        page.close()


@pytest.mark.parametrize(
    ("scheme", "names"),
    [
        ("light", "index path playground ledger kernels teaching glossary search LESSON"),
        ("dark", "index playground ledger LESSON"),
    ],
)
def test_no_serious_barrier(site, look, scheme, names):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs `test`").Axe()
    barriers = []
    for name in names.replace("LESSON", LESSON.removesuffix(".html")).split():
        page = look(site / f"{name}.html", scheme=scheme)
        page.wait_for_load_state()
        for rule in axe.run(page, options={"preload": False}).response["violations"]:
            if rule["impact"] in ("serious", "critical"):
                where = "; ".join(node["html"][:120] for node in rule["nodes"][:3])
                barriers.append(f"{name}, {rule['id']}: {where}")
        page.close()
    assert barriers == []


def test_a_prediction_answers(site, look):
    page = look(site / LESSON)
    form = page.locator("form.predict").first
    told = json.loads(form.get_attribute("data-answer"))
    waiting = page.locator("div.cell.waits").count()
    assert waiting > 0  # the result is not shown before the guess
    wrong = (told["right"] + 1) % form.locator("button").count()
    form.locator("button").nth(wrong).click()
    assert told["measured"] in form.locator(".reply").inner_text()
    assert "right" in form.locator("button").nth(told["right"]).get_attribute("class")
    assert page.locator("div.cell.waits").count() < waiting
    assert "Your guess was" in page.locator(".recalled").first.inner_text()


def test_a_word_is_explained_by_keyboard(site, look):
    page = look(site / LESSON)
    word = page.locator("a.word").first
    word.focus()
    assert page.locator("#tip").inner_text() == word.get_attribute("data-tip")
    page.keyboard.press("Escape")
    assert not page.locator("#tip").is_visible()


def test_steps(site, look):
    page = look(site / LESSON)
    page.locator(".start-steps").click()
    place = page.locator("#steps output")
    count = int(place.inner_text().split(" of ")[1])
    assert place.inner_text() == f"1 of {count}"
    seen = []
    for at in range(1, count):
        seen.append(page.locator("article").inner_text())
        page.keyboard.press("ArrowRight")
        assert place.inner_text() == f"{at + 1} of {count}"
        assert page.url.endswith(f"#step={at + 1}")
    page.keyboard.press("ArrowRight")  # beyond the last there is nothing
    assert place.inner_text() == f"{count} of {count}"
    assert len(set(seen)) == len(seen)
    page.keyboard.press("ArrowLeft")
    assert place.inner_text() == f"{count - 1} of {count}"
    page.keyboard.press("z")  # no figure here
    assert page.locator("img.alone").count() == 0
    page.keyboard.press("p")
    assert "large" in page.locator("body").get_attribute("class")
    page.keyboard.press("Escape")
    assert not page.locator("#steps").is_visible()
    assert "#" not in page.url


def test_a_figure_fills_the_window(site, look):
    page = look(site / LESSON, fragment="#step=1")
    figures = page.locator(".cell_output img")
    for _ in range(40):
        if figures.first.is_visible():
            break
        page.keyboard.press("ArrowRight")
    page.keyboard.press("z")
    box = page.locator("img.alone").bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 1280, 900)
    page.keyboard.press("Escape")  # the figure first, step mode after it
    assert page.locator("img.alone").count() == 0
    assert page.locator("#steps").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#steps").is_visible()
    figures.first.click()
    assert page.locator("img.alone").count() == 1
    page.locator("img.alone").click()
    assert page.locator("img.alone").count() == 0


def test_the_place_is_in_the_address(site, look):
    page = look(site / LESSON, fragment="#step=5")
    assert page.locator("#steps output").inner_text().startswith("5 of ")


def test_a_clicker_reads_a_long_cell_to_its_end(site, look):
    page = look(site / LESSON, fragment="#step=1")
    page.set_viewport_size({"width": 900, "height": 300})  # room for a part of the first cell
    place, more = page.locator("#steps output"), page.locator("#steps .more")
    assert more.is_visible()
    page.keyboard.press("PageDown")
    assert page.evaluate("scrollY") > 0
    assert place.inner_text().startswith("1 of ")
    for _ in range(20):
        if not more.is_visible():
            break
        assert place.inner_text().startswith("1 of ")
        page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    assert place.inner_text().startswith("2 of ")
    page.keyboard.press("PageUp")
    assert place.inner_text().startswith("1 of ")


def test_every_cell_of_a_lesson_is_a_step(site, look):
    page = look(site / LESSON, fragment="#step=1")
    cells = split_cells(find_lesson(17).path.read_text(encoding="utf-8"))
    assert page.locator("#steps output").inner_text() == f"1 of {len(cells)}"


def test_on_paper_results_are_shown_and_questions_of_the_browser_are_not(site, look):
    page = look(site / LESSON)
    assert page.locator("div.cell.waits").count() > 0
    page.emulate_media(media="print")
    assert page.locator("div.cell.waits .cell_output").first.is_visible()
    answers = page.locator("details", has_text="What you will see").locator("li").first
    assert answers.is_visible()  # nobody can unfold paper
    for what in ("form.predict", ".waiting-note", ".start-steps"):
        assert not page.locator(what).first.is_visible()


def test_the_ledger_is_filtered(site, look):
    page = look(site / "ledger.html")
    rows = page.locator(".ledger .row:visible")
    everything = rows.count()
    page.select_option("select[name=article]", "E")
    assert 0 < rows.count() < everything
    page.select_option("select[name=verdict]", "does not hold")
    shown = rows.count()
    assert page.locator(".filter output").inner_text() == f"{shown} of {everything}"
    page.reload()  # what was chosen stands in the address
    assert rows.count() == shown


@pytest.mark.parametrize("word", ["scratch", "frozen"])
def test_search_finds_a_lesson(site, look, word):
    page = look(site / "search.html", fragment=f"?q={word}")
    page.wait_for_selector("#search-results li")
    found = page.locator("#search-results li a").first
    assert ".html" in found.get_attribute("href")


def test_search_begins_without_a_word(site, look):
    page = look(site / "search.html")
    assert page.locator("article h1").inner_text() == "Search"
    assert page.locator("#search-results li").count() == 0
    field = page.locator("article input[name=q]")
    field.fill("scratch")
    field.press("Enter")
    page.wait_for_selector("#search-results li")
    assert field.input_value() == "scratch"  # so that one can mend it


def test_script_and_notebook_can_be_taken_away(site, look):
    lesson, page = find_lesson(17), look(site / LESSON)
    taken = {}
    for shown in ("Script", "Notebook"):
        with page.expect_download() as download:
            page.locator(".lesson-bar .ways a", has_text=shown).click()
        taken[download.value.suggested_filename] = Path(download.value.path())
    script, notebook = taken.items()
    assert script[0] == lesson.path.name
    assert script[1].read_bytes() == lesson.path.read_bytes()
    assert notebook[0] == f"{lesson.path.stem}.ipynb"
    assert json.loads(notebook[1].read_text(encoding="utf-8"))["cells"]
