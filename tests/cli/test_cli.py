"""The command line as its users meet it: results on stdout, progress on stderr, schema on disk."""

import json
import subprocess
import sys

import jsonschema
import pytest

from figbench.results.schema import json_schema


def figbench(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "figbench", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=300,
    )


def test_evaluate_json_follows_the_shipped_schema(synthfig_root, tmp_path):
    done = figbench(
        "evaluate", synthfig_root / "figures", "--reference", synthfig_root, "--metrics",
        "ssim,validity,kd@efficientnet-lite0", "--output", tmp_path / "run", "--json",
        "--model-name", "copy",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    jsonschema.Draft202012Validator(json_schema()).validate(document)
    assert document == json.loads((tmp_path / "run" / "result.json").read_text())
    assert document["model"]["name"] == "copy"
    assert document["provenance"]["command"][0] in ("__main__.py", "figbench")
    assert "ssim" in done.stderr


def test_dry_run_shows_the_plan_and_runs_nothing(synthfig_root, tmp_path):
    done = figbench(
        "evaluate", synthfig_root / "figures", "--reference", synthfig_root, "--dry-run", "--json",
        "--store", tmp_path / "store",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    pending = {task["network"]: task["pending"] for task in plan["tasks"]}
    assert pending["rapidocr"] == 12
    assert pending["ocr-sim"] == 12
    assert plan["estimate_s"] > 0
    spaces = [json.loads(p.read_text())["kind"] for p in (tmp_path / "store").glob("*/space.json")]
    assert spaces == ["probe"]


def test_reference_build_inspect_and_weights(synthfig_root, tmp_path):
    (tmp_path / "p.yaml").write_text("id: p\nmetrics: [{metric: kd@efficientnet-lite0}]\n")
    built = figbench(
        "reference", "build", synthfig_root, "-o", tmp_path / "r.figref", "--protocol",
        tmp_path / "p.yaml", "--json",
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    assert json.loads(built.stdout)["n_figures"] == 12
    scored = figbench(
        "evaluate", synthfig_root / "figures", "--reference", tmp_path / "r.figref",
        "--protocol", tmp_path / "p.yaml", "--json",
    )  # fmt: skip
    assert scored.returncode == 0, scored.stderr
    inspected = figbench("data", "inspect", synthfig_root, "--json")
    assert inspected.returncode == 0, inspected.stderr
    facts = json.loads(inspected.stdout)
    assert facts["layout"] == "paper2fig100k"
    assert facts["n_figures"] == facts["n_with_labels"] == 12
    listed = figbench("weights", "list", "--json")
    assert {row["name"]: row["present"] for row in json.loads(listed.stdout)}["craft"] is True
    verified = figbench("weights", "verify", "--json")
    assert verified.returncode == 0
    assert json.loads(verified.stdout)["efficientnet-lite0"] == "ok"


def test_damaged_pack_is_refused(synthfig_root, tmp_path):
    (tmp_path / "p.yaml").write_text("id: p\nmetrics: [{metric: kd@efficientnet-lite0}]\n")
    pack = tmp_path / "r.figref"
    assert (
        figbench(
            "reference", "build", synthfig_root, "-o", pack, "--protocol", tmp_path / "p.yaml"
        ).returncode
        == 0
    )
    data = bytearray(pack.read_bytes())
    data[5000] ^= 0xFF
    pack.write_bytes(data)
    done = figbench(
        "evaluate", synthfig_root / "figures", "--reference", pack,
        "--protocol", tmp_path / "p.yaml", "--store", tmp_path / "fresh",
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "damaged" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_demo_shows_each_flaw_in_the_metric_that_should_see_it(tmp_path):
    done = figbench("demo", "--out", tmp_path / "demo", "--n", 16, "--json")
    assert done.returncode == 0, done.stderr
    models = json.loads(done.stdout)["models"]
    scores = {name: model["scores"] for name, model in models.items()}
    assert scores["redrawn"]["label_f1"] > 0.8
    assert scores["garbled"]["label_f1"] < 0.3
    assert scores["garbled"]["ocr_sim"] < scores["redrawn"]["ocr_sim"]
    kd = "kd@efficientnet-lite0"
    assert scores["blurred"][kd] > max(scores["redrawn"][kd], scores["garbled"][kd])
    coverage = "coverage@efficientnet-lite0"
    assert scores["mode-dropped"][coverage] == min(score[coverage] for score in scores.values())
    assert scores["mode-dropped"]["duplicate_rate"] > 0.5
    for name in ("contact_sheet.png", "metrics.png", "runs/redrawn/result.json"):
        assert (tmp_path / "demo" / name).is_file()


def test_demo_does_not_write_into_a_folder_of_yours(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    done = figbench("demo", "--out", tmp_path)
    assert done.returncode == 2
    assert "holds other files" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
