"""Agreement of the order of labels, left to right and top to bottom, between two figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from figbench.metrics.numerics.label_matching import Label, text_similarity

Array = npt.NDArray[np.float64]


def matched_centres(
    generated: Sequence[Label], reference: Sequence[Label], max_ned: float
) -> tuple[Array, Array]:
    """Returns the centres of labels that match one to one.

    Labels without a box, and texts that occur more than once in a figure, are left out: their
    match is ambiguous.

    Args:
        generated: Labels of the generated figure.
        reference: Labels of the reference.
        max_ned: Largest normalised edit distance of a match, 0 to 1.

    Returns:
        Centres (x, y) of the generated labels and of their matches, shape (k, 2) each, in the units
        of the boxes.
    """
    first, second = _unambiguous(generated), _unambiguous(reference)
    if not first or not second:
        return np.zeros((0, 2)), np.zeros((0, 2))
    similar = np.array([[text_similarity(a.text, b.text) for b in second] for a in first])
    hits = similar >= 1.0 - max_ned - 1e-9
    first_index, second_index = linear_sum_assignment(
        hits * (min(similar.shape) + 1.0) + similar, maximize=True
    )
    matched = hits[first_index, second_index]
    return _centres([first[i] for i in first_index[matched]]), _centres(
        [second[j] for j in second_index[matched]]
    )


def _unambiguous(labels: Sequence[Label]) -> list[Label]:
    counts = Counter(label.text for label in labels)
    return [label for label in labels if label.bounds is not None and counts[label.text] == 1]


def _centres(labels: Sequence[Label]) -> Array:
    boxes = np.array([label.bounds for label in labels], np.float64).reshape(-1, 4)
    return np.asarray((boxes[:, :2] + boxes[:, 2:]) / 2, np.float64)


def order_agreement(generated: Array, reference: Array, tolerance: float) -> float | None:
    """Returns the agreement of the order of points, -1 to 1.

    Over all pairs of points and both axes: +1 where the pair has the order of the reference, -1
    where it is reversed, 0 where the generated pair is closer than the tolerance; pairs that are
    closer than the tolerance in the reference do not enter. The mean of these signs is Kendall's
    tau of the two orders. The larger of two means counts: with the axes as they are, and with
    the axes of the generated figure exchanged (a flow from top to bottom that was left to right).

    Args:
        generated: (k, 2) centres.
        reference: (k, 2) centres of the same labels.
        tolerance: Share of the extent of the points along an axis below which two positions are
            equal, 0 to 1.

    Returns:
        The agreement, or None where no pair of the reference is apart.
    """
    target = _signs(reference, tolerance)
    counted = int(np.abs(target).sum())
    if counted == 0:
        return None
    own = _signs(generated, tolerance)
    return max(float((own * target).sum()), float((own[::-1] * target).sum())) / counted


def _signs(points: Array, tolerance: float) -> Array:
    i, j = np.triu_indices(len(points), 1)
    if not len(i):
        return np.zeros((2, 0))
    apart = (points[i] - points[j]).T
    least = tolerance * np.ptp(points, axis=0)[:, None]
    return np.sign(np.where(np.abs(apart) > np.maximum(least, 1e-9), apart, 0.0))
