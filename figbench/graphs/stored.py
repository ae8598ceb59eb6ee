"""Graph results as bytes for the store; a file that cannot be read is a stored failure."""

from __future__ import annotations

import json
from typing import Any

from figbench.errors import FigbenchError
from figbench.graphs.model import FigureGraph
from figbench.graphs.read import READERS, GraphResult, ceiling, format_of, read_bytes


def graph_result_of(data: bytes, path: str) -> GraphResult:
    """Returns the result of reading a file; a failure has a reason and no graph.

    Args:
        data: Bytes of a document or an image; empty when the file could not be read.
        path: Name of the file; its suffix decides where the content does not.
    """
    suffix = "." + path.rpartition(".")[2] if "." in path else ""
    name = format_of(data, suffix) if data else ""
    if not data:
        return GraphResult(FigureGraph(), name, None, None, "the file cannot be read or is empty")
    if not name:
        return GraphResult(FigureGraph(), name, None, None, "no format whose graph can be read")
    try:
        graph = read_bytes(data, name)
    except FigbenchError as error:
        return GraphResult(FigureGraph(), name, *ceiling(name), error.message)
    return GraphResult(graph, name, *ceiling(name))


def encode_result(result: GraphResult) -> bytes:
    """Returns a result as JSON bytes."""
    document: dict[str, Any] = {"reader": result.reader}
    if result.failure:
        document["failure"] = result.failure
    else:
        document["graph"] = result.graph.to_json()
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def decode_result(payload: bytes) -> GraphResult:
    """Returns the result of :func:`encode_result`, with the accuracy that ships with figbench."""
    document = json.loads(payload)
    reader = str(document["reader"])
    failure = str(document.get("failure", ""))
    graph = FigureGraph() if failure else FigureGraph.from_json(document["graph"])
    measured = ceiling(reader) if reader in READERS.names() else (None, None)
    return GraphResult(graph, reader, *measured, failure)
