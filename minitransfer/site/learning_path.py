"""The learning path as a map: what builds on what, and how long it takes."""

import html
import re

from minitransfer.course.scripts import Lesson

#: Sizes of the map, in units of its own.
WIDE, HIGH, APART, BETWEEN = 150, 78, 22, 14


def prerequisites(lesson: Lesson) -> list[int]:
    """Return the numbers of the lessons that a lesson builds on, as its head names them.

    Example:
        >>> from minitransfer.course.scripts import find_lesson
        >>> prerequisites(find_lesson(5)), prerequisites(find_lesson(1))
        ([1, 2, 3], [])
    """
    found = set()
    for named in re.findall(r"lessons? (\d+(?:(?:, | and | to )\d+)*)", lesson.needs):
        for first, last in re.findall(r"(\d+)(?: to (\d+))?", named):
            found |= set(range(int(first), int(last or first) + 1))
    return sorted(found - {lesson.number})


def columns(lessons: list[Lesson]) -> dict[int, int]:
    """Return lesson → column: one to the right of the last lesson that it builds on.

    Example:
        >>> from minitransfer.course.scripts import catalogue
        >>> places = columns(catalogue())
        >>> places[1], places[2], places[3]
        (0, 1, 2)
    """
    found = {}
    for lesson in lessons:
        before = [found[n] + 1 for n in prerequisites(lesson) if n in found]
        found[lesson.number] = max(before, default=0)
    return found


def drawn(parts: dict[str, list[Lesson]]) -> str:
    """Return the map as SVG: a lane for each part, an arrow from lesson to lesson.

    Args:
        parts: heading → its lessons.
    """
    place = columns([lesson for lessons in parts.values() for lesson in lessons])
    spots, boxes, y = {}, [], 8
    for heading, lessons in parts.items():
        minutes = sum(lesson.minutes or 0 for lesson in lessons)
        boxes.append(
            f'<text class="lane" x="8" y="{y + 16}">{html.escape(heading)}'
            f'<tspan class="time" dx="10">{minutes} minutes</tspan></text>'
        )
        top, rows = y + 34, {}
        for lesson in lessons:
            column = place[lesson.number]
            row = rows[column] = rows.get(column, -1) + 1
            spots[lesson.number] = (8 + column * (WIDE + APART), top + row * (HIGH + BETWEEN))
            boxes.append(_box(lesson, *spots[lesson.number]))
        y = top + (max(rows.values()) + 1) * (HIGH + BETWEEN) + 26
    arrows = []
    for lessons in parts.values():
        for lesson in lessons:
            needed = [n for n in prerequisites(lesson) if n in spots]
            # The nearest says it: lesson 5 needs 1 to 3, and whoever has had 3 has had 1.
            nearest = max(needed, key=lambda n: (place[n], n), default=None)
            if nearest is not None:
                arrows.append(_arrow(spots[nearest], spots[lesson.number]))
    width = 16 + (max(place.values()) + 1) * (WIDE + APART) - APART
    return (
        f'<svg class="path-map" width="{width}" height="{y}" viewBox="0 0 {width} {y}" '
        f'style="--natural: {width}px" role="group" aria-label="Map of the lessons: an arrow '
        f'leads from each lesson to those that build on it; the list below says the same in words">'
        f"{''.join(arrows)}{''.join(boxes)}</svg>"
    )


def _box(lesson, x, y):
    lines = _broken(lesson.title, 17)
    words = "".join(
        f'<tspan x="{x + 12}" dy="{17 if at else 0}">{html.escape(line)}</tspan>'
        for at, line in enumerate(lines[:3])
    )
    return (
        f'<a href="{lesson.path.stem}.html"><title>{html.escape(lesson.question)}</title>'
        f'<rect x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="8"/>'
        f'<text class="number" x="{x + 12}" y="{y + 19}">{lesson.number}'
        f'<tspan class="time" dx="8">{lesson.minutes or ""} min</tspan></text>'
        f'<text x="{x + 12}" y="{y + 37}">{words}</text></a>'
    )


def _broken(text, room):
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > 3:
        lines[2] += " …"
    return lines


def _arrow(start, end):
    x, y = start[0] + WIDE, start[1] + HIGH / 2
    u, v = end[0], end[1] + HIGH / 2
    bend = max(18, (u - x) / 2) if u - x < 2 * APART else APART / 2
    if u - x > 2 * APART:  # it passes other boxes: down the gap first, then along
        return f'<path d="M{x} {y} C{x + bend} {y} {x + bend} {v} {x + 2 * bend} {v} H{u}"/>'
    return f'<path d="M{x} {y} C{x + bend} {y} {u - bend} {v} {u} {v}"/>'
