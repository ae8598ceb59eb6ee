"""Label fidelity of lists of strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from figbench.data.types import TextLine
from figbench.errors import UserError
from figbench.functional.score import LEVEL, SEED, Score, compute_scores, make_inputs

Labels = Sequence[str] | Sequence[TextLine]


def label_fidelity(
    generated: Labels | Sequence[Labels],
    reference: Labels | Sequence[Labels],
    *,
    max_ned: float = 0.2,
    box_weight: float = 0.0,
    clusters: Sequence[str] | None = None,
    figure_ids: Sequence[str] | None = None,
    level: float = LEVEL,
    seed: int = SEED,
) -> dict[str, Score]:
    """Compares the labels of generated figures with those of their references, in any order.

    Args:
        generated: Labels of one figure (a list of strings or :class:`TextLine`), or a list of such
            lists, one per figure. An empty list is a figure without text.
        reference: The same for the references, as many figures. Figures whose reference has no
            label do not enter.
        max_ned: Largest normalised edit distance of a match, in [0, 1].
        box_weight: Share of position in a match, in [0, 1]; needs boxes.
        clusters: Paper of each figure, None for independent figures.
        figure_ids: Per figure; repeated ids are samples of one prompt.
        level: Coverage of the intervals.
        seed: Seed of the bootstrap.

    Returns:
        Scores under ``label_precision``, ``label_recall``, ``label_f1``, ``label_similarity`` and
        ``word_f1``, each in [0, 1], higher is better; with repeated ids also ``_best_of_k``.

    Raises:
        UserError: If numbers differ, an item is not text, a setting lies outside [0, 1], or no
            reference has a label.

    >>> scores = label_fidelity([["Encoder"], ["Loss"]], [["Encoder"], ["Data", "Loss"]])
    >>> round(scores["label_f1"].value, 3)
    0.833
    """
    for name, value in (("max_ned", max_ned), ("box_weight", box_weight)):
        if not 0.0 <= value <= 1.0:
            raise UserError(f"{name}: {value}, expected a number between 0 and 1.")
    first, second = _figures(generated, "generated"), _figures(reference, "reference")
    if len(first) != len(second):
        raise UserError(f"generated and reference: {len(first)} and {len(second)} figures.")
    inputs = make_inputs(
        "label_fidelity",
        len(first),
        seed=seed,
        clusters=clusters,
        figure_ids=figure_ids,
        generated_lines=first,
        reference_lines=second,
        truth_lines=[None] * len(first),
    )
    settings = {"max_ned": float(max_ned), "box_weight": float(box_weight)}
    return compute_scores("label_fidelity", inputs, settings, level=level, n=len(first))


def _figures(value: Any, name: str) -> list[tuple[TextLine, ...]]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise UserError(
            f"{name}: {type(value).__name__}, expected a list of labels or a list of such lists."
        )
    if value and all(isinstance(item, str | TextLine) for item in value):
        return [_lines(value, name)]
    figures = []
    for i, item in enumerate(value):
        if isinstance(item, str) or not isinstance(item, Sequence):
            raise UserError(f"{name}[{i}]: {type(item).__name__}, expected a list of labels.")
        figures.append(_lines(item, f"{name}[{i}]"))
    if not figures:
        raise UserError(f"{name}: empty, expected at least one figure.")
    return figures


def _lines(labels: Sequence[Any], name: str) -> tuple[TextLine, ...]:
    for i, label in enumerate(labels):
        if not isinstance(label, str | TextLine):
            raise UserError(f"{name}[{i}]: {type(label).__name__}, expected a string.")
    return tuple(label if isinstance(label, TextLine) else TextLine(label) for label in labels)
