"""Metric ``editability`` over a set: documents beside pictures, pictures alone, broken ones."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

import figbench
from figbench.comparison.comparison import compare
from figbench.data.load import load_manifest
from figbench.data.types import TextLine
from figbench.evaluation.planning.contents import contents_of
from figbench.graphs.editable import DocumentContent
from figbench.images.decode import decode
from figbench.metrics import get_metric
from figbench.metrics.base import MetricError
from tests.metrics.inputs import make_inputs

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 120" width="600" height="240">'
BOXES = (
    '<rect id="a" x="10" y="30" width="90" height="40" fill="none" stroke="#000"/>'
    '<rect id="b" x="190" y="30" width="90" height="40" fill="none" stroke="#000"/>'
)
WORDS = (
    '<text x="55" y="55" font-size="16" text-anchor="middle">Encoder</text>'
    '<text x="235" y="55" font-size="16" text-anchor="middle">Decoder</text>'
)
BOUND = '<line data-source="a" data-target="b" x1="100" y1="50" x2="190" y2="50" stroke="#000"/>'
NATIVE = f"{HEAD}{BOXES}{WORDS}{BOUND}</svg>"
LOOSE = BOUND.replace("<line ", '<line marker-end="url(#m)" ').replace('data-target="b" ', "")
SCORES = ("editable_text", "raster_area", "bound_connectors")


def picture():
    return decode(NATIVE.encode()).image


def outlined():
    """The same figure as a picture of the labels inside an SVG, with a connector that is loose."""
    buffer = io.BytesIO()
    Image.fromarray(picture()).save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    image = f'<image width="300" height="120" href="data:image/png;base64,{data}"/>'
    return f"{HEAD}{image}{LOOSE}</svg>"


def write(folder, documents):
    folder.mkdir()
    for name, files in documents.items():
        Image.fromarray(picture()).save(folder / f"{name}.png")
        for suffix, text in files.items():
            (folder / f"{name}{suffix}").write_text(text)
    return folder


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    root = tmp_path_factory.mktemp("editability")
    write(root / "reference", {name: {} for name in "abcdef"})
    write(root / "mixed", {
        "a": {".svg": NATIVE}, "b": {".svg": outlined()}, "c": {}, "d": {".svg": "<svg><broken"},
        "e": {".mmd": "graph LR; a-->b", ".svg": NATIVE},
    })  # fmt: skip
    write(root / "native", {name: {".svg": NATIVE} for name in "abcdef"})
    return root


@pytest.fixture(scope="module")
def results(sets, tmp_path_factory):
    store = tmp_path_factory.mktemp("store")
    return {
        name: figbench.evaluate(
            sets / name, sets / "reference", "editability", ["editability"], store=store,
            output=sets / f"run-{name}",
        )
        for name in ("mixed", "native")
    }  # fmt: skip


def test_every_kind_of_figure_counts(results):
    mixed, native = results["mixed"], results["native"]
    assert native["editable_text"].value == native["bound_connectors"].value == 1
    assert native["raster_area"].value == 0
    # a and e are native; b, c and d are pixels in whole or in part; f is missing.
    assert mixed["editable_text"].value == pytest.approx(2 / 6)
    assert mixed["bound_connectors"].value == pytest.approx(2 / 6)
    assert 3 / 6 < mixed["raster_area"].value <= 4 / 6
    details = mixed["editable_text"].details
    assert details["sources"] == "svg 4, missing 1, pixels 1"
    assert details["missing_scored_as_pixels"] == details["unreadable_scored_as_pixels"] == 1
    assert any("1 documents cannot be read and count as pixels" in w for w in mixed.warnings)


def test_scores_have_intervals_and_paired_tests(results, sets):
    for key in SCORES:
        assert results["mixed"][key].interval is not None
    found = {
        one.metric: one for one in compare(sets / "run-native", sets / "run-mixed").differences
    }
    assert set(SCORES) <= set(found)
    assert found["editable_text"].p_value is not None
    assert found["raster_area"].difference > 0 > found["editable_text"].difference


def test_the_source_of_a_manifest_row_and_the_format_of_a_document(sets, tmp_path):
    folder = write(tmp_path / "set", {
        "a": {".drawio": "<mxfile><broken", ".svg": NATIVE}, "b": {".mmd": "graph LR; a-->b"},
        "c": {}, "d": {},
    })  # fmt: skip
    (folder / "c.svg").write_bytes((folder / "d.png").read_bytes())
    manifest = load_manifest(folder)
    found = {path[0]: entry for path, entry in contents_of(manifest, manifest.figures).items()}
    assert found["a"].failure and found["a"].format == "drawio"
    assert found["b"].other and found["b"].format == "mermaid"
    assert found["c"].objects == 0 and not found["c"].other
    assert "d" not in found


def measured(documents, generated, reference):
    lines = [[[TextLine(text, ()) for text in texts] for texts in side]
             for side in (generated, reference)]  # fmt: skip
    inputs = make_inputs(
        len(documents), documents=documents, generated_lines=lines[0], reference_lines=lines[1],
    )  # fmt: skip
    return {m.output.id: m for m in get_metric("editability").compute(inputs, {})}


def test_figures_without_labels_or_connectors():
    plain = DocumentContent("svg", ("Encoder",), 0.0, objects=3)
    found = measured([plain] * 3, [["Encodr"], [], []], [["Encoder"], ["Encoder"], []])
    np.testing.assert_array_equal(found["editable_text"].per_figure, [1, 0, np.nan])
    assert "bound_connectors" not in found
    with pytest.raises(MetricError, match="found 0 figures"):
        measured([DocumentContent("mermaid", other=True)], [["Encoder"]], [["Encoder"]])


def test_other_sources_are_left_out_with_a_warning():
    documents = [DocumentContent("mermaid", other=True), None, DocumentContent("svg", ("A",), 0.0)]
    found = measured(documents, [["Loss"]] * 3, [["Loss"]] * 3)
    np.testing.assert_array_equal(found["raster_area"].per_figure, [np.nan, 1, 1])
    assert "the only source of 1 figures is mermaid" in found["editable_text"].warnings[0]
