"""resvg against Chromium on real outputs of other tools, kept in ``tests/browser/svg``.

Made with: Graphviz 2.43.0 (``dot -Tsvg``), Matplotlib 3.11.2 (``svg.fonttype: none``), nomnoml
1.7.0, Vega 6.4.0 with Vega-Lite 6.4.3, D2 0.1.33 and Mermaid 11.17.2 (npm; ``mermaid-html`` with
its default HTML labels). Chromium takes its own fonts, and those that D2 embeds; edges and hinting
differ. The draw.io documents are written here in the form of its export.
"""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from figbench.images import browser
from figbench.images.decode import decode
from figbench.images.limits import DecodeError
from figbench.images.vector import LONGEST_SIDE
from tests.browser.conftest import require_browser, require_program

FOLDER = Path(__file__).parent / "svg"
MOST_MEAN = {
    "d2": 3.0,
    "graphviz": 5.0,
    "matplotlib": 3.0,
    "mermaid": 4.0,
    "mermaid-pie": 1.5,
    "mermaid-sequence": 1.5,
    "nomnoml": 2.0,
    "vega": 1.5,
}
"""Largest mean difference in grey levels of 0..255; measured: 1.6, 3.4, 1.4, 2.1, 0.7, 0.7, 0.8,
0.4."""
DRAWIO = """<svg xmlns="http://www.w3.org/2000/svg" width="240px" height="120px"
 viewBox="-0.5 -0.5 240 120" style="background: light-dark(#ffffff, #121212);
 color-scheme: light dark;"><g><rect x="20" y="30" width="200" height="60" rx="9"
 fill="#dae8fc" stroke="#6c8ebf" style="fill: light-dark(rgb(218, 232, 252), rgb(29, 41, 59));"/>
<g><switch><foreignObject width="100%" height="100%" style="overflow: visible;"
 requiredFeatures="http://www.w3.org/TR/SVG11/feature#Extensibility"><div
 xmlns="http://www.w3.org/1999/xhtml" style="font-family: DejaVu Sans; font-size: 24px;
 width: 198px; padding-top: 48px; margin-left: 21px; text-align: center;">Encoder</div>
</foreignObject><text x="120" y="68" font-family="DejaVu Sans" font-size="24px"
 text-anchor="middle">{}</text></switch></g></g></svg>"""


def _both(name, monkeypatch):
    program, _ = require_browser()
    monkeypatch.setenv(browser.BROWSER_VARIABLE, program)
    data = (FOLDER / f"{name}.svg").read_bytes()
    return _same_height(decode(data).image, browser.render(data, LONGEST_SIDE))


def _same_height(first, second):
    """A side that is no whole number is rounded up by one renderer, to the nearest by another."""
    assert first.shape[1:] == second.shape[1:]
    assert abs(len(first) - len(second)) < 2
    height = min(len(first), len(second))
    return first[:height].astype(int), second[:height].astype(int)


@pytest.mark.parametrize("name", sorted(MOST_MEAN))
def test_resvg_draws_what_chromium_shows(name, monkeypatch):
    drawn, expected = _both(name, monkeypatch)
    assert np.abs(drawn - expected).mean() < MOST_MEAN[name]
    ink = [(image.min(axis=2) < 128).mean() for image in (drawn, expected)]
    assert ink[0] == pytest.approx(ink[1], rel=0.5, abs=0.01)


def test_mermaids_html_labels_are_rejected_or_drawn_by_the_browser(monkeypatch):
    data = (FOLDER / "mermaid-html.svg").read_bytes()
    with pytest.raises(DecodeError, match="6 texts in foreignObject"):
        decode(data)
    program, _ = require_browser()
    monkeypatch.setenv(browser.BROWSER_VARIABLE, program)
    monkeypatch.setenv(browser.ENGINE_VARIABLE, "chromium")
    without = data.replace(b"<p>Encoder</p>", b"<p></p>")
    assert without != data
    dark = [(decode(one).image.min(axis=2) < 128).sum() for one in (data, without)]
    assert dark[0] > dark[1] + 100


def test_drawios_text_beside_its_html_is_drawn_if_it_says_the_same():
    shown = decode(DRAWIO.format("Encoder").encode()).image
    assert (shown.min(axis=2) < 64).sum() > 300
    assert (np.abs(shown[140].astype(int) - (218, 232, 252)).sum(axis=1) < 3).sum() > 100
    with pytest.raises(DecodeError, match="foreignObject"):
        decode(DRAWIO.format("Enco...").encode())


def _matplotlib_pdf(path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(4, 3))
    axes.plot([1, 2, 4], label="loss")
    axes.bar([0, 1, 2], [1, 0.5, 2], alpha=0.5)
    axes.legend()
    axes.set_title("Encoder and decoder")
    figure.savefig(path)
    pyplot.close(figure)


def _chromium_pdf(path):
    program, _ = require_browser()
    page = path.with_suffix(".html")
    svg = (FOLDER / "mermaid.svg").read_text()
    style = "<style>@page{size:500px 180px;margin:0}body{margin:0}</style>"
    page.write_text(f"<!doctype html><meta charset=utf-8>{style}{svg}")
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer")
    profile = f"--user-data-dir={path.parent / 'profile'}"
    subprocess.run(
        [program, *flags, profile, f"--print-to-pdf={path}", page.as_uri()],
        check=True,
        capture_output=True,
        timeout=300,
    )


@pytest.mark.parametrize("make", [_matplotlib_pdf, _chromium_pdf])
def test_pdfium_draws_what_poppler_shows(make, tmp_path):
    """Two renderers without common code, on files of two writers."""
    from PIL import Image

    poppler = require_program("pdftocairo", "poppler-utils")
    path = tmp_path / "figure.pdf"
    make(path)
    command = [poppler, "-png", "-singlefile", "-scale-to", str(LONGEST_SIDE), path.name, "shown"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    with Image.open(tmp_path / "shown.png") as opened:
        expected = np.asarray(opened.convert("RGB"))
    drawn, expected = _same_height(decode(path.read_bytes()).image, expected)
    assert np.abs(drawn - expected).mean() < 2.5
    ink = [(image.min(axis=2) < 128).mean() for image in (drawn, expected)]
    assert ink[0] == pytest.approx(ink[1], rel=0.5, abs=0.01)
