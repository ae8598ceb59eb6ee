"""Our own saved manifests: JSON lines or parquet."""

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
"""Columns of parquet that are only written where a figure has a value."""


def save_manifest(manifest: Manifest, path: Path) -> None:
    """Writes a manifest atomically: parquet by the suffix, else JSON lines."""
    head = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "layout": manifest.layout,
        "root": manifest.root,
        "source": manifest.source,
        "notes": list(manifest.notes),
        "n_figures": len(manifest.figures),
        "digest": manifest.digest,
        "left_out": [asdict(one) for one in manifest.left_out],
        "rows": [[one.figure_id, one.captions, one.aspect] for one in manifest.records],
        "others": [asdict(one) for one in manifest.others],
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
            row = {name: getattr(figure, name) for name in _FIGURE_TYPES}
            given = {name: value for name, value in row.items() if value is not None}
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
    columns = {name: [getattr(one, name) for one in manifest.figures] for name in _FIGURE_TYPES}
    for name in _OPTIONAL:
        if all(value is None for value in columns[name]):
            del columns[name]
    table = pa.table(columns).replace_schema_metadata({FORMAT: json.dumps({**head, **rest})})
    pq.write_table(table, path)


def _packed(lines: Iterable[TextLine]) -> list[list[Any]]:
    return [[one.text, one.box, one.confidence] for one in lines]


def load_saved(path: Path) -> Manifest | None:
    """Returns the manifest, or None if the file is something else.

    Raises:
        UserError: If it is a figbench manifest that is damaged or of another version.
    """
    if path.suffix not in (".jsonl", ".parquet") or not path.is_file():
        return None
    try:
        parts = _read_lines(path) if path.suffix == ".jsonl" else _read_parquet(path)
        return None if parts is None else _manifest(path, *parts)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UserError(f"{path}: damaged manifest ({error}).") from None


_Parts = tuple[dict[str, Any], list[Any], list[Any], dict[str, Any]]
"""Head, figure rows, reject rows, packed labels."""


def _read_lines(path: Path) -> _Parts | None:
    with path.open(encoding="utf-8", errors="surrogateescape") as lines:
        head = _head(lines.readline())
        if head is None:
            return None
        figures, rejects, labels = [], [], {}
        for line in lines:
            row = json.loads(line)
            if "reject" in row:
                rejects.append(row["reject"])
            elif "labels_of" in row:
                labels[row["labels_of"]] = row["lines"]
            else:
                figures.append(row)
    return head, figures, rejects, labels


def _head(line: str) -> dict[str, Any] | None:
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return head if isinstance(head, dict) and head.get("format") == FORMAT else None


def _read_parquet(path: Path) -> _Parts | None:
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
        raise UserError(f"{path}: manifest version {head.get('version')} is not known.")
    root = Path(str(head["root"]))
    manifest = Manifest(
        tuple(_figure(row) for row in figures),
        tuple(Reject(**row) for row in rejects),
        str(head["layout"]),
        str(root if root.is_absolute() else (path.parent / root).resolve()),
        str(head["source"]),
        tuple(map(str, head["notes"])),
        {name: _lines(packed) for name, packed in labels.items()},
        left_out=tuple(LeftOut(**one) for one in head.get("left_out", ())),
        records=tuple(
            SourceRecord(str(figure_id), tuple(map(str, captions)), aspect)
            for figure_id, captions, aspect in head.get("rows", ())
        ),
        others=tuple(OtherFile(**one) for one in head.get("others", ())),
    )
    if len(manifest.figures) != head["n_figures"] or manifest.digest != head["digest"]:
        raise ValueError(f"{len(manifest.figures)} of {head['n_figures']} figures, other digest")
    return manifest


def _figure(row: dict[str, Any]) -> Figure:
    for name, value in row.items():
        if not isinstance(value, _FIGURE_TYPES[name]):
            raise ValueError(f"{name} is {value!r}")
    if row.get("role", ROLES[0]) not in ROLES:
        raise ValueError(f"role is {row['role']!r}")
    return Figure(**row)


def _lines(rows: list[Any]) -> tuple[TextLine, ...]:
    return tuple(
        TextLine(str(text), tuple((float(x), float(y)) for x, y in box), float(confidence))
        for text, box, confidence in rows
    )
