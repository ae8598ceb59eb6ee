import csv
import json
import shutil

import pytest

from figbench.errors import UserError
from figbench.leaderboard.sweep.points import choose, folders_by_scale
from figbench.leaderboard.sweep.run import run_sweep
from figbench.leaderboard.sweep.sampling import parse_scales
from figbench.results.schema import RunResult
from tests.leaderboard.factory import entry, metric


def _result(fd, half, label_f1):
    result = entry(fd=fd, half=half)["result"]
    result["metrics"]["label_f1"] = metric(label_f1, 0.1, higher=True)
    return RunResult.model_validate(result)


def test_both_spellings_of_a_scale_are_read_and_ordered(tmp_path):
    for name in ("evaluation_cfg_10", "evaluation_cfg_5.0", "evaluation_cfg_7.5"):
        (tmp_path / name).mkdir()
    assert list(folders_by_scale([tmp_path])) == [5.0, 7.5, 10.0]


def test_two_folders_of_one_scale_are_refused(tmp_path):
    for name in ("evaluation_cfg_5", "evaluation_cfg_5.0"):
        (tmp_path / name).mkdir()
    with pytest.raises(UserError, match="same scale"):
        folders_by_scale([tmp_path])


def test_the_rule_prefers_text_among_points_of_equal_quality():
    results = {1.0: _result(10, 1, 0.2), 5.0: _result(10.5, 1, 0.6), 9.0: _result(30, 1, 0.9)}
    assert choose(results) == 5.0


@pytest.mark.parametrize("text", ["", "a", "nan", "-1", "1,,2"])
def test_scales_that_are_no_scales_are_refused(text):
    with pytest.raises(UserError):
        parse_scales(text)


def test_a_sweep_scores_every_point(tmp_path, synthfig_root, monkeypatch):
    from functools import partial

    from figbench.leaderboard.sweep import run

    monkeypatch.setattr(run, "evaluate", partial(run.evaluate, metrics=["ssim"]))
    for scale in ("1", "5.0"):
        shutil.copytree(synthfig_root / "figures", tmp_path / f"in/evaluation_cfg_{scale}")
    out = tmp_path / "out"
    family = folders_by_scale([tmp_path / "in"])
    run_sweep(family, str(synthfig_root), "offline", out)
    document = json.loads((out / "sweep.json").read_text())
    assert [one["guidance_scale"] for one in document["points"]] == [1.0, 5.0]
    rows = list(csv.DictReader((out / "sweep.csv").read_text().splitlines()))
    assert [(row["metric"], float(row["value"])) for row in rows] == [("ssim", 1.0)] * 2
