"""``label_layout``: order of matched labels."""

from __future__ import annotations

import numpy as np
import pytest

from figbench.data.types import TextLine
from figbench.metrics import get_metric
from figbench.metrics.base import MetricError
from figbench.metrics.numerics.label_positions import order_agreement
from tests.metrics.inputs import make_inputs

NAMES = ("Encoder", "Attention", "Decoder", "Loss")
GRID = ((10, 10), (110, 12), (210, 90), (20, 180))


def lines(places, names=NAMES):
    return tuple(
        TextLine(name, ((x, y), (x + 30, y), (x + 30, y + 10), (x, y + 10)))
        for name, (x, y) in zip(names, places, strict=True)
    )


def value(generated, reference):
    inputs = make_inputs(1, generated_lines=[generated], reference_lines=[reference])
    return get_metric("label_layout").compute(inputs, {})[0].value


def test_equal_moved_scaled_and_transposed_layouts_agree():
    reference = lines(GRID)
    assert value(reference, reference) == 1
    assert value(lines([(2 * x + 7, 2 * y + 31) for x, y in GRID]), reference) == 1
    assert value(lines([(y, x) for x, y in GRID]), reference) == 1


def test_a_turned_page_and_swapped_labels_disagree():
    assert value(lines([(300 - x, 300 - y) for x, y in GRID]), lines(GRID)) <= 0
    swapped = lines(GRID, (NAMES[2], NAMES[1], NAMES[0], NAMES[3]))
    assert value(swapped, lines(GRID)) < 0.5


def test_agreement_is_kendalls_tau_without_ties():
    from scipy.stats import kendalltau

    rng = np.random.default_rng(1)
    for _ in range(30):
        one, other = rng.random((9, 2)), rng.random((9, 2))
        plain, turned = (
            np.mean([kendalltau(a[:, k], other[:, k]).statistic for k in (0, 1)])
            for a in (one, one[:, ::-1])
        )
        assert order_agreement(one, other, 0.0) == pytest.approx(max(plain, turned))


def test_missing_labels_score_chance_and_an_empty_reference_does_not_enter():
    assert value((), lines(GRID)) == 0
    with pytest.raises(MetricError, match="two labels apart"):
        value(lines(GRID), ())


def test_repeated_texts_have_no_partner():
    twice = lines(GRID, ("Conv", "Conv", "Decoder", "Loss"))
    assert value(twice, twice) == 1
