"""JSON graphs: figbench's own form, SciFlow-Bench canvases and SciForma inventories."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from figbench.data.label_text import normalise
from figbench.graphs.build import finish
from figbench.graphs.limits import MAX_NODES, GraphError, text_of
from figbench.graphs.model import Edge, FigureGraph, Group, Node


def read_json_graph(data: bytes) -> FigureGraph:
    """Returns the graph of a JSON document, by its fields.

    ``nodes`` with ``id`` is figbench's own form (``FigureGraph.to_json``), ``nodes`` with
    ``node_id`` a SciFlow-Bench canvas, ``components`` (perhaps under ``stage1_abstraction``) a
    SciForma inventory.

    Raises:
        GraphError: When it is none of these, or malformed.
    """
    try:
        document = json.loads(text_of(data))
    except (json.JSONDecodeError, RecursionError) as error:
        raise GraphError(f"this is no JSON: {error}.") from None
    if isinstance(document, dict):
        document = document.get("stage1_abstraction", document)
    try:
        if isinstance(document, dict) and "components" in document:
            return sciforma_graph(document)
        if isinstance(document, dict) and isinstance(document.get("nodes"), list):
            nodes = document["nodes"]
            if len(nodes) > MAX_NODES:
                raise GraphError(f"the document has {len(nodes):,} nodes; at most {MAX_NODES:,}.")
            if nodes and "node_id" in nodes[0]:
                return sciflow_graph(document)
            return FigureGraph.from_json(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise GraphError(f"the graph is malformed: {type(error).__name__}: {error}.") from None
    raise GraphError(
        "this JSON is neither a figure graph, a SciFlow-Bench canvas nor a SciForma inventory.",
        remedy="Expected the field nodes, or components and arrows.",
    )


def sciflow_graph(document: Mapping[str, Any]) -> FigureGraph:
    """Reads ``canvas_full.json``: nodes (node_id, desc, node_type, bbox) and edges (from, to).

    Source: the field names of SciFlow-Bench's released data (arXiv 2602.09809).
    """
    nodes = []
    for entry in document["nodes"]:
        box = entry.get("bbox")
        if isinstance(box, Mapping):
            box = [box[key] for key in ("x0", "y0", "x1", "y1")]
        bounds = (float(box[0]), float(box[1]), float(box[2]), float(box[3])) if box else None
        kind = "icon" if "image" in str(entry.get("node_type", "")).lower() else "box"
        text = " ".join(str(entry.get("desc") or "").split())
        nodes.append(Node(str(entry["node_id"]), text, bounds, "icon" if kind == "icon" else "box"))
    edges = [Edge(str(e["from"]), str(e["to"])) for e in document.get("edges", ())]
    return finish(nodes, edges, ())


def sciforma_graph(document: Mapping[str, Any]) -> FigureGraph:
    """Reads an inventory: components (name) and arrows (source, target, label).

    An arrow's ends name components; an end that names none becomes a node of its own.

    Source: the field names of SciForma's rubrics (arXiv 2607.18091).
    """
    nodes: list[Node] = []
    names: dict[str, str] = {}

    def node(name: str) -> str:
        key = normalise(name)
        if key not in names:
            names[key] = f"n{len(nodes)}"
            nodes.append(Node(names[key], " ".join(name.split())))
        return names[key]

    for component in document["components"]:
        node(str(component["name"]))
    edges = [
        Edge(node(str(a["source"])), node(str(a["target"])), str(a.get("label") or ""))
        for a in document.get("arrows", ())
    ]
    groups: tuple[Group, ...] = ()
    return finish(nodes, edges, groups)
