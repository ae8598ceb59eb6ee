"""What a run leaves in its folder; ``result.json`` comes last, so its presence means done."""

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
from figbench.evaluation.planning.tasks import GENERATED, REFERENCE, OcrTask
from figbench.evaluation.planning.workload import Spaces
from figbench.evaluation.scoring.score import Scores, clusters
from figbench.io.atomic import atomic_path, write_text_atomic
from figbench.io.json_files import dump_json
from figbench.results.files import PER_FIGURE_NAME, write_result
from figbench.results.integrity import ROWS_KEY, run_identity
from figbench.results.schema import RunResult, json_schema

GENERATED_NAME = "generated.jsonl"
REFERENCE_NAME = "reference.jsonl"
FEATURES_NAME = "features.json"
SCHEMA_NAME = "result.schema.json"
IMAGES = "images"


def require_writable(folder: Path) -> None:
    """Makes the folder and tries it, so that hours of work do not end at a closed door.

    Raises:
        OSError: If it cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder):
        pass


def write_run(
    folder: Path,
    result: RunResult,
    *,
    plan: Plan,
    spaces: Spaces,
    scores: Scores,
    sides: Sides,
    generated: Manifest,
) -> None:
    """Writes the whole run; every file appears complete or not at all."""
    with atomic_path(folder / PER_FIGURE_NAME) as temporary:
        table = per_figure_table(sides, scores.per_figure)
        mark = {ROWS_KEY: dump_json(run_identity(result)).encode()}
        pq.write_table(
            table.replace_schema_metadata({**(table.schema.metadata or {}), **mark}), temporary
        )
    for manifest, name in ((generated, GENERATED_NAME), (sides.reference, REFERENCE_NAME)):
        save_manifest(_with_files(manifest, folder / IMAGES), folder / name)
    write_text_atomic(folder / FEATURES_NAME, dump_json(_features_index(plan, spaces, scores)))
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
    """Returns one row per expected figure: ids, digest, and every per-figure metric."""
    rows = sides.rows
    fixed = {
        "figure_id": text_column([row.reference.figure_id for row in rows]),
        "sample": number_column(np.array([row.sample for row in rows], dtype=np.int32)),
        "paper_id": text_column(clusters(rows)),
        "present": number_column(np.array([row.generated is not None for row in rows], bool)),
        "sha256": text_column([row.generated.sha256 if row.generated else None for row in rows]),
    }
    scores = {name: number_column(np.asarray(values)) for name, values in columns.items()}
    names = [*fixed, *scores]
    return pa.Table.from_arrays([*fixed.values(), *scores.values()], names=names)


def _features_index(plan: Plan, spaces: Spaces, scores: Scores) -> dict[str, Any]:
    metrics = {
        metric_id: {side: spaces.of(task, side).id for side in (GENERATED, REFERENCE)}
        for metric_id, task in scores.tasks.items()
    }
    readings = {
        task.preprocess: {side: spaces.of(task, side).id for side in (GENERATED, REFERENCE)}
        for task in plan.tasks
        if isinstance(task, OcrTask)
    }
    return {"features": metrics, "readings": readings}
