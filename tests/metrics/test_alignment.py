"""Boxes and labels in line with others, against the reference."""

from __future__ import annotations

import numpy as np
import pytest

from figbench.data.types import TextLine
from figbench.metrics import get_metric
from figbench.metrics.numerics.alignment import aligned_share, alignment
from tests.metrics.inputs import make_inputs

LOWER = np.array([[0], [1], [0]])
ROW = np.array([[0.1, 0.1, 0.2, 0.2], [0.3, 0.12, 0.4, 0.18], [0.6, 0.5, 0.9, 0.9]])


def test_the_share_of_boxes_in_line():
    # The first two share a centre line; the third is alone.
    assert aligned_share(ROW, 0.001) == pytest.approx(2 / 3)
    assert aligned_share(ROW + 0.005 * LOWER, 0.001) == 0
    assert aligned_share(ROW + 0.005 * LOWER, 0.01) == pytest.approx(2 / 3)
    assert aligned_share(ROW[:2], 0.001) is None


def test_alignment_is_relative_to_the_reference():
    assert alignment(ROW, ROW) == 1
    assert alignment(ROW + 0.05 * LOWER, ROW) == 0
    assert alignment(ROW[:1], ROW) == 0
    assert alignment(ROW, ROW[2:]) is None
    columns = ROW[:, [1, 0, 3, 2]]
    assert alignment(columns, ROW) == 1


def test_label_alignment_sees_displaced_labels_and_no_shift():
    def lines(centres):
        return tuple(
            TextLine(f"label {i}", ((x - 9, y - 4), (x + 9, y - 4), (x + 9, y + 4), (x - 9, y + 4)))
            for i, (x, y) in enumerate(centres)
        )

    grid = [(100, 50), (300, 50), (500, 50), (100, 250), (300, 250)]
    moved = [(x + 17, y + 30) for x, y in grid]
    displaced = [(100, 50), (318, 80), (540, 110), (140, 200), (370, 260)]

    def value(centres):
        inputs = make_inputs(1, generated_lines=[lines(centres)], reference_lines=[lines(grid)])
        items = {m.output.id: m.value for m in get_metric("label_layout").compute(inputs, {})}
        return items["label_alignment"]

    assert value(grid) == value(moved) == 1
    assert value(displaced) < 0.5
