import base64
import html
import io
import json
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from figbench.errors import IntegrityError
from figbench.evaluation import evaluate
from figbench.reports.build import build_report
from figbench.reports.figures import extremes
from figbench.results.schema import ModelCard


@pytest.fixture(scope="module")
def run(synthfig_root, tmp_path_factory):
    """Copies of the references, the first drawn blank, scored by SSIM alone."""
    folder = tmp_path_factory.mktemp("report")
    for place, path in enumerate(sorted((synthfig_root / "figures").glob("*.png"))):
        image = np.asarray(Image.open(path).convert("RGB")) // 2 + 100
        (folder / "made").mkdir(exist_ok=True)
        Image.fromarray(image.astype(np.uint8) if place else image * 0 + 255).save(
            folder / "made" / path.name
        )
    card = ModelCard(name="<b>half</b>")
    evaluate(folder / "made", synthfig_root, metrics=["ssim"], output=folder / "run", model=card)
    return folder / "run"


def test_worst_and_best_share_no_figure_and_the_blank_one_is_worst(run):
    metric, worst, best = extremes(run, 20)
    assert metric == "ssim"
    assert len(worst) + len(best) == 12
    assert not {one.figure_id for one in worst} & {one.figure_id for one in best}
    assert worst[0].score == min(one.score for one in worst + best)
    assert all(one.generated.startswith("data:image/webp") for one in worst + best)


def test_html_is_escaped_and_shows_both_sides(run, tmp_path):
    page = build_report([run], tmp_path / "r.html", figures=2).read_text()
    assert "<b>half" not in page and "&lt;b&gt;half" in page
    assert page.count("data:image/webp") == 8
    assert page.count("<script") == 1 and "script-src 'sha256-" in html.unescape(page)


def test_markdown_holds_the_value(run, tmp_path):
    from figbench.results.files import load_result

    text = build_report([run], tmp_path / "r.md").read_text()
    assert f"| ssim ↑ | {load_result(run).value('ssim'):.4g}" in text


def test_markdown_names_the_extremes_and_the_strata(run, tmp_path):
    text = build_report([run], tmp_path / "r.md", figures=2).read_text()
    _, worst, best = extremes(run, 2, with_images=False)
    assert not any(one.generated or one.reference for one in worst + best)
    tables = text.partition("### Worst by ssim")[2]
    assert worst[0].figure_id in tables.partition("### Best by ssim")[0]
    assert best[0].figure_id in tables.partition("### Best by ssim")[2]
    assert "data:image" not in text
    assert "| stratum | n | ssim |" in text


def test_means_by_stratum_are_those_of_its_figures(run):
    import pyarrow.parquet as pq

    from figbench.data.load import load_manifest
    from figbench.reports.strata import strata_table
    from figbench.results.files import load_result

    table = strata_table(run, load_result(run))
    assert table.metrics == ["ssim"]
    values = {
        row["figure_id"]: row["ssim"]
        for row in pq.read_table(run / "per_figure.parquet").to_pylist()
    }
    aspects = {
        one.figure_id: one.width / one.height
        for one in load_manifest(run / "reference.jsonl").figures
    }
    label, n, [cell] = next(row for row in table.rows if row[0].startswith("width/height"))
    cut = float(label.rpartition(" ")[2])
    inside = [one for one, aspect in aspects.items() if aspect <= cut * 1.005]
    assert len(inside) == n
    assert float(cell) == pytest.approx(np.mean([values[one] for one in inside]), rel=1e-3)


def test_runs_of_different_protocols_share_no_table(run, tmp_path):
    text = (run / "result.json").read_text()
    from figbench.results.files import load_result

    changed = text.replace(load_result(run).protocol.hash, "0" * 64)
    (tmp_path / "result.json").write_text(changed)
    with pytest.raises(IntegrityError):
        build_report([run, tmp_path], tmp_path / "r.html")


@pytest.mark.parametrize("policy", ["pad256", "crop384", "none"])
def test_boxes_lie_on_the_picture_that_was_read(run, tmp_path, policy):
    """A box around the whole of that picture comes out along its edges, whatever the policy."""
    import shutil

    from figbench.data.types import TextLine
    from figbench.images.decode import decode
    from figbench.images.preprocess import preprocess
    from figbench.io.json_files import dump_json
    from figbench.reports import figures

    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    index = json.loads((folder / "features.json").read_text())
    index["readings"] = {policy: dict.fromkeys(("generated", "reference"), "0" * 32)}
    (folder / "features.json").write_text(dump_json(index))
    album = figures._RunImages(folder)
    manifest = album._sides[1]
    figure = manifest.figures[0]
    read = preprocess(decode(manifest.read(figure)).image, policy)
    height, width = read.shape[:2]
    corners = ((0.0, 0.0), (width - 1.0, 0.0), (width - 1.0, height - 1.0), (0.0, height - 1.0))
    line = TextLine("word", corners)
    shown = album._data_uri(manifest, figure, [line], Counter(), figures.RED)
    picture = Image.open(io.BytesIO(base64.b64decode(shown.partition(",")[2]))).convert("RGB")
    assert max(picture.size) == min(512, max(width, height))
    pixels = np.asarray(picture).astype(int)
    red = (pixels[..., 0] - pixels[..., 1]) > 40
    assert min(red[0].mean(), red[-1].mean(), red[:, 0].mean(), red[:, -1].mean()) > 0.8
