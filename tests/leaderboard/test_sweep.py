import csv
import io
import json
import re
import shutil
import sys

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from figbench.cli.sweep import blocks, show_sweep
from figbench.comparison import compare
from figbench.errors import UserError
from figbench.models import get_model
from figbench.pages.choices import distance_metrics, fidelity_metric, figure_metric
from figbench.results.files import load_result
from figbench.results.schema import RunResult
from figbench.sweeps.axes import GUIDANCE, get_axis
from figbench.sweeps.page import rows_of_tests, write_page
from figbench.sweeps.points import choose, folders_by_value
from figbench.sweeps.run import run_sweep, sweep_document
from figbench.sweeps.sampling import Point, parse_scales, plan_family
from tests.leaderboard.factory import entry, metric

FD = "fd@efficientnet-lite0"


def _result(fd, half, label_f1):
    result = entry(fd=fd, half=half)["result"]
    result["metrics"]["label_f1"] = metric(label_f1, 0.1, higher=True)
    return RunResult.model_validate(result)


def test_both_spellings_of_a_scale_are_read_and_ordered(tmp_path):
    for name in ("evaluation_cfg_10", "evaluation_cfg_5.0", "evaluation_cfg_7.5"):
        (tmp_path / name).mkdir()
    assert list(folders_by_value([tmp_path])) == [5.0, 7.5, 10.0]


def test_two_folders_of_one_scale_are_refused(tmp_path):
    for name in ("evaluation_cfg_5", "evaluation_cfg_5.0"):
        (tmp_path / name).mkdir()
    with pytest.raises(UserError, match="same guidance 5"):
        folders_by_value([tmp_path])


def test_the_rule_prefers_text_among_points_of_equal_quality():
    results = {1.0: _result(10, 1, 0.2), 5.0: _result(10.5, 1, 0.6), 9.0: _result(30, 1, 0.9)}
    assert choose(results) == 5.0


def test_a_noisy_point_is_not_chosen_for_its_noise():
    """Its interval reaches the best value; it is still far outside the best point's own."""
    results = {1.0: _result(10, 1, 0.2), 5.0: _result(10.5, 1, 0.6), 9.0: _result(30, 25, 0.9)}
    assert choose(results) == 5.0


@pytest.mark.parametrize("text", ["", "a", "nan", "-1", "1,,2"])
def test_scales_that_are_no_scales_are_refused(text):
    with pytest.raises(UserError):
        parse_scales(text)


def test_a_sweep_scores_every_point(tmp_path, synthfig_root, monkeypatch):
    from functools import partial

    from figbench.sweeps import run

    monkeypatch.setattr(run, "evaluate", partial(run.evaluate, metrics=["ssim"]))
    for scale in ("1", "5.0"):
        shutil.copytree(synthfig_root / "figures", tmp_path / f"in/evaluation_cfg_{scale}")
    out = tmp_path / "out"
    family = folders_by_value([tmp_path / "in"])
    run_sweep(family, str(synthfig_root), "offline", out)
    document = json.loads((out / "sweep.json").read_text())
    assert [one["guidance_scale"] for one in document["points"]] == [1.0, 5.0]
    rows = list(csv.DictReader((out / "sweep.csv").read_text().splitlines()))
    assert [(row["metric"], float(row["value"])) for row in rows] == [("ssim", 1.0)] * 2
    strip = Image.open(out / "samples.png")
    assert strip.width > 300 and np.asarray(strip.convert("L")).std() > 10


def test_a_second_sweep_computes_nothing_and_a_stopped_one_goes_on(
    tmp_path, synthfig_root, monkeypatch
):
    from functools import partial

    from figbench.sweeps import run

    monkeypatch.setattr(run, "evaluate", partial(run.evaluate, metrics=["ssim"]))
    for place, scale in enumerate(("1", "5")):
        folder = tmp_path / f"in/evaluation_cfg_{scale}"
        folder.mkdir(parents=True)
        for path in (synthfig_root / "figures").glob("*.png"):
            grey = np.asarray(Image.open(path).convert("L")) // 2 + 90 + place
            Image.fromarray(grey).save(folder / path.name)
    family = folders_by_value([tmp_path / "in"])
    out = tmp_path / "out"

    def computed(scale):
        return load_result(out / "points" / scale).provenance.extraction["computed"]

    scored = run.evaluate

    def stops(folder, *rest, **options):
        if folder.name.endswith("_5"):
            raise KeyboardInterrupt
        return scored(folder, *rest, **options)

    monkeypatch.setattr(run, "evaluate", stops)
    with pytest.raises(KeyboardInterrupt):
        run_sweep(family, str(synthfig_root), "offline", out)
    assert computed("1") == 12 and not (out / "sweep.json").exists()
    monkeypatch.setattr(run, "evaluate", scored)
    run_sweep(family, str(synthfig_root), "offline", out)
    assert (computed("1"), computed("5")) == (0, 12)
    first = (out / "sweep.json").read_bytes()
    run_sweep(family, str(synthfig_root), "offline", out)
    assert (computed("1"), computed("5")) == (0, 0)
    assert (out / "sweep.json").read_bytes() == first


def test_points_are_tested_against_the_chosen_one_prompt_by_prompt(
    tmp_path, synthfig_root, monkeypatch
):
    """The second point is a darker copy of the first: every figure scores less."""
    from functools import partial

    from figbench.sweeps import run

    monkeypatch.setattr(run, "evaluate", partial(run.evaluate, metrics=["ssim"]))
    monkeypatch.setattr(run, "sweep_document", partial(sweep_document_of, 1.0))
    for scale, dark in (("1", 0), ("5", 60)):
        folder = tmp_path / f"in/evaluation_cfg_{scale}"
        folder.mkdir(parents=True)
        for path in (synthfig_root / "figures").glob("*.png"):
            grey = np.asarray(Image.open(path).convert("L")).astype(int)
            Image.fromarray(np.clip(grey - dark, 0, 255).astype(np.uint8)).save(folder / path.name)
    out = tmp_path / "out"
    document = run_sweep(
        folders_by_value([tmp_path / "in"]), str(synthfig_root), "offline", out, tests=True
    )
    (test,) = document["tests"]
    values = [point["metrics"]["ssim"]["value"] for point in document["points"]]
    assert test["difference"] == pytest.approx(values[1] - values[0])
    assert test["difference"] < 0 and test["better"] is False and test["paired"]
    # As `compare` computes it; Holm's correction leaves a single test as it is.
    first, second = (load_result(out / "points" / name) for name in ("1", "5"))
    expected = compare(first, second, ["ssim"]).of("ssim").p_value
    assert test["p_holm"] == test["p_value"] == pytest.approx(expected)
    (row,) = csv.DictReader((out / "sweep-tests.csv").read_text().splitlines())
    assert (row["guidance_scale"], row["against"], row["metric"]) == ("5.0", "1.0", "ssim")
    assert "Tests against the chosen point" in (out / "index.html").read_text()
    printed = io.StringIO()
    results = {scale: load_result(out / "points" / f"{scale:g}") for scale in (1.0, 5.0)}
    show_sweep(Console(width=80, file=printed), results, document, GUIDANCE)
    assert re.search(r"5\s+ssim \S+\s+-0\.\d+\s+[01](\.\d+)?$", printed.getvalue(), re.M)
    assert re.search(r"Differences from guidance 1", printed.getvalue())


def test_tests_are_on_the_scale_of_the_other_tables():
    document = entry()["result"]
    document["metrics"]["kd@efficientnet-lite0"] = {**metric(0.02, 0.01), "display_scale": 1000.0}
    results = {scale: RunResult.model_validate(document) for scale in (1.0, 5.0)}
    kd = {"metric": "kd@efficientnet-lite0", "difference": 0.005}
    [row] = rows_of_tests(results, {"tests": [{"value": 5.0, "p_holm": None, **kd}]})
    assert (row.point, row.difference, row.p) == ("5", "5", "-")
    assert "EfficientNet-Lite0" in row.title and "x1000" in row.title


def sweep_document_of(chosen, results, axis):
    return {**sweep_document(results, axis), "chosen": chosen}


@pytest.mark.slow
def test_a_trained_model_is_sampled_scored_and_not_sampled_twice(tmp_path):
    """The command itself, on a figgen-ci model trained for a few steps."""
    from figbench.synthfig import synthesize

    data, model, out = tmp_path / "data", tmp_path / "model", tmp_path / "out"
    synthesize(data, 24, 5, 0.34, simple=True)
    figgen = get_model("figgen")
    common = {"config": "figgen-ci", "data": str(data), "out": model, "quiet": True}
    short = ["autoencoder.steps=2", "diffusion.steps=2"]
    figgen.train(stage="autoencoder", overrides=short, **common)
    figgen.train(stage="diffusion", overrides=short, autoencoder=model, **common)
    protocol = tmp_path / "ssim.yaml"
    protocol.write_text(
        "id: ssim-only\nversion: 1\ntitle: SSIM\npreprocess: pad256\nresample: bicubic\n"
        "dataset: {split: test}\nmetrics: [{metric: ssim}]\n"
    )
    command = ["sweep", "--model", "figgen", "--checkpoint", str(model), "--reference", str(data)]
    command += ["--guidance-scales", "1,3", "--steps", "2", "--limit", "3"]
    command += ["--protocol", str(protocol), "--out", str(out)]
    from typer.testing import CliRunner

    from figbench.cli.main import app

    def drawn():
        return {path: path.stat().st_mtime_ns for path in (out / "samples").rglob("*.png")}

    first = CliRunner().invoke(app, command)
    assert first.exit_code == 0, first.output
    before = drawn()
    assert len(before) == 6
    for scale in ("1", "3"):
        result = load_result(out / "points" / scale)
        assert result.manifests.generated.n_figures == 3
        assert result.manifests.reference.n_figures == 3
        assert not result.manifests.generated.missing
    assert CliRunner().invoke(app, command).exit_code == 0
    assert drawn() == before

    along = ["--axis", "num_inference_steps", "--steps", "1,3", "--guidance-scales", "3"]
    other = [*command[:7], *along, "--limit", "3", "--protocol", str(protocol)]
    second = CliRunner().invoke(app, [*other, "--out", str(tmp_path / "steps")])
    assert second.exit_code == 0, second.output
    document = json.loads((tmp_path / "steps/sweep.json").read_text())
    assert [one["num_inference_steps"] for one in document["points"]] == [1, 3]
    folders = [tmp_path / "steps/samples" / name for name in ("steps_1", "steps_3")]
    made = [sorted(path.read_bytes() for path in one.glob("*.png")) for one in folders]
    assert len(made[0]) == len(made[1]) == 3 and made[0] != made[1]


def test_points_keep_the_models_setting_where_none_is_given():
    guidance, steps = get_axis("guidance_scale"), get_axis("num_inference_steps")
    assert plan_family(guidance, "5,1", None) == [Point(1, 1, None), Point(5, 5, None)]
    assert plan_family(guidance, "5", "20") == [Point(5, 5, 20)]
    assert plan_family(steps, None, "50,10") == [Point(10, None, 10), Point(50, None, 50)]
    assert plan_family(steps, "7.5", "10") == [Point(10, 7.5, 10)]
    assert [one.value for one in plan_family(guidance, None, None)] == [1, 3, 5, 7.5, 10]


@pytest.mark.parametrize(
    ("axis", "scales", "steps", "words"),
    [
        ("guidance_scale", "1,3", "10,20", "--steps has 2 values"),
        ("num_inference_steps", "1,3", "10", "--guidance-scales has 2 values"),
        ("num_inference_steps", None, "10,2.5", "--steps: '10,2.5'"),
        ("num_inference_steps", None, "0", "--steps: '0'"),
        ("checkpoint", None, None, "does not sample along checkpoint"),
    ],
)
def test_what_cannot_be_sampled_is_named(axis, scales, steps, words):
    with pytest.raises(UserError, match=words):
        plan_family(get_axis(axis), scales, steps)


@pytest.mark.parametrize(
    ("axis", "names", "values"),
    [
        ("num_inference_steps", ["steps_100", "ddim-steps20"], [20.0, 100.0]),
        ("checkpoint", ["checkpoint-20000", "ckpt_500"], [500.0, 20000.0]),
    ],
)
def test_folders_along_other_axes(tmp_path, axis, names, values):
    for name in names:
        (tmp_path / name).mkdir()
    assert list(folders_by_value([tmp_path], get_axis(axis))) == values


def test_cards_name_what_varied():
    assert get_axis("num_inference_steps").card(50.0).num_inference_steps == 50
    assert get_axis("checkpoint").card(20000.0).revision == "20000"


def test_an_unknown_axis_or_another_axes_folder_is_named(tmp_path):
    with pytest.raises(UserError, match="--axis: 'colour'"):
        get_axis("colour")
    (tmp_path / "evaluation_cfg_5").mkdir()
    with pytest.raises(UserError, match="no num_inference_steps"):
        folders_by_value([tmp_path / "evaluation_cfg_5"], get_axis("num_inference_steps"))


def test_the_page_holds_the_choice_the_values_and_their_hover_texts(tmp_path):
    results = {1.0: _result(10, 1, 0.2), 5.0: _result(10.5, 1, 0.6), 9.0: _result(30, 1, 0.9)}
    document = sweep_document(results, GUIDANCE)
    assert (document["quality"], document["text_fidelity"]) == (FD, "label_f1")
    page = write_page(results, document, tmp_path, GUIDANCE).read_text(encoding="utf-8")
    assert "Chosen: guidance 5 (Fréchet distance, EfficientNet-Lite0" in page
    assert "<title>guidance 5: Label F1 0.6 [0.5, 0.7]</title>" in page
    assert page.count("<title>guidance") == 9
    assert page.count("<script") == 1 and "http://www.w3.org" in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert write_page(results, document, tmp_path, GUIDANCE).read_text(encoding="utf-8") == page


def test_the_table_of_a_sweep_fits_80_columns(capsys):
    results = {scale: _result(10 + scale, 1, scale / 10) for scale in (1.0, 5.0, 7.5)}
    for result in results.values():
        for k in range(6):
            result.metrics[f"external_number_{k}"] = result.metrics["label_f1"]
    console = Console(file=sys.stdout, width=80, force_terminal=False)
    show_sweep(console, results, sweep_document(results, GUIDANCE), GUIDANCE)
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if not line.startswith(("sweep:", "Rule:"))]
    assert max(map(len, rows)) <= 80
    assert any(line.strip().startswith("* ") for line in rows)
    columns = [["m", "x" * 30]] * 5
    assert [len(block) for block in blocks(["p", "1"], columns)] == [2, 2, 1]


def test_metrics_are_chosen_by_their_specs():
    offered = ["ssim", "fid", "kid", "ocr_sim", "label_recall", "label_f1", "word_f1"]
    assert distance_metrics(offered) == ["kid", "fid"]
    assert fidelity_metric(offered) == "label_f1"
    assert fidelity_metric(["ssim", "ocr_sim", "nothing"]) == "ocr_sim"
    assert figure_metric(["valid_rate", "lpips"]) == ("lpips", False)
    assert figure_metric(["valid_rate", "nothing"]) is None
