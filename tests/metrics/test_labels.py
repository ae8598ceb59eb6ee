"""Label fidelity against hand-worked figures, a brute-force assignment, and its invariances."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from figbench.data.label_text import normalise
from figbench.data.types import TextLine
from figbench.errors import UserError
from figbench.metrics import get_metric
from figbench.metrics.base import MetricError
from figbench.metrics.numerics.label_matching import (
    Label,
    box_overlap,
    compare_labels,
    text_similarity,
)
from tests.metrics.inputs import lines, make_inputs

METRIC = get_metric("label_fidelity")
WORDS = st.text("abcde", min_size=1, max_size=5)
LABELS = st.lists(WORDS.map(Label), min_size=1, max_size=5)


def measure(generated, reference, *, settings=None, **fields):
    inputs = make_inputs(
        len(reference), generated_lines=generated, reference_lines=reference, **fields
    )
    return {m.output.id: m for m in METRIC.compute(inputs, settings or {})}


def edit_distance(a, b):
    """Textbook dynamic programme."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


def by_brute_force(generated, reference, max_ned=0.2):
    """(matches, total similarity) of the best assignment among all."""
    swap = len(generated) > len(reference)
    few, many = (reference, generated) if swap else (generated, reference)
    best = (0, 0.0)
    for chosen in permutations(many, len(few)):
        pairs = [(a.text, b.text) for a, b in zip(few, chosen, strict=True)]
        neds = [edit_distance(a, b) / max(len(a), len(b)) for a, b in pairs]
        best = max(
            best, (sum(n <= max_ned + 1e-9 for n in neds), round(sum(1 - n for n in neds), 9))
        )
    return best


@settings(max_examples=60, deadline=None)
@given(LABELS, LABELS)
def test_assignment_equals_brute_force(generated, reference):
    found = compare_labels(generated, reference)
    matched, total = by_brute_force(generated, reference)
    assert found.matched == matched
    longer = max(len(generated), len(reference))
    assert found.similarity == pytest.approx(total / longer, abs=1e-8)
    assert found.f1 == pytest.approx(2 * matched / (len(generated) + len(reference)))


@settings(max_examples=60, deadline=None)
@given(LABELS, LABELS, st.randoms(use_true_random=False))
def test_symmetry_bounds_and_order(generated, reference, random):
    found, mirrored = compare_labels(generated, reference), compare_labels(reference, generated)
    assert (found.precision, found.recall) == (mirrored.recall, mirrored.precision)
    assert found.similarity == pytest.approx(mirrored.similarity)
    assert found.word_f1 == mirrored.word_f1
    for value in (found.precision, found.recall, found.f1, found.similarity, found.word_f1):
        assert 0.0 <= value <= 1.0 + 1e-12
    shuffled = (random.sample(generated, len(generated)), random.sample(reference, len(reference)))
    again = compare_labels(*shuffled)
    assert again.matched == found.matched
    assert again.similarity == pytest.approx(found.similarity)
    same = compare_labels(generated, random.sample(generated, len(generated)))
    assert (same.f1, same.similarity, same.word_f1) == (1, 1, 1)


def test_worked_example():
    found = measure(
        [lines("decoder", "Encodr", "noise")],
        [lines("ENCODER", "Decoder", "softmax layer", "loss")],
    )
    assert found["label_precision"].value == pytest.approx(2 / 3)
    assert found["label_recall"].value == pytest.approx(2 / 4)
    assert found["label_f1"].value == pytest.approx(4 / 7)
    similar = 1 + 6 / 7 + text_similarity("noise", "loss")
    assert found["label_similarity"].value == pytest.approx(similar / 4)
    assert found["word_f1"].value == pytest.approx(2 * 1 / (3 + 5))


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  Self\u00a0-  Attention ", "self - attention"),
        ("ﬁlter", "filter"),
        ("x²", "x2"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("\u3000", ""),
    ],
)
def test_normalisation(raw, clean):
    assert normalise(raw) == clean


def test_match_at_the_threshold_and_not_beyond():
    exact = compare_labels([Label("abcdX")], [Label("abcde")])
    assert exact.matched == 1
    assert compare_labels([Label("abcdX")], [Label("abcde")], max_ned=0.19).matched == 0
    assert compare_labels([Label("abXX")], [Label("abcd")]).matched == 0


def test_a_label_is_used_once():
    found = compare_labels([Label("conv")] * 3, [Label("conv")])
    assert (found.precision, found.recall) == (1 / 3, 1)


def test_missing_scores_zero_and_figures_without_reference_labels_do_not_enter():
    reference = [lines("a b"), lines("c"), (), lines(" ")]
    found = measure(
        [lines("a b"), (), lines("junk"), ()], reference, present=[True, False, True, True]
    )
    assert found["label_f1"].value == 0.5
    np.testing.assert_array_equal(found["label_f1"].per_figure, [1, 0, np.nan, np.nan])
    assert found["label_f1"].details["figures"] == 2
    assert found["label_f1"].details["missing_scored_0"] == 1
    assert not any(key.endswith(("_truth", "_ceiling", "_best_of_k")) for key in found)


def test_truth_stands_beside_its_ceiling():
    reference = [lines("encoder", "blurred"), lines("loss")]
    truth = [lines("encoder", "x_t-1"), None]
    found = measure([lines("encoder"), lines("loss")], reference, truth_lines=truth)
    assert found["label_f1"].value == pytest.approx((2 / 3 + 1) / 2)
    assert found["label_f1_truth"].value == pytest.approx(2 / 3)
    assert found["label_f1_ceiling"].value == pytest.approx(1 / 2)
    assert found["label_f1_truth"].details["ceiling"] == pytest.approx(1 / 2)
    assert found["label_recall_truth"].details["ceiling"] == pytest.approx(1 / 2)
    assert "ceiling" not in found["label_f1"].details
    assert np.isnan(found["label_f1_truth"].per_figure[1])


def test_mean_and_best_of_k():
    ids, samples = ["p", "p", "q", "q"], [0, 1, 0, 1]
    generated = [lines("a"), lines("zzz"), (), lines("b", "zzz")]
    found = measure(
        generated,
        [lines("a"), lines("a"), lines("b"), lines("b")],
        ids=ids,
        samples=samples,
        present=[True, True, False, True],
    )
    assert found["label_f1"].value == pytest.approx((1 + 0 + 0 + 2 / 3) / 4)
    assert found["label_f1_best_of_k"].value == pytest.approx((1 + 2 / 3) / 2)
    np.testing.assert_allclose(found["label_f1_best_of_k"].per_figure, [1, np.nan, 2 / 3, np.nan])
    assert found["label_f1"].details["k"] == 2


def box(left, top, size=10.0):
    return ((left, top), (left + size, top), (left + size, top + size), (left, top + size))


def test_box_weight_sees_wrong_places():
    reference = [(TextLine("a", box(0, 0)), TextLine("b", box(50, 0)))]
    swapped = [(TextLine("a", box(50, 0)), TextLine("b", box(0, 0)))]
    assert measure(swapped, reference)["label_f1"].value == 1
    assert measure(reference, reference, settings={"box_weight": 1.0})["label_f1"].value == 1
    assert measure(swapped, reference, settings={"box_weight": 1.0})["label_f1"].value == 0
    assert measure(swapped, reference, settings={"box_weight": 0.5})["label_f1"].value == 0.5
    half = measure(
        [(TextLine("a", box(5, 0)),)], [(TextLine("a", box(0, 0)),)], settings={"box_weight": 1.0}
    )
    assert half["label_f1"].value == pytest.approx(50 / 150)


def test_box_overlap():
    assert box_overlap((0, 0, 2, 2), (1, 1, 3, 3)) == pytest.approx(1 / 7)
    assert box_overlap((0, 0, 1, 1), (1, 0, 2, 1)) == 0
    assert box_overlap(None, (0, 0, 1, 1)) == 0


def test_box_weight_chooses_the_label_in_its_place():
    reference = [Label("conv", (0, 0, 1, 1)), Label("conv", (5, 0, 6, 1))]
    found = compare_labels(reference[::-1], reference, box_weight=0.3)
    assert found.f1 == 1


def test_refuses():
    with pytest.raises(MetricError, match="found 0 reference figures with a label"):
        measure([lines("a")], [()])
    with pytest.raises(MetricError, match="between 0 and 1"):
        measure([lines("a")], [lines("a")], settings={"max_ned": 2.0})
    with pytest.raises(UserError, match="Did you mean 'max_ned'"):
        measure([lines("a")], [lines("a")], settings={"maxned": 0.1})
