r"""TikZ source, parsed; TeX is never run, so that ``\write18`` and ``\input`` do nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import cos, radians, sin

from figbench.graphs.build import finish
from figbench.graphs.limits import GraphError, text_of
from figbench.graphs.model import Box, Direction, Edge, FigureGraph, Group, Kind, Node
from figbench.graphs.readers.tikz_text import (
    CENTIMETRES,
    arrow_tips,
    inline_node,
    leading_options,
    length,
    option_value,
    plain_tex,
    split_options,
    statement_end,
    until,
)

_COMMAND = re.compile(r"\\(node|draw|path|coordinate|fill|filldraw|graph|foreach)\b")
_TO = re.compile(r"\s*(--|-\||\|-|\.\.|to\b|edge\b)")
_SIDES = {"right": (1, 0), "left": (-1, 0), "above": (0, 1), "below": (0, -1),
          "above right": (1, 1), "above left": (-1, 1), "below right": (1, -1),
          "below left": (-1, -1)}  # fmt: skip
Point = tuple[float, float]


def read_tikz(data: bytes) -> FigureGraph:
    r"""Returns the graph of the first ``tikzpicture`` of a TeX source.

    Nodes are ``\node`` with a text or an edge; ``\draw`` and ``\path`` with ``--``, ``-|``, ``|-``,
    ``to`` and ``edge`` are edges; nodes with ``fit`` are groups. Nothing is executed or included.

    Raises:
        GraphError: When there is no TikZ picture, or braces do not match, or it builds its nodes
            by ``\foreach`` or ``\graph``, which only TeX can expand.
    """
    text = re.sub(r"(?<!\\)%[^\n]*", "", text_of(data))
    match = re.search(r"\\begin\{tikzpicture\}(.*?)\\end\{tikzpicture\}", text, re.S)
    body = match[1] if match else text if re.search(r"\\(node|draw)\b", text) else ""
    if not body:
        raise GraphError("tikz: the source has no tikzpicture.")
    parser = _Parser(_styles(text))
    options, body = leading_options(body)
    parser.defaults = options
    parser.run(body)
    return parser.result()


def _styles(text: str) -> dict[str, str]:
    """Returns the bodies of ``name/.style={...}``, whose braces may nest."""
    styles = {}
    for match in re.finditer(r"([\w ]+)/\.style(?:\s*args\s*=\s*\{[^}]*\})?\s*=\s*(?=\{)", text):
        styles[match[1].strip()] = until(text[match.end() :], "{", "}")[0]
    return styles


@dataclass
class _Parser:
    styles: dict[str, str]
    defaults: str = ""
    nodes: dict[str, Node] = field(default_factory=dict)
    positions: dict[str, Point] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)

    def run(self, body: str) -> None:
        at = 0
        while match := _COMMAND.search(body, at):
            end = statement_end(body, match.end())
            statement = body[match.end() : end]
            command = match[1]
            if command in ("foreach", "graph"):
                raise GraphError(f"tikz: \\{command} is not expanded.", remedy="Give SVG or PDF.")
            if command in ("node", "coordinate"):
                rest = self.node(statement)
                while rest.lstrip().startswith("node"):
                    rest = self.node(rest.lstrip()[4:])
                if re.match(r"\s*edge\b", rest):
                    last = next(reversed(self.nodes), "")
                    self.path(f"({last}) {rest}")
            else:
                self.path(statement)
            at = end + 1

    def node(self, text: str) -> str:
        options, name, position, label = "", "", None, ""
        while True:
            text = text.lstrip()
            if text.startswith("["):
                more, text = leading_options(text)
                options = f"{options},{more}"
            elif text.startswith("("):
                name, text = until(text, "(", ")")
            elif re.match(r"at\b", text):
                inner, text = until(text[2:].lstrip(), "(", ")")
                position = self.point(inner)
            elif text.startswith("{"):
                label, text = until(text, "{", "}")
                break
            else:
                break
        options = self.expanded(options)
        name = name.strip() or option_value(options, "name") or f"node{len(self.nodes)}"
        fit = option_value(options, "fit")
        if fit:
            title = option_value(options, "label").partition(":")
            words = plain_tex(label) or plain_tex(title[2] or title[0])
            members = [m.partition(".")[0].strip() for m in re.findall(r"\(([^()]*)\)", fit)]
            self.groups.append(Group(name, words, tuple(dict.fromkeys(members))))
            return text
        centre = position or self.relative(options) or (0.0, 0.0)
        size = (
            max(
                length(
                    option_value(options, "minimum width") or option_value(options, "minimum size")
                ),
                0.3,
            ),
            max(
                length(
                    option_value(options, "minimum height") or option_value(options, "minimum size")
                ),
                0.3,
            ),
        )
        box = _around(centre, size)
        self.positions[name] = centre
        kind: Kind = "ellipse" if re.search(r"\b(circle|ellipse)\b", options) else "box"
        if "\\includegraphics" in label:
            kind, label = "icon", re.sub(r"\\includegraphics(\[[^\]]*\])?\{[^}]*\}", "", label)
        self.nodes[name] = Node(name, plain_tex(label), box, kind)
        return text

    def expanded(self, options: str) -> str:
        for _ in range(4):
            words = split_options(options)
            more = [self.styles[w] for w in words if w in self.styles]
            if not more:
                break
            options = ",".join([w for w in words if w not in self.styles] + more)
        return f"{options},{self.styles.get('every node', '')}"

    def point(self, text: str) -> Point | None:
        text = text.strip()
        match = re.match(r"^(-?[\d.]+)\s*(\w*)\s*([,:])\s*(-?[\d.]+)\s*(\w*)$", text)
        if not match:
            return self.positions.get(text.partition(".")[0].strip())
        try:
            x, y = (float(match[i]) * CENTIMETRES.get(match[i + 1], 1.0) for i in (1, 4))
        except ValueError:
            return None
        if match[3] == ":":
            return y * cos(radians(float(match[1]))), y * sin(radians(float(match[1])))
        return x, y

    def relative(self, options: str) -> Point | None:
        """``right=2cm of a`` and ``right of=a``."""
        for side in sorted(_SIDES, key=len, reverse=True):
            match = re.search(rf"\b{side}\s*=\s*([\d.]*\s*\w*?)\s*of\s+([\w -]+)", options)
            match = match or re.search(rf"\b{side}\s+of\s*=()\s*([\w -]+)", options)
            if match and match[2].strip() in self.positions:
                x, y = self.positions[match[2].strip()]
                far = length(match[1]) + 2.0 if match[1] else 2.0
                return x + far * _SIDES[side][0], y + far * _SIDES[side][1]
        return None

    def path(self, text: str) -> None:
        options, text = leading_options(text)
        at: str | None = None
        label, own, pending = "", options, False
        while text.strip():
            text = text.lstrip()
            step = _TO.match(text)
            if step:
                text, pending = text[step.end() :], True
                edge_step = step[1] == "edge"
                if edge_step or step[1] == "to":
                    more, text = leading_options(text)
                    own = f"{options},{more}"
                    quoted = re.search(r'"([^"]*)"', more)
                    label = plain_tex(quoted[1]) if quoted else label
                start = at
                while re.match(r"\s*node\b", text):
                    words, text = inline_node(text)
                    label = f"{label} {words}".strip()
                match = re.match(r"\s*\+*\(", text)
                if not match:
                    continue
                inner, text = until(text[match.end() - 1 :], "(", ")")
                end = self.id_of(inner)
                while re.match(r"\s*node\b", text):
                    words, text = inline_node(text)
                    label = f"{label} {words}".strip()
                if end is None and not edge_step:
                    continue
                self.join(start, end, label, own)
                label, own, pending = "", options, False
                at = start if edge_step else end
            elif text.startswith("("):
                inner, text = until(text, "(", ")")
                name = self.id_of(inner)
                at = name if not pending else at
            elif re.match(r"node\b", text):
                _, text = inline_node(text)
            elif text.startswith("{"):
                _, text = until(text, "{", "}")
            else:
                text = text[1:]

    def id_of(self, text: str) -> str | None:
        name = text.strip().partition(".")[0].strip()
        return name if name in self.nodes or any(g.id == name for g in self.groups) else None

    def join(self, start: str | None, end: str | None, label: str, options: str) -> None:
        if start is None or end is None:
            return
        left, right = arrow_tips(self.expanded(options), self.expanded(self.defaults))
        if left and not right:
            start, end, left, right = end, start, False, True
        direction: Direction = "both" if left else "forward" if right else "none"
        self.edges.append(Edge(start, end, label, direction))

    def result(self) -> FigureGraph:
        ends = {end for edge in self.edges for end in (edge.source, edge.target)}
        nodes = [n for n in self.nodes.values() if n.text or n.id in ends]
        nodes += [Node(g.id, g.title) for g in self.groups if g.id in ends]
        return finish(nodes, self.edges, self.groups)


def _around(centre: Point, size: tuple[float, float]) -> Box:
    (x, y), (wide, high) = centre, size
    return x - wide / 2, -y - high / 2, x + wide / 2, -y + high / 2
