"""Choice of the metric for a page, sweep or board, by the specs of the metrics.

No metric is named here, so that a metric of another package is treated as a built-in one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from figbench.metrics.base import OutputSpec
from figbench.metrics.names import find_output, headline

PER_FIGURE = ("labels", "structure", "pairs")
"""Groups whose outputs compare a figure with its own reference, the most telling first."""

DISTANCE = "distance"
VALIDITY = "validity"


def spec_of(name: str) -> OutputSpec | None:
    """Returns the spec of an output, or None for an unknown one."""
    output = find_output(name)
    return output[1] if output else None


def fidelity_metric(names: Iterable[str]) -> str | None:
    """Returns the output that says best whether a figure fits its prompt, or None.

    Outputs of labels come before those of structure and those of paired images; within a group
    headline outputs come first.
    """
    listed = _headlines_first(names)
    for group in PER_FIGURE:
        for name in listed:
            spec = spec_of(name)
            if spec is not None and spec.group == group and not spec.optional:
                return name
    return None


def figure_metric(names: Iterable[str]) -> tuple[str, bool] | None:
    """Returns the per-figure output that orders figures, and whether higher is better.

    Args:
        names: Outputs with a value for each figure.
    """
    listed = list(names)
    others = (
        name for name in listed if (spec := spec_of(name)) is not None and spec.group == "other"
    )
    name = fidelity_metric(listed) or next(others, None)
    spec = spec_of(name) if name is not None else None
    return None if name is None or spec is None else (name, spec.higher_is_better)


def distance_metrics(names: Iterable[str]) -> list[str]:
    """Returns the distances between sets of figures, estimators without bias first.

    An estimator that can fall below zero has no bias at small n; one that is bounded by zero has.
    """
    distances = [(name, spec_of(name)) for name in names]
    scored = [
        (name, spec) for name, spec in distances if spec is not None and spec.group == DISTANCE
    ]
    return [name for name, _ in sorted(scored, key=lambda pair: pair[1].low >= 0)]


def is_validity(name: str) -> bool:
    """Returns whether an output counts missing, blank, repeated or copied figures."""
    spec = spec_of(name)
    return spec is not None and spec.group == VALIDITY


def _headlines_first(names: Iterable[str]) -> Sequence[str]:
    listed = list(names)
    first = headline(listed)
    return [*first, *(name for name in listed if name not in first)]
