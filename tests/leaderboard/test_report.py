import numpy as np
import pytest
from PIL import Image

from figbench.errors import IntegrityError
from figbench.evaluation import evaluate
from figbench.leaderboard.report.build import build_report
from figbench.leaderboard.report.figures import extremes
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
    assert "<script" not in page


def test_markdown_holds_the_value(run, tmp_path):
    from figbench.results.io import load_result

    text = build_report([run], tmp_path / "r.md").read_text()
    assert f"| ssim | {load_result(run).value('ssim'):.4g}" in text


def test_runs_of_different_protocols_share_no_table(run, tmp_path):
    text = (run / "result.json").read_text()
    from figbench.results.io import load_result

    changed = text.replace(load_result(run).protocol.hash, "0" * 64)
    (tmp_path / "result.json").write_text(changed)
    with pytest.raises(IntegrityError):
        build_report([run, tmp_path], tmp_path / "r.html")
