"""The rules of ``figbench lint``: each takes a page and returns findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from figbench.graphs.drawing import area, border_distance, common, distance, holds
from figbench.graphs.model import Box
from figbench.lint.colours import (
    DEFICIENCIES,
    difference,
    main_colours,
    simulated,
    text_contrast,
)
from figbench.lint.lines import crossing_points, path_gap
from figbench.lint.page import Finding, Label, Limits, Page

Check = Callable[[Page, Limits], Iterator[Finding]]
_DISTINCT = 20.0
"""CIEDE2000 from which two colours tell things apart for people without a deficiency."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its description; ``vector`` rules need a document."""

    name: str
    description: str
    check: Check
    vector: bool = False


def small_text(page: Page, limits: Limits) -> Iterator[Finding]:
    """Text below the least size in print."""
    for label in page.labels:
        size = label.size * page.points_per_pixel
        if size >= limits.small_pt - 0.05:
            continue
        error = size < limits.min_pt
        limit = limits.min_pt if error else limits.small_pt
        yield Finding(
            "small-text",
            "error" if error else "warning",
            f"'{_short(label.text)}' is {size:.1f} pt at {page.width_mm:g} mm, below {limit:g} pt",
            _share(label.box, page),
            round(size, 2),
            limit,
        )


def low_contrast(page: Page, limits: Limits) -> Iterator[Finding]:
    """Text that hardly stands out from its background."""
    for label in page.labels:
        ratio = text_contrast(page.image, label.box)
        large = label.size * page.points_per_pixel >= limits.large_pt
        limit = limits.large_contrast if large else limits.contrast
        if ratio is None or ratio >= limit:
            continue
        yield Finding(
            "low-contrast",
            "error" if ratio < limits.large_contrast else "warning",
            f"'{_short(label.text)}' has a contrast of {ratio:.1f}:1, below {limit:g}:1",
            _share(label.box, page),
            round(ratio, 2),
            limit,
        )


def clipped_text(page: Page, limits: Limits) -> Iterator[Finding]:
    """Text that leaves the page or the box that it is written in."""
    height, width = page.image.shape[:2]
    for label in page.labels:
        x0, y0, x1, y1 = label.box
        slack = 0.15 * label.size
        over = max(-x0, -y0, x1 - width, y1 - height)
        if over > slack or (not page.exact and min(x0, y0, width - x1, height - y1) < 1):
            yield Finding(
                "clipped-text",
                "error",
                f"'{_short(label.text)}' is cut off at the edge of the page",
                _share(label.box, page),
            )
            continue
        holder = _holder(page, label)
        if holder is None:
            continue
        over = max(holder[0] - x0, x1 - holder[2], holder[1] - y0, y1 - holder[3])
        if over > slack:
            yield Finding(
                "clipped-text",
                "warning",
                f"'{_short(label.text)}' is wider or higher than its box",
                _share(label.box, page),
            )


def overlaps(page: Page, limits: Limits) -> Iterator[Finding]:
    """Labels on top of each other, and boxes that partly cover each other."""
    for first, second in combinations(page.labels, 2):
        shared = common(_core(first), _core(second))
        if shared > 0.1 * min(area(_core(first)), area(_core(second))):
            yield Finding(
                "overlap",
                "error",
                f"'{_short(first.text)}' and '{_short(second.text)}' overlap",
                _share(first.box, page),
            )
    nodes = [node for node in page.graph.nodes if node.box] if page.graph else []
    for left, right in combinations(nodes, 2):
        if left.box is None or right.box is None or not (left.text and right.text):
            continue
        shared = common(left.box, right.box)
        least = min(area(left.box), area(right.box))
        if 0.05 * least < shared < 0.95 * least:
            yield Finding(
                "overlap",
                "warning",
                f"the boxes '{_short(left.text)}' and '{_short(right.text)}' overlap",
                left.box,
            )


def dangling_arrows(page: Page, limits: Limits) -> Iterator[Finding]:
    """Arrows with an end that reaches no node."""
    if page.drawing is None:
        return
    whole = 0.9 * page.drawing.width * page.drawing.height
    boxes = [outline.box for outline in page.drawing.outlines if area(outline.box) < whole]
    words = [mark.box for mark in page.drawing.words]
    frames = [box for box in boxes if any(_is_inside(mark, box) for mark in boxes if mark != box)]
    nodes = [box for box in boxes if box not in frames] + words
    reach = limits.reach * page.diagonal
    for stroke in page.drawing.strokes:
        if not (stroke.head or stroke.tail):
            continue
        for point in (stroke.path[0], stroke.path[-1]):
            gaps = [distance(box, point) for box in nodes]
            gap = min([*gaps, *(border_distance(box, point) for box in frames)], default=1e9)
            joins = any(
                path_gap(point, other.path) <= 0.2 * reach
                for other in page.drawing.strokes
                if other is not stroke
            )
            if gap > reach and not joins:
                x, y = point
                yield Finding(
                    "dangling-arrow",
                    "error",
                    f"an arrow ends {gap / page.diagonal:.1%} of the diagonal away from any node",
                    _share((x - reach, y - reach, x + reach, y + reach), page),
                    round(gap / page.diagonal, 4),
                    limits.reach,
                )


def crossings(page: Page, limits: Limits) -> Iterator[Finding]:
    """Lines that cross."""
    for x, y in crossing_points(page):
        around = 0.01 * page.diagonal
        yield Finding(
            "crossing",
            "note",
            "two lines cross",
            _share((x - around, y - around, x + around, y + around), page),
        )


def colour_vision(page: Page, limits: Limits) -> Iterator[Finding]:
    """Colours that differ for most people and look alike under a deficiency."""
    colours = main_colours(page.image)
    for first, second in combinations(colours, 2):
        normal = float(difference(first, second))
        if normal < _DISTINCT:
            continue
        seen = {
            name: float(difference(simulated(first, name), simulated(second, name)))
            for name in DEFICIENCIES
        }
        alike = [name for name, value in seen.items() if value < limits.delta_e]
        if alike:
            yield Finding(
                "colour-vision",
                "warning",
                f"{_hex(first)} and {_hex(second)} look alike under {' and '.join(alike)}",
                None,
                round(min(seen.values()), 2),
                limits.delta_e,
            )


def margins(page: Page, limits: Limits) -> Iterator[Finding]:
    """Empty margins, which make everything else smaller at a fixed width."""
    sides = empty_margins(page)
    large = {name: value for name, value in sides.items() if value > limits.margin}
    if large:
        named = ", ".join(f"{name} {value:.0%}" for name, value in large.items())
        yield Finding(
            "margin",
            "warning",
            f"empty margin: {named} of the side, more than {limits.margin:.0%}",
            None,
            round(max(large.values()), 4),
            limits.margin,
        )


def empty_margins(page: Page) -> dict[str, float]:
    """Returns the empty margin of each side as a share of the page; 1 for an empty page."""
    image = page.image
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    ink = np.zeros((image.shape[0], image.shape[1]), np.bool_)
    for channel, level in enumerate(np.median(border, axis=0)):
        ink |= np.abs(image[..., channel].astype(np.int16) - int(level)) > 12
    lines, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(lines):
        return dict.fromkeys(("left", "right", "top", "bottom"), 1.0)
    height, width = image.shape[:2]
    return {
        "left": float(columns[0] / width),
        "right": float((width - 1 - columns[-1]) / width),
        "top": float(lines[0] / height),
        "bottom": float((height - 1 - lines[-1]) / height),
    }


RULES: Sequence[Rule] = (
    Rule("small-text", "Text is large enough at print size", small_text),
    Rule("low-contrast", "Text stands out from its background (WCAG 2.2)", low_contrast),
    Rule("clipped-text", "Text stays on the page and in its box", clipped_text),
    Rule("overlap", "Labels and boxes do not cover each other", overlaps),
    Rule("dangling-arrow", "Every arrow joins two nodes", dangling_arrows, vector=True),
    Rule("crossing", "Lines do not cross", crossings, vector=True),
    Rule("colour-vision", "Colours stay apart under colour-vision deficiency", colour_vision),
    Rule("margin", "The page has no large empty margin", margins),
)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _share(box: Box, page: Page) -> Box:
    height, width = page.image.shape[:2]
    x0, y0, x1, y1 = box
    return (
        round(min(max(x0 / width, 0.0), 1.0), 5),
        round(min(max(y0 / height, 0.0), 1.0), 5),
        round(min(max(x1 / width, 0.0), 1.0), 5),
        round(min(max(y1 / height, 0.0), 1.0), 5),
    )


def _core(label: Label) -> Box:
    """A label's box without the leading above and below, where neighbours may reach in."""
    x0, y0, x1, y1 = label.box
    inset = 0.15 * (y1 - y0)
    return x0 + 0.02 * (x1 - x0), y0 + inset, x1 - 0.02 * (x1 - x0), y1 - inset


def _holder(page: Page, label: Label) -> Box | None:
    """The smallest outline around the middle of a label that is no frame of other outlines."""
    if page.drawing is None:
        return None
    x0, y0, x1, y1 = label.box
    middle = (x0 + x1) / 2, (y0 + y1) / 2
    boxes = [
        outline.box
        for outline in page.drawing.outlines
        if holds(outline.box, middle)
        and outline.box[3] - outline.box[1] >= 0.8 * label.size
        and outline.kind != "icon"
    ]
    return min(boxes, key=area, default=None)


def _is_inside(inner: Box, outer: Box) -> bool:
    return common(inner, outer) >= 0.95 * area(inner) and area(inner) < 0.9 * area(outer)
