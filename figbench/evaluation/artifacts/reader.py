"""Reads back what a finished run used: features and text lines, without any network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from figbench.data.load import load_manifest
from figbench.data.types import TextLine
from figbench.errors import UserError
from figbench.evaluation.artifacts.portable import read_portable
from figbench.evaluation.artifacts.writer import FEATURES_NAME, REFERENCE_NAME
from figbench.evaluation.planning.tasks import GENERATED, REFERENCE
from figbench.io.json_files import read_json
from figbench.results.files import PER_FIGURE_NAME, load_result
from figbench.store import Space, Store, decode_lines, default_store, row_key

Lines = tuple[TextLine, ...]


@dataclass(frozen=True, slots=True)
class StoredFeatures:
    """Features of one run under one metric.

    Attributes:
        generated: (n, d) float32, rows of figures that are present, in run order.
        reference: (m, d) float32.
        figure_ids: Of the generated rows.
        samples: Of the generated rows.
        clusters: Paper of each generated row.
        own: Reference row of each generated row's prompt, shape (n,), -1 for none.
    """

    generated: npt.NDArray[np.float32]
    reference: npt.NDArray[np.float32]
    figure_ids: tuple[str, ...]
    samples: tuple[int, ...]
    clusters: tuple[str, ...]
    own: npt.NDArray[np.intp]


def load_features(result_dir: Path, metric_id: str) -> StoredFeatures:
    """Returns the features behind a distribution metric of a finished run.

    Raises:
        UserError: If the run has no features for this metric.
        IntegrityError: If the store no longer holds them.
    """
    index = _index(result_dir)["features"]
    if metric_id not in index:
        raise UserError(
            f"{result_dir}: no stored features for '{metric_id}'.",
            remedy=f"Stored: {', '.join(sorted(index)) or 'none'}.",
        )
    rows = [row for row in read_rows(result_dir) if row["present"]]
    copied = read_portable(result_dir, _key(index[metric_id]))
    generated, reference = copied or _from_store(result_dir, index[metric_id], rows)
    manifest = result_dir / REFERENCE_NAME
    figures = load_manifest(manifest).figures if manifest.is_file() else ()
    place = {figure.figure_id: row for row, figure in enumerate(figures)}
    return StoredFeatures(
        generated=generated,
        reference=reference,
        figure_ids=tuple(row["figure_id"] for row in rows),
        samples=tuple(row["sample"] for row in rows),
        clusters=tuple(row["paper_id"] for row in rows),
        own=np.array([place.get(row["figure_id"], -1) for row in rows], np.intp),
    )


def feature_spaces(result_dir: Path) -> dict[str, str]:
    """Returns a key of its pair of namespaces for every metric with features."""
    return {name: _key(spaces) for name, spaces in _index(result_dir)["features"].items()}


def _key(spaces: dict[str, str]) -> str:
    return f"{spaces[GENERATED]}-{spaces[REFERENCE]}"


def _from_store(
    result_dir: Path, spaces: dict[str, str], rows: list[dict[str, Any]]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    store = _store(result_dir)
    ours, theirs = (store.space_by_id(spaces[side]) for side in (GENERATED, REFERENCE))
    reference = load_manifest(result_dir / REFERENCE_NAME)
    return (
        _rows_of(ours, [row["sha256"] for row in rows]),
        _rows_of(theirs, [figure.sha256 for figure in reference.figures]),
    )


def load_lines(result_dir: Path) -> dict[tuple[str, int], tuple[Lines, Lines]]:
    """Returns (generated, reference) text lines by (figure_id, sample); empty without OCR."""
    readings = _index(result_dir)["readings"]
    if not readings:
        return {}
    spaces = next(iter(readings.values()))
    store = _store(result_dir)
    ours, theirs = (store.space_by_id(spaces[side]) for side in (GENERATED, REFERENCE))
    digests = {
        figure.figure_id: figure.sha256
        for figure in load_manifest(result_dir / REFERENCE_NAME).figures
    }
    lines = {}
    for row in read_rows(result_dir):
        [reference] = theirs.get_bytes([row_key(digests[row["figure_id"]])])
        generated: Lines = ()
        if row["present"]:
            [payload] = ours.get_bytes([row_key(row["sha256"])])
            generated = decode_lines(payload)
        lines[row["figure_id"], row["sample"]] = (generated, decode_lines(reference))
    return lines


def read_rows(result_dir: Path) -> list[dict[str, Any]]:
    """Returns the identity columns of ``per_figure.parquet``, one dict per row.

    Raises:
        UserError: If the file is not there.
    """
    path = result_dir / PER_FIGURE_NAME
    if not path.is_file():
        raise UserError(
            f"{path}: not found beside the result.",
            remedy="Keep the folder that figbench evaluate --output wrote together.",
        )
    columns = ["figure_id", "sample", "paper_id", "present", "sha256"]
    rows: list[dict[str, Any]] = pq.read_table(path, columns=columns).to_pylist()
    return rows


def _index(result_dir: Path) -> dict[str, Any]:
    index: dict[str, Any] = read_json(result_dir / FEATURES_NAME)
    return index


def _store(result_dir: Path) -> Store:
    named = load_result(result_dir).store
    return Store(Path(named) if named else default_store())


def _rows_of(space: Space, digests: list[str]) -> npt.NDArray[np.float32]:
    return space.get([row_key(digest) for digest in digests], "features")
