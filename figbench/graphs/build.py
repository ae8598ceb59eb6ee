"""Common steps of readers: boxes in page units become shares, ids become unique nodes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence

from figbench.graphs.limits import MAX_NODES, GraphError
from figbench.graphs.model import Box, Edge, FigureGraph, Group, Node

_BREAK = re.compile(r"<\s*(br|/p|/div|/li)\b[^>]*>|\\n", re.I)
_TAG = re.compile(r"<[^<>]*>")


def plain_text(markup: str) -> str:
    """Returns a label without HTML tags, entities and line breaks, white space collapsed."""
    text = _TAG.sub("", _BREAK.sub(" ", markup))
    return " ".join(html.unescape(text).split())


def finish(nodes: Sequence[Node], edges: Iterable[Edge], groups: Iterable[Group]) -> FigureGraph:
    """Returns the graph with boxes as shares of the extent of all boxes.

    Edges with an unknown end and empty groups are left out.

    Args:
        nodes: With boxes in units of the page, at most ``MAX_NODES``.
        edges: Between nodes, by id.
        groups: Of nodes, by id.

    Returns:
        The graph, with the aspect of the extent; without any box its aspect is None.

    Raises:
        GraphError: When there are more than ``MAX_NODES`` nodes.
    """
    if len(nodes) > MAX_NODES:
        raise GraphError(f"the document has {len(nodes):,} nodes; at most {MAX_NODES:,} are read.")
    boxes = [node.box for node in nodes if node.box]
    aspect = None
    if boxes:
        x0, y0 = min(b[0] for b in boxes), min(b[1] for b in boxes)
        x1, y1 = max(b[2] for b in boxes), max(b[3] for b in boxes)
        wide, high = max(x1 - x0, 1e-9), max(y1 - y0, 1e-9)
        aspect = wide / high
        nodes = [
            Node(n.id, n.text, _share(n.box, (x0, y0), (wide, high)) if n.box else None, n.kind)
            for n in nodes
        ]
    ids = {node.id for node in nodes}
    sound = tuple(e for e in edges if e.source in ids and e.target in ids)
    framed = tuple(Group(g.id, g.title, tuple(m for m in g.members if m in ids)) for g in groups)
    return FigureGraph(tuple(nodes), sound, tuple(g for g in framed if g.members), aspect)


def _share(box: Box, origin: tuple[float, float], size: tuple[float, float]) -> Box:
    (x, y), (wide, high) = origin, size
    return (
        (box[0] - x) / wide,
        (box[1] - y) / high,
        (box[2] - x) / wide,
        (box[3] - y) / high,
    )


def nested_members(parents: Mapping[str, str], nodes: Iterable[str]) -> dict[str, list[str]]:
    """Returns the nodes inside each container, at any depth.

    Args:
        parents: Id of a node or container to that of its container.
        nodes: Ids that are nodes.
    """
    out: dict[str, list[str]] = {}
    for node in nodes:
        seen = set()
        at = parents.get(node, "")
        while at and at not in seen:
            seen.add(at)
            out.setdefault(at, []).append(node)
            at = parents.get(at, "")
    return out
