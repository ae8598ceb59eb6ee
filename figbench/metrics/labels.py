"""``label_fidelity``: labels of each figure against those of its reference, in any order."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from figbench.data.types import TextLine
from figbench.metrics.base import (
    Array,
    Measurement,
    MetricError,
    MetricInputs,
    MetricSpec,
    Needs,
    OutputSpec,
    Settings,
)
from figbench.metrics.samples import best_of_samples, samples_per_prompt

if TYPE_CHECKING:
    from figbench.metrics.numerics.label_matching import LabelScores

SCORES = {
    "label_precision": ("precision", "Label precision"),
    "label_recall": ("recall", "Label recall"),
    "label_f1": ("f1", "Label F1"),
    "label_similarity": ("similarity", "Label similarity"),
    "word_f1": ("word_f1", "Word F1"),
}
BEST = ("label_f1", "word_f1")
CEILINGS = ("label_f1", "word_f1")

Lines = Sequence[TextLine]
Columns = dict[str, Array]


def _output(identity: str, title: str, optional: bool = False) -> OutputSpec:
    return OutputSpec(
        identity, title, higher_is_better=True, low=0.0, high=1.0, optional=optional, group="labels"
    )


def _outputs() -> tuple[OutputSpec, ...]:
    plain = [_output(key, title) for key, (_, title) in SCORES.items()]
    truth = [
        _output(f"{key}_truth", f"{title}, data set's labels", optional=True)
        for key, (_, title) in SCORES.items()
    ]
    ceilings = [
        _output(f"{key}_ceiling", f"{SCORES[key][1]}, OCR ceiling", optional=True)
        for key in CEILINGS
    ]
    best = [
        _output(f"{key}_best_of_k", f"{SCORES[key][1]}, best of k", optional=True) for key in BEST
    ]
    return tuple(plain + truth + ceilings + best)


class LabelFidelity:
    """Labels read from each generated figure against those of its reference, in any order.

    Formula: labels under NFKC, case folding and collapsed white space are assigned one to one
        (Hungarian) on 1 - NED, NED the Levenshtein distance over the longer length. A match has
        NED <= 0.2; as many labels match as can. Precision, recall and F1 count matches; similarity
        is the sum of 1 - NED over assigned labels divided by the larger number of labels; word F1
        compares the multisets of words. Each is the mean over figures. The reference is read again
        at the run's own size with the run's own OCR engine. The ``_truth`` outputs use the labels
        stored with the data set instead, and ``_ceiling`` is the score of the reference image
        itself against these under the same OCR engine: no generated figure can be expected above
        it. ``_best_of_k`` takes each prompt's best sample.
    Reference: assignment on normalised edit distance as in scene-text evaluation (AnyText, Tuo et
        al., ICLR 2024, for NED per line; TextDiffuser and LongText for word multisets).
    Direction: higher is better, 0 to 1.
    Minimum n: 1 figure whose reference has a label.
    Known biases: measures through an OCR engine, by proxy: no study correlates it with human
        judgements. Formulas, tiny text and rotated text hold the ceiling well below 1 (0.53 at 512
        px against stored full-resolution labels), and another engine or size changes it more than
        most models do.
        Figures whose reference shows no label do not enter; a missing figure scores 0 and is
        counted. Wrong places are not seen unless ``box_weight`` is set. Differences under 0.015
        are below the noise of image decoding.
    """

    def __init__(self) -> None:
        self.spec = MetricSpec(
            name="label_fidelity",
            outputs=_outputs(),
            needs=Needs(ocr=True),
            documentation=inspect.getdoc(type(self)) or "",
            settings={"max_ned": 0.2, "box_weight": 0.0},
            sees=(
                "text-characters",
                "text-garbled",
                "text-removed",
                "text-invented",
                "text-shrunk",
                "modes-dropped",
                "captions-shuffled",
                "missing",
            ),
        )

    def compute(self, inputs: MetricInputs, settings: Settings) -> list[Measurement]:
        """Returns the measurements that the inputs provide for.

        Raises:
            MetricError: If no reference shows any label, or a setting is outside [0, 1].
        """
        options = self.spec.resolve(settings)
        if not all(0.0 <= options[key] <= 1.0 for key in ("max_ned", "box_weight")):
            raise MetricError("max_ned and box_weight must lie between 0 and 1")
        columns = _score_columns(inputs.generated_lines, inputs.reference_lines, options)
        if not columns:
            raise MetricError(
                "found 0 reference figures with a label that the OCR engine can read, "
                "needs at least 1"
            )
        # Stored boxes are in pixels of the original image: positions do not compare.
        textual = {"max_ned": options["max_ned"]}
        stored = inputs.truth_lines or [None] * len(inputs.generated_lines)
        truth = _score_columns(inputs.generated_lines, stored, textual)
        ceiling = _ceiling(inputs, textual) if truth else {}
        reported = columns | _suffixed(truth, "_truth")
        reported |= {f"{key}_ceiling": ceiling[key] for key in CEILINGS if ceiling}
        reported |= _best(columns, inputs.figure_ids)
        return self._measurements(reported, inputs, ceiling)

    def _measurements(
        self, columns: Columns, inputs: MetricInputs, ceiling: Mapping[str, Array]
    ) -> list[Measurement]:
        outputs = {output.id: output for output in self.spec.outputs}
        measurements = []
        for key, values in columns.items():
            details = _counts(values, inputs)
            if key.endswith("_truth"):
                details["ceiling"] = float(np.nanmean(ceiling[key.removesuffix("_truth")]))
            value = float(np.nanmean(values))
            measurements.append(
                Measurement(
                    outputs[key],
                    value,
                    per_figure=values,
                    details=details,
                    warnings=_unread(key, values, outputs[key].id),
                )
            )
        return measurements


def _unread(key: str, values: Array, title: str) -> tuple[str, ...]:
    """Returns a warning where references have no label that the OCR engine can read."""
    empty = int((~np.isfinite(values)).sum())
    if key != "label_f1" or not empty:
        return ()
    text = f"{title}: {empty} of {len(values)} references show no label that the OCR can read"
    if 2 * empty >= len(values):
        text += "; the engine may not support their script, and the score covers the others only"
    return (f"{text}.",)


def _counts(values: Array, inputs: MetricInputs) -> dict[str, float | int | str]:
    return {
        "figures": int(np.isfinite(values).sum()),
        "missing_scored_0": int((np.isfinite(values) & ~inputs.present).sum()),
        "k": samples_per_prompt(inputs.figure_ids),
    }


def _score_columns(
    generated: Sequence[Lines], reference: Iterable[Lines | None], options: Settings
) -> Columns:
    """Returns one column per score, NaN where the reference has no label; {} if none has."""
    from figbench.metrics.numerics.label_matching import compare_labels, labels_of

    scores: list[LabelScores | None] = []
    for lines, reference_lines in zip(generated, reference, strict=True):
        expected = labels_of(reference_lines or ())
        scores.append(compare_labels(labels_of(lines), expected, **options) if expected else None)
    if not any(scores):
        return {}
    return {
        key: np.array([np.nan if entry is None else getattr(entry, field) for entry in scores])
        for key, (field, _) in SCORES.items()
    }


def _ceiling(inputs: MetricInputs, options: Settings) -> Columns:
    """Scores the OCR result of each reference against the stored labels, on its first row."""
    first = np.unique(np.asarray(inputs.figure_ids), return_index=True)[1]
    once = set(first.tolist())
    truth = (lines if i in once else None for i, lines in enumerate(inputs.truth_lines))
    return _score_columns(inputs.reference_lines, truth, options)


def _suffixed(columns: Columns, suffix: str) -> Columns:
    return {f"{key}{suffix}": values for key, values in columns.items()}


def _best(columns: Columns, figure_ids: Sequence[str]) -> Columns:
    if samples_per_prompt(figure_ids) < 2:
        return {}
    return {
        f"{key}_best_of_k": best_of_samples(columns[key], figure_ids, higher_is_better=True)
        for key in BEST
    }


LABEL_FIDELITY = LabelFidelity()
