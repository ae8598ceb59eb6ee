"""Graphs read from pixels: drawings with a known graph, and images without any."""

import io

import pytest
from PIL import Image, ImageDraw, ImageFont

from figbench.graphs.raster.reader import read_raster

SIZE = (640, 360)
A, B, C = (40, 130, 200, 230), (420, 130, 600, 230), (420, 260, 600, 340)


def encoded(image):
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def drawing(*labels_and_boxes, arrow=None, ends="end", turn=None, dark=False, length=16):
    """Draws boxes with labels and at most one arrow, whose heads at ``ends`` have a length."""
    ground, ink = ("black", "white") if dark else ("white", "black")
    image = Image.new("RGB", SIZE, ground)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(26)
    for label, box in labels_and_boxes:
        draw.rectangle(box, outline=ink, width=3)
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        draw.text(middle, label, fill=ink, font=font, anchor="mm")
    if arrow:
        points = [arrow[0], *([turn] if turn else []), arrow[1]]
        draw.line(points, fill=ink, width=3, joint="curve")
        for tip, before, wish in ((points[-1], points[-2], "end"), (points[0], points[1], "start")):
            if wish in ends:
                draw.polygon(head(tip, before, length), fill=ink)
    return encoded(image)


def head(tip, before, length):
    """A filled triangle at a tip, as wide as long, for pieces along an axis."""
    dx = (tip[0] > before[0]) - (tip[0] < before[0])
    dy = (tip[1] > before[1]) - (tip[1] < before[1])
    x, y, half = tip[0] - dx * length, tip[1] - dy * length, length / 2
    return [tip, (x - dy * half, y - dx * half), (x + dy * half, y + dx * half)]


def edges(graph):
    texts = graph.texts
    return {(texts[edge.source], texts[edge.target], edge.direction) for edge in graph.edges}


@pytest.mark.parametrize("dark", [False, True])
def test_an_arrow_between_two_boxes(dark):
    graph = read_raster(
        drawing(("Encoder", A), ("Loss", B), arrow=((200, 180), (418, 180)), dark=dark)
    )
    assert set(graph.texts.values()) == {"Encoder", "Loss"}
    assert edges(graph) == {("Encoder", "Loss", "forward")}


@pytest.mark.parametrize("gap", [0, 2, 6, 10])
@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ("end", [("Encoder", "Loss", "forward")]),
        ("start", [("Loss", "Encoder", "forward")]),
        ("start end", [("Encoder", "Loss", "both"), ("Loss", "Encoder", "both")]),
        ("", [("Encoder", "Loss", "none"), ("Loss", "Encoder", "none")]),
    ],
)
def test_the_heads_give_the_direction_whether_they_touch_their_box_or_not(ends, expected, gap):
    arrow = ((200 + gap, 180), (420 - gap, 180))
    graph = read_raster(drawing(("Encoder", A), ("Loss", B), arrow=arrow, ends=ends))
    assert len(graph.edges) == 1
    assert edges(graph) <= set(expected)


@pytest.mark.parametrize("length", [10, 16, 20])
def test_heads_of_several_sizes_that_touch_their_box(length):
    arrow = ((200, 180), (420, 180))
    graph = read_raster(drawing(("Encoder", A), ("Loss", B), arrow=arrow, length=length))
    assert edges(graph) == {("Encoder", "Loss", "forward")}


def test_an_arrow_with_a_corner_reaches_the_box_behind_it():
    graph = read_raster(
        drawing(
            ("Encoder", A),
            ("Loss", B),
            ("Head", C),
            arrow=((120, 232), (418, 300)),
            turn=(120, 300),
        )
    )
    assert set(graph.texts.values()) == {"Encoder", "Loss", "Head"}
    assert edges(graph) == {("Encoder", "Head", "forward")}


def test_boxes_are_where_they_were_drawn():
    graph = read_raster(drawing(("Encoder", A), ("Loss", B), arrow=((200, 180), (418, 180))))
    boxes = {graph.texts[node.id]: node.box for node in graph.nodes}
    width = boxes["Loss"][2] - boxes["Encoder"][0]
    assert (boxes["Encoder"][2] - boxes["Encoder"][0]) / width == pytest.approx(160 / 560, abs=0.03)
    assert boxes["Encoder"][1] == pytest.approx(boxes["Loss"][1], abs=0.02 * width)


@pytest.mark.parametrize("colour", ["white", "black", (120, 40, 200)])
def test_an_empty_image_has_an_empty_graph(colour):
    graph = read_raster(encoded(Image.new("RGB", SIZE, colour)))
    assert (list(graph.nodes), list(graph.edges)) == ([], [])
