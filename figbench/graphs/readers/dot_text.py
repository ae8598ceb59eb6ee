"""Graphviz dot text: a parser of the DOT grammar that runs nothing and opens no file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from figbench.graphs.build import finish, plain_text
from figbench.graphs.limits import MAX_DEPTH, GraphError, text_of
from figbench.graphs.model import Box, Direction, Edge, FigureGraph, Group, Kind, Node

_TOKEN = re.compile(
    r"""\s+|//[^\n]*|/\*.*?\*/|^\#[^\n]*
    |(?P<quoted>"(?:[^"\\]|\\.)*")
    |(?P<op>->|--|[{}\[\];,=:+])
    |(?P<word>[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*|-?(?:\.\d+|\d+(?:\.\d*)?))
    |(?P<html><)""",
    re.X | re.S | re.M,
)
_ELLIPSES = frozenset(("ellipse", "circle", "oval", "doublecircle", "point", "egg"))
_RECORD = re.compile(r"(?<!\\)<[^<>]*>|(?<!\\)[{}]")
Attributes = dict[str, str]


def read_dot(data: bytes) -> FigureGraph:
    """Returns the graph that a dot document states; clusters are groups.

    Positions are those of ``pos`` and ``width``/``height`` where a layout has been stored.

    Raises:
        GraphError: When the document is too large or breaks the DOT grammar.
    """
    parser = _Parser(list(_tokens(text_of(data))))
    parser.graph()
    return parser.result()


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise GraphError(
                f"dot: unexpected {text[at]!r} in line {text.count(chr(10), 0, at) + 1}."
            )
        kind = match.lastgroup
        if kind == "html":
            end, depth = at, 0
            while end < len(text):
                depth += {"<": 1, ">": -1}.get(text[end], 0)
                end += 1
                if depth == 0:
                    break
            yield "id", plain_text(text[at + 1 : end - 1])
            at = end
            continue
        if kind == "quoted":
            yield "id", match["quoted"][1:-1].replace('\\"', '"').replace("\\\n", "")
        elif kind == "word":
            yield "word", match["word"]
        elif kind == "op":
            yield "op", match["op"]
        at = match.end()


@dataclass
class _Scope:
    node: Attributes = field(default_factory=dict)
    edge: Attributes = field(default_factory=dict)
    graph: Attributes = field(default_factory=dict)
    members: dict[str, None] = field(default_factory=dict)


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.at, self.depth = tokens, 0, 0
        self.nodes: dict[str, Attributes] = {}
        self.edges: list[tuple[str, str, Attributes]] = []
        self.clusters: list[tuple[str, _Scope]] = []
        self.directed = True

    def peek(self, ahead: int = 0) -> tuple[str, str]:
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else ("end", "end of the document")

    def take(self, *expected: str) -> str:
        kind, value = self.peek()
        if expected and not (kind in ("op", "word") and value.lower() in expected):
            raise GraphError(f"dot: expected {' or '.join(expected)}, not {value!r}.")
        self.at += 1
        return value

    def is_op(self, *values: str) -> bool:
        kind, value = self.peek()
        return kind == "op" and value in values

    def name(self) -> str:
        kind, value = self.peek()
        if kind not in ("id", "word"):
            raise GraphError(f"dot: expected a name, not {value!r}.")
        self.at += 1
        while self.is_op("+") and kind == "id":
            self.at += 1
            value += self.peek()[1]
            self.at += 1
        return value

    def graph(self) -> None:
        if self.peek()[1].lower() == "strict":
            self.at += 1
        self.directed = self.take("graph", "digraph").lower() == "digraph"
        if not self.is_op("{"):
            self.name()
        self.block(_Scope())

    def block(self, scope: _Scope) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise GraphError(f"dot: subgraphs nest deeper than {MAX_DEPTH}.")
        self.take("{")
        while not self.is_op("}"):
            if self.is_op(";", ","):
                self.at += 1
            else:
                self.statement(scope)
        self.take("}")
        self.depth -= 1

    def statement(self, scope: _Scope) -> None:
        kind, value = self.peek()
        low = value.lower()
        if kind == "word" and low in ("node", "edge", "graph") and self.peek(1) == ("op", "["):
            self.at += 1
            getattr(scope, low).update(self.attributes())
            return
        if kind in ("id", "word") and self.peek(1) == ("op", "="):
            key = self.name()
            self.at += 1
            scope.graph[key] = self.name()
            return
        chain = [self.operand(scope)]
        while self.is_op("->", "--"):
            self.at += 1
            chain.append(self.operand(scope))
        attributes = self.attributes()
        if len(chain) == 1:
            if kind != "op" and low != "subgraph":
                self.nodes[chain[0][0]].update(attributes)
            return
        for left, right in pairwise(chain):
            self.edges += [(a, b, {**scope.edge, **attributes}) for a in left for b in right]
        if len(self.edges) > 100_000:
            raise GraphError("dot: more than 100,000 edges.")

    def operand(self, scope: _Scope) -> list[str]:
        if self.is_op("{") or (self.peek()[0] == "word" and self.peek()[1].lower() == "subgraph"):
            title = ""
            if not self.is_op("{"):
                self.at += 1
                title = "" if self.is_op("{") else self.name()
            inner = _Scope(dict(scope.node), dict(scope.edge), dict(scope.graph))
            inner.graph.pop("label", None)
            self.block(inner)
            scope.members |= inner.members
            if title.startswith("cluster") or inner.graph.get("cluster") == "true":
                self.clusters.append((title, inner))
            return list(inner.members)
        node = self.name()
        while self.is_op(":"):
            self.at += 1
            self.name()
        if node not in self.nodes:
            self.nodes[node] = dict(scope.node)
        scope.members[node] = None
        return [node]

    def attributes(self) -> Attributes:
        out: Attributes = {}
        while self.is_op("["):
            self.at += 1
            while not self.is_op("]"):
                if self.is_op(",", ";"):
                    self.at += 1
                    continue
                key = self.name()
                if self.is_op("="):
                    self.at += 1
                    out[key] = self.name()
                else:
                    out[key] = "true"
            self.take("]")
        return out

    def result(self) -> FigureGraph:
        nodes = [_node(name, attributes) for name, attributes in self.nodes.items()]
        edges = [self.edge(*edge) for edge in self.edges]
        groups = [
            Group(
                name or f"cluster{i}",
                _label(scope.graph.get("label", ""), name),
                tuple(scope.members),
            )
            for i, (name, scope) in enumerate(self.clusters)
        ]
        return finish(nodes, edges, groups)

    def edge(self, source: str, target: str, attributes: Attributes) -> Edge:
        way = attributes.get("dir", "forward" if self.directed else "none")
        label = _label(attributes.get("label") or attributes.get("xlabel", ""), "")
        if way == "back":
            return Edge(target, source, label, "forward")
        direction: Direction = "both" if way == "both" else "none" if way == "none" else "forward"
        return Edge(source, target, label, direction)


def _label(text: str, name: str) -> str:
    for escape in ("\\n", "\\l", "\\r"):
        text = text.replace(escape, " ")
    return plain_text(text.replace("\\N", name).replace("\\G", "").replace("\\L", ""))


def _node(name: str, attributes: Attributes) -> Node:
    shape = attributes.get("shape", "ellipse").lower()
    text = attributes.get("label", "\\N")
    if shape in ("record", "mrecord"):
        text = _RECORD.sub(" ", text).replace("|", " ")
    if shape == "point":
        text = ""
    text = _label(text, name) or _label(attributes.get("xlabel", ""), name)
    kind: Kind = "box"
    if "image" in attributes:
        kind = "icon"
    elif shape in ("plaintext", "none", "plain"):
        kind = "text"
    elif shape in _ELLIPSES:
        kind = "ellipse"
    return Node(name, text, _position(attributes), kind)


_WIDTH, _HEIGHT = 0.75, 0.5
"""Inches: sizes of nodes that state none."""


def _position(attributes: Attributes) -> Box | None:
    try:
        # A layout that Graphviz stored is in points; a pinned position, with "!", in inches.
        scale = 72.0 if attributes["pos"].endswith("!") else 1.0
        x, y = (scale * float(v) for v in attributes["pos"].rstrip("!").split(",")[:2])
        wide, high = (
            float(attributes.get(key, size)) * 36
            for key, size in (("width", _WIDTH), ("height", _HEIGHT))
        )
    except (KeyError, ValueError):
        return None
    return x - wide, -y - high, x + wide, -y + high
