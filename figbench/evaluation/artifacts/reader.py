"""Features and text lines of a finished run, read from its store without any network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from figbench.data.load import load_manifest
from figbench.data.types import Figure, TextLine
from figbench.errors import UserError
from figbench.evaluation.artifacts.portable import read_portable
from figbench.evaluation.artifacts.writer import (
    FEATURES_NAME,
    GENERATED_NAME,
    REFERENCE_NAME,
)
from figbench.evaluation.planning.tasks import GENERATED, REFERENCE, Side
from figbench.graphs.read import GraphResult
from figbench.graphs.stored import decode_result
from figbench.io.json_files import read_json
from figbench.results.files import PER_FIGURE_NAME, load_result
from figbench.store import Namespace, Store, decode_lines, default_store, record_key

Lines = tuple[TextLine, ...]


@dataclass(frozen=True, slots=True)
class StoredFeatures:
    """Features of one run under one metric.

    Attributes:
        generated: (n, d) float32, the present figures in the order of the run.
        reference: (m, d) float32.
        figure_ids: Of the generated records.
        samples: Of the generated records.
        clusters: Paper of each generated record.
        own: Reference record of each generated record's prompt, shape (n,), -1 for none.
    """

    generated: npt.NDArray[np.float32]
    reference: npt.NDArray[np.float32]
    figure_ids: tuple[str, ...]
    samples: tuple[int, ...]
    clusters: tuple[str, ...]
    own: npt.NDArray[np.intp]


def load_features(result_dir: Path, metric_id: str) -> StoredFeatures:
    """Returns the features that a distribution metric of a finished run used.

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
    records = [record for record in read_identities(result_dir) if record["present"]]
    copied = read_portable(result_dir, _key(index[metric_id]))
    generated, reference = copied or _from_store(result_dir, index[metric_id], records)
    manifest = result_dir / REFERENCE_NAME
    figures = load_manifest(manifest).figures if manifest.is_file() else ()
    position = {figure.figure_id: index for index, figure in enumerate(figures)}
    return StoredFeatures(
        generated=generated,
        reference=reference,
        figure_ids=tuple(record["figure_id"] for record in records),
        samples=tuple(record["sample"] for record in records),
        clusters=tuple(record["paper_id"] for record in records),
        own=np.array([position.get(record["figure_id"], -1) for record in records], np.intp),
    )


def feature_namespaces(result_dir: Path) -> dict[str, str]:
    """Returns, for every metric with features, the key of its pair of namespaces."""
    return {name: _key(namespaces) for name, namespaces in _index(result_dir)["features"].items()}


def _key(namespaces: dict[str, str]) -> str:
    return f"{namespaces[GENERATED]}-{namespaces[REFERENCE]}"


def _from_store(
    result_dir: Path, namespaces: dict[str, str], records: list[dict[str, Any]]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    store = _store(result_dir)
    generated, features = (
        store.namespace_by_id(namespaces[side]) for side in (GENERATED, REFERENCE)
    )
    reference = load_manifest(result_dir / REFERENCE_NAME)
    return (
        _features_of(generated, [record["sha256"] for record in records]),
        _features_of(features, [figure.sha256 for figure in reference.figures]),
    )


def load_lines(result_dir: Path) -> dict[tuple[str, int], tuple[Lines, Lines]]:
    """Returns (generated, reference) text lines by (figure_id, sample); empty without OCR."""
    by_policy = _index(result_dir)["readings"]
    if not by_policy:
        return {}
    namespaces = next(iter(by_policy.values()))
    store = _store(result_dir)
    generated_texts, reference_texts = (
        store.namespace_by_id(namespaces[side]) for side in (GENERATED, REFERENCE)
    )
    digests = {
        figure.figure_id: figure.sha256
        for figure in load_manifest(result_dir / REFERENCE_NAME).figures
    }
    lines = {}
    for record in read_identities(result_dir):
        [reference] = reference_texts.get_bytes([record_key(digests[record["figure_id"]])])
        generated: Lines = ()
        if record["present"]:
            [payload] = generated_texts.get_bytes([record_key(record["sha256"])])
            generated = decode_lines(payload)
        lines[record["figure_id"], record["sample"]] = (generated, decode_lines(reference))
    return lines


def load_graphs(result_dir: Path) -> dict[tuple[str, int], tuple[GraphResult, GraphResult]]:
    """Returns (generated, reference) graphs by (figure_id, sample) of the delivered figures.

    Empty for a run without graphs.

    Raises:
        IntegrityError: If the store no longer holds them.
    """
    index = _index(result_dir)
    if "graphs" not in index:
        return {}
    store = _store(result_dir)
    namespaces = {
        side: store.namespace_by_id(index["graphs"][side]) for side in (GENERATED, REFERENCE)
    }

    def graph_of(side: Side, figure: Figure) -> GraphResult:
        digest = index["documents"][side].get(figure.path, figure.sha256)
        return decode_result(namespaces[side].get_bytes([record_key(digest)])[0])

    generated = load_manifest(result_dir / GENERATED_NAME).figures
    reference = load_manifest(result_dir / REFERENCE_NAME).figures
    delivered = {(figure.figure_id, figure.sample): figure for figure in generated}
    expected = {figure.figure_id: figure for figure in reference}
    graphs = {}
    for record in read_identities(result_dir):
        key = record["figure_id"], record["sample"]
        if record["present"]:
            graphs[key] = (
                graph_of(GENERATED, delivered[key]),
                graph_of(REFERENCE, expected[record["figure_id"]]),
            )
    return graphs


def read_identities(result_dir: Path) -> list[dict[str, Any]]:
    """Returns the identity columns of ``per_figure.parquet``, one dict per expected figure.

    Raises:
        UserError: If the file is missing.
    """
    path = result_dir / PER_FIGURE_NAME
    if not path.is_file():
        raise UserError(
            f"{path}: not found beside the result.",
            remedy="Keep the folder that figbench evaluate --output wrote together.",
        )
    columns = ["figure_id", "sample", "paper_id", "present", "sha256"]
    records: list[dict[str, Any]] = pq.read_table(path, columns=columns).to_pylist()
    return records


def _index(result_dir: Path) -> dict[str, Any]:
    index: dict[str, Any] = read_json(result_dir / FEATURES_NAME)
    return index


def _store(result_dir: Path) -> Store:
    recorded = load_result(result_dir).store
    return Store(Path(recorded) if recorded else default_store())


def _features_of(namespace: Namespace, digests: list[str]) -> npt.NDArray[np.float32]:
    return namespace.get([record_key(digest) for digest in digests], "features")
