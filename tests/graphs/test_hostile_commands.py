"""Every command that reads a figure's document or a spec refuses hostile files with a message."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from figbench.cli.main import app
from figbench.errors import UserError
from tests.graphs.test_hostile import DEEP, EXTERNAL, LAUGHS, LOOP, NESTED, TEX, USES, WIDE, bomb

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100">'
    '<rect id="a" x="10" y="30" width="60" height="40" fill="#eee"/>'
    '<text x="40" y="55" font-size="12" text-anchor="middle">A</text></svg>'
)
ALIASES = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"k{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
)

DOCUMENTS: dict[str, bytes] = {
    "laughs.svg": LAUGHS.encode(),
    "external.svg": EXTERNAL.encode(),
    "deep.svg": DEEP.encode(),
    "nested.svg": NESTED.encode(),
    "wide.svg": WIDE.encode(),
    "uses.svg": USES.encode(),
    "loop.svg": LOOP.encode(),
    "groups.svg": b"<svg>" + b"<g>" * 1_600_000 + b"</g>" * 1_600_000 + b"</svg>",
    "truncated.svg": SVG[:80].encode(),
    "laughs.drawio": LAUGHS.replace("<svg", "<mxfile").encode(),
    "bomb.pptx": bomb(100_000_000),
    "truncated.pptx": bomb(1000)[:60],
    "empty.svg": b"",
    "binary.svg": bytes(range(256)) * 40,
    "broken.png": b"\x89PNG\r\n\x1a\n broken",
}
COMMANDS: dict[str, list[str]] = {
    "show": ["graph", "show", "{file}", "--json"],
    "compare": ["graph", "compare", "{file}", "{good}", "--json"],
    "compare-reference": ["graph", "compare", "{good}", "{file}", "--json"],
    "check": ["graph", "check", "{file}", "--spec", "{spec}", "--json"],
    "editability": ["graph", "editability", "{file}", "--no-ocr", "--json"],
    "lint": ["lint", "{file}", "--json"],
}


def run(words: list[str], folder: Path, **files: Path) -> None:
    """Runs a command that has to end with a refusal and to write nothing."""
    before = sorted(folder.iterdir())
    result = CliRunner().invoke(app, [word.format(**files) for word in words])
    assert isinstance(result.exception, UserError), (result.exception, result.output[-500:])
    assert str(files["hostile"]) in result.exception.message
    assert sorted(folder.iterdir()) == before


SOME = ("laughs.svg", "loop.svg", "truncated.svg", "bomb.pptx", "empty.svg")


@pytest.mark.parametrize(
    ("command", "name"),
    [("show", name) for name in DOCUMENTS]
    + [(command, name) for command in COMMANDS if command != "show" for name in SOME],
)
def test_documents_are_refused(command: str, name: str, tmp_path: Path) -> None:
    file, good, spec = tmp_path / name, tmp_path / "good.svg", tmp_path / "spec.yaml"
    file.write_bytes(DOCUMENTS[name])
    good.write_text(SVG)
    spec.write_text("labels: [A]")
    run(COMMANDS[command], tmp_path, file=file, good=good, spec=spec, hostile=file)


SPECS: dict[str, bytes] = {
    "aliases.yaml": (ALIASES + "labels: *a8\n").encode(),
    "aliases-as-label.yaml": (ALIASES.replace("a:", "text:") + "labels: [*a8]\n").encode(),
    "object.yaml": b"!!python/object/apply:os.system ['touch pwned']",
    "large.yaml": b"labels: [" + b"a, " * 400_000 + b"a]",
    "large.json": b'{"labels": [' + b'"a", ' * 2_000_000 + b'"a"]}',
    "deep.yaml": b"labels: " + b"[" * 3000 + b"]" * 3000,
    "deep.json": b'{"labels": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "nested.json": b'{"labels": ' + b"[" * 100 + b"]" * 100 + b"}",
    "type.yaml": b"labels: 3",
    "text.yaml": b"labels: Encoder",
    "label-list.yaml": b"labels: [[A, B]]",
    "edge-type.yaml": b"edges: [{source: [A], target: B}]",
    "edge.yaml": b"edges: [A => B]",
    "must-not.yaml": b"must_not: [A]",
    "question.yaml": b"questions: [{options: 3}]",
    "unknown.yaml": b"lables: [A]",
    "list.yaml": b"- a\n- b\n",
    "empty.yaml": b"",
    "null.json": b"null",
    "binary.yaml": b"\xff\xfe\x00\x01",
    "date.yaml": b"labels: [2020-99-99]",
    "lines.jsonl": b'{"labels": ["A"]}\nnot json\n',
}


@pytest.mark.parametrize("name", SPECS)
def test_specs_are_refused(name: str, tmp_path: Path) -> None:
    good, spec = tmp_path / "good.svg", tmp_path / name
    good.write_text(SVG)
    spec.write_bytes(SPECS[name])
    run(COMMANDS["check"], tmp_path, file=good, spec=spec, hostile=spec)


def test_a_picture_of_many_pixels_is_refused(tmp_path: Path) -> None:
    """A PNG of 40,000 x 40,000 pixels in a few kilobytes is refused before it is unpacked."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    file = tmp_path / "pixels.png"
    file.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )
    for command in ("show", "lint"):
        run(COMMANDS[command], tmp_path, file=file, hostile=file)


def test_external_content_of_a_document_stays_outside(tmp_path: Path) -> None:
    """Images, styles and TeX files that a document names are neither opened nor shown."""
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET-TEXT")
    svg = tmp_path / "image.svg"
    svg.write_text(SVG.replace("</svg>", f'<image href="{secret}" width="9" height="9"/></svg>'))
    tex = tmp_path / "figure.tex"
    tex.write_bytes(TEX.replace(b"/etc/passwd", str(secret).encode()))
    deck = io.BytesIO()
    with zipfile.ZipFile(deck, "w") as archive:
        archive.writestr(
            "ppt/slides/slide1.xml",
            '<p:sld xmlns:p="p" xmlns:a="a" xmlns:r="r"><p:pic><a:blip '
            f'r:link="{secret}"/></p:pic></p:sld>',
        )
    slides = tmp_path / "slides.pptx"
    slides.write_bytes(deck.getvalue())
    for words in (
        ["graph", "show", str(svg), "--json"],
        ["graph", "show", str(tex), "--json"],
        ["graph", "editability", str(svg), "--no-ocr", "--json"],
        ["lint", str(svg), "--json", "--fail-on", "never"],
        ["graph", "editability", str(slides), "--no-ocr", "--json"],
    ):
        result = CliRunner().invoke(app, words)
        assert result.exception is None or isinstance(result.exception, UserError)
        assert "SECRET-TEXT" not in result.output
        if result.exception is None:
            json.loads(result.stdout)
    assert not (tmp_path / "pwned").exists() and not Path("pwned").exists()
