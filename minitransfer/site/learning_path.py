"""The learning path as a map: what builds on what, and how long it takes."""

import html
import re

from minitransfer.course.scripts import Lesson

#: Sizes of the map, in units of its own.
WIDE, HIGH, APART, BETWEEN = 156, 78, 26, 12

#: So many lessons that build on the same one stand in two columns, in a frame.
MANY = 6


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
    """Return the map as SVG: a lane for each part, in it an arrow from lesson to lesson.

    Lessons of one column that build on the same lesson stand together; where they are many, they
    share one arrow and a frame. What a lesson needs of another part stands in its box.

    Args:
        parts: heading → its lessons.
    """
    boxes, arrows, frames, width, y = [], [], [], 2 * WIDE, 8
    for heading, lessons in parts.items():
        minutes = sum(lesson.minutes or 0 for lesson in lessons)
        boxes.append(
            f'<text class="lane" x="8" y="{y + 16}">{html.escape(heading)}'
            f'<tspan class="time" dx="10">{minutes} minutes</tspan></text>'
        )
        spots, around = _spots(lessons, y + 34)
        frames += [
            f'<rect class="group" {_size(*corners)} rx="10"/>' for corners in around.values()
        ]
        here, led = columns(lessons), set()
        for lesson in lessons:
            needed = prerequisites(lesson)
            boxes.append(_box(lesson, *spots[lesson.number], [n for n in needed if n not in here]))
            start = _nearest(lesson, here)
            group = here[lesson.number], start
            if start is None or group in led:
                continue
            x, v = spots[lesson.number]
            if group in around:
                led.add(group)
                x, v = around[group][0], spots[start][1]
            arrows.append(_arrow(spots[start], (x, v)))
        width = max(width, *(x for x, _ in spots.values()))
        y = max(v for _, v in spots.values()) + HIGH + BETWEEN + 26
    width += WIDE + 16
    return (
        f'<svg class="path-map" width="{width}" height="{y}" viewBox="0 0 {width} {y}" '
        f'style="--natural: {width}px" role="group" aria-label="Map of the lessons: an arrow '
        f'leads from each lesson to those that build on it; the list below says the same in words">'
        '<defs><marker id="arrowhead" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z"/></marker></defs>'
        f"{''.join(frames)}{''.join(arrows)}{''.join(boxes)}</svg>"
    )


def _nearest(lesson, here):
    """The last lesson of its part that a lesson builds on.

    Lesson 5 needs 1 to 3, and whoever has had 3 has had 1.
    """
    needed = [n for n in prerequisites(lesson) if n in here]
    return max(needed, key=lambda n: (here[n], n), default=None)


def _spots(lessons, top):
    """Lesson → corner of its box; (column, lesson built on) → frame of a large group."""
    here, x = columns(lessons), 8
    needed = {n for lesson in lessons for n in prerequisites(lesson)}
    spots, around = {}, {}
    for column in range(max(here.values()) + 1):
        groups = {}
        for lesson in lessons:
            if here[lesson.number] == column:
                groups.setdefault(_nearest(lesson, here), []).append(lesson.number)
        y, side = top, 1
        for start, numbers in sorted(groups.items(), key=lambda one: spots.get(one[0], (0, 0))[1]):
            many = len(numbers) > MANY and start is not None
            high = -(-len(numbers) // 2) if many else len(numbers)
            if many:  # who leads on stands on the right, where its arrow begins
                numbers.sort(key=lambda n: (n in needed, n))
                numbers = sorted(numbers[:high]) + sorted(
                    numbers[high:], key=lambda n: (n not in needed, n)
                )
                side = 2
            for at, n in enumerate(numbers):
                right, down = divmod(at, high)
                spots[n] = (
                    x + right * (WIDE + BETWEEN) + many * BETWEEN,
                    y + down * (HIGH + BETWEEN) + many * BETWEEN,
                )
            if many:
                wide = 2 * WIDE + 3 * BETWEEN
                around[column, start] = (
                    x,
                    y,
                    wide,
                    high * (HIGH + BETWEEN) + BETWEEN,
                )
            y += high * (HIGH + BETWEEN) + many * 2 * BETWEEN
        x += side * WIDE + (3 * BETWEEN if side > 1 else 0) + APART
    return spots, around


def _size(x, y, wide, high):
    return f'x="{x}" y="{y}" width="{wide}" height="{high}"'


def _box(lesson, x, y, elsewhere):
    lines = _broken(lesson.title, 18)
    after = f" · after {', '.join(map(str, elsewhere))}" if elsewhere else ""
    words = "".join(
        f'<tspan x="{x + 12}" dy="{17 if at else 0}">{html.escape(line)}</tspan>'
        for at, line in enumerate(lines[:3])
    )
    return (
        f'<a href="{lesson.path.stem}.html"><title>{html.escape(lesson.question)}</title>'
        f'<rect {_size(x, y, WIDE, HIGH)} rx="8"/>'
        f'<text class="number" x="{x + 12}" y="{y + 19}">{lesson.number}'
        f'<tspan class="time" dx="8">{lesson.minutes or ""} min{after}</tspan></text>'
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
    bend = (u - x) / 2
    return f'<path class="arrow" d="M{x} {y} C{x + bend} {y} {u - bend} {v} {u - 1} {v}"/>'
