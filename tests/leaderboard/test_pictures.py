"""Which plots a board shows, and what stands in them."""

import base64

import numpy as np
import pytest

from figbench.data.types import Figure
from figbench.errors import UserError
from figbench.leaderboard.entries import load_board, load_entries, load_entry
from figbench.leaderboard.views.board_plots import board_plots_of, trade_offs
from figbench.leaderboard.views.board_rows import board_rows
from figbench.pages.strata import properties, strata_of, stratum_means
from tests.leaderboard.factory import entry, write_board

FD = "fd@efficientnet-lite0"
TITLE = "Fréchet distance, EfficientNet-Lite0 ↓"


def _svg(uri):
    return base64.b64decode(uri.partition(",")[2]).decode()


def _pictures(folder):
    board = load_board(folder)
    rows = board_rows(board, load_entries(folder)).inside
    return {one.note: _svg(one.uri) for one in board_plots_of(board, rows)}


def test_every_distance_is_drawn_against_the_fidelity_metric_wherever_its_column_stands():
    assert trade_offs(["ssim", "ocr_sim", "kid", "fid", FD]) == [
        ("kid", "ocr_sim"),
        ("fid", "ocr_sim"),
        (FD, "ocr_sim"),
    ]
    assert trade_offs(["fid", "ocr_sim", "label_f1"]) == [("fid", "label_f1")]
    assert trade_offs(["fid", "kid"]) == [] == trade_offs(["label_f1"])


def test_a_distance_is_drawn_against_n_with_half_matched_and_extrapolated(tmp_path):
    rich = entry("rich", 10.0)
    rich["result"]["metrics"][FD]["details"] = {
        "value_at_half_n": 14.0,
        "extrapolated": 6.0,
        "matched_n": 40,
        "value_at_matched_n": 11.0,
    }
    details = rich["result"]["metrics"][FD]["details"]
    plain = _pictures(write_board(tmp_path / "a", [entry("rich", 10.0)]))
    misleading = _pictures(write_board(tmp_path / "b", [rich]))
    details["extrapolation"] = "reliable"
    drawn = _pictures(write_board(tmp_path / "c", [rich]))
    note = f"{TITLE} against the number of figures"
    assert note not in plain
    assert misleading[note].count("<use") > 0
    assert "extrapolated" in drawn[note] and "extrapolated" not in misleading[note]
    assert not any("Label F1" in one and "number of figures" in one for one in drawn)


def test_the_timeline_names_the_day_of_the_entry(tmp_path):
    drawn = _pictures(write_board(tmp_path, [entry("rich")]))
    assert "2026-01-01" in drawn[f"{TITLE} by date of entry"]


def test_a_day_that_no_calendar_has_is_refused(tmp_path):
    path = tmp_path / "org__m__2026-02-30.json"
    path.write_text("{}")
    with pytest.raises(UserError, match="no day of the calendar"):
        load_entry(path)


def _ids(n):
    return [f"f{i}" for i in range(n)]


def test_thirds_hold_every_known_figure_once_and_part_no_ties():
    aspect = np.array([1.0, 1.0, 1.0, 1.0, 2.0, 3.0, np.nan])
    strata = strata_of(_ids(7), {"stratum.aspect": aspect, "stratum.labels": np.full(7, 4.0)})
    members = [sorted(one.figure_ids) for one in strata]
    assert members == [["f0", "f1", "f2", "f3"], ["f4", "f5"]]
    assert [one.label for one in strata] == ["width/height ≤ 1", "1 < width/height"]


def test_a_stratum_mean_is_over_its_figures_with_a_value():
    strata = strata_of(_ids(4), {"stratum.aspect": np.array([1.0, 1.0, 3.0, 3.0])})
    values = np.array([0.2, np.nan, 0.4, 0.8])
    assert stratum_means(_ids(4), values, strata) == pytest.approx([0.2, 0.6])


def test_properties_come_from_size_read_labels_and_caption():
    figures = [
        Figure("a", 0, "a.png", "0", 400, 200, prompt="two words"),
        Figure("b", 0, "b", "1", 9, 9),
    ]
    found = properties(figures, [[object()] * 3, []])
    assert found["stratum.aspect"].tolist() == [2.0, 1.0]
    assert found["stratum.labels"].tolist() == [3.0, 0.0]
    assert found["stratum.caption"][0] == 2 and np.isnan(found["stratum.caption"][1])
