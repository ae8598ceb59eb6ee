"""Scores of other tools as metrics."""

from __future__ import annotations

import pandas as pd
import pytest

from figbench.errors import UserError
from figbench.metrics.external import read_external


def write(path, rows):
    frame = pd.DataFrame(rows)
    frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["scores.csv", "scores.parquet"])
def test_scores_become_a_mean_with_values_per_figure(tmp_path, name):
    rows = {"figure_id": ["a", "b", "c"], "clip": [0.1, 0.4, 0.7]}
    scores = read_external(write(tmp_path / name, rows), "clip", column="clip")
    found = scores.measure(["b", "a"], [0, 0])
    assert found.value == pytest.approx(0.25)
    assert found.per_figure.tolist() == [0.4, 0.1]
    assert found.details["unused"] == 1


def test_a_missing_score_is_refused_or_counted(tmp_path):
    path = write(tmp_path / "s.csv", {"figure_id": ["a"], "score": [1.0]})
    scores = read_external(path, "judge")
    with pytest.raises(UserError, match="1 of 2 figures have no score, the first is 'b#0'"):
        scores.measure(["a", "b"], [0, 0])
    assert scores.measure(["a", "b"], [0, 0], missing=0.0).value == 0.5
    with pytest.raises(UserError, match="none of its 1 ids"):
        scores.measure(["x"], [0])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"figure_id": ["a", "a"], "score": [1, 2]}, "occurs twice"),
        ({"figure_id": ["a"], "score": [float("inf")]}, "is inf"),
        ({"figure_id": ["a"], "score": ["good"]}, "not a number"),
        ({"figure": ["a"], "score": [1]}, "Did you mean 'figure'"),
    ],
)
def test_bad_files_are_refused(tmp_path, rows, message):
    with pytest.raises(UserError, match=message):
        read_external(write(tmp_path / "s.csv", rows), "judge")
