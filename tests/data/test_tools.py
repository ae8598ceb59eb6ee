"""Folders and records of figure makers and benchmarks, built from their own field names."""

import json

import pytest

from figbench.data.load import load_manifest
from figbench.errors import UserError
from tests.data.tool_sets import assert_perfect, roles_of, score, write_reference
from tests.field.files import encoded, evaluate, fill, picture, png, put
from tests.field.indexes import parquet

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="72"><path d="M0 0h9v9z"/></svg>'
TIKZ = r"\begin{tikzpicture}\node{a};\end{tikzpicture}"


def _livefigure(root, variants):
    for k in range(3):
        put(root / "cases", f"p{k}/ground_truth.png", png(k))
        for variant in variants:
            put(root / "cases", f"p{k}/{variant}/try_0_iter_0.png", png(90))
            put(root / "cases", f"p{k}/{variant}/try_0_iter_1.png", png(k))
    return root / "cases"


def test_livefigure_cases_score_the_last_iteration(tmp_path):
    cases = _livefigure(tmp_path, ["V1_CaptionOnly"])
    assert_perfect(score(tmp_path, cases, cases), 3, 3)
    assert set(roles_of(cases).values()) == {"draft", "reference"}


def test_livefigure_variants_are_never_merged(tmp_path):
    cases = _livefigure(tmp_path, ["V1_CaptionOnly", "V2_WithContext"])
    assert "two figures claim 'p0'" in evaluate(cases, cases).text
    assert_perfect(score(tmp_path, cases, cases, "--only", "*/V2_*"), 3, 3)


def test_autofigure_edit_runs_are_one_figure(tmp_path):
    write_reference(tmp_path)
    for k in range(3):
        run = tmp_path / "runs" / f"p{k}"
        fill(run, ["figure.png", "samed.png", "icons/icon_1.png", "icons/icon_1_nobg.png"], seed=80)
        put(run, "template.svg", SVG)
        if k:
            put(run, "final.svg", SVG)
            put(run, "final.png", png(k))
    outcome = score(tmp_path, tmp_path / "runs")
    assert_perfect(outcome, 2, 3)
    roles = roles_of(tmp_path / "runs")
    assert (roles["p1/icons/icon_1.png"], roles["p1/figure.png"]) == ("asset", "draft")
    figures = load_manifest(tmp_path / "runs", workers=0).figures
    assert [(one.path, one.source) for one in figures] == [
        (f"p{k}/final.png", f"p{k}/final.svg") for k in (1, 2)
    ]


def _autofigure_agent(root):
    write_reference(root)
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
    assert_perfect(score(tmp_path, runs), 2, 3)
    roles = roles_of(runs)
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
    assert_perfect(score(tmp_path, runs, None, "--only", "*/figure_final.png"), 2, 3)
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
    outcome = score(tmp_path, tmp_path / "gen", tmp_path / "ref", "--split", "test")
    assert_perfect(outcome, 3, 3)
    assert load_manifest(tmp_path / "ref", split="test", workers=0).figures[0].prompt == (
        "method test_images/paper-000/figure.png"
    )


def test_internsvg_rasters_have_their_svg_as_source(tmp_path):
    write_reference(tmp_path)
    for k in range(3):
        put(tmp_path / "gen", f"images/p{k}.png", png(k))
        put(tmp_path / "gen", f"svg/p{k}.svg", SVG)
    assert_perfect(score(tmp_path, tmp_path / "gen"), 3, 3)
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
    outcome = score(tmp_path, tmp_path / "images")
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
    assert_perfect(score(tmp_path, tmp_path / "runs", path), 3, 3)


def test_vfig_roots_hold_references_and_models(tmp_path):
    root = tmp_path / "vfig"
    fill(root / "eval-set/arxiv_p2f", [f"p{k}.png" for k in range(3)])
    for model in ("a", "b"):
        fill(root / f"input/arxiv_p2f/{model}", [f"p{k}.png" for k in range(3)])
    assert "holds 2 sets of the generated side" in evaluate(root, root).text
    assert_perfect(score(tmp_path, root, root, "--only", "*input/arxiv_p2f/a/*"), 3, 3)


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
    outcome = score(tmp_path, tmp_path / "gen")
    assert_perfect(outcome, 3, 3)
    assert outcome.document["manifests"]["generated"]["layout"] == "flat"


def test_txt2img_scripts_have_a_grid_beside_their_samples(tmp_path):
    for name in ("0000", "0001", "0002"):
        put(tmp_path, f"run/samples/{name}.png", png(int(name)))
    put(tmp_path, "run/a-figure-of-an-encoder.png", png(9))
    manifest = load_manifest(tmp_path / "run", workers=0)
    assert [figure.figure_id for figure in manifest.figures] == ["0000", "0001", "0002"]
    assert roles_of(tmp_path / "run") == {"a-figure-of-an-encoder.png": "draft"}
    write_reference(tmp_path)
    pairs = put(tmp_path, "pairs.csv", "generated,reference\n0000,p0\n0001,p1\n0002,p2\n")
    assert_perfect(score(tmp_path, tmp_path / "run", None, "--pairs", pairs), 3, 3)
