"""Instruments that are compared with people: metrics of runs, and judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from figbench.errors import UserError
from figbench.ranking.counts import Array
from figbench.ranking.votes import read_votes
from figbench.results.files import PER_FIGURE_NAME, load_result
from figbench.study.opinions import Pair, pairs_of


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument's preference for each pair.

    Attributes:
        name: Metric id, or name of the judge.
        kind: ``metric`` or ``judge``.
        differences: Positive where it prefers the first model, NaN where it has no value, shape
            (pairs,).
    """

    name: str
    kind: str
    differences: Array


def metric_instruments(
    runs: Mapping[str, str | Path], pairs: Sequence[Pair]
) -> tuple[list[Instrument], list[str]]:
    """Returns every per-figure metric that all runs have, and notes on the others.

    Args:
        runs: Run folder by model name, as the votes spell it.
        pairs: Pairs of figures.

    Raises:
        UserError: If fewer than two models of the votes have a run, a run has no per-figure
            table, or the runs follow different protocols.
    """
    models = sorted({name for pair in pairs for name in (pair.first, pair.second)})
    absent = [name for name in models if name not in runs]
    if len(models) - len(absent) < 2:
        raise UserError(
            f"No run of {', '.join(absent)}.",
            remedy=f"Add --run {absent[0]}=FOLDER; names are those of the votes.",
        )
    scored = [name for name in models if name in runs]
    tables = {name: _scores(Path(runs[name])) for name in scored}
    protocols = {load_result(runs[name]).protocol.hash for name in scored}
    if len(protocols) > 1:
        raise UserError(
            "The runs followed different protocols.", remedy="Evaluate them with one protocol."
        )
    shared = sorted(set.intersection(*(set(table) for table in tables.values())))
    partial = sorted(set.union(*(set(table) for table in tables.values())) - set(shared))
    instruments = [
        Instrument(metric, "metric", _differences(tables, metric, pairs)) for metric in shared
    ]
    notes = [f"not every run has {name}" for name in partial]
    notes += [f"no run of {name}: its pairs have no metric value" for name in absent]
    return instruments, notes


def judge_instrument(name: str, path: str | Path, pairs: Sequence[Pair]) -> Instrument:
    """Returns a judge's mean outcome for each pair, from its votes.

    Args:
        name: Of the judge.
        path: Votes of the judge, JSON Lines.
        pairs: Pairs of figures that people judged.
    """
    verdicts = {
        (pair.prompt_id, pair.first, pair.second): pair.preference
        for pair in pairs_of(read_votes(path))
    }
    values = [verdicts.get((pair.prompt_id, pair.first, pair.second), np.nan) for pair in pairs]
    return Instrument(name, "judge", np.array(values, dtype=np.float64))


def _differences(
    tables: Mapping[str, Mapping[str, Mapping[str, float]]], metric: str, pairs: Sequence[Pair]
) -> Array:
    return np.array(
        [
            tables[pair.first][metric].get(pair.prompt_id, np.nan)
            - tables[pair.second][metric].get(pair.prompt_id, np.nan)
            if pair.first in tables and pair.second in tables
            else np.nan
            for pair in pairs
        ],
        dtype=np.float64,
    )


def _scores(folder: Path) -> dict[str, dict[str, float]]:
    """Returns values by metric and figure id, oriented so that higher is better.

    A figure's value is that of its first sample, the one that a study shows.
    """
    import pyarrow.parquet as pq

    base = folder if folder.is_dir() else folder.parent
    path = base / PER_FIGURE_NAME
    if not path.is_file():
        raise UserError(
            f"{path}: not found.", remedy="Use a folder that figbench evaluate --output wrote."
        )
    metrics = load_result(base).metrics
    table = pq.read_table(path)
    names = [name for name in table.column_names if name in metrics]
    records = sorted(table.to_pylist(), key=lambda record: record["sample"])
    scores: dict[str, dict[str, float]] = {name: {} for name in names}
    seen: set[str] = set()
    for record in records:
        if record["figure_id"] in seen or not record["present"]:
            continue
        seen.add(record["figure_id"])
        for name in names:
            value = record[name]
            if value is not None and np.isfinite(value):
                sign = 1.0 if metrics[name].higher_is_better else -1.0
                scores[name][record["figure_id"]] = sign * float(value)
    return scores
