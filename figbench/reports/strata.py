"""A run's per-figure metrics by stratum of its reference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from figbench.data.load import load_manifest
from figbench.errors import FigbenchError
from figbench.evaluation.artifacts.reader import load_lines
from figbench.evaluation.artifacts.writer import REFERENCE_NAME
from figbench.pages.strata import properties, strata_of, stratum_means
from figbench.results.files import PER_FIGURE_NAME
from figbench.results.schema import RunResult


@dataclass(frozen=True, slots=True)
class StrataTable:
    """Rows are (stratum, number of reference figures, mean of each metric as text)."""

    metrics: list[str]
    rows: list[tuple[str, int, list[str]]]


def strata_table(folder: Path, result: RunResult) -> StrataTable | None:
    """Returns the means by thirds of aspect, number of labels read and caption length.

    None where the run left no per-figure values, or where its figures do not differ in any of
    the three. Without a store the number of labels is unknown and left out.
    """
    import pyarrow.parquet as pq

    path = folder / PER_FIGURE_NAME
    if not path.is_file() or not (folder / REFERENCE_NAME).is_file():
        return None
    table = pq.read_table(path)
    metrics = [name for name in result.metrics if name in table.column_names]
    references = load_manifest(folder / REFERENCE_NAME).figures
    try:
        lines = {
            figure_id: reference for (figure_id, _), (_, reference) in load_lines(folder).items()
        }
    except FigbenchError:  # the store was deleted
        lines = {}
    ids = [figure.figure_id for figure in references]
    values = properties(references, [lines.get(figure_id, ()) for figure_id in ids])
    strata = strata_of(ids, values)
    if not metrics or not strata:
        return None
    generated = table.column("figure_id").to_pylist()
    means = [
        stratum_means(generated, table.column(name).to_numpy().astype(np.float64), strata)
        for name in metrics
    ]
    rows = [
        (stratum.label, len(stratum.figure_ids), [_text(column[index]) for column in means])
        for index, stratum in enumerate(strata)
    ]
    return StrataTable(metrics, rows)


def _text(value: float) -> str:
    return f"{value:.4g}" if np.isfinite(value) else ""
