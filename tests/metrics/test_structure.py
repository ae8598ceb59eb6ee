"""``structure``: failures stay in the denominator, readers and ceilings stand beside the scores."""

from __future__ import annotations

import numpy as np
import pytest

from figbench.graphs.model import Edge, FigureGraph, Group, Node
from figbench.graphs.read import GraphResult
from figbench.metrics import get_metric
from figbench.metrics.base import MetricError
from tests.metrics.inputs import make_inputs

NODES = tuple(Node(f"n{i}", name, (0.3 * i, 0.1, 0.3 * i + 0.2, 0.3)) for i, name in
              enumerate(("Encoder", "Attention", "Decoder")))  # fmt: skip
EDGES = (Edge("n0", "n1", "tokens"), Edge("n1", "n2"))
GRAPH = FigureGraph(NODES, EDGES, (Group("g", "Stage", ("n0", "n1")),))


def reading(graph=GRAPH, reader="json", failure="", edge=None):
    return GraphResult(graph, reader, edge, edge, failure)


def measured(generated, reference, **fields):
    present = [one is not None for one in generated]
    inputs = make_inputs(
        len(generated),
        present=present,
        generated_graphs=generated,
        reference_graphs=reference,
        ceiling_graphs=fields.pop("ceiling", [None] * len(generated)),
    )
    return {m.output.id: m for m in get_metric("structure").compute(inputs, {})}


def test_equal_graphs_score_one_in_everything():
    found = measured([reading()], [reading()])
    assert len(found) == 12
    assert {m.value for m in found.values()} == {1.0}


def test_missing_and_unreadable_figures_score_zero_and_are_counted():
    broken = reading(FigureGraph(), "drawio", "the XML is not well-formed.")
    found = measured([reading(), None, broken], [reading()] * 3)
    for key, item in found.items():
        assert item.value == pytest.approx(1 / 3), key
        assert item.details["missing_scored_0"] == 1
        assert item.details["unreadable_scored_0"] == 1
    assert "1 generated figures cannot be read and score 0" in found["edge_f1"].warnings[0]
    assert "not well-formed" in found["edge_f1"].warnings[0]


def test_a_blank_figure_scores_zero_like_a_missing_one():
    found = measured([reading(FigureGraph())], [reading()])
    assert {m.value for m in found.values()} == {0.0}


def test_references_without_nodes_or_with_a_failure_do_not_enter_and_are_named():
    failed = reading(FigureGraph(), "svg", "refused")
    found = measured([reading()] * 3, [reading(), failed, reading(FigureGraph())])
    assert np.isnan(found["edge_f1"].per_figure).tolist() == [False, True, True]
    assert found["edge_f1"].details["references_without_nodes"] == 2
    text = " ".join(found["edge_f1"].warnings)
    assert "1 reference figures cannot be read" in text and "1 of 3 references show no node" in text
    with pytest.raises(MetricError, match="refused"):
        measured([reading()], [failed])


def test_scores_that_no_reference_defines_are_absent():
    plain = reading(FigureGraph(tuple(Node(n.id, n.text) for n in NODES)))
    assert set(measured([plain], [plain])) == {
        "node_f1", "node_precision", "node_recall", "edge_f1", "edge_precision", "edge_recall",
        "edge_f1_undirected", "path_f1",
    }  # fmt: skip


def test_a_format_without_positions_has_no_layout_but_a_lost_layout_costs():
    nowhere = FigureGraph(tuple(Node(n.id, n.text) for n in NODES), EDGES, GRAPH.groups)
    assert "layout_agreement" not in measured([reading(nowhere)], [reading()])
    wrong = FigureGraph((Node("x", "Other", (0, 0, 1, 1)),))
    assert measured([reading(wrong)], [reading()])["layout_agreement"].value == 0


def test_readers_their_accuracy_and_the_ceiling_stand_beside_the_scores():
    lost = FigureGraph(NODES, EDGES[:1])
    found = measured(
        [reading(lost, "raster", edge=0.5), reading(reader="svg", edge=0.99)],
        [reading(reader="svg", edge=0.99)] * 2,
        ceiling=[reading(lost, "raster", edge=0.5), None],
    )
    item = found["edge_f1"]
    assert item.details["generated_readers"] == "raster 1, svg 1"
    assert item.details["reference_readers"] == "svg 2"
    assert item.details["reader_edge_f1"] == 0.5
    assert item.details["ceiling"] == pytest.approx(2 / 3) == found["edge_f1_ceiling"].value
    assert "raster reader" in item.warnings[0]
