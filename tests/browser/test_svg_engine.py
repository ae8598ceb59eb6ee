"""Chromium as figbench's own renderer of SVG that resvg cannot draw, and as resvg's judge."""

import json

import numpy as np
import pytest

from figbench.errors import UserError
from figbench.images import browser
from figbench.images.decode import DECODER_VERSION, DecodeError, decode, decoder_version
from tests.browser.conftest import require_browser
from tests.field.files import encoded, evaluate, fill, picture, put

HTML = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="72">'
    '<rect width="96" height="72" fill="#fff"/>{}'
    '<foreignObject x="4" y="4" width="90" height="60"><div xmlns="http://www.w3.org/1999/xhtml" '
    'style="font:bold 20px sans-serif">{}</div></foreignObject></svg>'
)


@pytest.fixture
def chromium(monkeypatch):
    program, _ = require_browser()
    monkeypatch.setenv(browser.ENGINE_VARIABLE, "chromium")
    monkeypatch.setenv(browser.BROWSER_VARIABLE, program)
    return program


def test_html_labels_are_drawn_and_the_browser_is_part_of_the_identity(chromium):
    image = decode(HTML.format("", "Encoder").encode())
    blank = decode(HTML.format("", "").replace("foreignObject", "g").encode())
    assert image.image.shape == (384, 512, 3)
    assert (image.image < 100).any()
    assert not (blank.image < 100).any()
    assert decoder_version() == f"{DECODER_VERSION}+{browser.version()}"
    assert any(one.startswith("drawn by Chrom") for one in image.notes)


def test_a_script_and_a_foreign_file_do_not_run(chromium, tmp_path):
    mark = put(tmp_path, "mark.png", encoded(picture(1)))
    inside = (
        "<script>document.documentElement.innerHTML = ''</script>"
        f'<image href="{mark.as_uri()}" width="96" height="72"/>'
    )
    plain = decode(HTML.format("", "Encoder").encode()).image
    assert np.array_equal(decode(HTML.format(inside, "Encoder").encode()).image, plain)


def test_a_run_states_the_browser_and_differs_in_hash(chromium, tmp_path, monkeypatch):
    for side in ("gen", "ref"):
        fill(tmp_path / side, ["fig1.png"], seed=1)
        put(tmp_path / side, "fig0.svg", HTML.format("", "Encoder"))
    outcome = evaluate(tmp_path / "gen", tmp_path / "ref")
    assert outcome.code == 0, outcome.text
    assert outcome.counts == (2, 2)
    definition = outcome.document["protocol"]["definition"]
    assert browser.version() in json.dumps(definition["decoder_version"])
    monkeypatch.delenv(browser.ENGINE_VARIABLE)
    refused = evaluate(tmp_path / "gen", tmp_path / "ref")
    assert refused.code == 2
    assert "broken-svg" in refused.text


def test_without_a_browser_the_program_to_install_is_named(monkeypatch):
    monkeypatch.setenv(browser.ENGINE_VARIABLE, "chromium")
    monkeypatch.setenv(browser.BROWSER_VARIABLE, "no-such-program")
    with pytest.raises(UserError, match="no Chromium or Chrome") as caught:
        decode(HTML.format("", "Encoder").encode())
    assert "apt-get install chromium" in caught.value.remedy


def test_an_unknown_engine_is_refused(monkeypatch):
    monkeypatch.setenv(browser.ENGINE_VARIABLE, "inkscape")
    with pytest.raises(UserError, match="no such engine"):
        decoder_version()


def test_without_the_variable_html_labels_are_a_reject(monkeypatch):
    monkeypatch.delenv(browser.ENGINE_VARIABLE, raising=False)
    with pytest.raises(DecodeError, match="FIGBENCH_SVG_ENGINE=chromium"):
        decode(HTML.format("", "Encoder").encode())
    assert decoder_version() == DECODER_VERSION
