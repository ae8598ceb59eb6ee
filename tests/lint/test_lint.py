"""``figbench lint``: every rule finds its planted fault and nothing else."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from figbench.cli.main import app
from figbench.errors import UserError
from figbench.lint import lint_figure
from figbench.lint.colours import contrast, difference, simulated
from figbench.lint.output import sarif
from figbench.lint.page import Limits
from figbench.lint.read_page import page_image, raster_page

MARKER = (
    '<defs><marker id="m" markerWidth="8" markerHeight="8" refX="6" refY="4" orient="auto">'
    '<path d="M0,0 L8,4 L0,8 z"/></marker></defs>'
)
POINTS = 100 / 400 / 25.4 * 72
"""Points for each unit of a page of 400 units on 100 mm."""


def svg(*parts, size=(400, 200)):
    wide, high = size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" '
        f'height="{high}">{MARKER}<rect x="0" y="0" width="{wide}" height="{high}" fill="#fff"/>'
        + "".join(parts)
        + "</svg>"
    )


def box(x, y, text, *, wide=110, size=14, ink="#000000"):
    return (
        f'<rect x="{x}" y="{y}" width="{wide}" height="40" fill="#ffffff" stroke="#000"/>'
        f'<text x="{x + wide / 2}" y="{y + 25}" font-size="{size}" fill="{ink}" '
        f'text-anchor="middle">{text}</text>'
    )


def text(x, y, words, size=14):
    return f'<text x="{x}" y="{y}" font-size="{size}">{words}</text>'


def swatch(x, colour):
    return f'<rect x="{x}" y="80" width="40" height="40" fill="{colour}"/>'


def arrow(x0, y0, x1, y1):
    return f'<line x1="{x0}" y1="{y0}" x2="{x1}" y2="{y1}" stroke="#000" marker-end="url(#m)"/>'


CLEAN = (
    box(20, 20, "Encoder"),
    box(270, 20, "Decoder"),
    arrow(130, 40, 270, 40),
    box(20, 140, "Memory"),
    box(270, 140, "Loss"),
    arrow(130, 160, 270, 160),
)
FAULTS = {
    "small-text": (text(150, 110, "a footnote of six units", 6),),
    "low-contrast": (box(150, 80, "Pale", ink="#bbbbbb"),),
    "clipped-text": (text(330, 110, "beyond the edge"),),
    "overlap": (text(60, 110, "One label"), text(80, 112, "Another label")),
    "dangling-arrow": (arrow(60, 60, 150, 110),),
    "crossing": (arrow(75, 60, 325, 140), arrow(75, 140, 325, 60)),
    "colour-vision": (swatch(150, "#c83c3c"), swatch(210, "#6e7b28")),
}


def findings(tmp_path, document, **options):
    path = tmp_path / "figure.svg"
    path.write_text(document if isinstance(document, str) else svg(*document))
    return lint_figure(path, width_mm=100, **options)


def test_a_clean_figure_has_no_finding(tmp_path):
    report = findings(tmp_path, CLEAN)
    assert report.findings == ()
    assert report.exact and report.not_run == ()
    assert report.measures["labels"] == 4
    assert report.measures["min_text_pt"] == pytest.approx(14 * POINTS, abs=0.01)


@pytest.mark.parametrize("rule", FAULTS)
def test_each_rule_finds_its_fault_alone(rule, tmp_path):
    faulty = (*CLEAN, *FAULTS[rule])
    assert {one.rule for one in findings(tmp_path, faulty).findings} == {rule}
    assert findings(tmp_path, faulty, ignore=[rule]).findings == ()


def test_margins(tmp_path):
    report = findings(tmp_path, svg(box(20, 80, "Alone")))
    assert {one.rule for one in report.findings} == {"margin"}
    assert "right 67%" in report.findings[0].message


def test_positions_and_numbers(tmp_path):
    small = (*CLEAN, *FAULTS["small-text"])
    [found] = findings(tmp_path, small).findings
    assert found.value == pytest.approx(6 * POINTS, abs=0.01)
    assert (found.severity, found.limit) == ("error", 5.0)
    assert found.box[0] == pytest.approx(150 / 400, abs=0.01)
    assert findings(tmp_path, small, limits=Limits(min_pt=4, small_pt=4)).findings == ()
    [loose] = findings(tmp_path, (*CLEAN, *FAULTS["dangling-arrow"])).findings
    assert loose.value > 0.02


def test_text_wider_than_its_box(tmp_path):
    report = findings(tmp_path, (*CLEAN, box(150, 80, "A very long label in a box", wide=60)))
    assert any("wider or higher than its box" in one.message for one in report.findings)


def test_contrast_is_that_of_wcag():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)
    assert contrast((255, 255, 255), (255, 255, 255)) == 1.0


def test_red_and_green_fall_together_for_those_who_cannot_tell_them_apart():
    red, green, blue, yellow = (200, 60, 60), (110, 123, 40), (30, 80, 200), (240, 220, 60)
    for name in ("protanopia", "deuteranopia"):
        apart = float(difference(red, green))
        assert float(difference(simulated(red, name), simulated(green, name))) < apart / 2
        assert float(difference(simulated(blue, name), simulated(yellow, name))) > 40
    grey = np.array([128, 128, 128])
    for name in ("protanopia", "deuteranopia", "tritanopia"):
        assert np.abs(simulated(grey, name) - grey).max() < 2


@pytest.mark.slow
def test_pixels_give_the_text_sizes_of_the_document():
    """Font sizes that OCR and ink give for the render of an SVG, against those of the SVG."""
    sizes = (11, 14, 17, 20)
    blocks = [
        box(20 + 190 * (i % 2), 10 + 50 * (i // 2), "Encoder block", wide=170, size=size)
        for i, size in enumerate(sizes)
    ]
    pixels = page_image(svg(*blocks, size=(400, 110)).encode(), 1024)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    page = raster_page(buffer.getvalue(), 100)
    read = sorted(label.size * page.points_per_pixel for label in page.labels)
    assert read == pytest.approx([size * POINTS for size in sizes], rel=0.12)


def test_sarif_names_rules_files_and_levels(tmp_path):
    document = sarif([findings(tmp_path, (*CLEAN, *FAULTS["low-contrast"]))])
    [result] = document["runs"][0]["results"]
    rules = document["runs"][0]["tool"]["driver"]["rules"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "low-contrast"
    assert result["level"] in ("error", "warning")
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith(".svg")


def test_command_line(tmp_path):
    (tmp_path / "good.svg").write_text(svg(*CLEAN))
    (tmp_path / "bad.svg").write_text(svg(*CLEAN, *FAULTS["small-text"]))
    (tmp_path / "crossed.svg").write_text(svg(*CLEAN, *FAULTS["crossing"]))

    def run(*words):
        return CliRunner().invoke(app, ["lint", "--width-mm", "100", *map(str, words)])

    assert run(tmp_path / "good.svg").exit_code == 0
    assert run(tmp_path / "bad.svg").exit_code == 1
    assert run(tmp_path / "bad.svg", "--fail-on", "never").exit_code == 0
    assert run(tmp_path / "crossed.svg").exit_code == 0
    assert run(tmp_path / "crossed.svg", "--fail-on", "note").exit_code == 1
    overlay, log = tmp_path / "o.svg", tmp_path / "lint.sarif"
    result = run(tmp_path / "bad.svg", "--json", "--overlay", overlay, "--sarif", log)
    document = json.loads(result.stdout)
    assert document["figures"][0]["findings"][0]["rule"] == "small-text"
    assert "small-text" in overlay.read_text()
    assert len(json.loads(log.read_text())["runs"][0]["results"]) == 1


def test_wrong_use_is_named(tmp_path):
    (tmp_path / "a.svg").write_text(svg(*CLEAN))
    (tmp_path / "a.mmd").write_text("flowchart LR")
    for options in ({"width_mm": 0}, {"ignore": ["smal-text"]}):
        with pytest.raises(UserError):
            lint_figure(tmp_path / "a.svg", **options)
    with pytest.raises(UserError, match="mermaid"):
        lint_figure(tmp_path / "a.mmd")
    with pytest.raises(UserError, match=r"nothing\.svg"):
        lint_figure(tmp_path / "nothing.svg")
