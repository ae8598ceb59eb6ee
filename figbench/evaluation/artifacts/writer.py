"""Files of a run folder. ``result.json`` is written last: its presence means a complete run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from figbench.data.layouts.serialization import save_manifest
from figbench.data.manifest import Manifest
from figbench.evaluation.artifacts.arrow import number_column, text_column
from figbench.evaluation.planning.plan import Plan
from figbench.evaluation.planning.sides import Sides
from figbench.evaluation.planning.tasks import GENERATED, REFERENCE, GraphTask, OcrTask
from figbench.evaluation.planning.workload import Namespaces
from figbench.evaluation.scoring.score import Scores
from figbench.evaluation.scoring.stored_inputs import clusters
from figbench.io.atomic import atomic_path, write_text_atomic
from figbench.io.json_files import dump_json
from figbench.results.files import PER_FIGURE_NAME, write_result
from figbench.results.integrity import TABLE_KEY, run_identity
from figbench.results.schema import RunResult, json_schema

GENERATED_NAME = "generated.jsonl"
REFERENCE_NAME = "reference.jsonl"
FEATURES_NAME = "features.json"
SCHEMA_NAME = "result.schema.json"
IMAGES = "images"


def require_writable(folder: Path) -> None:
    """Creates the folder and writes a temporary file, to fail before the networks run.

    Raises:
        OSError: If the folder cannot be created or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder):
        pass


def write_run(
    folder: Path,
    result: RunResult,
    *,
    plan: Plan,
    namespaces: Namespaces,
    scores: Scores,
    sides: Sides,
    generated: Manifest,
) -> None:
    """Writes the files of a run; every file appears complete or not at all.

    Args:
        folder: Output folder.
        result: The result, written last.
        plan: The plan of the run.
        namespaces: Namespaces of the plan's tasks.
        scores: Metric values and per-figure columns.
        sides: The pairing.
        generated: The generated figures.
    """
    with atomic_path(folder / PER_FIGURE_NAME) as temporary:
        table = per_figure_table(sides, scores.per_figure)
        mark = {TABLE_KEY: dump_json(run_identity(result)).encode()}
        pq.write_table(
            table.replace_schema_metadata({**(table.schema.metadata or {}), **mark}), temporary
        )
    for manifest, name in ((generated, GENERATED_NAME), (sides.reference, REFERENCE_NAME)):
        save_manifest(_with_files(manifest, folder / IMAGES), folder / name)
    write_text_atomic(
        folder / FEATURES_NAME, dump_json(_features_index(plan, namespaces, scores, sides))
    )
    write_text_atomic(folder / SCHEMA_NAME, dump_json(json_schema()))
    write_result(result, folder)


def _with_files(manifest: Manifest, folder: Path) -> Manifest:
    """Writes figures that are only in memory, so that reports and boards can read them."""
    if not manifest.contents:
        return manifest
    figures = []
    for figure in manifest.figures:
        name = f"{figure.sha256}.bin"
        if not (folder / name).is_file():
            with atomic_path(folder / name) as temporary:
                temporary.write_bytes(manifest.contents[figure.sha256])
        figures.append(replace(figure, path=name))
    return replace(manifest, figures=tuple(figures), root=str(folder.resolve()), contents={})


def per_figure_table(sides: Sides, columns: Mapping[str, npt.NDArray[np.float64]]) -> pa.Table:
    """Returns a table with one row per expected figure: ids, digest, every per-figure metric.

    Args:
        sides: The pairing.
        columns: Values by metric id, shape (n expected figures,).
    """
    pairs = sides.pairs
    fixed = {
        "figure_id": text_column([pair.reference.figure_id for pair in pairs]),
        "sample": number_column(np.array([pair.sample for pair in pairs], dtype=np.int32)),
        "paper_id": text_column(clusters(pairs)),
        "present": number_column(np.array([pair.generated is not None for pair in pairs], bool)),
        "sha256": text_column(
            [pair.generated.sha256 if pair.generated else None for pair in pairs]
        ),
    }
    scores = {name: number_column(np.asarray(values)) for name, values in columns.items()}
    names = [*fixed, *scores]
    return pa.Table.from_arrays([*fixed.values(), *scores.values()], names=names)


def _features_index(
    plan: Plan, namespaces: Namespaces, scores: Scores, sides: Sides
) -> dict[str, Any]:
    metrics = {
        metric_id: {side: namespaces.of(task, side).id for side in (GENERATED, REFERENCE)}
        for metric_id, task in scores.tasks.items()
    }
    ocr_results = {
        task.preprocess: {side: namespaces.of(task, side).id for side in (GENERATED, REFERENCE)}
        for task in plan.tasks
        if isinstance(task, OcrTask)
    }
    index: dict[str, Any] = {"features": metrics, "readings": ocr_results}
    for task in plan.tasks:
        if isinstance(task, GraphTask):
            index["graphs"] = {
                side: namespaces.of(task, side).id for side in (GENERATED, REFERENCE)
            }
            index["documents"] = {
                side: {
                    path: document.sha256
                    for (owner, path), document in sides.documents.items()
                    if owner == side
                }
                for side in (GENERATED, REFERENCE)
            }
    return index
