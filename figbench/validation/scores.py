"""Scores of other tools and of judges on the figures of a validation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from figbench.errors import UserError
from figbench.metrics.external import read_table
from figbench.statistics.influence import variance_of_mean
from figbench.validation.cells import CLEAN
from figbench.validation.effects import Measurement


@dataclass(frozen=True, slots=True)
class ForeignScores:
    """Measurements of one foreign metric: of the clean set, and by flaw and level."""

    clean: dict[str, Measurement]
    cells: dict[str, dict[int, dict[str, Measurement]]]


def read_scores(option: str, papers: Mapping[str, str]) -> ForeignScores:
    """Reads ``name=file`` (``:lower`` after the file where lower is better).

    The table has the columns ``set`` (``clean`` or ``FLAW.LEVEL``, the folder names under
    ``figures/``), ``figure_id`` and ``score``.

    Args:
        option: As given on the command line.
        papers: Figure id to paper.

    Raises:
        UserError: If the file has no clean set, other columns, or unknown figures.
    """
    name, _, target = option.partition("=")
    path, _, direction = target.partition(":")
    if not name or not path or direction not in ("", "lower", "higher"):
        raise UserError(f"--scores {option}: not understood.", remedy="Write NAME=FILE[:lower].")
    frame = read_table(path, ("set", "figure_id", "score"))
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for cell, figure, score in zip(frame["set"], frame["figure_id"], frame["score"], strict=True):
        if figure not in papers:
            raise UserError(f"{path}: figure '{figure}' is not part of this validation.")
        values[cell][figure] = float(score)
    if CLEAN not in values:
        raise UserError(f"{path}: has no rows of set '{CLEAN}'.")
    higher = direction != "lower"
    cells: dict[str, dict[int, dict[str, Measurement]]] = {}
    for cell, column in values.items():
        flaw, _, level = cell.rpartition(".")
        if cell != CLEAN:
            if not level.isdigit():
                raise UserError(f"{path}: set '{cell}' is not FLAW.LEVEL.")
            measurements = {name: _measurement(column, papers, higher)}
            cells.setdefault(flaw, {})[int(level)] = measurements
    return ForeignScores({name: _measurement(values[CLEAN], papers, higher)}, cells)


def _measurement(
    column: Mapping[str, float], papers: Mapping[str, str], higher: bool
) -> Measurement:
    numbers = np.array(list(column.values()))
    variance = variance_of_mean(numbers, [papers[key] for key in column])
    sd = float(np.sqrt(variance)) if variance else None
    return Measurement(float(numbers.mean()), sd, higher, len(numbers), column, papers)
