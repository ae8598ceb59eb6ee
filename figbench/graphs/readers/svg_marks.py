"""An SVG document becomes marks: transforms, styles, ``use``, markers; nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot
from typing import Any

from figbench.graphs.drawing import Drawing, Outline, Point, Stroke, Words
from figbench.graphs.limits import MAX_ELEMENTS, GraphError, local
from figbench.graphs.readers.arrow_heads import attach_heads, join_strokes
from figbench.graphs.readers.svg_geometry import (
    bounds,
    is_ellipse,
    is_upright,
    length,
    near,
    subpaths,
    svgelements,
    transformed,
)

_INHERITED = ("fill", "stroke", "font-size", "text-anchor", "visibility", "marker-end",
              "marker-start", "stroke-width", "dominant-baseline")  # fmt: skip
_HIDDEN = frozenset(
    (
        "defs", "symbol", "marker", "clipPath", "mask", "pattern", "style", "script",
        "linearGradient", "radialGradient", "filter", "metadata", "title", "desc",
    )
)  # fmt: skip
_HREF = "{http://www.w3.org/1999/xlink}href"
_ADVANCE = 0.52
"""Mean advance width of a character, in em: text widths are estimates."""
_MAX_USES = 2000
Style = dict[str, str]


def svg_drawing(root: Any) -> Drawing:
    """Returns the marks of an SVG document.

    Text widths are estimated from the font size: fonts are not opened. Curves become polylines.

    Raises:
        GraphError: When geometry cannot be parsed or ``use`` multiplies without bound.
        UserError: When svgelements is not installed.
    """
    svgelements()
    width, height, shift = _page(root)
    walker = _Walker(root, width, height)
    walker.walk(root, _matrix(shift), {}, 0)
    return walker.drawing()


def _matrix(text: str) -> Any:
    try:
        return svgelements().Matrix(text)
    except (ValueError, TypeError, IndexError, KeyError):
        raise GraphError(f"svg: cannot read the transform {text[:60]!r}.") from None


def _page(root: Any) -> tuple[float, float, str]:
    box = [float(v) for v in re.findall(r"-?[\d.]+(?:e-?\d+)?", root.get("viewBox") or "")]
    if len(box) == 4 and box[2] > 0 and box[3] > 0:
        return box[2], box[3], f"translate({-box[0]},{-box[1]})"
    width, height = (length(root.get(k), 0.0) for k in ("width", "height"))
    return width or 1000.0, height or 1000.0, ""


@dataclass(slots=True)
class _Path:
    points: tuple[Point, ...]
    closed: bool
    curved: bool
    filled: bool
    stroked: bool
    heads: tuple[bool, bool]
    key: str


class _Walker:
    def __init__(self, root: Any, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.by_id = {e.get("id"): e for e in root.iter() if e.get("id")}
        self.rules = _css(root)
        self.paths: list[_Path] = []
        self.words: list[Words] = []
        self.images: list[Outline] = []
        self.uses = self.count = 0

    def walk(self, element: Any, matrix: Any, style: Style, depth: int) -> None:
        tag = local(element)
        self.count += 1
        if self.count > MAX_ELEMENTS:
            raise GraphError(f"svg: more than {MAX_ELEMENTS:,} elements once uses are expanded.")
        if not tag or tag in _HIDDEN:
            return
        style = self.styled(element, style)
        if style.get("display") == "none" or style.get("visibility") in ("hidden", "collapse"):
            return
        if element.get("transform"):
            matrix = _matrix(element.get("transform")) * matrix
        if tag in ("g", "svg", "a", "switch"):
            for child in element:
                self.walk(child, matrix, style, depth)
                if tag == "switch" and local(child):
                    break
        elif tag == "use":
            self.use(element, matrix, style, depth)
        elif tag == "text":
            self.text(element, matrix, style)
        elif tag == "foreignObject":
            self.foreign(element, matrix)
        elif tag == "image":
            corners = self.corners(element, matrix)
            self.images.append(Outline(bounds(corners), "icon", element.get("id") or ""))
        elif tag in ("rect", "circle", "ellipse", "line", "polyline", "polygon", "path"):
            self.shape(tag, element, matrix, style)

    def styled(self, element: Any, inherited: Style) -> Style:
        style = {key: inherited[key] for key in _INHERITED if key in inherited}
        for key in (*_INHERITED, "display", "opacity", "fill-opacity"):
            if element.get(key):
                style[key] = element.get(key)
        for name in (local(element), *(f".{c}" for c in (element.get("class") or "").split())):
            style.update(self.rules.get(name, {}))
        for item in (element.get("style") or "").split(";"):
            key, _, value = item.partition(":")
            style[key.strip()] = value.replace("!important", "").strip()
        return style

    def use(self, element: Any, matrix: Any, style: Style, depth: int) -> None:
        target = (element.get("href") or element.get(_HREF) or "").removeprefix("#")
        self.uses += 1
        if depth > 8 or self.uses > _MAX_USES:
            raise GraphError("svg: use elements refer to each other too deeply or too often.")
        referred = self.by_id.get(target)
        if referred is None:
            return
        x, y = length(element.get("x"), 0), length(element.get("y"), 0)
        inner = _matrix(f"translate({x},{y})") * matrix
        children = list(referred) if local(referred) == "symbol" else [referred]
        for child in children:
            self.walk(child, inner, style, depth + 1)

    def corners(self, element: Any, matrix: Any) -> list[Point]:
        x, y = length(element.get("x"), 0), length(element.get("y"), 0)
        wide, high = length(element.get("width"), 0), length(element.get("height"), 0)
        return [
            transformed(matrix, p)
            for p in ((x, y), (x + wide, y), (x + wide, y + high), (x, y + high))
        ]

    def foreign(self, element: Any, matrix: Any) -> None:
        text = " ".join(" ".join(element.itertext()).split())
        if text:
            self.words.append(Words(text, bounds(self.corners(element, matrix))))

    def text(self, element: Any, matrix: Any, style: Style) -> None:
        for run, x, y, size, anchor, middle in _lines(element, style):
            wide = _ADVANCE * size * len(run)
            left = x - {"middle": wide / 2, "end": wide}.get(anchor, 0.0)
            up, down = (0.5, 0.5) if middle else (0.78, 0.22)
            corners = [
                transformed(matrix, p)
                for p in (
                    (left, y - up * size), (left + wide, y - up * size),
                    (left + wide, y + down * size), (left, y + down * size),
                )
            ]  # fmt: skip
            scale = abs(matrix.a * matrix.d - matrix.b * matrix.c) ** 0.5
            colour = style.get("fill", "black")
            self.words.append(Words(run, bounds(corners), "", scale * size, colour))

    def shape(self, tag: str, element: Any, matrix: Any, style: Style) -> None:
        fill, stroke = style.get("fill", "black"), style.get("stroke", "none")
        filled = fill not in ("none", "transparent") and style.get("fill-opacity", "1") != "0"
        stroked = stroke not in ("none", "transparent")
        if tag == "line":
            filled = False
        if style.get("opacity") == "0" or not (filled or stroked):
            return
        heads = tuple(
            style.get(f"marker-{k}", "none") not in ("none", "") for k in ("start", "end")
        )
        for points, closed, curved in subpaths(tag, element):
            moved = tuple(transformed(matrix, p) for p in points)
            if len(moved) < 2:
                continue
            closed = closed or (len(moved) > 3 and near(moved[0], moved[-1]))
            key = element.get("id") or ""
            self.paths.append(
                _Path(moved, closed or (filled and not any(heads) and len(moved) > 2), curved,
                      filled, stroked, (heads[0], heads[1]), key)
            )  # fmt: skip

    def drawing(self) -> Drawing:
        diagonal = hypot(self.width, self.height)
        outlines, strokes, heads = list(self.images), [], []
        for path in self.paths:
            box = bounds(path.points)
            size = max(box[2] - box[0], box[3] - box[1])
            corners = len(path.points) - (path.closed and near(path.points[0], path.points[-1]))
            if (
                path.closed
                and path.filled
                and size < 0.04 * diagonal
                and 3 <= corners <= 8
                and not is_upright(path.points)
            ):
                heads.append(path.points)
            elif path.closed:
                kind = "ellipse" if path.curved and is_ellipse(path.points, box) else "box"
                outlines.append(Outline(box, "ellipse" if kind == "ellipse" else "box", path.key))
            elif (
                not path.filled and corners == 3 and size < 0.04 * diagonal and not any(path.heads)
            ):
                heads.append(path.points)
            else:
                strokes.append(Stroke(path.points, path.heads[1], path.heads[0]))
        strokes = join_strokes(attach_heads(strokes, heads, diagonal), diagonal)
        return Drawing(self.width, self.height, outlines, self.words, strokes)


def _css(root: Any) -> dict[str, Style]:
    rules: dict[str, Style] = {}
    for element in root.iter():
        if local(element) != "style":
            continue
        for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", "".join(element.itertext())):
            style = {}
            for item in body.split(";"):
                key, _, value = item.partition(":")
                if value:
                    style[key.strip()] = value.replace("!important", "").strip()
            for selector in selectors.split(","):
                rules.setdefault(selector.strip(), {}).update(style)
    return rules


def _lines(element: Any, style: Style) -> Iterator[tuple[str, float, float, float, str, bool]]:
    """(text, x, y, font size, anchor, vertically centred) of each line of a text element.

    A ``tspan`` with a y, or a dy of more than 0.9 em, starts a line; smaller shifts are sub- and
    superscripts of the line.
    """
    size = length(element.get("font-size") or style.get("font-size"), 16.0)
    anchor = element.get("text-anchor") or style.get("text-anchor", "start")
    middle = style.get("dominant-baseline", "") in ("middle", "central")
    x, y = _first(element.get("x")), _first(element.get("y")) + _shift(element.get("dy"), size)
    pieces = [element.text or ""]

    def walk(node: Any) -> Iterator[tuple[str, float, float]]:
        nonlocal x, y, pieces
        for child in node:
            if local(child) == "tspan":
                shift = _shift(child.get("dy"), size)
                moved = child.get("y") is not None and abs(_first(child.get("y")) - y) > 0.6 * size
                if moved or shift > 0.85 * size:
                    yield "".join(pieces), x, y
                    pieces = []
                    x = _first(child.get("x")) if child.get("x") else x
                    y = _first(child.get("y")) if child.get("y") else y + shift
                elif child.get("x") and not "".join(pieces).strip():
                    x = _first(child.get("x"))
                    y = _first(child.get("y")) if child.get("y") else y
                pieces.append(child.text or "")
                yield from walk(child)
                pieces.append(child.tail or "")

    for text, px, py in [*walk(element), ("".join(pieces), x, y)]:
        run = " ".join((text if text else "").split())
        if run:
            yield run, px, py, size, anchor, middle


def _first(text: str | None) -> float:
    return length((text or "0").replace(",", " ").split()[0] if text else None, 0.0)


def _shift(text: str | None, size: float) -> float:
    if text and text.strip().endswith("em"):
        return length(text.strip().removesuffix("em"), 0.0) * size
    return length(text, 0.0)
