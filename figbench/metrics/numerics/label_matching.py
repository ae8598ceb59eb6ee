"""Comparison of two sets of labels in any order: assignment, and scores of a figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import Levenshtein
import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from figbench.data.label_text import normalise
from figbench.data.types import TextLine

Array = npt.NDArray[np.float64]
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Label:
    """A normalised label with the bounds (left, top, right, bottom) of its box, if known."""

    text: str
    bounds: Bounds | None = None


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Scores of one figure, each in [0, 1]; ``matched`` counts labels."""

    precision: float
    recall: float
    f1: float
    similarity: float
    word_f1: float
    matched: int


def labels_of(lines: Sequence[TextLine]) -> list[Label]:
    """Returns the labels of an OCR result, without lines that are blank after normalisation."""
    normalised = ((normalise(line.text), line.box) for line in lines)
    return [Label(text, _bounds(box)) for text, box in normalised if text]


def _bounds(box: Sequence[tuple[float, float]]) -> Bounds | None:
    if not box:
        return None
    xs, ys = [x for x, _ in box], [y for _, y in box]
    return min(xs), min(ys), max(xs), max(ys)


def text_similarity(first: str, second: str) -> float:
    """Returns 1 - NED: one minus the Levenshtein distance over the longer length."""
    if first == second:
        return 1.0
    return 1.0 - float(Levenshtein.distance(first, second)) / max(len(first), len(second))


def box_overlap(first: Bounds | None, second: Bounds | None) -> float:
    """Returns intersection over union of two boxes; 0 when either is unknown."""
    if first is None or second is None:
        return 0.0
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second))
    return width * height / (areas - width * height)


def compare_labels(
    generated: Sequence[Label],
    reference: Sequence[Label],
    *,
    max_ned: float = 0.2,
    box_weight: float = 0.0,
) -> LabelScores:
    """Scores one figure's labels against its reference's, in any order.

    The assignment makes as many labels match (NED <= ``max_ned``) as can be, and among those
    assignments has the largest total similarity, so that no tie depends on the order of labels.

    Args:
        generated: Labels of the generated figure.
        reference: Labels of the reference.
        max_ned: Largest normalised edit distance that counts as a match.
        box_weight: Share w in [0, 1] of position: a match counts 1 - w + w IoU instead of 1, and
            its similarity is scaled alike.
    """
    if not generated or not reference:
        return LabelScores(0.0, 0.0, 0.0, 0.0, 0.0, 0)
    texts = np.array([[text_similarity(a.text, b.text) for b in reference] for a in generated])
    weights = np.ones_like(texts)
    if box_weight:
        overlaps = [[box_overlap(a.bounds, b.bounds) for b in reference] for a in generated]
        weights += box_weight * (np.array(overlaps) - 1.0)
    hits = texts >= 1.0 - max_ned - 1e-9
    similar = texts * weights
    rank = hits * (weights * (min(texts.shape) + 1.0)) + similar
    assigned = linear_sum_assignment(rank, maximize=True)
    matched = hits[assigned]
    weight = float(weights[assigned][matched].sum())
    total = float(similar[assigned].sum())
    return LabelScores(
        precision=weight / len(generated),
        recall=weight / len(reference),
        f1=2.0 * weight / (len(generated) + len(reference)),
        similarity=total / max(len(generated), len(reference)),
        word_f1=word_f1(generated, reference),
        matched=int(matched.sum()),
    )


def word_f1(generated: Sequence[Label], reference: Sequence[Label]) -> float:
    """Returns F1 of the two multisets of words, in [0, 1]; 0 when either is empty."""
    first = Counter(word for label in generated for word in label.text.split())
    second = Counter(word for label in reference for word in label.text.split())
    common, total = (first & second).total(), first.total() + second.total()
    return 2.0 * common / total if total else 0.0
