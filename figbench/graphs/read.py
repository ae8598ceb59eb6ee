"""Graphs of files of every format: the reader of a file, by its content, and its accuracy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from figbench.errors import FigbenchError, UserError
from figbench.graphs.limits import MAX_ZIP_BYTES, GraphError, text_of
from figbench.graphs.model import FigureGraph
from figbench.registry import Registry

READERS_VERSION = 3
"""Raised when a reader gives another graph for the same bytes: stored graphs are then read anew."""
GRAPH_READERS = "graph-readers"
"""Name of all readers together, as a task of an evaluation and in a protocol's hash."""

Reader = Callable[[bytes], FigureGraph]

READERS: Registry[Reader] = Registry(
    "graph reader",
    "figbench.graph_readers",
    {
        "drawio": "figbench.graphs.readers.drawio:read_drawio",
        "dot": "figbench.graphs.readers.dot_text:read_dot",
        "json": "figbench.graphs.readers.inventories:read_json_graph",
        "mermaid": "figbench.graphs.readers.mermaid:read_mermaid",
        "pptx": "figbench.graphs.readers.pptx:read_pptx",
        "raster": "figbench.graphs.raster.reader:read_raster",
        "svg": "figbench.graphs.readers.svg:read_svg",
        "tikz": "figbench.graphs.readers.tikz:read_tikz",
    },
)
"""Format names to functions of a document's bytes; other packages add readers by entry points."""

_SUFFIXES = {
    ".drawio": "drawio", ".dot": "dot", ".gv": "dot", ".json": "json", ".mmd": "mermaid",
    ".mermaid": "mermaid", ".pptx": "pptx", ".svg": "svg", ".tex": "tikz", ".tikz": "tikz",
    ".png": "raster", ".jpg": "raster", ".jpeg": "raster", ".webp": "raster", ".bmp": "raster",
    ".gif": "raster", ".tif": "raster", ".tiff": "raster", ".pdf": "raster",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GraphResult:
    """A graph with the reader that made it.

    Attributes:
        graph: As read.
        reader: Name of the format's reader.
        node_ceiling: Node F1 of this reader on SynthFig, whose graphs are exact; None when not
            measured.
        edge_ceiling: Directed edge F1 likewise.
        failure: Why the file could not be read; the graph is then empty.
    """

    graph: FigureGraph
    reader: str
    node_ceiling: float | None
    edge_ceiling: float | None
    failure: str = ""


def read_graph(path: str | Path, *, reader: str | None = None) -> GraphResult:
    """Reads the graph of a figure's file.

    Args:
        path: A document or an image of any readable format.
        reader: Name of the reader; found by content and suffix when None.

    Raises:
        UserError: When the file is absent, of no readable format, refused (see ``limits``), or
            needs a library that is not installed. The message names the file.
    """
    file = Path(path)
    try:
        size = file.stat().st_size
        if size > MAX_ZIP_BYTES:
            raise GraphError(f"the file has {size:,} bytes; at most {MAX_ZIP_BYTES:,} are read.")
        data = file.read_bytes()
    except GraphError as error:
        raise UserError(f"{file}: {error.message}", remedy=error.remedy) from None
    except OSError as error:
        raise UserError(f"{file}: {error.strerror or error}.", remedy="Check the path.") from None
    name = reader or format_of(data, file.suffix)
    if not name:
        raise UserError(
            f"{file}: this is no format whose graph can be read.",
            remedy=f"Readable: {', '.join(READERS.names())}; choose with --reader.",
        )
    try:
        graph = read_bytes(data, name)
    except FigbenchError as error:
        raise UserError(f"{file}: {error.message}", remedy=error.remedy) from None
    nodes, edges = ceiling(name)
    return GraphResult(graph, name, nodes, edges)


def read_bytes(data: bytes, reader: str) -> FigureGraph:
    """Returns the graph of a document or an image.

    Args:
        data: The file's bytes.
        reader: Name of the reader, as ``format_of`` gives it.

    Raises:
        UserError: When the document is broken or refused, or a library is not installed.
    """
    try:
        return READERS.get(reader)(data)
    except RecursionError:
        raise GraphError("the document nests too deeply.") from None


def is_raster_name(path: str) -> bool:
    """Returns whether a file's name says that its graph is read from pixels."""
    suffix = "." + path.rpartition(".")[2].lower() if "." in path else ""
    return _SUFFIXES.get(suffix, "raster") == "raster"


@cache
def readers_digest() -> str:
    """Returns a digest of all that changes a graph: the readers' version and the OCR engine."""
    from figbench.graphs.raster.reader import ocr_identity

    identity = {"version": READERS_VERSION, "ocr": ocr_identity()}
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def format_of(data: bytes, suffix: str) -> str:
    """Returns the reader's name for a document, or an empty string.

    Content goes before the suffix where it is certain: an SVG called ``.xml`` is an SVG.
    """
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data[:4] == b"PK\x03\x04":
        return "pptx" if b"ppt/" in data else ""
    if data[:8] == b"\x89PNG\r\n\x1a\n" or data[:3] == b"\xff\xd8\xff" or data[:5] == b"%PDF-":
        return "raster"
    if start[:1] == b"<":
        if b"<mxfile" in start or b"<mxGraphModel" in start:
            return "svg" if b"<svg" in start.split(b"<mxfile")[0] else "drawio"
        return "svg" if b"<svg" in start else ""
    by_suffix = _SUFFIXES.get(suffix.lower(), "")
    if by_suffix:
        return by_suffix
    try:
        text = text_of(start.split(b"\x00")[0][:4096]).lstrip()
    except GraphError:
        return ""
    for name, words in _STARTS.items():
        if text.startswith(words):
            return name
    return ""


_STARTS: dict[str, tuple[str, ...]] = {
    "mermaid": ("flowchart ", "graph TD", "graph LR", "graph TB", "graph BT", "graph RL"),
    "dot": ("digraph", "strict ", "graph "),
    "tikz": ("\\documentclass", "\\begin{tikzpicture}", "\\tikz"),
    "json": ("{",),
}


@cache
def ceilings() -> dict[str, dict[str, float]]:
    """Returns node and edge F1 of each reader on SynthFig, as shipped (see ``accuracy``)."""
    resource = files("figbench.graphs").joinpath("accuracy.json")
    if not resource.is_file():
        return {}
    text = resource.read_text(encoding="utf-8")
    document: dict[str, dict[str, dict[str, float]]] = json.loads(text)
    return document["readers"]


def ceiling(reader: str) -> tuple[float | None, float | None]:
    """Returns a reader's measured node and directed edge F1; None where not measured."""
    entry = ceilings().get(reader, {})
    return entry.get("node_f1"), entry.get("edge_f1")
