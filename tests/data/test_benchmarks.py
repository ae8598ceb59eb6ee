"""Records and folders of benchmarks, built from their own field names."""

import json

import pytest

from figbench.data.load import load_manifest
from tests.data.tool_sets import assert_perfect, base64_png, roles_of, score, write_reference
from tests.field.files import evaluate, fill, lines, png, put
from tests.field.indexes import parquet


def _paperbanana(k, **stages):
    named = {f"{name}_base64_jpg": value for name, value in stages.items()}
    gt = f"images/p{k}.png"
    return {"id": f"p{k}", "visual_intent": f"caption {k}", "path_to_gt_image": gt, **named}


def test_paperbanana_results_take_the_field_that_the_record_points_at(tmp_path):
    write_reference(tmp_path)
    last = "target_diagram_critic_desc1_base64_jpg"
    rows = [
        {
            **_paperbanana(
                k,
                target_diagram_critic_desc0=base64_png(50),
                target_diagram_critic_desc1=base64_png(k),
            ),
            "eval_image_field": last,
        }
        for k in range(3)
    ]
    path = put(tmp_path, "results/PaperBananaBench_diagram/0101_manual.json", json.dumps(rows))
    outcome = score(tmp_path, path)
    assert_perfect(outcome, 3, 3)
    assert any("3 images of earlier stages are drafts" in one for one in outcome.warnings)
    assert load_manifest(path, workers=0).figures[1].prompt == "caption 1"


def test_paperbanana_results_without_a_pointer_take_the_last_round_and_count_failures(tmp_path):
    write_reference(tmp_path)
    rows = [
        _paperbanana(0, target_diagram_critic_desc2=base64_png(0), vanilla_diagram=base64_png(60)),
        _paperbanana(1, vanilla_diagram=base64_png(1)),
        _paperbanana(2, vanilla_diagram=None),
    ]
    outcome = score(tmp_path, put(tmp_path, "r.json", json.dumps(rows)))
    assert_perfect(outcome, 2, 3)
    [reject] = outcome.document["manifests"]["generated"]["rejects"]
    assert (reject["figure_id"], reject["code"]) == ("p2", "failed")


def test_paperbananabench_is_a_reference_with_captions(tmp_path):
    fill(tmp_path / "bench/images", [f"p{k}.png" for k in range(3)])
    path = put(tmp_path / "bench", "test.json", json.dumps([_paperbanana(k) for k in range(3)]))
    fill(tmp_path / "gen", [f"p{k}.png" for k in range(3)])
    assert_perfect(score(tmp_path, tmp_path / "gen", path), 3, 3)
    first = load_manifest(path, workers=0, is_reference=True).figures[0]
    assert (first.figure_id, first.prompt, first.role) == ("p0", "caption 0", "reference")


def test_paperbanana_runs_score_the_final_output(tmp_path):
    write_reference(tmp_path)
    for k in range(3):
        fill(tmp_path / f"out/p{k}", ["diagram_iter_1.png", "diagram_iter_2.png"], seed=40)
        if k:
            put(tmp_path, f"out/p{k}/final_output.png", png(k))
    outcome = score(tmp_path, tmp_path / "out")
    assert_perfect(outcome, 2, 3)
    assert outcome.document["manifests"]["generated"]["layout"] == "paperbanana-runs"
    assert set(roles_of(tmp_path / "out").values()) == {"draft"}


def test_a_batch_report_gives_the_runs_their_ids(tmp_path):
    write_reference(tmp_path)
    for k in range(2):
        put(tmp_path, f"out/run_{k}/final_output.png", png(k))
        put(tmp_path, f"out/run_{k}/diagram_iter_1.png", png(70))
    items = [{"id": f"p{k}", "caption": f"c{k}", "run_id": f"run_{k}"} for k in range(3)]
    put(tmp_path, "out/batch_report.json", json.dumps({"batch_id": "b", "items": items}))
    outcome = score(tmp_path, tmp_path / "out")
    assert_perfect(outcome, 2, 3)
    figures = load_manifest(tmp_path / "out", workers=0).figures
    assert [one.prompt for one in figures] == ["c0", "c1"]


def test_benchmark_reports_count_their_errors(tmp_path):
    write_reference(tmp_path)
    fill(tmp_path / "runs", [f"p{k}.png" for k in range(3)])
    entries = [
        {
            "id": f"p{k}",
            "category": "c",
            "run_id": "r",
            "image_path": f"runs/p{k}.png" if k else None,
            "generation_seconds": 3.5,
            "evaluation": None,
            "error": None if k else "timeout",
        }
        for k in range(3)
    ]
    path = put(tmp_path, "benchmark_report.json", json.dumps({"entries": entries}))
    outcome = score(tmp_path, path)
    assert_perfect(outcome, 2, 3)
    assert outcome.document["cost"]["seconds"] == {"total": 7.0, "mean": 3.5, "n": 2}


def test_aibench_records_have_status_and_latency_and_retries(tmp_path):
    write_reference(tmp_path)
    fill(tmp_path / "run", ["p0.png", "p1.png"])
    rows = [
        {"prompt_id": "p0", "status": "error", "image_path": None, "latency_sec": 9},
        {"prompt_id": "p0", "status": "success", "image_path": "p0.png", "latency_sec": 2},
        {"prompt_id": "p1", "status": "success", "image_path": "p1.png", "latency_sec": 4},
        {"prompt_id": "p2", "status": "failed", "image_path": None, "latency_sec": 1},
    ]
    outcome = score(tmp_path, put(tmp_path / "run", "gen_records.jsonl", lines(rows)))
    assert_perfect(outcome, 2, 3)
    assert outcome.document["cost"]["seconds"]["n"] == 2


def test_aibench_is_a_reference_whose_prompt_is_the_method_text(tmp_path):
    fill(tmp_path / "data", ["images/p0.png"])
    row = {"id": "p0", "method_text": "text", "image": "images/p0.png", "checklist": []}
    path = put(tmp_path / "data", "AIBench.jsonl", lines([row]))
    [figure] = load_manifest(path, workers=0, is_reference=True).figures
    assert (figure.prompt, figure.role) == ("text", "reference")


def _sciforma_gt(root, n=3):
    fill(root / "bench", [f"1511.0{k}/f.png" for k in range(n)])
    document = {
        "validation_prompts": [f"caption {k}" for k in range(n)],
        "resolution_list": [[96, 72]] * n,
        "gt_images": [f"1511.0{k}/f.png" for k in range(n)],
    }
    return put(root / "bench", "prompts.json", json.dumps(document))


@pytest.mark.parametrize("pattern", ["prompt{:04d}_a_slug.png", "prompt_{:04d}/sample_0.png"])
def test_sciforma_folders_join_the_prompts_by_number(tmp_path, pattern):
    reference = _sciforma_gt(tmp_path)
    fill(tmp_path / "gen/simple/cfg_4.0", [pattern.format(k) for k in range(3)])
    outcome = score(tmp_path, tmp_path / "gen/simple/cfg_4.0", reference)
    assert_perfect(outcome, 3, 3)
    figures = load_manifest(tmp_path / "gen/simple", workers=0).figures
    assert {one.guidance_scale for one in figures} == {4.0}


def test_sciforma_splits_are_never_merged(tmp_path):
    reference = _sciforma_gt(tmp_path)
    for split in ("simple", "hard"):
        fill(tmp_path / f"gen/{split}/cfg_4.0", [f"prompt{k:04d}_s.png" for k in range(3)])
    outcome = evaluate(tmp_path / "gen", reference)
    assert outcome.code == 2
    assert "hard/cfg_4.0, simple/cfg_4.0" in outcome.text
    assert_perfect(score(tmp_path, tmp_path / "gen", reference, "--only", "hard/*"), 3, 3)


def test_sciforma_rubrics_are_references_with_labels_and_papers(tmp_path):
    fill(tmp_path, ["1511.03339/a.png"])
    entry = {
        "index": 7,
        "image_path": "1511.03339/a.png",
        "stage1_abstraction": {"text_labels": [{"text": "Encoder"}, {"text": None}]},
    }
    path = put(tmp_path, "simple.json", json.dumps({"entries": [entry]}))
    manifest = load_manifest(path, workers=0, is_reference=True)
    [figure] = manifest.figures
    assert (figure.figure_id, figure.paper_id) == ("0007", "1511.03339")
    assert [one.text for one in manifest.labels["0007"]] == ["Encoder"]


def test_sciforma_parquet_has_splits(tmp_path):
    names = [f"{split}{k}.png" for split in ("train", "test") for k in range(2)]
    fill(tmp_path / "ref", names)
    rows = [
        {"paper_id": f"x{k}", "caption": "c", "image_path": name, "split": name[:-5]}
        for k, name in enumerate(names)
    ]
    put(tmp_path / "ref", "metadata.parquet", parquet(rows))
    fill(tmp_path / "gen", ["test0.png", "test1.png"], seed=2)
    assert "holds 2 splits" in evaluate(tmp_path / "gen", tmp_path / "ref").text
    outcome = score(tmp_path, tmp_path / "gen", tmp_path / "ref", "--split", "test")
    assert_perfect(outcome, 2, 2)


def _sciflow(root, baselines):
    for k in range(3):
        paper = root / "papers" / f"p{k}"
        put(paper, "prompt.json", json.dumps({"caption": f"caption {k}"}))
        put(paper, "canvas_full_1.json", "{}")
        put(paper, "sam_results/segmentation_result.png", png(k))
        for at, name in enumerate(baselines):
            put(paper, f"{name}.png", png(k if not at else 70))
            put(paper, f"{name}_autobench/canvas_full.json", "{}")
    return root / "papers"


def test_sciflow_papers_hold_both_sides(tmp_path):
    papers = _sciflow(tmp_path, ["qwen"])
    assert_perfect(score(tmp_path, papers, papers), 3, 3)
    made = load_manifest(papers, workers=0).figures[0]
    truth = load_manifest(papers, workers=0, is_reference=True).figures[0]
    assert (made.path, made.source) == ("p0/qwen.png", "p0/qwen_autobench/canvas_full.json")
    assert truth.path == "p0/sam_results/segmentation_result.png"
    assert (truth.source, truth.prompt) == ("p0/canvas_full_1.json", "caption 0")


def test_sciflow_baselines_are_never_merged(tmp_path):
    papers = _sciflow(tmp_path, ["qwen", "flux"])
    outcome = evaluate(papers, papers)
    assert outcome.code == 2
    assert "2 baselines: flux, qwen" in outcome.text
    assert_perfect(score(tmp_path, papers, papers, "--only", "*/qwen.png"), 3, 3)
