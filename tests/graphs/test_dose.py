"""More damage costs more: SynthFig in every format, and hand-made documents edited as text.

Each damage moves the scores that should see it, monotonically, and leaves those alone that should
not see it. The damages are arrows reversed, removed, added and led elsewhere, labels swapped
between boxes, and boxes moved.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from figbench.data.types import TextLine
from figbench.graphs import FigureGraph
from figbench.graphs.read import READERS
from figbench.metrics.graph_metrics.graph_accuracy import WRITERS
from figbench.metrics.numerics.graph_legacy import sciflow_edge_f1
from figbench.metrics.numerics.graph_matching import GraphScores, compare_graphs
from figbench.metrics.numerics.label_matching import compare_labels, labels_of
from figbench.synthfig import make_scene
from figbench.synthfig.degrade.make import change_scene
from figbench.synthfig.degrade.registry import get_flaw

FIXTURES = Path(__file__).parent / "fixtures"
VECTOR = sorted(set(WRITERS) - {"raster"})
WITH_BOXES = ("drawio", "pptx", "svg", "tikz")

Score = Callable[[GraphScores], float | None]
SCORES: dict[str, Score] = {
    "node": lambda s: s.node.f1,
    "edge": lambda s: s.edge.f1,
    "plain": lambda s: s.edge_undirected.f1,
    "direction": lambda s: s.direction_accuracy,
    "path": lambda s: s.path.f1,
    "layout": lambda s: s.layout,
}
DAMAGES = {
    "arrows-reversed": (("edge", "direction"), ("node", "plain")),
    "arrows-removed": (("edge", "plain", "path"), ("node",)),
    "arrows-added": (("edge", "plain"), ("node",)),
    "arrows-reattached": (("edge", "plain"), ("node",)),
    "text-shuffled": (("edge", "plain"), ("node",)),
    "boxes-displaced": (("layout",), ("node", "edge")),
}
"""Damage to the scores that must fall and the scores that must stay 1."""


def mean(scores: list[GraphScores], key: str) -> float:
    values = [SCORES[key](one) for one in scores]
    return float(np.mean([0.0 if value is None else value for value in values]))


def check(doses: list[list[GraphScores]], fall: tuple[str, ...], stay: tuple[str, ...]) -> None:
    """``doses`` holds the scores of each strength, from no damage to the largest."""
    for key in fall:
        values = [mean(scores, key) for scores in doses]
        assert values[0] == 1.0
        assert values == sorted(values, reverse=True), (key, values)
        assert values[-1] < 0.9, (key, values)
    for key in stay:
        assert [mean(scores, key) for scores in doses] == [1.0] * len(doses), key


# Scenes whose undamaged graph every vector reader recovers exactly.
SCENES = [make_scene(8, i) for i in (0, 1, 3)]


CASES = [
    (reader, name)
    for reader in VECTOR
    for name in DAMAGES
    if name != "boxes-displaced" or reader in WITH_BOXES
]


@pytest.mark.parametrize(("reader", "name"), CASES)
def test_synthfig(reader: str, name: str) -> None:
    read, write, flaw = READERS.get(reader), WRITERS[reader], get_flaw(name)
    clean = [read(write(scene)) for scene in SCENES]
    doses = [[compare_graphs(one, one) for one in clean]]
    for level in (2, 5):
        damaged = [
            read(write(change_scene(flaw, scene, level, seed=3, index=i)))
            for i, scene in enumerate(SCENES)
        ]
        doses.append([compare_graphs(a, b) for a, b in zip(damaged, clean, strict=True)])
    fall, stay = DAMAGES[name]
    if reader == "svg" and name not in ("arrows-reversed", "text-shuffled"):
        stay = ()  # geometry alone: an arrow across a box may change what touches
    if reader == "pptx" and name == "boxes-displaced":
        stay = ()  # boxes on top of each other are read as one thing
    check(doses, fall, stay)


# Hand-made documents: one figure in five formats, edited as text.

Ends = tuple[str, str]
NODES = {
    "image": "Input image", "backbone": "ResNet-50", "tokens": "Tokens", "embed": "Embedding layer",
    "fusion": "Cross attention", "decoder": "Decoder", "caption": "Caption", "loss": "Loss",
}  # fmt: skip
EDGES: list[Ends] = [
    ("image", "backbone"), ("backbone", "fusion"), ("tokens", "embed"), ("embed", "fusion"),
    ("fusion", "decoder"), ("decoder", "caption"), ("caption", "loss"), ("tokens", "loss"),
]  # fmt: skip
LABELS = {
    ("image", "backbone"): "resize",
    ("tokens", "embed"): "lookup",
    ("tokens", "loss"): "targets",
}
PLACES = {
    "image": (0, 0), "backbone": (3, 0), "tokens": (0, 2), "embed": (3, 2), "fusion": (6, 1),
    "decoder": (9, 1), "caption": (12, 1), "loss": (12, 3),
}  # fmt: skip

LINES = {
    "dot": re.compile(r"^  (?P<a>\w+) -> (?P<b>\w+)( \[.*)?;$", re.M),
    "mermaid": re.compile(
        r"^    (?P<a>\w+) (?:-->|==>|-\.->|--)(?: lookup -->)?(?:\|\w+\|)? (?P<b>\w+)$", re.M
    ),
    "tikz": re.compile(r"^  \\draw\[flow\] \((?P<a>\w+)\) .*\((?P<b>\w+)\);$", re.M),
    "drawio": re.compile(
        r'^.*edge="1" parent="1" source="(?P<a>\w+)" target="(?P<b>\w+)".*$', re.M
    ),
}
"""The line of an arrow in each text format, with its ends."""
FILES = {"dot": "captioner.dot", "mermaid": "captioner.mmd", "tikz": "captioner.tex",
         "drawio": "captioner.drawio"}  # fmt: skip
BLOCK = {"embed": ("Embedding layer", "Embedding\\\\layer")}


def edited(
    reader: str,
    edges: list[Ends | None],
    names: dict[str, str],
    moved: dict[str, tuple[float, float]],
) -> bytes:
    """Returns the hand-made document with other arrows, labels and positions.

    ``edges`` holds the new ends of each arrow in the order of the file, None for one that is
    deleted, and further arrows at the end; ``names`` maps a label to the one in its stead;
    ``moved`` maps a node to its new (x, y).
    """
    if reader == "pptx":
        return presentation(edges, names, moved)
    text = (FIXTURES / FILES[reader]).read_text()
    lines = list(LINES[reader].finditer(text))
    assert [(m["a"], m["b"]) for m in lines] == EDGES, reader
    last = lines[-1]
    written = [_line(m, edges[i]) for i, m in enumerate(lines)]
    added = [
        _line(lines[4], ends).replace('"e5"', f'"more{k}"')
        for k, ends in enumerate(edges[len(lines) :])
    ]
    for match, new in reversed(list(zip(lines, written, strict=True))):
        extra = "".join("\n" + line for line in added) if match is last else ""
        text = text[: match.start()] + new + extra + text[match.end() :]
    marks = {old: f"@{i}@" for i, old in enumerate(names)}
    for old, mark in marks.items():
        text = text.replace(_spelt(old, reader), mark)
    for old, mark in marks.items():
        text = text.replace(mark, names[old])
    for node, (x, y) in moved.items():
        text = _move(reader, text, node, x, y)
    return text.encode()


def _spelt(label: str, reader: str) -> str:
    if label == "Embedding layer":
        return {"tikz": "Embedding\\\\layer", "dot": "<b>Embedding</b> layer"}.get(reader, label)
    return "Cross&lt;br&gt;attention" if (label, reader) == ("Cross attention", "drawio") else label


def _line(match: re.Match[str], ends: Ends | None) -> str:
    if ends is None:
        return ""
    line, start = match[0], match.start()
    spans = [(match.start("b") - start, match.end("b") - start, ends[1]),
             (match.start("a") - start, match.end("a") - start, ends[0])]  # fmt: skip
    for low, high, name in spans:
        line = line[:low] + name + line[high:]
    return line


def _move(reader: str, text: str, node: str, x: float, y: float) -> str:
    if reader == "tikz":
        return re.sub(rf"\({node}\) at \([^)]*\)", f"({node}) at ({x},{-y})", text)
    if reader == "dot":
        return re.sub(rf'(^ +{node} \[.*pos=")[^"]*', rf"\g<1>{x},{-y}!", text, flags=re.M)
    return re.sub(
        rf'(id="{node}".*?<mxGeometry )x="[^"]*" y="[^"]*"',
        rf'\g<1>x="{60 * x}" y="{60 * y}"',
        text,
    )


def presentation(
    edges: list[Ends | None], names: dict[str, str], moved: dict[str, tuple[float, float]]
) -> bytes:
    """The same figure as a slide, with connectors glued to shapes as PowerPoint does."""
    from pptx import Presentation
    from pptx.enum.shapes import MSO_CONNECTOR, MSO_SHAPE
    from pptx.oxml.ns import qn
    from pptx.util import Inches

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    shapes = {}
    for node, label in NODES.items():
        x, y = moved.get(node, PLACES[node])
        shape = slide.shapes.add_shape(
            MSO_SHAPE.ROUNDED_RECTANGLE,
            Inches(0.3 + 0.7 * x),
            Inches(1 + y),
            Inches(1.4),
            Inches(0.5),
        )
        shape.text_frame.text = names.get(label, label)
        shapes[node] = shape
    for ends in edges:
        if ends is None:
            continue
        line = slide.shapes.add_connector(MSO_CONNECTOR.STRAIGHT, 0, 0, 0, 0)
        line.begin_connect(shapes[ends[0]], 3)
        line.end_connect(shapes[ends[1]], 1)
        properties = line.line._get_or_add_ln()
        properties.append(properties.makeelement(qn("a:tailEnd"), {"type": "triangle"}))
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


HAND = ("dot", "drawio", "mermaid", "pptx", "tikz")


def hand(reader: str, edges: list[Ends | None] | None = None, names: dict[str, str] | None = None,
         moved: dict[str, tuple[float, float]] | None = None) -> FigureGraph:  # fmt: skip
    data = edited(reader, list(EDGES) if edges is None else edges, names or {}, moved or {})
    return READERS.get(reader)(data)


@pytest.mark.parametrize("reader", HAND)
def test_hand_made_documents_are_read_exactly(reader: str) -> None:
    graph = hand(reader)
    texts = graph.texts
    assert sorted(texts.values()) == sorted(NODES.values())
    said = {(texts[e.source], texts[e.target]): (e.label, e.direction) for e in graph.edges}
    labels = {} if reader == "pptx" else LABELS
    assert said == {(NODES[a], NODES[b]): (labels.get((a, b), ""), "forward") for a, b in EDGES}
    if reader != "pptx":
        assert [(g.title, len(g.members)) for g in graph.groups] == [("Language side", 2)]


def doses_of(
    reader: str, damage: Callable[[int], dict[str, object]], most: int
) -> list[list[GraphScores]]:
    clean = hand(reader)
    return [[compare_graphs(hand(reader, **damage(k)), clean)] for k in range(most + 1)]  # type: ignore[arg-type]


@pytest.mark.parametrize("reader", HAND)
def test_reversed_removed_added_and_rewired_arrows(reader: str) -> None:
    def turned(k: int) -> dict[str, object]:
        return {"edges": [(b, a) if i < k else (a, b) for i, (a, b) in enumerate(EDGES)]}

    def removed(k: int) -> dict[str, object]:
        return {"edges": [None if i < k else ends for i, ends in enumerate(EDGES)]}

    def added(k: int) -> dict[str, object]:
        more = [("image", "loss"), ("decoder", "tokens"), ("caption", "image"), ("embed", "loss")]
        return {"edges": [*EDGES, *more[:k]]}

    def rewired(k: int) -> dict[str, object]:
        others = ["loss", "caption", "decoder", "image", "tokens", "embed", "image", "decoder"]
        return {"edges": [(a, others[i] if i < k else b) for i, (a, b) in enumerate(EDGES)]}

    for damage, (fall, stay) in (
        (turned, DAMAGES["arrows-reversed"]),
        (removed, DAMAGES["arrows-removed"]),
        (added, DAMAGES["arrows-added"]),
        (rewired, DAMAGES["arrows-reattached"]),
    ):
        doses = doses_of(reader, damage, 4)
        check(doses, fall, stay)
        values = [mean(scores, "edge") for scores in doses]
        assert len(set(values)) == 5, (damage.__name__, values)


@pytest.mark.parametrize("reader", HAND)
def test_labels_swapped_between_boxes_cost_edges_and_no_label(reader: str) -> None:
    swaps = [("Input image", "Loss"), ("ResNet-50", "Decoder"), ("Tokens", "Cross attention")]

    def swapped(k: int) -> dict[str, object]:
        names = {}
        for one, other in swaps[:k]:
            names |= {one: other, other: one}
        return {"names": names}

    check(doses_of(reader, swapped, 3), ("edge", "plain"), ("node",))
    labels = [
        labels_of([TextLine(node.text) for node in hand(reader, **swapped(k)).nodes])  # type: ignore[arg-type]
        for k in (0, 3)
    ]
    assert compare_labels(labels[1], labels[0], max_ned=0.2).f1 == 1.0


@pytest.mark.parametrize("reader", [one for one in HAND if one != "mermaid"])
def test_moved_boxes_cost_layout_alone(reader: str) -> None:
    targets = {"image": (12, 0), "loss": (0, 3), "backbone": (9, 3), "decoder": (3, 0)}

    def moved(k: int) -> dict[str, object]:
        return {"moved": dict(list(targets.items())[:k])}

    check(doses_of(reader, moved, 4), ("layout",), ("node", "edge"))


def test_the_published_edge_f1_sees_no_reversal_and_exceeds_one() -> None:
    clean = hand("dot")
    turned = hand("dot", edges=[(b, a) for a, b in EDGES])
    everything = hand("dot", edges=[*EDGES, *((a, b) for a in NODES for b in NODES if a < b)])

    def one_vector_per_text(texts: list[str]) -> np.ndarray:
        order = sorted(NODES.values())
        return np.eye(len(order))[[order.index(text) for text in texts]]

    assert sciflow_edge_f1(turned, clean, one_vector_per_text) == 1.0  # type: ignore[arg-type]
    assert compare_graphs(turned, clean).edge.f1 == 0.0
    assert sciflow_edge_f1(everything, clean, lambda texts: np.ones((len(texts), 1))) > 1.0
    assert compare_graphs(everything, clean).edge.f1 < 0.5
