"""Our own saved manifests: JSON lines or parquet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from figbench.data.manifest import FORMAT, FORMAT_VERSION, Manifest
from figbench.data.types import Figure, Reject, TextLine
from figbench.errors import UserError


def load(path: Path) -> Manifest | None:
    """Returns the manifest, or None if the file is something else.

    Raises:
        UserError: If it is a figbench manifest that is damaged or of another version.
    """
    if path.suffix == ".jsonl":
        return _load_lines(path)
    if path.suffix == ".parquet":
        return _load_parquet(path)
    return None


def _load_lines(path: Path) -> Manifest | None:
    try:
        with path.open(encoding="utf-8") as lines:
            head = _head(lines.readline())
            if head is None:
                return None
            if head.get("version") != FORMAT_VERSION:
                raise UserError(f"{path}: manifest version {head.get('version')} is not known.")
            figures, rejects, labels = [], [], {}
            for line in lines:
                row = json.loads(line)
                if "reject" in row:
                    rejects.append(Reject(**row["reject"]))
                    continue
                known = row.pop("labels", None)
                figures.append(Figure(**row))
                if known is not None:
                    labels[figures[-1].figure_id] = _lines(known)
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(f"{path}: damaged manifest ({error}).") from None
    return Manifest(
        tuple(figures),
        tuple(rejects),
        str(head["layout"]),
        _root(path, str(head["root"])),
        str(head["source"]),
        tuple(head["notes"]),
        labels,
    )


def _root(path: Path, root: str) -> str:
    """A relative root is relative to the manifest's own folder."""
    return root if Path(root).is_absolute() else str((path.parent / root).resolve())


def _head(line: str) -> dict[str, Any] | None:
    try:
        head = json.loads(line)
    except ValueError:
        return None
    return head if isinstance(head, dict) and head.get("format") == FORMAT else None


def _lines(rows: list[Any]) -> tuple[TextLine, ...]:
    return tuple(
        TextLine(text, tuple((float(x), float(y)) for x, y in box), float(confidence))
        for text, box, confidence in rows
    )


def _load_parquet(path: Path) -> Manifest | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError):
        return None
    packed = (table.schema.metadata or {}).get(FORMAT.encode())
    if packed is None:
        return None
    head = json.loads(packed)
    figures = tuple(Figure(**row) for row in table.to_pylist())
    return Manifest(figures, (), head["layout"], _root(path, head["root"]), head["source"])
