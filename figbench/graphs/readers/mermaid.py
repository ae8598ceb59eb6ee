"""Mermaid flowchart text, read without running Mermaid."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from figbench.graphs.build import finish, plain_text
from figbench.graphs.limits import GraphError, text_of
from figbench.graphs.model import Edge, FigureGraph, Group, Kind, Node

_HEADER = re.compile(
    r"^\s*(flowchart|graph)(?:-elk)?\b[ \t]*(TB|TD|BT|RL|LR|[<>^v])?[ \t]*;?", re.M
)
_ARROW = r"(?P<left><|o|x)?(?P<body>-{2,}|={2,}|-\.+-|~{3,})(?P<right>>|o|x)?"
_LINK = re.compile(
    rf"\s*(?:\w+@)?(?:(?P<open>[<ox]?(?:--|==|-\.))\s+(?P<words>[^|\n]*?\S)\s+"
    rf"(?P<close>-{{2,}}[>ox]?|={{2,}}[>ox]?|\.+-[>ox]?)|{_ARROW})"
    r"(?:[ \t]*\|(?P<bar>[^|]*)\|)?\s*"
)
_ID = re.compile(r"\s*([\w\u0080-\uffff.]+(?:-(?![-.>])[\w.]+)*)")
_META = re.compile(r"@\{(?P<meta>[^}]*)\}")
_CLASS = re.compile(r":::[\w-]+")
_SHAPES: tuple[tuple[str, str, Kind], ...] = (
    ("(((", ")))", "ellipse"), ("((", "))", "ellipse"), ("([", "])", "box"), ("[[", "]]", "box"),
    ("[(", ")]", "box"), ("[/", "/]", "box"), ("[/", "\\]", "box"), ("[\\", "\\]", "box"),
    ("[\\", "/]", "box"), ("{{", "}}", "box"), ("{", "}", "box"), ("[", "]", "box"),
    ("(", ")", "box"), (">", "]", "box"),
)  # fmt: skip
_SKIP = re.compile(r"^\s*(?:classDef|class|style|linkStyle|click|direction|accTitle|accDescr)\b")
_SUBGRAPH = re.compile(r"^\s*subgraph\b\s*(?P<rest>.*)$")


def read_mermaid(data: bytes) -> FigureGraph:
    """Returns the graph of a Mermaid flowchart; subgraphs are groups.

    Raises:
        GraphError: When the document is too large, is no flowchart or cannot be parsed.
    """
    text = text_of(data)
    text = re.sub(r"\A\s*---\n.*?\n---\s*\n", "", text, flags=re.S)
    text = re.sub(r"%%[^\n]*", "", text)
    header = _HEADER.search(text)
    if not header or text[: header.start()].strip():
        raise GraphError("mermaid: only flowcharts (flowchart, graph) state nodes and edges.")
    flowchart = _Flowchart()
    for line in _statements(text[header.end() :]):
        flowchart.statement(line)
    return flowchart.result()


def _statements(text: str) -> list[str]:
    """Splits at line ends and semicolons outside of quotes."""
    out, start, quoted = [], 0, False
    for i, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif char in "\n;" and not quoted:
            if char == ";" and re.search(r"[#&]\w+$", text[start:i]):
                continue
            out.append(text[start:i])
            start = i + 1
    return [line for line in [*out, text[start:]] if line.strip()]


@dataclass
class _Flowchart:
    nodes: dict[str, tuple[str, Kind]] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    groups: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    stack: list[str] = field(default_factory=list)

    def statement(self, line: str) -> None:
        if _SKIP.match(line):
            return
        frame = _SUBGRAPH.match(line)
        if frame:
            self.open(frame["rest"].strip())
            return
        if line.strip() == "end":
            if self.stack:
                self.stack.pop()
            return
        left, at = self.operands(line, 0)
        while at < len(line) and line[at:].strip():
            link = _LINK.match(line, at)
            if not link:
                raise GraphError(f"mermaid: cannot read {line[at:].strip()[:60]!r}.")
            right, at = self.operands(line, link.end())
            self.join(left, right, link)
            left = right

    def open(self, rest: str) -> None:
        match = re.match(r"([\w.\u0080-\uffff-]+)\s*\[(.*)\]$", rest)
        name, title = (match[1], match[2]) if match else (rest, rest)
        title = _words(title)
        name = name.strip('"') or f"subgraph{len(self.groups)}"
        self.groups[name] = (title, [])
        self.stack.append(name)

    def operands(self, line: str, at: int) -> tuple[list[str], int]:
        names = []
        while True:
            name, at = self.node(line, at)
            names.append(name)
            more = re.compile(r"\s*&\s*").match(line, at)
            if not more:
                return names, at
            at = more.end()

    def node(self, line: str, at: int) -> tuple[str, int]:
        match = _ID.match(line, at)
        if not match:
            raise GraphError(f"mermaid: expected a node at {line[at:].strip()[:60]!r}.")
        name, at = match[1], match.end()
        label: str | None = None
        kind: Kind = "box"
        meta = _META.match(line, at)
        if meta:
            at = meta.end()
            stated = re.search(r'label:\s*"([^"]*)"', meta["meta"])
            label = _words(stated[1]) if stated else None
            if re.search(r"\b(icon|img)\b", meta["meta"]):
                kind = "icon"
            elif re.search(r"shape:\s*(text\b|circ|dbl-circ|sm-circ)", meta["meta"]):
                kind = "text" if "text" in meta["meta"] else "ellipse"
        else:
            label, kind, at = _shape(line, at)
        style = _CLASS.match(line, at)
        at = style.end() if style else at
        if name in self.groups and label is None:
            return name, at
        if label is not None or name not in self.nodes:
            self.nodes[name] = (name if label is None else label, kind)
        for group in self.stack:
            if name not in self.groups[group][1]:
                self.groups[group][1].append(name)
        return name, at

    def join(self, left: list[str], right: list[str], link: re.Match[str]) -> None:
        words = link["bar"] if link["bar"] is not None else link["words"] or ""
        if (link["body"] or "").startswith("~"):
            return
        head = (link["close"] or "")[-1:] in (">", "o", "x") or bool(link["right"])
        tail = (link["open"] or "")[:1] in ("<", "o", "x") or bool(link["left"])
        label = _words(words)
        for a in left:
            for b in right:
                if tail and head:
                    self.edges.append(Edge(a, b, label, "both"))
                elif tail:
                    self.edges.append(Edge(b, a, label))
                else:
                    self.edges.append(Edge(a, b, label, "forward" if head else "none"))

    def result(self) -> FigureGraph:
        # A subgraph at the end of an edge stands for itself as a node.
        ends = {end for edge in self.edges for end in (edge.source, edge.target)}
        nodes = [Node(name, text, None, kind) for name, (text, kind) in self.nodes.items()]
        nodes += [
            Node(name, title) for name, (title, _) in self.groups.items()
            if name in ends and name not in self.nodes
        ]  # fmt: skip
        groups = [Group(name, title, tuple(m)) for name, (title, m) in self.groups.items()]
        return finish(nodes, self.edges, groups)


def _shape(line: str, at: int) -> tuple[str | None, Kind, int]:
    for opening, closing, kind in _SHAPES:
        if not line.startswith(opening, at):
            continue
        start = at + len(opening)
        if line.startswith('"', start):
            end = line.find('"', start + 1)
            if end > 0 and line.startswith(closing, end + 1):
                return _words(line[start : end + 1]), kind, end + 1 + len(closing)
            continue
        end = line.find(closing, start)
        if end >= 0:
            return _words(line[start:end]), kind, end + len(closing)
    return None, "box", at


def _words(text: str) -> str:
    text = text.strip().strip('"').strip("`")
    text = re.sub(r"#(quot|amp|lt|gt|nbsp);", r"&\1;", text)
    text = re.sub(r"#(\d+);", r"&#\1;", text)
    return plain_text(text)
