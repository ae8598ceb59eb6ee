"""The data set on disk: layout, JSON generation, split, determinism."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from figbench.cli.resources.data_synth import add_to
from figbench.errors import UserError
from figbench.plots.contact_sheet import contact_sheet
from figbench.synthfig import (
    SynthReport,
    iter_synthfig,
    make_scene,
    make_simple_scene,
    render_scene,
    restyle,
    synthesize,
)
from figbench.synthfig.write import normalised

GOLDEN = {
    "figure 0/0": "c2c73e89e01018729f9714e10cb94fc9377436f52c39e9a281a12e6cea2e878e",
    "figure 0/1": "20ae750623d2a2379363d1e2e1d827c3f34f04f9d28ade92eb39e4c9327809f2",
    "figure 1/17": "f92070741f3091244eb479677d152fda1f077bb2380be97559eacb280923b77a",
    "restyled 0/0": "0e470f1b9904262897967e2a51620730bac52505e8ad1c5a429ebc49f06998e3",
    "simple 5": "c19fb26aeea88be1c21a76fb4a57820b2db2bfb79a64efd2a2fb86ec37027995",
    "test json": "cabcc0e66f4728075e6a8185e7c99a4c53436edd0cdae99f87e330afa4977451",
}
"""SHA-256 frozen from this version: a change of any pixel or character is deliberate."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SynthReport]:
    out = tmp_path_factory.mktemp("synth") / "set"
    return out, synthesize(out, 40, 6)


def records(root: Path, split: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(
        (root / f"paper2fig_{split}.json").read_text(encoding="utf-8")
    )
    return rows


def pixels(scene_image: np.ndarray) -> str:
    return hashlib.sha256(repr(scene_image.shape).encode() + scene_image.tobytes()).hexdigest()


def test_pixels_and_json_are_frozen(written: tuple[Path, SynthReport]) -> None:
    json_bytes = (written[0] / "paper2fig_test.json").read_bytes()
    assert {
        "figure 0/0": pixels(render_scene(make_scene(0, 0))),
        "figure 0/1": pixels(render_scene(make_scene(0, 1))),
        "figure 1/17": pixels(render_scene(make_scene(1, 17))),
        "restyled 0/0": pixels(render_scene(restyle(make_scene(0, 0), 8))),
        "simple 5": pixels(render_scene(make_simple_scene(5))),
        "test json": hashlib.sha256(json_bytes).hexdigest(),
    } == GOLDEN


def test_pixels_do_not_depend_on_vector_instructions_or_hash_seed() -> None:
    """A stand-in for another machine: plain loops in numpy, another PYTHONHASHSEED."""
    code = (
        "import hashlib; from figbench.synthfig import make_scene, render_scene;"
        "print(*(hashlib.sha256(render_scene(make_scene(5, i)).tobytes()).hexdigest()"
        " for i in range(12)))"
    )
    features = "AVX512F AVX512CD AVX512_SKX AVX512_ICL AVX2 FMA3 X86_V3 X86_V4"
    env = {**os.environ, "NPY_DISABLE_CPU_FEATURES": features, "PYTHONHASHSEED": "7"}
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=env, capture_output=True, check=True
    )
    here = [hashlib.sha256(render_scene(make_scene(5, i)).tobytes()).hexdigest() for i in range(12)]
    assert run.stdout.decode().split() == here


def test_figure_i_does_not_depend_on_n() -> None:
    few, many = list(iter_synthfig(5, 3)), list(iter_synthfig(50, 3))[:5]
    for a, b in zip(few, many, strict=True):
        assert (a.figure_id, a.split, a.scene) == (b.figure_id, b.split, b.scene)
    assert np.array_equal(few[4].image, many[4].image)


def test_files_are_those_of_paper2fig(written: tuple[Path, SynthReport]) -> None:
    root, report = written
    rows = records(root, "train") + records(root, "test")
    ids = [str(row["figure_id"]) for row in rows]
    assert len(set(ids)) == report.figures == 40
    assert {p.stem for p in (root / "figures").iterdir()} == set(ids)
    assert all(re.fullmatch(r"synth\.0006\.\d{5}v1-Figure[1-4]-1", i) for i in ids)
    assert report.train == len(records(root, "train"))
    assert report.fonts_differ == ()
    assert set(rows[0]) == {"figure_id", "captions", "captions_norm", "ocr_result", "aspect"}


def test_records_agree_with_the_pictures(written: tuple[Path, SynthReport]) -> None:
    root, _ = written
    for row in records(root, "test"):
        with Image.open(root / "figures" / f"{row['figure_id']}.png") as image:
            assert image.mode == "RGB"
            assert row["aspect"] == image.width / image.height
            size = image.size
        number = re.search(r"Figure(\d)", str(row["figure_id"]))
        captions = row["captions"]
        assert number is not None
        assert isinstance(captions, list)
        assert captions[0].startswith(f"Figure {number[1]}: ")
        assert f"Fig. {number[1]}" in captions[1] or f"Figure {number[1]}" in captions[1]
        nested = row["ocr_result"]
        assert isinstance(nested, dict)
        assert nested["figure_id"] == row["figure_id"]
        for line in nested["ocr_result"]:
            corners = ast.literal_eval(line["bbox"])
            assert len(corners) == 4
            assert all(0 <= x <= size[0] and 0 <= y <= size[1] for x, y in corners)
            assert float(line["confidence"]) == 1.0
            assert line["text"]


def test_no_paper_stands_on_both_sides(written: tuple[Path, SynthReport]) -> None:
    sides = [
        {str(row["figure_id"]).split("-Figure")[0] for row in records(written[0], split)}
        for split in ("train", "test")
    ]
    assert all(sides)
    assert not sides[0] & sides[1]
    assert len(sides[0] | sides[1]) == written[1].papers


def test_the_test_side_has_its_fraction_of_papers() -> None:
    papers = {f.paper_id: f.split for f in iter_synthfig(120, 1, 0.25)}
    share = list(papers.values()).count("test") / len(papers)
    assert share == pytest.approx(0.25, abs=1.5 / len(papers))
    assert {f.split for f in iter_synthfig(9, 1, 0.0)} == {"train"}
    assert {f.split for f in iter_synthfig(9, 1, 1.0)} == {"test"}


def test_normalised_captions() -> None:
    text = "Figure 3: Conv 3x3 and ResNet-50 of [12, 7] in 2.5 steps."
    expected = "figure number-tk: conv 3x3 and resnet-50 of citation-tk in number-tk steps."
    assert normalised(text) == expected


def test_wrong_use_is_refused(tmp_path: Path) -> None:
    for n, seed, fraction in ((0, 0, 0.2), (1, -1, 0.2), (1, 0, 1.5)):
        with pytest.raises(UserError, match="SynthFig cannot make"):
            synthesize(tmp_path / "new", n, seed, fraction)
    assert not (tmp_path / "new").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="not an empty folder"):
        synthesize(tmp_path / "full", 1, 0)
    assert [p.name for p in (tmp_path / "full").iterdir()] == ["notes.txt"]


def test_the_command_writes_and_reports(tmp_path: Path) -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    add_to(app)
    out = tmp_path / "set"
    result = CliRunner().invoke(
        app, ["synth", "--n", "3", "--seed", "4", "--out", str(out), "--json"]
    )
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert (document["figures"], document["seed"]) == (3, 4)
    assert document["train"] + document["test"] == 3
    assert len(list((out / "figures").iterdir())) == 3
    again = CliRunner().invoke(app, ["synth", "--n", "3", "--out", str(out)])
    assert isinstance(again.exception, UserError)


def test_a_contact_sheet_holds_every_image() -> None:
    images = [np.full((40, 60, 3), 20 * i, np.uint8) for i in range(1, 6)]
    sheet = contact_sheet(
        images, 2, cell=(64, 64), gap=4, row_titles=("a", "b"), column_titles=("x", "y")
    )
    plain = contact_sheet(images, 2, cell=(64, 64), gap=4)
    assert plain.shape == (3 * 68 + 4, 2 * 68 + 4, 3)
    for image in images:
        assert (plain == image[0, 0]).all(axis=2).sum() == 40 * 60
    assert sheet.shape[0] > plain.shape[0]
    assert sheet.shape[1] > plain.shape[1]
    shrunk = contact_sheet([np.zeros((100, 300, 3), np.uint8)], 1, cell=(60, 60), gap=0)
    assert shrunk.shape == (60, 60, 3)
    assert (shrunk == 0).all(axis=2).sum() == 60 * 20


def test_an_empty_contact_sheet_is_refused() -> None:
    with pytest.raises(UserError, match="contact sheet"):
        contact_sheet([], 3)
