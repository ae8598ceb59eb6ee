"""Editability: each score moves with the fault that it is for."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from figbench.cli.main import app
from figbench.editability import measure_editability
from figbench.errors import UserError

FIXTURES = Path(__file__).parent.parent / "graphs" / "fixtures"
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 120" width="300" height="120">'
    '<defs><marker id="m" markerWidth="6" markerHeight="6"><path d="M0,0 L6,3 L0,6 z"/></marker>'
    "</defs>"
)
BOXES = (
    '<g id="encoder"><rect id="a" x="10" y="30" width="90" height="40" fill="#ddeeff" '
    'stroke="#000"/><text x="55" y="55" font-size="14" text-anchor="middle">Encoder</text></g>'
    '<g id="decoder"><rect id="b" x="190" y="30" width="90" height="40" fill="#ddeeff" '
    'stroke="#000"/><text x="235" y="55" font-size="14" text-anchor="middle">Decoder</text></g>'
)
LOOSE = '<line x1="100" y1="50" x2="190" y2="50" stroke="#000" marker-end="url(#m)"/>'
BOUND = LOOSE.replace("<line ", '<line data-source="a" data-target="b" ')


def picture_element() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), (180, 30, 30)).save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<image x="120" y="70" width="40" height="40" href="data:image/png;base64,{data}"/>'


def measured(tmp_path, *parts, **options):
    path = tmp_path / "a.svg"
    path.write_text(HEAD + "".join(parts) + "</svg>")
    options.setdefault("edits", False)
    return measure_editability(path, **options)


def test_connectors_count_when_both_ends_are_attached(tmp_path):
    assert measured(tmp_path, BOXES, LOOSE).scores["bound_connectors"] == 0.0
    assert measured(tmp_path, BOXES, BOUND).scores["bound_connectors"] == 1.0
    dangling = BOUND.replace('"b"', '"nobody"')
    scores = measured(tmp_path, BOXES, BOUND, dangling).scores
    assert scores["bound_connectors"] == 0.5 and scores["edges_follow"] == 0.75


def test_groups_hidden_and_duplicate_objects(tmp_path):
    clean = measured(tmp_path, BOXES)
    assert clean.scores["grouped"] == 1.0 and clean.scores["junk"] == 0.0
    assert measured(tmp_path, BOXES.replace('<g id="decoder">', "<g>")).scores["grouped"] == 0.5
    ghost = '<rect id="ghost" x="1" y="1" width="5" height="5" fill="#000" display="none"/>'
    twice = '<rect x="5" y="5" width="9" height="9" fill="#f00"/>' * 2
    found = measured(tmp_path, BOXES, ghost, twice)
    assert found.hidden == ("ghost",) and found.duplicates == ("shape",)
    assert found.scores["junk"] == pytest.approx(2 / 7, abs=1e-3)


def test_native_text_and_raster_area(tmp_path):
    found = measured(tmp_path, BOXES, labels=["Encoder", "Decodr", "Outlined"])
    assert found.scores["native_text"] == pytest.approx(2 / 3, abs=1e-3)
    assert found.missing_text == ("Outlined",)
    assert found.scores["raster_area"] == 0.0
    share = measured(tmp_path, BOXES, picture_element()).scores["raster_area"]
    assert share == pytest.approx(1600 / (1600 + 2 * 90 * 40), abs=0.03)


def test_edits_stay_where_they_are_made_unless_objects_share_their_style(tmp_path):
    found = measured(tmp_path, BOXES, edits=True)
    assert {one.edit for one in found.edits} == {"rename", "recolour", "move"}
    assert all(one.changed for one in found.edits)
    assert found.scores["edit_locality"] > 0.99
    # A shape that another one clones by <use> changes in two places.
    clone = BOXES + '<use href="#a" x="0" y="45"/>'
    found = measured(tmp_path, clone, edits=True)
    assert min(one.locality for one in found.edits if one.target == "a") < 0.7


def test_drawio_and_pptx(tmp_path):
    found = measure_editability(FIXTURES / "captioner.drawio")
    assert found.format == "drawio" and found.scores["bound_connectors"] == 1.0
    assert found.scores["grouped"] == pytest.approx(2 / 17, abs=1e-3)
    loose = (FIXTURES / "captioner.drawio").read_text().replace('source="fusion" ', "")
    (tmp_path / "a.drawio").write_text(loose)
    assert measure_editability(tmp_path / "a.drawio").scores["bound_connectors"] == 7 / 8

    from pptx import Presentation
    from pptx.enum.shapes import MSO_CONNECTOR, MSO_SHAPE
    from pptx.util import Inches

    deck = Presentation()
    shapes = deck.slides.add_slide(deck.slide_layouts[6]).shapes
    boxes = [shapes.add_shape(MSO_SHAPE.RECTANGLE, Inches(x), Inches(1), Inches(1), Inches(1))
             for x in (1, 4, 40)]  # fmt: skip
    boxes[0].text_frame.text = "Encoder"
    bound = shapes.add_connector(MSO_CONNECTOR.STRAIGHT, 0, 0, 1, 1)
    bound.begin_connect(boxes[0], 3)
    bound.end_connect(boxes[1], 1)
    shapes.add_connector(MSO_CONNECTOR.STRAIGHT, 0, 0, Inches(1), Inches(1))
    deck.save(tmp_path / "a.pptx")
    found = measure_editability(tmp_path / "a.pptx", labels=["Encoder"])
    assert found.scores["bound_connectors"] == 0.5 and found.scores["native_text"] == 1.0
    assert len(found.hidden) == 1


def test_command_line_and_wrong_use(tmp_path):
    words = ["graph", "editability", str(FIXTURES / "captioner.drawio"), "--json"]
    document = json.loads(CliRunner().invoke(app, words).stdout)
    assert document["bound_connectors"] == 1.0 and document["native_text"] is None
    with pytest.raises(UserError, match="mermaid"):
        measure_editability(FIXTURES / "captioner.mmd")
