"""A finished run as ``compare`` and ``gate`` see it, and whether two may be compared at all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from figbench.errors import IntegrityError, UserError
from figbench.results.files import IDENTITY_COLUMNS, PER_FIGURE_NAME, RESULT_NAME, load_result
from figbench.results.integrity import check_folder
from figbench.results.schema import (
    ManifestRecord,
    Manifests,
    ModelCard,
    ProtocolRecord,
    Provenance,
    RunResult,
)

if TYPE_CHECKING:
    from figbench.judges.measures.fingerprint import Fingerprint

Array = npt.NDArray[np.float64]
JUDGE_RESULT = "judge.json"


@dataclass(frozen=True, slots=True)
class Run:
    """A result with its figures.

    Attributes:
        folder: Where it is.
        result: ``result.json``.
        keys: (figure_id, sample) in order; empty when ``per_figure.parquet`` is not there.
        clusters: Paper of each row.
        present: Whether the figure was delivered.
        columns: Per-figure values by metric id.
        judge: Identity of the judge, for the run of a judge.
    """

    folder: Path
    result: RunResult
    keys: tuple[tuple[str, int], ...]
    clusters: tuple[str, ...]
    present: npt.NDArray[np.bool_]
    columns: Mapping[str, Array]
    judge: Fingerprint | None = None

    @property
    def name(self) -> str:
        """Model name, or the folder's."""
        return self.result.model.name or self.folder.name


def load_run(path: str | Path | RunResult) -> Run:
    """Loads ``result.json`` and, when it is beside it, ``per_figure.parquet``.

    A :class:`RunResult` in memory is taken with the per-figure values that it carries. The folder
    of ``figbench judge run`` is a run with one metric.

    Raises:
        UserError: If there is no readable result, or the table of figures is damaged.
    """
    if isinstance(path, RunResult):
        result, folder = path, path.folder or Path(path.model.name or "memory")
    else:
        source = Path(path)
        if source.name == JUDGE_RESULT or (source / JUDGE_RESULT).is_file():
            return load_judge_run(source)
        result = load_result(source)
        folder = source.parent if source.name == RESULT_NAME or source.is_file() else source
    table_path = folder / PER_FIGURE_NAME
    check_folder(folder, result, PER_FIGURE_NAME)
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
    keys = tuple((str(name), int(sample)) for name, sample in zip(ids, samples, strict=True))
    return Run(folder, result, keys, clusters, present, columns)


def load_judge_run(path: Path) -> Run:
    """Returns a judge run as a run whose only metric is the win rate, or the judge's score.

    Raises:
        UserError: If a file of the run is absent or damaged.
        IntegrityError: If calls have no answer yet.
    """
    from figbench.judges.judged_values import load_judged_values

    judged = load_judged_values(path)
    document = judged.document
    ids = sorted({figure_id for figure_id, _ in judged.keys})
    missing = [f"{figure_id}#{sample}" for figure_id, _, sample in document["missing"]]

    def side(name: str, source: str, n_figures: int) -> ManifestRecord:
        return ManifestRecord(
            source=source,
            layout="judge run",
            digest=document[f"{name}_digest"],
            prompts_digest=hashlib.sha256("\n".join(ids).encode()).hexdigest(),
            n_figures=n_figures,
            n_prompts=len(ids),
            missing=missing if name == "generated" else [],
        )

    present = np.array([f"{name}#{sample}" not in set(missing) for name, sample in judged.keys])
    result = RunResult(
        protocol=ProtocolRecord(
            id=document["protocol"],
            hash=document["protocol_hash"],
            definition=document["definition"],
        ),
        metrics={judged.metric_id: judged.value},
        manifests=Manifests(
            generated=side("generated", judged.model, int(present.sum())),
            reference=side("reference", judged.against, len(ids)),
        ),
        model=ModelCard(name=judged.model),
        provenance=Provenance(
            created_at="",
            command=["figbench", "judge", "run"],
            figbench_version=document["figbench_version"],
            python_version="",
            platform="",
            device="",
            packages={},
            weights={},
            seeds={"protocol": int(document["settings"]["seed"])},
            durations_s={},
            cost=None,
        ),
    )
    return Run(
        judged.folder, result, judged.keys, judged.papers, present.astype(np.bool_),
        {judged.metric_id: judged.points}, judged.fingerprint,
    )  # fmt: skip


def require_comparable(first: Run, second: Run, *, allow_drift: bool = False) -> None:
    """Raises unless two runs followed one protocol against one reference.

    Runs of judges must have the same judge besides; the message says how far two judges drifted.

    Args:
        first: A run.
        second: The other run.
        allow_drift: Whether the judges may differ.

    Raises:
        IntegrityError: With what differs.
    """
    if first.judge is not None and second.judge is not None and not allow_drift:
        from figbench.judges.measures.fingerprint import require_same

        require_same(first.judge, second.judge)
    before, after = first.result.protocol, second.result.protocol
    if before.hash != after.hash:
        lines = protocol_difference(before.definition, after.definition)
        raise IntegrityError(
            f"Not comparable: {first.folder} and {second.folder} followed different protocols "
            f"({before.id} {before.hash[:12]}, {after.id} {after.hash[:12]}).\n"
            + "\n".join(f"  {line}" for line in lines),
            remedy="Score both under one protocol, with one figbench and the same weights.",
        )
    first_digest, second_digest = (run.result.manifests.reference.digest for run in (first, second))
    if first_digest != second_digest:
        raise IntegrityError(
            f"Not comparable: {first.folder} and {second.folder} were scored against different "
            f"references (digest {first_digest[:12]}, {second_digest[:12]}).",
            remedy="Score both against one reference set.",
        )


def protocol_difference(
    first: Mapping[str, Any], second: Mapping[str, Any], path: str = ""
) -> list[str]:
    """Returns one line for each key whose values differ between two protocol definitions.

    Args:
        first: Of the baseline.
        second: Of the candidate.
        path: Keys of the enclosing mappings, joined by dots.
    """
    lines = []
    for key in sorted({*first, *second}):
        key_path = f"{path}.{key}" if path else key
        first_value, second_value = first.get(key), second.get(key)
        if first_value == second_value:
            continue
        if isinstance(first_value, Mapping) and isinstance(second_value, Mapping):
            lines += protocol_difference(first_value, second_value, key_path)
        else:
            lines.append(f"{key_path}: {first_value!r} != {second_value!r}")
    return lines
