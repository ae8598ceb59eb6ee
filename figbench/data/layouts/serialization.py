"""Storage of manifests as JSON lines or parquet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from figbench.data.manifest import Manifest
from figbench.data.types import (
    ROLES,
    Figure,
    LeftOut,
    OtherFile,
    Reject,
    SourceRecord,
    TextLine,
)
from figbench.errors import UserError
from figbench.io.atomic import atomic_path

FORMAT = "figbench-manifest"
FORMAT_VERSION = 1
_FIGURE_TYPES: Mapping[str, tuple[type, ...]] = {
    "figure_id": (str,),
    "sample": (int,),
    "path": (str,),
    "sha256": (str,),
    "width": (int,),
    "height": (int,),
    "prompt": (str, type(None)),
    "seed": (int, type(None)),
    "guidance_scale": (int, float, type(None)),
    "paper_id": (str, type(None)),
    "role": (str,),
    "status": (str, type(None)),
    "source": (str, type(None)),
    "seconds": (int, float, type(None)),
    "tokens": (int, type(None)),
    "usd": (int, float, type(None)),
}
_OPTIONAL = ("status", "source", "seconds", "tokens", "usd")
"""Columns of parquet that are written only where a figure has a value."""


def save_manifest(manifest: Manifest, path: Path) -> None:
    """Writes a manifest atomically: parquet for the suffix ``.parquet``, else JSON lines."""
    head = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "layout": manifest.layout,
        "root": manifest.root,
        "source": manifest.source,
        "notes": list(manifest.notes),
        "n_figures": len(manifest.figures),
        "digest": manifest.digest,
        "left_out": [asdict(entry) for entry in manifest.left_out],
        "rows": [[entry.figure_id, entry.captions, entry.aspect] for entry in manifest.records],
        "others": [asdict(entry) for entry in manifest.others],
    }
    with atomic_path(path) as temporary:
        if path.suffix == ".parquet":
            _write_parquet(manifest, head, temporary)
        else:
            _write_lines(manifest, head, temporary)


def _write_lines(manifest: Manifest, head: Mapping[str, Any], path: Path) -> None:
    with path.open("w", encoding="utf-8") as out:
        out.write(json.dumps(head) + "\n")
        for figure in manifest.figures:
            record = {name: getattr(figure, name) for name in _FIGURE_TYPES}
            given = {name: value for name, value in record.items() if value is not None}
            out.write(json.dumps(given) + "\n")
        for figure_id, lines in manifest.labels.items():
            out.write(json.dumps({"labels_of": figure_id, "lines": _packed(lines)}) + "\n")
        for reject in manifest.rejects:
            out.write(json.dumps({"reject": asdict(reject)}) + "\n")


def _write_parquet(manifest: Manifest, head: Mapping[str, Any], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    labels = {name: _packed(lines) for name, lines in manifest.labels.items()}
    rest = {"labels": labels, "rejects": [asdict(reject) for reject in manifest.rejects]}
    columns = {
        name: [getattr(figure, name) for figure in manifest.figures] for name in _FIGURE_TYPES
    }
    for name in _OPTIONAL:
        if all(value is None for value in columns[name]):
            del columns[name]
    table = pa.table(columns).replace_schema_metadata({FORMAT: json.dumps({**head, **rest})})
    pq.write_table(table, path)


def _packed(lines: Iterable[TextLine]) -> list[list[Any]]:
    return [[line.text, line.box, line.confidence] for line in lines]


def load_saved(path: Path) -> Manifest | None:
    """Returns a stored manifest, or None if the file is no manifest.

    Raises:
        UserError: If the manifest is damaged or of another version.
    """
    if path.suffix not in (".jsonl", ".parquet") or not path.is_file():
        return None
    try:
        content = _read_lines(path) if path.suffix == ".jsonl" else _read_parquet(path)
        return None if content is None else _manifest(path, *content)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UserError(f"{path}: damaged manifest ({error}).") from None


_Content = tuple[dict[str, Any], list[Any], list[Any], dict[str, Any]]
"""Head, figures, rejects and packed labels by figure id."""


def _read_lines(path: Path) -> _Content | None:
    with path.open(encoding="utf-8", errors="surrogateescape") as lines:
        head = _head(lines.readline())
        if head is None:
            return None
        figures, rejects, labels = [], [], {}
        for line in lines:
            record = json.loads(line)
            if "reject" in record:
                rejects.append(record["reject"])
            elif "labels_of" in record:
                labels[record["labels_of"]] = record["lines"]
            else:
                figures.append(record)
    return head, figures, rejects, labels


def _head(line: str) -> dict[str, Any] | None:
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return head if isinstance(head, dict) and head.get("format") == FORMAT else None


def _read_parquet(path: Path) -> _Content | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        packed = (pq.read_schema(path).metadata or {}).get(FORMAT.encode())
        if packed is None:
            return None
        head = json.loads(packed)
        return head, pq.read_table(path).to_pylist(), head["rejects"], head["labels"]
    except (pa.ArrowException, OSError):
        return None


def _manifest(
    path: Path, head: dict[str, Any], figures: list[Any], rejects: list[Any], labels: dict[str, Any]
) -> Manifest:
    if head.get("version") != FORMAT_VERSION:
        raise UserError(f"{path}: manifest version {head.get('version')} is not supported.")
    root = Path(str(head["root"]))
    manifest = Manifest(
        tuple(_figure(figure) for figure in figures),
        tuple(Reject(**reject) for reject in rejects),
        str(head["layout"]),
        str(root if root.is_absolute() else (path.parent / root).resolve()),
        str(head["source"]),
        tuple(map(str, head["notes"])),
        {name: _lines(packed) for name, packed in labels.items()},
        left_out=tuple(LeftOut(**entry) for entry in head.get("left_out", ())),
        records=tuple(
            SourceRecord(str(figure_id), tuple(map(str, captions)), aspect)
            for figure_id, captions, aspect in head.get("rows", ())
        ),
        others=tuple(OtherFile(**entry) for entry in head.get("others", ())),
    )
    if len(manifest.figures) != head["n_figures"] or manifest.digest != head["digest"]:
        raise ValueError(f"{len(manifest.figures)} of {head['n_figures']} figures, other digest")
    return manifest


def _figure(record: dict[str, Any]) -> Figure:
    for name, value in record.items():
        if not isinstance(value, _FIGURE_TYPES[name]):
            raise ValueError(f"{name} is {value!r}")
    if record.get("role", ROLES[0]) not in ROLES:
        raise ValueError(f"role is {record['role']!r}")
    return Figure(**record)


def _lines(packed: list[Any]) -> tuple[TextLine, ...]:
    return tuple(
        TextLine(str(text), tuple((float(x), float(y)) for x, y in box), float(confidence))
        for text, box, confidence in packed
    )
