"""Folders and records of figure makers and benchmarks, built from their own field names."""

import base64
import json

import pytest

from figbench.data.load import load_manifest
from figbench.errors import UserError
from tests.field.files import encoded, evaluate, fill, lines, picture, png, put
from tests.field.indexes import parquet

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="72"><path d="M0 0h9v9z"/></svg>'
TIKZ = r"\begin{tikzpicture}\node{a};\end{tikzpicture}"


def _b64(seed):
    return base64.b64encode(png(seed)).decode()


def _reference(root, n=3):
    return fill(root / "ref", [f"p{k}.png" for k in range(n)])


def _scored(root, generated, reference=None, *options):
    outcome = evaluate(generated, reference or root / "ref", *options)
    assert outcome.code == 0, outcome.text
    return outcome


def _perfect(outcome, used, expected):
    assert outcome.counts == (used, expected)
    assert used < expected or outcome.ssim == pytest.approx(1, abs=0.02)


def _roles(path, side=False):
    manifest = load_manifest(path, workers=0, is_reference=side)
    return {one.path: one.role for one in manifest.others}


def _paperbanana(k, **stages):
    named = {f"{name}_base64_jpg": value for name, value in stages.items()}
    gt = f"images/p{k}.png"
    return {"id": f"p{k}", "visual_intent": f"caption {k}", "path_to_gt_image": gt, **named}


def test_paperbanana_results_take_the_field_that_the_record_points_at(tmp_path):
    _reference(tmp_path)
    last = "target_diagram_critic_desc1_base64_jpg"
    rows = [
        {
            **_paperbanana(
                k, target_diagram_critic_desc0=_b64(50), target_diagram_critic_desc1=_b64(k)
            ),
            "eval_image_field": last,
        }
        for k in range(3)
    ]
    path = put(tmp_path, "results/PaperBananaBench_diagram/0101_manual.json", json.dumps(rows))
    outcome = _scored(tmp_path, path)
    _perfect(outcome, 3, 3)
    assert any("3 pictures of earlier stages are drafts" in one for one in outcome.warnings)
    assert load_manifest(path, workers=0).figures[1].prompt == "caption 1"


def test_paperbanana_results_without_a_pointer_take_the_last_round_and_count_failures(tmp_path):
    _reference(tmp_path)
    rows = [
        _paperbanana(0, target_diagram_critic_desc2=_b64(0), vanilla_diagram=_b64(60)),
        _paperbanana(1, vanilla_diagram=_b64(1)),
        _paperbanana(2, vanilla_diagram=None),
    ]
    outcome = _scored(tmp_path, put(tmp_path, "r.json", json.dumps(rows)))
    _perfect(outcome, 2, 3)
    [reject] = outcome.document["manifests"]["generated"]["rejects"]
    assert (reject["figure_id"], reject["code"]) == ("p2", "failed")


def test_paperbananabench_is_a_reference_with_captions(tmp_path):
    fill(tmp_path / "bench/images", [f"p{k}.png" for k in range(3)])
    path = put(tmp_path / "bench", "test.json", json.dumps([_paperbanana(k) for k in range(3)]))
    fill(tmp_path / "gen", [f"p{k}.png" for k in range(3)])
    _perfect(_scored(tmp_path, tmp_path / "gen", path), 3, 3)
    first = load_manifest(path, workers=0, is_reference=True).figures[0]
    assert (first.figure_id, first.prompt, first.role) == ("p0", "caption 0", "reference")


def test_paperbanana_runs_score_the_final_output(tmp_path):
    _reference(tmp_path)
    for k in range(3):
        fill(tmp_path / f"out/p{k}", ["diagram_iter_1.png", "diagram_iter_2.png"], seed=40)
        if k:
            put(tmp_path, f"out/p{k}/final_output.png", png(k))
    outcome = _scored(tmp_path, tmp_path / "out")
    _perfect(outcome, 2, 3)
    assert outcome.document["manifests"]["generated"]["layout"] == "paperbanana-runs"
    assert set(_roles(tmp_path / "out").values()) == {"draft"}


def test_a_batch_report_gives_the_runs_their_ids(tmp_path):
    _reference(tmp_path)
    for k in range(2):
        put(tmp_path, f"out/run_{k}/final_output.png", png(k))
        put(tmp_path, f"out/run_{k}/diagram_iter_1.png", png(70))
    items = [{"id": f"p{k}", "caption": f"c{k}", "run_id": f"run_{k}"} for k in range(3)]
    put(tmp_path, "out/batch_report.json", json.dumps({"batch_id": "b", "items": items}))
    outcome = _scored(tmp_path, tmp_path / "out")
    _perfect(outcome, 2, 3)
    figures = load_manifest(tmp_path / "out", workers=0).figures
    assert [one.prompt for one in figures] == ["c0", "c1"]


def test_benchmark_reports_count_their_errors(tmp_path):
    _reference(tmp_path)
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
    outcome = _scored(tmp_path, path)
    _perfect(outcome, 2, 3)
    assert outcome.document["cost"]["seconds"] == {"total": 7.0, "mean": 3.5, "n": 2}


def test_aibench_records_have_status_and_latency_and_retries(tmp_path):
    _reference(tmp_path)
    fill(tmp_path / "run", ["p0.png", "p1.png"])
    rows = [
        {"prompt_id": "p0", "status": "error", "image_path": None, "latency_sec": 9},
        {"prompt_id": "p0", "status": "success", "image_path": "p0.png", "latency_sec": 2},
        {"prompt_id": "p1", "status": "success", "image_path": "p1.png", "latency_sec": 4},
        {"prompt_id": "p2", "status": "failed", "image_path": None, "latency_sec": 1},
    ]
    outcome = _scored(tmp_path, put(tmp_path / "run", "gen_records.jsonl", lines(rows)))
    _perfect(outcome, 2, 3)
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
    outcome = _scored(tmp_path, tmp_path / "gen/simple/cfg_4.0", reference)
    _perfect(outcome, 3, 3)
    figures = load_manifest(tmp_path / "gen/simple", workers=0).figures
    assert {one.guidance_scale for one in figures} == {4.0}


def test_sciforma_splits_are_never_merged(tmp_path):
    reference = _sciforma_gt(tmp_path)
    for split in ("simple", "hard"):
        fill(tmp_path / f"gen/{split}/cfg_4.0", [f"prompt{k:04d}_s.png" for k in range(3)])
    outcome = evaluate(tmp_path / "gen", reference)
    assert outcome.code == 2
    assert "hard/cfg_4.0, simple/cfg_4.0" in outcome.text
    _perfect(_scored(tmp_path, tmp_path / "gen", reference, "--only", "hard/*"), 3, 3)


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
    outcome = _scored(tmp_path, tmp_path / "gen", tmp_path / "ref", "--split", "test")
    _perfect(outcome, 2, 2)


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
    _perfect(_scored(tmp_path, papers, papers), 3, 3)
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
    _perfect(_scored(tmp_path, papers, papers, "--only", "*/qwen.png"), 3, 3)


def _livefigure(root, variants):
    for k in range(3):
        put(root / "cases", f"p{k}/ground_truth.png", png(k))
        for variant in variants:
            put(root / "cases", f"p{k}/{variant}/try_0_iter_0.png", png(90))
            put(root / "cases", f"p{k}/{variant}/try_0_iter_1.png", png(k))
    return root / "cases"


def test_livefigure_cases_score_the_last_iteration(tmp_path):
    cases = _livefigure(tmp_path, ["V1_CaptionOnly"])
    _perfect(_scored(tmp_path, cases, cases), 3, 3)
    assert set(_roles(cases).values()) == {"draft", "reference"}


def test_livefigure_variants_are_never_merged(tmp_path):
    cases = _livefigure(tmp_path, ["V1_CaptionOnly", "V2_WithContext"])
    assert "two figures claim 'p0'" in evaluate(cases, cases).text
    _perfect(_scored(tmp_path, cases, cases, "--only", "*/V2_*"), 3, 3)


def test_autofigure_edit_runs_are_one_figure(tmp_path):
    _reference(tmp_path)
    for k in range(3):
        run = tmp_path / "runs" / f"p{k}"
        fill(run, ["figure.png", "samed.png", "icons/icon_1.png", "icons/icon_1_nobg.png"], seed=80)
        put(run, "template.svg", SVG)
        if k:
            put(run, "final.svg", SVG)
            put(run, "final.png", png(k))
    outcome = _scored(tmp_path, tmp_path / "runs")
    _perfect(outcome, 2, 3)
    roles = _roles(tmp_path / "runs")
    assert (roles["p1/icons/icon_1.png"], roles["p1/figure.png"]) == ("asset", "draft")
    figures = load_manifest(tmp_path / "runs", workers=0).figures
    assert [(one.path, one.source) for one in figures] == [
        (f"p{k}/final.png", f"p{k}/final.svg") for k in (1, 2)
    ]


def _autofigure_agent(root):
    _reference(root)
    for k in range(3):
        run = root / "runs" / f"p{k}"
        drafts = ["initial_figure.png", "iteration_1.png", "temp_iteration_2_preview.png"]
        fill(run, drafts, seed=80)
        put(run, "iteration_1.svg", SVG)
        put(run, "generation_report.json", "{}")
        if k:
            put(run, "figure_final.svg", SVG)
            put(run, "figure_final.png", png(k))
            put(run, "figure_final_preview_paper.html", "<html></html>")
    return root / "runs"


def test_autofigure_runs_score_the_final_figure(tmp_path):
    runs = _autofigure_agent(tmp_path)
    _perfect(_scored(tmp_path, runs), 2, 3)
    roles = _roles(runs)
    assert (roles["p1/iteration_1.png"], roles["p1/initial_figure.png"]) == ("draft", "draft")
    figures = load_manifest(runs, workers=0).figures
    assert [(one.path, one.source) for one in figures] == [
        (f"p{k}/figure_final.png", f"p{k}/figure_final.svg") for k in (1, 2)
    ]


def test_enhanced_figures_of_autofigure_are_chosen_by_name(tmp_path):
    runs = _autofigure_agent(tmp_path)
    for k in (1, 2):
        fill(runs / f"p{k}", ["figure_final_enhanced_1.png", "figure_final_enhanced_2.png"], k)
    assert "two figures claim 'p1'" in evaluate(runs, tmp_path / "ref").text
    _perfect(_scored(tmp_path, runs, None, "--only", "*/figure_final.png"), 2, 3)
    enhanced = load_manifest(runs, workers=0, only="*_enhanced_*").figures
    assert [(one.figure_id, one.sample) for one in enhanced] == [
        (f"p{k}", sample) for k in (1, 2) for sample in (0, 1)
    ]


def test_figurebench_has_tables_of_splits_beside_folders_of_images(tmp_path):
    """Folders as github.com/ResearAI/AutoFigure's data set has them: data/, images/, test_images/.

    The names of its columns are not public; any of those that tables are read by will do.
    """
    for split, folder, count in (("dev", "images", 4), ("test", "test_images", 3)):
        names = [f"{folder}/paper-{k:03d}/figure.png" for k in range(count)]
        fill(tmp_path / "ref", names, seed=0 if split == "test" else 40)
        rows = [{"image": name, "text": f"method {name}", "category": "paper"} for name in names]
        put(tmp_path / "ref", f"data/{split}.parquet", parquet(rows))
    fill(tmp_path / "gen", [f"paper-{k:03d}.png" for k in range(3)])
    assert "holds 2 splits" in evaluate(tmp_path / "gen", tmp_path / "ref").text
    outcome = _scored(tmp_path, tmp_path / "gen", tmp_path / "ref", "--split", "test")
    _perfect(outcome, 3, 3)
    assert load_manifest(tmp_path / "ref", split="test", workers=0).figures[0].prompt == (
        "method test_images/paper-000/figure.png"
    )


def test_internsvg_rasters_have_their_svg_as_source(tmp_path):
    _reference(tmp_path)
    for k in range(3):
        put(tmp_path / "gen", f"images/p{k}.png", png(k))
        put(tmp_path / "gen", f"svg/p{k}.svg", SVG)
    _perfect(_scored(tmp_path, tmp_path / "gen"), 3, 3)
    figures = load_manifest(tmp_path / "gen", workers=0).figures
    assert [one.source for one in figures] == [f"svg/p{k}.svg" for k in range(3)]


def test_oneig_grids_are_four_samples_and_black_cells_failed(tmp_path):
    from PIL import Image

    fill(tmp_path / "ref", [f"text/{k:03d}.png" for k in range(2)])
    for k in range(2):
        grid = Image.new("RGB", (192, 144))
        for cell in range(4 - k):
            grid.paste(picture(k), (96 * (cell % 2), 72 * (cell // 2)))
        put(tmp_path, f"images/text/m/{k:03d}.webp", encoded(grid, "WEBP", lossless=True))
    outcome = _scored(tmp_path, tmp_path / "images")
    assert outcome.counts == (7, 8)
    rejects = outcome.document["manifests"]["generated"]["rejects"]
    assert [(one["code"], one["sample"]) for one in rejects] == [("failed", 3)]


def test_oneig_models_are_never_merged(tmp_path):
    grid = encoded(picture(0), "WEBP", lossless=True)
    for model in ("a", "b"):
        put(tmp_path, f"images/text/{model}/000.webp", grid)
    with pytest.raises(UserError, match="holds 2 models: a, b"):
        load_manifest(tmp_path / "images", workers=0)


def test_craftbench_rows_have_the_target_as_reference(tmp_path):
    rows = [
        {
            "id": f"p{k}",
            "task": "t",
            "caption": f"caption {k}",
            "input_image": {"bytes": png(90), "path": None},
            "target_image": {"bytes": png(k), "path": None},
        }
        for k in range(3)
    ]
    path = put(tmp_path, "craft/test.parquet", parquet(rows))
    fill(tmp_path / "runs", [f"p{k}.png" for k in range(3)])
    _perfect(_scored(tmp_path, tmp_path / "runs", path), 3, 3)


def test_vfig_roots_hold_references_and_models(tmp_path):
    root = tmp_path / "vfig"
    fill(root / "eval-set/arxiv_p2f", [f"p{k}.png" for k in range(3)])
    for model in ("a", "b"):
        fill(root / f"input/arxiv_p2f/{model}", [f"p{k}.png" for k in range(3)])
    assert "holds 2 sets of the generated side" in evaluate(root, root).text
    _perfect(_scored(tmp_path, root, root, "--only", "*input/arxiv_p2f/a/*"), 3, 3)


def test_datikz_rows_have_their_code_as_source(tmp_path):
    row = {"caption": "c", "code": TIKZ, "image": {"bytes": png(0), "path": None}, "uri": "u"}
    path = put(tmp_path, "test.parquet", parquet([row]))
    manifest = load_manifest(path, workers=0)
    [figure] = manifest.figures
    assert figure.source == "test.parquet!/code/0"
    assert manifest.read_document(figure) == TIKZ.encode()


@pytest.mark.parametrize("document", [[TIKZ, TIKZ], [[TIKZ]]])
def test_lists_of_tikz_are_refused_by_name(tmp_path, document):
    path = put(tmp_path, "MODEL.json", json.dumps(document))
    with pytest.raises(UserError, match="TikZ sources, not images"):
        load_manifest(path, workers=0)


def test_paper2any_runs_have_their_presentation_as_source(tmp_path):
    for stamp in ("1767", "1768"):
        put(tmp_path, f"out/{stamp}/fig_{stamp}.png", png(0))
        put(tmp_path, f"out/{stamp}/layout_0.svg", SVG)
        put(tmp_path, f"out/{stamp}/presentation_{stamp}.pptx", b"PK")
    manifest = load_manifest(tmp_path / "out", workers=0)
    assert [(one.figure_id, one.source) for one in manifest.figures] == [
        (stamp, f"{stamp}/presentation_{stamp}.pptx") for stamp in ("1767", "1768")
    ]
    assert not manifest.rejects


def test_two_tools_that_fit_are_named(tmp_path):
    for k in range(12):
        put(tmp_path, f"images/{k}.png", png(k))
        put(tmp_path, f"svg/{k}.svg", SVG)
    put(tmp_path, "samed.png", png(2))
    with pytest.raises(UserError, match="can be read as"):
        load_manifest(tmp_path, workers=0)


def test_a_chosen_tool_that_does_not_fit_is_refused(tmp_path):
    fill(tmp_path, ["a.png"])
    with pytest.raises(UserError, match="no files where 'sciflow' has them"):
        load_manifest(tmp_path, workers=0, layout="sciflow")


def test_names_of_the_reference_go_before_a_tool(tmp_path):
    names = [f"prompt{k:04d}_a.png" for k in range(3)]
    fill(tmp_path / "ref", names)
    fill(tmp_path / "gen", names)
    outcome = _scored(tmp_path, tmp_path / "gen")
    _perfect(outcome, 3, 3)
    assert outcome.document["manifests"]["generated"]["layout"] == "flat"


def test_txt2img_scripts_have_a_grid_beside_their_samples(tmp_path):
    for name in ("0000", "0001", "0002"):
        put(tmp_path, f"run/samples/{name}.png", png(int(name)))
    put(tmp_path, "run/a-figure-of-an-encoder.png", png(9))
    manifest = load_manifest(tmp_path / "run", workers=0)
    assert [figure.figure_id for figure in manifest.figures] == ["0000", "0001", "0002"]
    assert _roles(tmp_path / "run") == {"a-figure-of-an-encoder.png": "draft"}
    _reference(tmp_path)
    pairs = put(tmp_path, "pairs.csv", "generated,reference\n0000,p0\n0001,p1\n0002,p2\n")
    _perfect(_scored(tmp_path, tmp_path / "run", None, "--pairs", pairs), 3, 3)
