"""resvg against Chromium on real outputs of other tools, kept in ``tests/browser/svg``.

Made with: Graphviz 2.43.0 (``dot -Tsvg``), Matplotlib 3.11.2 (``svg.fonttype: none``), nomnoml
1.7.0, Vega 6.4.0 with Vega-Lite 6.4.3, D2 0.1.33 (npm). Chromium takes its own fonts, and those
that D2 embeds; edges and hinting differ.
"""

from pathlib import Path

import numpy as np
import pytest

from figbench.images import browser
from figbench.images.decode import decode
from figbench.images.vector import LONGEST_SIDE
from tests.browser.conftest import require_browser

FOLDER = Path(__file__).parent / "svg"
MOST_MEAN = {"d2": 3.0, "graphviz": 5.0, "matplotlib": 3.0, "nomnoml": 2.0, "vega": 1.5}
"""Largest mean difference in grey levels of 0..255; measured: 1.6, 3.4, 1.4, 0.8, 0.4."""


def _both(name, monkeypatch):
    program, _ = require_browser()
    monkeypatch.setenv(browser.BROWSER_VARIABLE, program)
    data = (FOLDER / f"{name}.svg").read_bytes()
    return decode(data).image.astype(int), browser.drawn(data, LONGEST_SIDE).astype(int)


@pytest.mark.parametrize("name", sorted(MOST_MEAN))
def test_resvg_draws_what_chromium_shows(name, monkeypatch):
    drawn, expected = _both(name, monkeypatch)
    assert drawn.shape == expected.shape
    assert np.abs(drawn - expected).mean() < MOST_MEAN[name]
    ink = [(image.min(axis=2) < 128).mean() for image in (drawn, expected)]
    assert ink[0] == pytest.approx(ink[1], rel=0.5, abs=0.01)
