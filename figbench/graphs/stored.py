"""Readings of graphs as bytes for the store; a file that cannot be read is a stored failure."""

from __future__ import annotations

import json
from typing import Any

from figbench.errors import FigbenchError
from figbench.graphs.model import FigureGraph
from figbench.graphs.read import READERS, GraphReading, ceiling, format_of, read_bytes


def reading_of(data: bytes, path: str) -> GraphReading:
    """Returns the reading of a file's bytes; a failure is a reading with a reason and no graph.

    Args:
        data: Bytes of a document or an image; empty when the file could not be read.
        path: Name of the file; its suffix decides where the content does not.
    """
    suffix = "." + path.rpartition(".")[2] if "." in path else ""
    name = format_of(data, suffix) if data else ""
    if not data:
        return GraphReading(FigureGraph(), name, None, None, "the file cannot be read or is empty")
    if not name:
        return GraphReading(FigureGraph(), name, None, None, "no format whose graph can be read")
    try:
        graph = read_bytes(data, name)
    except FigbenchError as error:
        return GraphReading(FigureGraph(), name, *ceiling(name), error.message)
    return GraphReading(graph, name, *ceiling(name))


def encode_reading(reading: GraphReading) -> bytes:
    """Returns a reading as JSON bytes."""
    document: dict[str, Any] = {"reader": reading.reader}
    if reading.failure:
        document["failure"] = reading.failure
    else:
        document["graph"] = reading.graph.to_json()
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def decode_reading(payload: bytes) -> GraphReading:
    """Returns the reading of :func:`encode_reading`, with the accuracy that ships with figbench."""
    document = json.loads(payload)
    reader = str(document["reader"])
    failure = str(document.get("failure", ""))
    graph = FigureGraph() if failure else FigureGraph.from_json(document["graph"])
    measured = ceiling(reader) if reader in READERS.names() else (None, None)
    return GraphReading(graph, reader, *measured, failure)
