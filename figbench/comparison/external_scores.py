"""Scores of another tool as a metric of a finished run: interval, paired tests, gates and boards.

``add_scores`` writes a second run folder whose result has the metric. Its protocol names the
external metric and has a hash of its own, so that only runs with the same addition compare.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from figbench.errors import UserError
from figbench.io.atomic import atomic_path
from figbench.io.json_files import dump_json
from figbench.metrics.external import ExternalScores
from figbench.metrics.intervals import interval_of
from figbench.protocol import Protocol
from figbench.results.files import PER_FIGURE_NAME, RESULT_NAME, load_result, write_result
from figbench.results.integrity import TABLE_KEY, run_identity
from figbench.results.schema import MetricValue, ProtocolRecord, RunResult


def add_scores(
    run: str | Path, scores: ExternalScores, out: str | Path, *, missing: float | None = None
) -> RunResult:
    """Writes a copy of a run with another tool's scores as a metric and returns its result.

    ``compare``, ``gate``, reports and boards read the copy as any run.

    Args:
        run: Folder of a finished run, with ``per_figure.parquet``.
        scores: From :func:`figbench.metrics.external.read_external`.
        out: New or empty folder.
        missing: Score of a figure that the file does not have; None refuses such a file.

    Raises:
        UserError: If the run has no figures' table or already has a metric of that name, ``out``
            holds files, or a figure has no score.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    source, target = Path(run), Path(out)
    result = load_result(source)
    table = result.figure_table
    if table is None:
        raise UserError(
            f"{source / PER_FIGURE_NAME}: not found, so the scores cannot be assigned to figures.",
            remedy="Keep the folder that figbench evaluate --output wrote together.",
        )
    if scores.name in result.metrics or scores.name in table.column_names:
        raise UserError(
            f"{source}: already has a metric '{scores.name}'.", remedy="Choose another name."
        )
    if target.exists() and any(target.iterdir()):
        raise UserError(f"{target}: holds files.", remedy="Choose a new folder.")
    samples = [int(sample) for sample in table.column("sample").to_pylist()]
    item = scores.measure(table.column("figure_id").to_pylist(), samples, missing)
    values = np.asarray(item.per_figure, np.float64)
    papers = [str(paper) for paper in table.column("paper_id").to_pylist()]
    protocol = _extended(result, scores)
    metric = MetricValue(
        value=item.value,
        status="ok",
        higher_is_better=scores.higher_is_better,
        interval=interval_of(item, papers, protocol.interval_level),
        n_used=len(values) - int(item.details["missing"]),
        n_expected=len(values),
        title=scores.name,
        details=dict(item.details),
    )
    record = ProtocolRecord(id=protocol.id, hash=protocol.hash, definition=protocol.definition())
    changed = result.model_copy(
        update={"metrics": {**result.metrics, scores.name: metric}, "protocol": record}
    )
    target.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        if path.is_file() and path.name not in (RESULT_NAME, PER_FIGURE_NAME):
            shutil.copy2(path, target / path.name)
    mark = {TABLE_KEY: dump_json(run_identity(changed)).encode()}
    extended = table.append_column(scores.name, pa.array(values)).replace_schema_metadata(
        {**(table.schema.metadata or {}), **mark}
    )
    with atomic_path(target / PER_FIGURE_NAME) as temporary:
        pq.write_table(extended, temporary)
    write_result(changed, target)
    return load_result(target)


def _extended(result: RunResult, scores: ExternalScores) -> Protocol:
    protocol = Protocol.from_document(result.protocol.definition, "the run's protocol")
    direction = "higher" if scores.higher_is_better else "lower"
    return protocol.replace(
        id=protocol.id.removesuffix("-extended") + "-extended",
        external_metrics={**protocol.external_metrics, scores.name: direction},
    )
