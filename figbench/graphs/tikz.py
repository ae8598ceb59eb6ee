r"""TikZ source, parsed; TeX is never run, so that ``\write18`` and ``\input`` do nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import cos, radians, sin

from figbench.graphs.build import finish
from figbench.graphs.limits import GraphError, text_of
from figbench.graphs.model import Box, Direction, Edge, FigureGraph, Group, Kind, Node

_CM = {"cm": 1.0, "mm": 0.1, "pt": 0.0351, "in": 2.54, "em": 0.35, "ex": 0.15, "": 1.0}
_COMMAND = re.compile(r"\\(node|draw|path|coordinate|fill|filldraw|graph|foreach)\b")
_TO = re.compile(r"\s*(--|-\||\|-|\.\.|to\b|edge\b)")
_SIDES = {"right": (1, 0), "left": (-1, 0), "above": (0, 1), "below": (0, -1),
          "above right": (1, 1), "above left": (-1, 1), "below right": (1, -1),
          "below left": (-1, -1)}  # fmt: skip
_PLAIN = {r"\&": "&", r"\%": "%", r"\$": "$", r"\#": "#", r"\_": "_", r"\{": "{", r"\}": "}"}
Place = tuple[float, float]


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
    picture = _Picture(_styles(text))
    options, body = _options(body)
    picture.defaults = options
    picture.run(body)
    return picture.result()


def _styles(text: str) -> dict[str, str]:
    """Returns the bodies of ``name/.style={...}``, whose braces may nest."""
    styles = {}
    for match in re.finditer(r"([\w ]+)/\.style(?:\s*args\s*=\s*\{[^}]*\})?\s*=\s*(?=\{)", text):
        styles[match[1].strip()] = _until(text[match.end() :], "{", "}")[0]
    return styles


@dataclass
class _Picture:
    styles: dict[str, str]
    defaults: str = ""
    nodes: dict[str, Node] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)

    def run(self, body: str) -> None:
        at = 0
        while match := _COMMAND.search(body, at):
            end = _statement_end(body, match.end())
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
        options, name, place, label = "", "", None, ""
        while True:
            text = text.lstrip()
            if text.startswith("["):
                more, text = _options(text)
                options = f"{options},{more}"
            elif text.startswith("("):
                name, text = _until(text, "(", ")")
            elif re.match(r"at\b", text):
                inner, text = _until(text[2:].lstrip(), "(", ")")
                place = self.point(inner)
            elif text.startswith("{"):
                label, text = _until(text, "{", "}")
                break
            else:
                break
        options = self.expanded(options)
        name = name.strip() or _value(options, "name") or f"node{len(self.nodes)}"
        fit = _value(options, "fit")
        if fit:
            title = _value(options, "label").partition(":")
            words = plain_tex(label) or plain_tex(title[2] or title[0])
            members = [m.partition(".")[0].strip() for m in re.findall(r"\(([^()]*)\)", fit)]
            self.groups.append(Group(name, words, tuple(dict.fromkeys(members))))
            return text
        centre = place or self.relative(options) or (0.0, 0.0)
        size = (
            max(_length(_value(options, "minimum width") or _value(options, "minimum size")), 0.3),
            max(_length(_value(options, "minimum height") or _value(options, "minimum size")), 0.3),
        )
        box = _around(centre, size)
        self.places[name] = centre
        kind: Kind = "ellipse" if re.search(r"\b(circle|ellipse)\b", options) else "box"
        if "\\includegraphics" in label:
            kind, label = "icon", re.sub(r"\\includegraphics(\[[^\]]*\])?\{[^}]*\}", "", label)
        self.nodes[name] = Node(name, plain_tex(label), box, kind)
        return text

    def expanded(self, options: str) -> str:
        for _ in range(4):
            words = _split(options)
            more = [self.styles[w] for w in words if w in self.styles]
            if not more:
                break
            options = ",".join([w for w in words if w not in self.styles] + more)
        return f"{options},{self.styles.get('every node', '')}"

    def point(self, text: str) -> Place | None:
        text = text.strip()
        match = re.match(r"^(-?[\d.]+)\s*(\w*)\s*([,:])\s*(-?[\d.]+)\s*(\w*)$", text)
        if not match:
            return self.places.get(text.partition(".")[0].strip())
        try:
            x, y = (float(match[i]) * _CM.get(match[i + 1], 1.0) for i in (1, 4))
        except ValueError:
            return None
        if match[3] == ":":
            return y * cos(radians(float(match[1]))), y * sin(radians(float(match[1])))
        return x, y

    def relative(self, options: str) -> Place | None:
        """``right=2cm of a`` and ``right of=a``."""
        for side in sorted(_SIDES, key=len, reverse=True):
            match = re.search(rf"\b{side}\s*=\s*([\d.]*\s*\w*?)\s*of\s+([\w -]+)", options)
            match = match or re.search(rf"\b{side}\s+of\s*=()\s*([\w -]+)", options)
            if match and match[2].strip() in self.places:
                x, y = self.places[match[2].strip()]
                far = _length(match[1]) + 2.0 if match[1] else 2.0
                return x + far * _SIDES[side][0], y + far * _SIDES[side][1]
        return None

    def path(self, text: str) -> None:
        options, text = _options(text)
        at: str | None = None
        label, own, pending = "", options, False
        while text.strip():
            text = text.lstrip()
            step = _TO.match(text)
            if step:
                text, pending = text[step.end() :], True
                edge_step = step[1] == "edge"
                if edge_step or step[1] == "to":
                    more, text = _options(text)
                    own = f"{options},{more}"
                    quoted = re.search(r'"([^"]*)"', more)
                    label = plain_tex(quoted[1]) if quoted else label
                start = at
                while re.match(r"\s*node\b", text):
                    words, text = _inline(text)
                    label = f"{label} {words}".strip()
                match = re.match(r"\s*\+*\(", text)
                if not match:
                    continue
                inner, text = _until(text[match.end() - 1 :], "(", ")")
                end = self.known(inner)
                while re.match(r"\s*node\b", text):
                    words, text = _inline(text)
                    label = f"{label} {words}".strip()
                if end is None and not edge_step:
                    continue
                self.join(start, end, label, own)
                label, own, pending = "", options, False
                at = start if edge_step else end
            elif text.startswith("("):
                inner, text = _until(text, "(", ")")
                name = self.known(inner)
                at = name if not pending else at
            elif re.match(r"node\b", text):
                _, text = _inline(text)
            elif text.startswith("{"):
                _, text = _until(text, "{", "}")
            else:
                text = text[1:]

    def known(self, text: str) -> str | None:
        name = text.strip().partition(".")[0].strip()
        return name if name in self.nodes or any(g.id == name for g in self.groups) else None

    def join(self, start: str | None, end: str | None, label: str, options: str) -> None:
        if start is None or end is None:
            return
        left, right = _tips(self.expanded(options), self.expanded(self.defaults))
        if left and not right:
            start, end, left, right = end, start, False, True
        direction: Direction = "both" if left else "forward" if right else "none"
        self.edges.append(Edge(start, end, label, direction))

    def result(self) -> FigureGraph:
        ends = {end for edge in self.edges for end in (edge.source, edge.target)}
        nodes = [n for n in self.nodes.values() if n.text or n.id in ends]
        nodes += [Node(g.id, g.title) for g in self.groups if g.id in ends]
        return finish(nodes, self.edges, self.groups)


_TIP = r"(?:[<>|]+|\{.*\}|[A-Za-z][A-Za-z']*(?:\[.*\])?(?: ?\d+)?)?"
_TIPS = re.compile(rf"({_TIP})\s*-\s*({_TIP})", re.S)
_WORDS = re.compile(r"[a-z]+\s*-\s*[a-z]+")


def _tips(options: str, defaults: str) -> tuple[bool, bool]:
    """Whether an arrow tip is at the start and at the end of a path with these options."""
    for source in (options, defaults):
        for word in _split(source):
            key, equals, value = word.partition("=")
            if equals and key.strip() == "arrows":
                word = value.strip().removeprefix("{").removesuffix("}")
            match = _TIPS.fullmatch(word)
            if match and not (_WORDS.fullmatch(word) and word not in _LOWER_TIPS):
                return _draws(match[1]), _draws(match[2])
    return False, False


_LOWER = ("latex", "stealth", "to")
_LOWER_TIPS = frozenset(f"{a}-{b}" for a in _LOWER for b in _LOWER)


def _draws(tip: str) -> bool:
    """Whether a tip is an arrow head; bars and circles are none."""
    return bool(tip.strip("{} |")) and not re.fullmatch(r"\{?\s*(Bar|Circle|Square|o)\b.*", tip)


def _split(options: str) -> list[str]:
    """Returns options at the commas outside of braces and brackets, without white space."""
    words, depth, start = [], 0, 0
    for i, char in enumerate(options):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(char, 0)
        if char == "," and depth <= 0:
            words.append(options[start:i].strip())
            start = i + 1
    return [*words, options[start:].strip()]


def _inline(text: str) -> tuple[str, str]:
    """The words of a node on a path, and what follows it."""
    text = text.lstrip()[4:]
    while text.lstrip()[:1] in ("[", "("):
        text = text.lstrip()
        _, text = _until(text, text[0], {"[": "]", "(": ")"}[text[0]])
    if text.lstrip().startswith("{"):
        words, text = _until(text.lstrip(), "{", "}")
        return plain_tex(words), text
    return "", text


def plain_tex(text: str) -> str:
    """Returns TeX text without commands, math shifts and grouping."""
    text = text.replace("\\\\", " ")
    text = text.replace("\\textbackslash{}", "\0b").replace("\\textasciitilde{}", "~")
    text = text.replace("\\textasciicircum{}", "\0c")
    for escaped, char in _PLAIN.items():
        text = text.replace(escaped, f"\0{ord(char)};")
    text = re.sub(r"\\(?:color|textcolor|fontsize|vspace|hspace)\s*\{[^{}]*\}", " ", text)
    text = re.sub(r"\\([A-Za-z]+)\s*", lambda m: _SYMBOLS.get(m[1], ""), text)
    text = re.sub(r"[{}$_^~]", lambda m: " " if m[0] == "~" and m[0] else "", text)
    text = re.sub(r"\0(\d+);", lambda m: chr(int(m[1])), text)
    return " ".join(text.replace("\0b", "\\").replace("\0c", "^").split())


_SYMBOLS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "theta": "θ", "phi": "φ", "mu": "μ", "sigma": "σ",
    "lambda": "λ", "epsilon": "ϵ", "times": "×", "oplus": "⊕", "otimes": "⊗", "cdot": "·",
}  # fmt: skip


def _statement_end(text: str, at: int) -> int:
    depth = 0
    for i in range(at, len(text)):
        char = text[i]
        if char == "\\" or (i and text[i - 1] == "\\"):
            continue
        depth += {"{": 1, "}": -1, "[": 1, "]": -1}.get(char, 0)
        if char == ";" and depth <= 0:
            return i
    raise GraphError("tikz: a statement does not end with a semicolon, or braces do not match.")


def _until(text: str, opening: str, closing: str) -> tuple[str, str]:
    depth = 0
    for i, char in enumerate(text):
        if i and text[i - 1] == "\\":
            continue
        depth += {opening: 1, closing: -1}.get(char, 0)
        if depth == 0:
            return text[1:i], text[i + 1 :]
    raise GraphError(f"tikz: {opening!r} is not closed at {text[:40]!r}.")


def _options(text: str) -> tuple[str, str]:
    text = text.lstrip()
    return _until(text, "[", "]") if text.startswith("[") else ("", text)


def _value(options: str, key: str) -> str:
    match = re.search(
        rf"(?:^|,)\s*{key}\s*=\s*(\{{[^{{}}]*\}}|[^,{{}}]*(?:\{{[^{{}}]*\}}[^,]*)?)", options
    )
    value = match[1].strip() if match else ""
    return value[1:-1] if value.startswith("{") and value.endswith("}") else value


def _length(text: str) -> float:
    match = re.match(r"\s*([\d.]+)\s*([a-z]*)", text or "")
    try:
        return float(match[1]) * _CM.get(match[2], 1.0) if match else 0.0
    except ValueError:
        return 0.0


def _around(centre: Place, size: tuple[float, float]) -> Box:
    (x, y), (wide, high) = centre, size
    return x - wide / 2, -y - high / 2, x + wide / 2, -y + high / 2
