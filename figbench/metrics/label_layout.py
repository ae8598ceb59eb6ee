"""``label_layout``: relative positions of labels against those of the reference."""

from __future__ import annotations

import inspect

import numpy as np

from figbench.metrics.base import (
    Measurement,
    MetricError,
    MetricInputs,
    MetricSpec,
    Needs,
    OutputSpec,
    Settings,
)


class LabelLayout:
    """Order of the matched labels, left to right and top to bottom, against the reference's.

    Formula: ``label_layout``: labels that both figures show once are matched one to one
        (NED <= 0.2). Over all pairs of matched labels and both axes, a pair in the reference's
        order counts +1, a reversed pair -1, and a pair closer than 5% of the figure's extent 0;
        pairs that close in the reference do not enter. The figure's value is the mean sign
        (Kendall's tau), the larger of that of the axes as they are and of the axes exchanged, so
        that a flow from top to bottom may be drawn from left to right. The score is the mean over
        figures. A figure
        without two matched labels scores 0, the value of chance. ``label_alignment``: the share
        of labels whose centre is in line with that of another label, across or down, within
        ``alignment_tolerance`` of the extent of the labels, divided by the same share of the
        reference and at most 1. It needs three labels in the reference, and no matches.
    Reference: Kendall, A new measure of rank correlation, Biometrika 1938; the use for labels of
        figures, and the alignment, are figbench's own.
    Direction: higher is better; ``label_layout`` -1 to 1, 0 by chance, ``label_alignment`` 0 to 1.
    Minimum n: 1 figure whose reference has two labels apart.
    Known biases: reads positions through an OCR engine. ``label_layout`` sees labels in wrong
        boxes and mirrored layouts; it does not see wrong or invented labels, arrows, or moves
        that keep the order. ``label_alignment`` sees such moves, where the reference is laid out
        in rows or columns; it does not see a layout that is in line and wrong.
        Another valid layout of the same content lowers it (about 0.9 between two SynthFig
        drawings instead of 1), so compare models, not absolute values.
    """

    def __init__(self) -> None:
        self.spec = MetricSpec(
            name="label_layout",
            outputs=(
                OutputSpec("label_layout", "Label layout", True, low=-1.0, high=1.0),
                OutputSpec(
                    "label_alignment", "Label alignment", True, low=0.0, high=1.0, optional=True
                ),
            ),
            needs=Needs(ocr=True),
            documentation=inspect.getdoc(type(self)) or "",
            settings={"max_ned": 0.2, "tolerance": 0.05, "alignment_tolerance": 0.012},
            sees=("text-shuffled", "layout-mirrored", "captions-shuffled", "boxes-displaced"),
        )

    def compute(self, inputs: MetricInputs, settings: Settings) -> list[Measurement]:
        """Returns the mean agreement and, where references have labels in line, the alignment.

        Raises:
            MetricError: If no reference shows two labels apart, or a setting is outside [0, 1].
        """
        from figbench.metrics.numerics.alignment import label_alignment
        from figbench.metrics.numerics.label_matching import labels_of
        from figbench.metrics.numerics.label_positions import matched_centres, order_agreement

        options = self.spec.resolve(settings)
        if not all(0.0 <= options[key] <= 1.0 for key in options):
            raise MetricError("max_ned and tolerances must lie between 0 and 1")
        values = np.full(len(inputs.figure_ids), np.nan)
        aligned = np.full(len(inputs.figure_ids), np.nan)
        unmatched = 0
        for i, (read, expected) in enumerate(
            zip(inputs.generated_lines, inputs.reference_lines, strict=True)
        ):
            target = labels_of(expected)
            in_line = label_alignment(labels_of(read), target, options["alignment_tolerance"])
            aligned[i] = np.nan if in_line is None else in_line
            own, other = matched_centres(target, target, options["max_ned"])
            if order_agreement(own, other, options["tolerance"]) is None:
                continue
            points = matched_centres(labels_of(read), target, options["max_ned"])
            agreement = order_agreement(*points, options["tolerance"])
            unmatched += agreement is None
            values[i] = agreement or 0.0
        if np.isnan(values).all():
            raise MetricError("found 0 reference figures with two labels apart, needs at least 1")
        details: dict[str, float | int | str] = {
            "figures": int(np.isfinite(values).sum()),
            "without_two_matched_labels": unmatched,
        }
        columns = [(values, details)]
        if np.isfinite(aligned).any():
            columns.append((aligned, {"figures": int(np.isfinite(aligned).sum())}))
        return [
            Measurement(output, float(np.nanmean(column)), per_figure=column, details=extra)
            for output, (column, extra) in zip(self.spec.outputs, columns, strict=False)
        ]


LABEL_LAYOUT = LabelLayout()
