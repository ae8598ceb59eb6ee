"""Shared functions of metrics with several scores per figure: outputs, checks, measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from figbench.metrics.base import Measurement, MetricError, OutputSpec

Columns = Mapping[str, npt.NDArray[np.float64]]


def bounded_output(identity: str, title: str, higher_is_better: bool) -> OutputSpec:
    """Returns an output in [0, 1] of the group ``structure`` that not every set defines.

    Args:
        identity: Output id.
        title: For tables.
        higher_is_better: Direction.
    """
    return OutputSpec(identity, title, higher_is_better, 0.0, 1.0, optional=True, group="structure")


def require_max_ned(max_ned: float) -> None:
    """Raises MetricError unless a limit of normalised edit distance lies in [0, 1]."""
    if not 0.0 <= max_ned <= 1.0:
        raise MetricError("max_ned must lie between 0 and 1")


def empty_columns(
    outputs: Sequence[OutputSpec], figures: int
) -> dict[str, npt.NDArray[np.float64]]:
    """Returns a column of NaN, shape (figures,), for each output id.

    Args:
        outputs: Of the metric.
        figures: Number of expected figures.
    """
    return {output.id: np.full(figures, np.nan) for output in outputs}


def column_measurements(
    outputs: Sequence[OutputSpec],
    columns: Columns,
    details: Mapping[str, float | int | str],
    warnings: tuple[str, ...] = (),
) -> list[Measurement]:
    """Returns the mean over the figures that enter, for each output that some figure enters.

    Args:
        outputs: Of the metric.
        columns: Output id to one value per expected figure, shape (n,), NaN where it does not
            enter.
        details: Of every measurement; the number of figures is added.
        warnings: Of the first output.
    """
    return [
        Measurement(
            output,
            float(np.nanmean(columns[output.id])),
            per_figure=columns[output.id],
            details=dict(details, figures=int(np.isfinite(columns[output.id]).sum())),
            warnings=warnings if output is outputs[0] else (),
        )
        for output in outputs
        if np.isfinite(columns[output.id]).any()
    ]
