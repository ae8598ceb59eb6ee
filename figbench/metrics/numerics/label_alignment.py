"""How many labels of a figure are in line with another label, against the reference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from figbench.metrics.numerics.alignment import Array, alignment
from figbench.metrics.numerics.label_matching import Label


def label_alignment(
    generated: Sequence[Label], reference: Sequence[Label], tolerance: float
) -> float | None:
    """Returns the share of labels in line over that of the reference, at most 1.

    Args:
        generated: Labels with boxes; those without one do not enter.
        reference: Of the reference.
        tolerance: Share of the extent of a figure's label centres, 0 to 1.

    Returns:
        0 to 1, or None where the reference has fewer than three labels or none in line.
    """
    return alignment(_points(generated), _points(reference), tolerance)


def _points(labels: Sequence[Label]) -> Array:
    """Returns the centres as boxes without extent (k, 4), in units of their own extent."""
    boxes = np.array([label.bounds for label in labels if label.bounds], np.float64).reshape(-1, 4)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    extent = float(np.ptp(centres, axis=0).max()) if len(centres) else 0.0
    return np.hstack([centres, centres]) / (extent or 1.0)
