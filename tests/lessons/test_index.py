import re

from minitransfer import lessons

PARTS = {"Why depth": range(1, 9), "Transfer": range(9, 20)}


def page():
    return (lessons.lessons_folder() / "index.md").read_text(encoding="utf-8")


def test_every_lesson_has_its_row_and_no_other_is_promised():
    listed = re.findall(r"^\| \[(\d+) · ([^]]+)\]\(([^)]+)\) \| (.+) \|$", page(), re.MULTILINE)
    there = [
        (str(lesson.number), lesson.title, lesson.path.name, lesson.question)
        for lesson in lessons.catalogue()
    ]
    rows = "\n".join(f"| [{n} · {title}]({file}) | {ask} |" for n, title, file, ask in there)
    assert listed == there, f"the rows of lessons/index.md should be\n{rows}"


def test_lessons_stand_in_their_part():
    for heading, numbers in PARTS.items():
        part = page().partition(f"### {heading}")[2].partition("###")[0]
        here = [int(n) for n in re.findall(r"^\| \[(\d+)", part, re.MULTILINE)]
        assert here == [x.number for x in lessons.catalogue() if x.number in numbers]


def test_links_lead_somewhere():
    folder = lessons.lessons_folder()
    for name in re.findall(r"\]\(([^):]+)\)", page()):
        assert (folder / name).is_file(), name
