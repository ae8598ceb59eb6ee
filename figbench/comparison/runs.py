"""A finished run as ``compare`` and ``gate`` see it, and whether two may be compared at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from figbench.errors import IntegrityError, UserError
from figbench.results.files import IDENTITY_COLUMNS, PER_FIGURE_NAME, RESULT_NAME, load_result
from figbench.results.schema import RunResult

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Run:
    """A result with its rows.

    Attributes:
        folder: Where it is.
        result: ``result.json``.
        rows: (figure_id, sample) in order; empty when ``per_figure.parquet`` is not there.
        clusters: Paper of each row.
        present: Whether the figure was delivered.
        columns: Per-figure values by metric id.
    """

    folder: Path
    result: RunResult
    rows: tuple[tuple[str, int], ...]
    clusters: tuple[str, ...]
    present: npt.NDArray[np.bool_]
    columns: Mapping[str, Array]

    @property
    def name(self) -> str:
        """Model name, or the folder's."""
        return self.result.model.name or self.folder.name


def load_run(path: str | Path | RunResult) -> Run:
    """Loads ``result.json`` and, when it is beside it, ``per_figure.parquet``.

    A :class:`RunResult` in memory is taken with the per-figure values that it carries.

    Raises:
        UserError: If there is no readable result, or the rows are damaged.
    """
    if isinstance(path, RunResult):
        result, folder = path, path.folder or Path(path.model.name or "memory")
    else:
        source = Path(path)
        result = load_result(source)
        folder = source.parent if source.name == RESULT_NAME or source.is_file() else source
    table_path = folder / PER_FIGURE_NAME
    try:
        table = result.figure_table
        if table is None:
            return Run(folder, result, (), (), np.zeros(0, np.bool_), {})
        ids = table.column("figure_id").to_pylist()
        samples = table.column("sample").to_pylist()
        clusters = tuple(map(str, table.column("paper_id").to_pylist()))
        present = np.array(table.column("present").to_pylist(), dtype=np.bool_)
        columns = {
            name: table.column(name).to_numpy().astype(np.float64)
            for name in table.column_names
            if name not in IDENTITY_COLUMNS
        }
    except (pa.ArrowException, KeyError, ValueError, OSError) as error:
        raise UserError(f"{table_path}: damaged ({error}).") from None
    rows = tuple((str(name), int(sample)) for name, sample in zip(ids, samples, strict=True))
    return Run(folder, result, rows, clusters, present, columns)


def require_comparable(first: Run, second: Run) -> None:
    """Raises unless two runs followed one protocol against one reference.

    Raises:
        IntegrityError: With what differs.
    """
    ours, theirs = first.result.protocol, second.result.protocol
    if ours.hash != theirs.hash:
        lines = protocol_difference(ours.definition, theirs.definition)
        raise IntegrityError(
            f"Not comparable: {first.folder} and {second.folder} followed different protocols "
            f"({ours.id} {ours.hash[:12]}, {theirs.id} {theirs.hash[:12]}).\n"
            + "\n".join(f"  {line}" for line in lines),
            remedy="Score both under one protocol, with one figbench and the same weights.",
        )
    mine, other = (run.result.manifests.reference.digest for run in (first, second))
    if mine != other:
        raise IntegrityError(
            f"Not comparable: {first.folder} and {second.folder} were scored against different "
            f"references (digest {mine[:12]}, {other[:12]}).",
            remedy="Score both against one reference set.",
        )


def protocol_difference(
    first: Mapping[str, Any], second: Mapping[str, Any], place: str = ""
) -> list[str]:
    """Returns one line per place where two protocol definitions differ."""
    lines = []
    for key in sorted({*first, *second}):
        here = f"{place}.{key}" if place else key
        ours, theirs = first.get(key), second.get(key)
        if ours == theirs:
            continue
        if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            lines += protocol_difference(ours, theirs, here)
        else:
            lines.append(f"{here}: {ours!r} != {theirs!r}")
    return lines
