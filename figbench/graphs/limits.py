"""Bounds on untrusted documents, and XML without entities, network or deep nesting."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any

from figbench.errors import UserError

MAX_BYTES = 8 * 2**20
MAX_ELEMENTS = 50_000
MAX_DEPTH = 200
MAX_ZIP_BYTES = 64 * 2**20
MAX_ZIP_RATIO = 200
MAX_NODES = 3000


class GraphError(UserError):
    """A document states no graph that can be read, or exceeds a bound (exit code 2)."""


def require_size(data: bytes, limit: int = MAX_BYTES) -> None:
    """Refuses a document above ``limit`` bytes.

    Raises:
        GraphError: When it is larger.
    """
    if len(data) > limit:
        raise GraphError(
            f"the document has {len(data):,} bytes; at most {limit:,} are read.",
            remedy="Embed smaller images, or rasterise the figure.",
        )


def text_of(data: bytes) -> str:
    """Returns a text document; UTF-8, with or without a byte order mark, or UTF-16 with one.

    Raises:
        GraphError: When it is larger than ``MAX_BYTES`` or in another encoding.
    """
    require_size(data)
    try:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return data.decode("utf-16")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise GraphError("the document is not UTF-8 text.") from None


def parse_xml(data: bytes) -> Any:
    """Returns the root element (``xml.etree``) of an XML document.

    Entities, external references and deep nesting are refused; a DOCTYPE that only names the
    document type, as Graphviz writes it, is let through and never fetched.

    Raises:
        GraphError: When the document is refused, or not well-formed.
    """
    from xml.etree.ElementTree import ParseError  # nosec B405 # the exception class only

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    require_size(data)
    _require_bounds(data)
    parser = DefusedXMLParser(forbid_dtd=False, forbid_entities=True, forbid_external=False)
    try:
        parser.feed(data)
        return parser.close()
    except DefusedXmlException as error:
        raise GraphError(f"the XML is refused: {type(error).__name__}.") from None
    except (ParseError, ValueError, LookupError) as error:
        raise GraphError(f"the XML is not well-formed: {error}.") from None


def _require_bounds(data: bytes) -> None:
    """Counts elements and depth before a tree is built; expat calls nothing else."""
    from xml.parsers import expat

    depth = count = 0

    def start(_name: str, _attributes: object) -> None:
        nonlocal depth, count
        depth += 1
        count += 1
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise GraphError(
                f"the XML nests deeper than {MAX_DEPTH} or has more than {MAX_ELEMENTS:,} elements."
            )

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def entity(*_: object) -> None:
        raise GraphError("the XML is refused: it declares an entity.")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise GraphError(f"the XML is not well-formed: {error}.") from None


def local(element: Any) -> str:
    """Returns an element's tag without its name space; empty for comments."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def open_zip(data: bytes) -> zipfile.ZipFile:
    """Opens an archive whose unpacked size is bounded.

    Raises:
        GraphError: When it is no archive, or unpacks to more than the bounds.
    """
    require_size(data, MAX_ZIP_BYTES)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError) as error:
        raise GraphError(f"the archive is broken: {error}.") from None
    total = sum(info.file_size for info in archive.infolist())
    packed = max(1, sum(info.compress_size for info in archive.infolist()))
    if total > MAX_ZIP_BYTES or (total > MAX_BYTES and total / packed > MAX_ZIP_RATIO):
        raise GraphError(f"the archive unpacks to {total:,} bytes, which is refused.")
    return archive


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Returns one member, reading no more than its bound, whatever its header states.

    Raises:
        GraphError: When it is larger, absent or broken.
    """
    try:
        with archive.open(name) as member:
            data = member.read(MAX_BYTES + 1)
    except (KeyError, zipfile.BadZipFile, RuntimeError, zlib.error, EOFError) as error:
        raise GraphError(f"{name}: {error}.") from None
    require_size(data)
    return data


def inflate(data: bytes) -> bytes:
    """Returns raw-deflate data unpacked, at most ``MAX_BYTES``.

    Raises:
        GraphError: When it is broken or larger.
    """
    unpacker = zlib.decompressobj(-15)
    try:
        out = unpacker.decompress(data, MAX_BYTES)
    except zlib.error as error:
        raise GraphError(f"the compressed diagram is broken: {error}.") from None
    if unpacker.unconsumed_tail:
        raise GraphError(f"the compressed diagram unpacks to more than {MAX_BYTES:,} bytes.")
    return out
