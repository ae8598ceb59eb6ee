"""FigureGraph: the nodes, edges and groups that a figure states, and its JSON form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from figbench.errors import UserError

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 as shares of the figure's width and height, y downwards."""
Kind = Literal["box", "ellipse", "icon", "text", "other"]
Direction = Literal["forward", "both", "none"]

KINDS: tuple[Kind, ...] = ("box", "ellipse", "icon", "text", "other")
DIRECTIONS: tuple[Direction, ...] = ("forward", "both", "none")


@dataclass(frozen=True, slots=True)
class Node:
    """A thing with a place in the figure.

    Attributes:
        id: Unique in the graph.
        text: The label, its lines joined by a space; empty for an operator sign or a picture.
        box: Position in the figure; None where the format states none.
        kind: ``box``, ``ellipse``, ``icon``, ``text`` (a label without an outline) or ``other``.
    """

    id: str
    text: str = ""
    box: Box | None = None
    kind: Kind = "box"


@dataclass(frozen=True, slots=True)
class Edge:
    """A line between two nodes; ``direction`` says which of its ends carry an arrow head.

    Attributes:
        source: Id of the node at the tail.
        target: Id of the node at the head.
        label: Words on the line, or empty.
        direction: ``forward`` (source to target), ``both`` or ``none``.
    """

    source: str
    target: str
    label: str = ""
    direction: Direction = "forward"


@dataclass(frozen=True, slots=True)
class Group:
    """A frame around nodes, with its title (perhaps empty) and the ids of its members."""

    id: str
    title: str = ""
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FigureGraph:
    """A figure as a graph.

    Attributes:
        nodes: With unique ids.
        edges: Between ids of ``nodes``; parallel edges and loops are allowed.
        groups: Members are ids of ``nodes``.
        aspect: Width over height of the page, where known; boxes are shares of each.

    Raises:
        ValueError: When an id occurs twice, or an edge or a group names no node.
    """

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    groups: tuple[Group, ...] = ()
    aspect: float | None = None

    def __post_init__(self) -> None:
        ids = {node.id for node in self.nodes}
        if len(ids) != len(self.nodes):
            raise ValueError("node ids are not unique")
        for edge in self.edges:
            if edge.source not in ids or edge.target not in ids:
                raise ValueError(f"edge {edge.source} -> {edge.target} names no node")
        for group in self.groups:
            if not ids.issuperset(group.members):
                raise ValueError(f"group {group.id} has a member that is no node")

    @property
    def texts(self) -> dict[str, str]:
        """The text of each node id."""
        return {node.id: node.text for node in self.nodes}

    def to_json(self) -> dict[str, Any]:
        """Returns the JSON document; ``from_json`` reads it back."""
        document: dict[str, Any] = {
            "nodes": [
                {"id": n.id, "text": n.text, "box": list(n.box) if n.box else None, "kind": n.kind}
                for n in self.nodes
            ],
            "edges": [
                {
                    "source": e.source,
                    "target": e.target,
                    "label": e.label,
                    "direction": e.direction,
                }
                for e in self.edges
            ],
            "groups": [
                {"id": g.id, "title": g.title, "members": list(g.members)} for g in self.groups
            ],
        }
        if self.aspect is not None:
            document["aspect"] = self.aspect
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> FigureGraph:
        """Reads the form that ``to_json`` writes.

        Raises:
            UserError: When a field is absent, of another type or inconsistent.
        """
        try:
            aspect = document.get("aspect")
            return cls(
                tuple(_node(entry) for entry in document["nodes"]),
                tuple(_edge(entry) for entry in document.get("edges", ())),
                tuple(_group(entry) for entry in document.get("groups", ())),
                None if aspect is None else float(aspect),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UserError(
                f"This is not a figure graph: {type(error).__name__}: {error}.",
                remedy="Expected nodes [{id, text, box, kind}], edges [{source, target, label, "
                "direction}] and groups [{id, title, members}].",
            ) from None


def _node(entry: Mapping[str, Any]) -> Node:
    box = entry.get("box")
    kind = entry.get("kind", "box")
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is none of {', '.join(KINDS)}")
    return Node(str(entry["id"]), str(entry.get("text") or ""), _box(box), cast(Kind, kind))


def _box(values: Sequence[float] | None) -> Box | None:
    if values is None:
        return None
    x0, y0, x1, y1 = (float(value) for value in values)
    return x0, y0, x1, y1


def _edge(entry: Mapping[str, Any]) -> Edge:
    direction = entry.get("direction", "forward")
    if direction not in DIRECTIONS:
        raise ValueError(f"direction {direction!r} is none of {', '.join(DIRECTIONS)}")
    return Edge(
        str(entry["source"]),
        str(entry["target"]),
        str(entry.get("label") or ""),
        cast(Direction, direction),
    )


def _group(entry: Mapping[str, Any]) -> Group:
    members = tuple(str(member) for member in entry.get("members", ()))
    return Group(str(entry["id"]), str(entry.get("title") or ""), members)
