"""Scores per figure from another tool, as a metric with an interval and values per figure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from figbench.errors import UserError
from figbench.io.optional import require
from figbench.metrics.base import Measurement, OutputSpec
from figbench.registry import suggest

Table = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class ExternalScores:
    """Scores of one set of figures.

    Attributes:
        name: Metric id in results.
        higher_is_better: Direction.
        values: (figure id, sample) to a finite score.
        source: Path of the file.
    """

    name: str
    higher_is_better: bool
    values: Mapping[tuple[str, int], float]
    source: str

    def measure(
        self, figure_ids: Sequence[str], samples: Sequence[int], missing: float | None = None
    ) -> Measurement:
        """Returns the mean score with its values per figure.

        Args:
            figure_ids: Expected figures.
            samples: Sample of each.
            missing: Score of a figure that is absent from the file; with None, an absent figure is
                an error.

        Raises:
            UserError: If a figure has no score and ``missing`` is None, or no figure has a score.
        """
        keys = list(zip(figure_ids, samples, strict=True))
        absent = [
            f"{figure}#{sample}" for figure, sample in keys if (figure, sample) not in self.values
        ]
        if len(absent) == len(keys):
            raise UserError(
                f"{self.source}: none of its {len(self.values)} ids is a figure of the run.",
                remedy=f"The run has ids such as '{figure_ids[0]}'.",
            )
        if absent and missing is None:
            raise UserError(
                f"{self.source}: {len(absent)} of {len(keys)} figures have no score, the first is "
                f"'{absent[0]}'.",
                remedy="Score them too, or set the score of a missing figure with --missing VALUE.",
            )
        fill = 0.0 if missing is None else missing
        column = np.array([self.values.get(key, fill) for key in keys], np.float64)
        output = OutputSpec(self.name, self.name, self.higher_is_better)
        details: dict[str, float | int | str] = {
            "source": self.source,
            "missing": len(absent),
            "unused": len(set(self.values) - set(keys)),
        }
        return Measurement(output, float(column.mean()), per_figure=column, details=details)


def read_external(
    path: str | Path,
    name: str,
    *,
    column: str = "score",
    id_column: str = "figure_id",
    higher_is_better: bool = True,
) -> ExternalScores:
    """Reads a CSV or parquet file of ids and scores.

    A column ``sample`` (0 where absent) tells several samples of one prompt apart.

    Args:
        path: The file.
        name: Metric id: lower-case letters, digits, ``_``, ``-``, ``.`` and ``@``.
        column: Of the scores.
        id_column: Of the figure ids.
        higher_is_better: Direction.

    Raises:
        UserError: If a column is absent, an id occurs twice, or a score is not a finite number.
    """
    if not name or not all(c.isalnum() or c in "_-.@" for c in name):
        raise UserError(
            f"Metric name '{name}' is not usable.", remedy="Use letters, digits, _ - . @"
        )
    table = read_table(path, (id_column, column))
    samples = table.get("sample", [0] * len(table[column]))
    values: dict[tuple[str, int], float] = {}
    for line, (figure, sample, score) in enumerate(
        zip(table[id_column], samples, table[column], strict=True), start=2
    ):
        try:
            number, key = float(score), (str(figure), int(sample))
        except (TypeError, ValueError):
            raise UserError(f"{path}: row {line}: '{score}' is not a number.") from None
        if not math.isfinite(number):
            raise UserError(f"{path}: row {line}: the score of '{figure}' is {score}.")
        if key in values:
            raise UserError(f"{path}: row {line}: '{figure}' sample {key[1]} occurs twice.")
        values[key] = number
    if not values:
        raise UserError(f"{path}: has no scores.")
    return ExternalScores(name, higher_is_better, values, str(path))


def read_table(path: str | Path, columns: Sequence[str]) -> Table:
    """Reads a CSV (``.csv``, ``.tsv``) or parquet file and requires columns.

    Args:
        path: The file; the suffix selects the format.
        columns: Names of the required columns.

    Returns:
        Column name to its values, for every column of the file.

    Raises:
        UserError: If it cannot be read or a column is absent.
    """
    pd: Any = require("pandas", purpose="Reading a table of scores")
    file = Path(path)
    if not file.is_file():
        raise UserError(f"{path}: no such file.")
    try:
        if file.suffix == ".parquet":
            frame = pd.read_parquet(file)
        else:
            frame = pd.read_csv(
                file,
                sep="\t" if file.suffix == ".tsv" else ",",
                dtype={name: str for name in columns if name != "score"},
            )
    except (ValueError, OSError, pd.errors.ParserError) as error:
        raise UserError(f"{path}: not a CSV or parquet table: {error}.") from None
    for name in columns:
        if name not in frame.columns:
            names = [str(column) for column in frame.columns]
            raise UserError(
                f"{path}: has no column '{name}'.{suggest(name, names)}",
                remedy=f"Its columns: {', '.join(names)}.",
            )
    return {str(name): frame[name].tolist() for name in frame.columns}
