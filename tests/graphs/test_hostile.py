"""Hostile documents are refused with an error, or inert: nothing is opened, fetched or run."""

from __future__ import annotations

import base64
import builtins
import io
import socket
import subprocess
import zipfile
import zlib
from pathlib import Path

import pytest

from figbench.errors import UserError
from figbench.graphs.read import READERS, read_graph

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {c} "{("&" + p + ";") * 10}">' for p, c in zip("abcdefgh", "bcdefghi", strict=True))
    + ']><svg xmlns="http://www.w3.org/2000/svg"><text>&i;</text></svg>'
)  # fmt: skip
EXTERNAL = (
    '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    '<svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>'
)
PARAMETER = '<!DOCTYPE svg [<!ENTITY % x SYSTEM "http://127.0.0.1/x.dtd"> %x;]><svg/>'
DEEP = "<svg>" + "<g>" * 700_000 + "</g>" * 700_000 + "</svg>"
NESTED = "<svg>" + "<g>" * 5000 + "</g>" * 5000 + "</svg>"
WIDE = "<svg>" + "<g/>" * 60_000 + "</svg>"
USES = (
    '<svg xmlns="http://www.w3.org/2000/svg"><g id="u0"><rect width="9" height="9"/></g>'
    + "".join(f'<g id="u{i}">' + f'<use href="#u{i - 1}"/>' * 10 + "</g>" for i in range(1, 9))
    + "</svg>"
)
LOOP = '<svg xmlns="http://www.w3.org/2000/svg"><g id="a"><use href="#a"/></g></svg>'


def bomb(size: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ppt/slides/slide1.xml", b"<p>" + b" " * size + b"</p>")
    return buffer.getvalue()


def drawio_bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(b"%20" * 10_000_000) + packer.flush()
    return b"<mxfile><diagram>" + base64.b64encode(data) + b"</diagram></mxfile>"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        *((f"{key}.{kind}", text.encode()) for kind in ("svg", "drawio") for key, text in {
            "laughs": LAUGHS, "external": EXTERNAL, "parameter": PARAMETER, "deep": DEEP,
            "nested": NESTED, "wide": WIDE,
        }.items()),
        ("uses.svg", USES.encode()),
        ("loop.svg", LOOP.encode()),
        ("broken.svg", b"<svg><g></svg>"),
        ("path.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><path stroke="red" d="M 1 Q Z"/></svg>'),
        ("bomb.pptx", bomb(100_000_000)),
        ("broken.pptx", b"PK\x03\x04 ppt/ nothing"),
        ("bomb.drawio", drawio_bomb()),
        ("packed.drawio", b"<mxfile><diagram>!!</diagram></mxfile>"),
        ("deep.dot", b"digraph{" + b"{" * 5000 + b"}" * 5000 + b"}"),
        ("edges.dot", b"digraph{" + b"{" + b" ".join(b"a%d" % i for i in range(400)) + b"}->{" + b" ".join(b"a%d" % i for i in range(400)) + b"}}"),
        ("broken.dot", b"digraph { a -> "),
        ("deep.json", b"[" * 200_000),
        ("broken.mmd", b"flowchart LR\n  A --> \n"),
        ("sequence.mmd", b"sequenceDiagram\n A->>B: hi\n"),
        ("open.tex", b"\\begin{tikzpicture}\\node (a) {x\\end{tikzpicture}"),
        ("large.dot", b"digraph{" + b" " * 9_000_000 + b"}"),
        ("none.bin", b"\x00\x01\x02"),
        ("not.png", b"\x89PNG\r\n\x1a\n broken"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_refused(name: str, data: bytes, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    with pytest.raises(UserError) as refused:
        read_graph(file)
    assert str(file) in refused.value.message


@pytest.fixture
def no_side_effects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a file, a socket or a process fails the test."""

    def refuse(*args: object, **_: object) -> None:
        raise AssertionError(f"side effect: {args[:2]}")

    for module in ("svg", "dot", "drawio", "pptx", "tikz", "mermaid", "json"):
        READERS.get(module)
    import scipy.optimize  # noqa: F401  # imported before files are refused
    import svgelements  # noqa: F401

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(builtins, "open", refuse)
    monkeypatch.setattr(io, "open", refuse)


TEX = rb"""\documentclass{article}\usepackage{tikz}\begin{document}
\immediate\write18{touch pwned}\input{/etc/passwd}\openin5=/etc/passwd
\begin{tikzpicture}\node (a) at (0,0) {A\input{/etc/passwd}};\node (b) at (3,0) {B};
\write18{touch pwned}\draw[->] (a) -- (b);\end{tikzpicture}\end{document}"""
SVG = b"""<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 viewBox="0 0 300 100"><style>@import url(http://127.0.0.1/x.css);</style><script>alert(1)</script>
<image href="file:///etc/passwd" x="10" y="30" width="60" height="40"/>
<rect x="200" y="30" width="60" height="40" fill="none" stroke="red"/>
<text x="230" y="55" text-anchor="middle">B</text>
<use href="http://127.0.0.1/x.svg#a"/><path d="M70 50L200 50" stroke="red" fill="none"
 marker-end="url(http://127.0.0.1/m.svg#m)"/></svg>"""
DOT = b'digraph { a [image="/etc/passwd", label="A"]; a -> b; }'
MERMAID = b'flowchart LR\n  A["<img src=http://127.0.0.1/x.png>A"] --> B\n  click A "javascript:alert(1)"\n'
DRAWIO = b"""<mxGraphModel><root><mxCell id="0"/><mxCell id="1" parent="0"/>
<mxCell id="a" value="A" style="shape=image;image=http://127.0.0.1/x.png" vertex="1" parent="1">
<mxGeometry width="9" height="9" as="geometry"/></mxCell><mxCell id="b" value="B" vertex="1" parent="1">
<mxGeometry x="50" width="9" height="9" as="geometry"/></mxCell>
<mxCell id="e" edge="1" source="a" target="b" parent="1"/></root></mxGraphModel>"""


@pytest.mark.usefixtures("no_side_effects")
@pytest.mark.parametrize(
    ("reader", "data"),
    [("tikz", TEX), ("svg", SVG), ("dot", DOT), ("mermaid", MERMAID), ("drawio", DRAWIO)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_inert(reader: str, data: bytes) -> None:
    graph = READERS.get(reader)(data)
    assert len(graph.nodes) == 2
    assert [edge.direction for edge in graph.edges] == ["forward"]
    assert not any("root:" in node.text or "passwd" in node.text for node in graph.nodes[1:])
