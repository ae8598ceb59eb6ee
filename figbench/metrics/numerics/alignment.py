"""How many boxes of a figure are in line with another one, against the reference.

Drawing programs and people put boxes in rows and columns. A box that is displaced by a little
leaves its row and its column, while the order of the boxes stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from figbench.metrics.numerics.label_matching import Label

Array = npt.NDArray[np.float64]

TOLERANCE = 0.006
"""Share of the page's longer side below which two positions are in line: 3 pixels of 512."""


def aligned_share(boxes: Array, tolerance: float) -> float | None:
    """Returns the share of boxes that are in line with at least one other, 0 to 1.

    Two boxes are in line if their left sides, centres or right sides agree within the tolerance,
    or their upper sides, centres or lower sides.

    Args:
        boxes: x0, y0, x1, y1 in one unit for both axes, shape (k, 4); points have equal sides.
        tolerance: In the same unit.

    Returns:
        The share, or None for fewer than three boxes: of two, each is the only partner of the
        other.
    """
    if len(boxes) < 3:
        return None
    aligned = np.zeros(len(boxes), np.bool_)
    for low, high in ((0, 2), (1, 3)):
        for lines in (boxes[:, low], (boxes[:, low] + boxes[:, high]) / 2, boxes[:, high]):
            near = np.abs(lines[:, None] - lines[None, :]) <= tolerance
            np.fill_diagonal(near, False)
            aligned |= near.any(axis=1)
    return float(aligned.mean())


def alignment(generated: Array, reference: Array, tolerance: float = TOLERANCE) -> float | None:
    """Returns the aligned share of a figure over that of its reference, at most 1.

    Args:
        generated: Boxes (k, 4) in units of the page's longer side.
        reference: Boxes (l, 4) of the reference, likewise.
        tolerance: In the same unit.

    Returns:
        0 to 1; 0 where fewer than three boxes were generated; None where the reference has
        fewer than three boxes or none of them in line.
    """
    target = aligned_share(reference, tolerance)
    if not target:
        return None
    own = aligned_share(generated, tolerance)
    return min(1.0, (own or 0.0) / target)


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
