"""A result as a frame, table, LaTeX, HTML and a short repr; compare and gate in memory."""

import math

import numpy as np
import pytest

import figbench
from figbench import Figures
from figbench.errors import UserError
from figbench.store import MemoryStore


def run(seed, **options):
    rng = np.random.default_rng(seed)
    ids = [f"f{i}" for i in range(8)]
    references = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    noise = rng.integers(0, 40, references.shape)
    images = np.clip(references + noise, 0, 255).astype(np.uint8)
    return figbench.evaluate(
        Figures.from_images(images, ids),
        Figures.from_images(references, ids),
        metrics=["ssim", "validity"],
        store=MemoryStore(),
        **options,
    )


@pytest.fixture(scope="module")
def result():
    return run(1)


def test_items_and_values(result):
    assert result["ssim"].value == result.value("ssim")
    with pytest.raises(KeyError, match="Did you mean 'ssim'"):
        result["ssin"]


def test_frames(result):
    frame = result.to_frame()
    assert list(frame.index) == list(result.metrics)
    assert frame.loc["ssim", "low"] < frame.loc["ssim", "value"] < frame.loc["ssim", "high"]
    figures = result.per_figure()
    assert figures.index.names == ["figure_id", "sample"]
    assert figures["ssim"].mean() == pytest.approx(result.value("ssim"))
    loaded = figbench.RunResult.model_validate_json(result.model_dump_json())
    assert loaded == result
    with pytest.raises(UserError, match="no per-figure values"):
        loaded.per_figure()


def test_scalars_for_loggers(result):
    values = result.to_dict()
    assert values["ssim/low"] < values["ssim"] < values["ssim/high"]
    assert all(math.isfinite(value) for value in values.values())


def test_tables(result):
    assert "| SSIM \u2191 |" in result.to_markdown(["ssim"])
    text = result.to_latex(["ssim", "valid_rate"])
    assert text.count(r"\\") == 3 and r"SSIM $\uparrow$ & 0." in text
    assert result.protocol.hash[:12] in text
    with pytest.raises(KeyError, match="fid"):
        result.to_latex(["fid"])


def test_notebook_and_repr(result):
    html = result._repr_html_()
    assert html.count("<tr") == len(result.metrics) + 1
    assert "<svg" in html and "aria-label" in html and "<script" not in html
    assert repr(result).startswith("<RunResult offline, 8 figures: ssim=0.")
    assert len(repr(result)) < 200
    assert str(result) == repr(result)


def test_text_from_strangers_is_escaped(result):
    name = "<script>alert(1)</script>"
    metric = result["ssim"].model_copy(update={"title": name})
    html = result.model_copy(update={"metrics": {"ssim": metric}})._repr_html_()
    assert name not in html and "&lt;script&gt;" in html


def test_compare_and_gate_take_results(result, tmp_path):
    other = run(2, output=tmp_path / "run")
    comparison = figbench.compare(result, other, ["ssim"])
    assert comparison.of("ssim").paired and comparison.of("ssim").p_value is not None
    assert figbench.gate(other, result, ["ssim:-0.5"]).passed
    assert not figbench.gate(str(tmp_path / "run"), result, ["ssim:-0.0000001"]).passed or (
        other.value("ssim") >= result.value("ssim")
    )
    assert figbench.load_result(tmp_path / "run").per_figure().equals(other.per_figure())
