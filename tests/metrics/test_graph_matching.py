"""Graph scores: bounds by property, and the cost of each flaw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from figbench.graphs import Edge, FigureGraph, Group, Node
from figbench.metrics.numerics.graph_legacy import sciflow_edge_f1, sciforma_axis_score
from figbench.metrics.numerics.graph_matching import (
    Agreement,
    GraphScores,
    compare_graphs,
    edge_differences,
)

TEXTS = ("Conv", "conv", "Encoder", "Encodr", "Decoder", "", "x", "Loss", "Ⅳ layer")


@st.composite
def graphs(draw: st.DrawFn) -> FigureGraph:
    count = draw(st.integers(0, 7))
    boxes = st.none() | st.tuples(st.floats(0, 0.8), st.floats(0, 0.8), st.floats(0.02, 0.2))
    nodes = []
    for i in range(count):
        place = draw(boxes)
        box = place and (place[0], place[1], place[0] + place[2], place[1] + place[2])
        nodes.append(Node(f"v{i}", draw(st.sampled_from(TEXTS)), box))
    ids = st.sampled_from([n.id for n in nodes]) if nodes else st.nothing()
    edges = []
    if nodes:
        edges = draw(
            st.lists(
                st.builds(
                    Edge,
                    ids,
                    ids,
                    st.sampled_from(("", "yes", "no")),
                    st.sampled_from(("forward", "both", "none")),
                ),
                max_size=10,
            )
        )
    groups = []
    if nodes:
        members = draw(st.lists(st.lists(ids, unique=True), max_size=3))
        groups = [Group(f"g{i}", "t", tuple(m)) for i, m in enumerate(members)]
    return FigureGraph(tuple(nodes), tuple(edges), tuple(groups))


def numbers(scores: GraphScores) -> list[float]:
    out = []
    for value in (
        scores.node, scores.edge, scores.edge_undirected, scores.path,
        scores.direction_accuracy, scores.edge_label_f1, scores.group_f1, scores.layout,
    ):  # fmt: skip
        if isinstance(value, Agreement):
            out += [value.precision, value.recall, value.f1]
        elif value is not None:
            out.append(value)
    return out


@settings(max_examples=300, deadline=None)
@given(graphs(), graphs())
def test_every_score_is_bounded_and_direction_never_helps(a: FigureGraph, b: FigureGraph) -> None:
    scores = compare_graphs(a, b)
    assert all(0.0 <= value <= 1.0 for value in numbers(scores))
    assert len(set(scores.matched.values())) == len(scores.matched)
    wrong = edge_differences(a, b, scores.matched)
    assert len(wrong["missed"]) + len(wrong["reversed"]) <= len(b.edges)
    assert len(wrong["invented"]) + len(wrong["reversed"]) <= len(a.edges)
    if not any(e.direction == "both" for e in (*a.edges, *b.edges)):
        assert scores.edge.f1 <= scores.edge_undirected.f1 + 1e-12


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_a_graph_with_distinct_nodes_equals_itself(graph: FigureGraph) -> None:
    distinct = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf")
    nodes = tuple(replace(n, text=distinct[i]) for i, n in enumerate(graph.nodes))
    whole = replace(graph, nodes=nodes)
    assert numbers(compare_graphs(whole, whole)) == [1.0] * len(
        numbers(compare_graphs(whole, whole))
    )


@settings(max_examples=100, deadline=None)
@given(graphs(), graphs(), st.randoms(use_true_random=False))
def test_order_of_nodes_and_edges_does_not_matter(a: FigureGraph, b: FigureGraph, rng) -> None:
    distinct = tuple(replace(n, text=f"{n.text} {n.id * 6}") for n in a.nodes)
    a = replace(a, nodes=distinct)
    shuffled = replace(
        a,
        nodes=tuple(rng.sample(a.nodes, len(a.nodes))),
        edges=tuple(rng.sample(a.edges, len(a.edges))),
    )
    assert compare_graphs(shuffled, b).edge == compare_graphs(a, b).edge


def chain(*texts: str, direction: str = "forward") -> FigureGraph:
    nodes = tuple(Node(f"n{i}", t, (0.2 * i, 0.4, 0.2 * i + 0.1, 0.5)) for i, t in enumerate(texts))
    edges = tuple(Edge(f"n{i}", f"n{i + 1}", "", direction) for i in range(len(texts) - 1))  # type: ignore[arg-type]
    return FigureGraph(nodes, edges)


REFERENCE = chain("input", "encoder", "decoder", "output")


def reversed_edges(graph: FigureGraph, count: int) -> FigureGraph:
    turned = [replace(e, source=e.target, target=e.source) for e in graph.edges[:count]]
    return replace(graph, edges=(*turned, *graph.edges[count:]))


def test_each_reversed_arrow_costs_direction_edges_and_paths_alone() -> None:
    scores = [compare_graphs(reversed_edges(REFERENCE, k), REFERENCE) for k in range(4)]
    assert [s.edge.f1 for s in scores] == pytest.approx([1, 2 / 3, 1 / 3, 0])
    assert [s.direction_accuracy for s in scores] == pytest.approx([1, 2 / 3, 1 / 3, 0])
    assert {s.edge_undirected.f1 for s in scores} == {1.0}
    assert {s.node.f1 for s in scores} == {1.0}
    assert scores[0].path.f1 == 1.0
    assert scores[3].path.f1 == 0.0
    wrong = edge_differences(reversed_edges(REFERENCE, 2), REFERENCE, scores[2].matched)
    assert len(wrong["reversed"]) == 2
    assert not wrong["missed"] + wrong["invented"]


def test_complete_graph_costs_precision() -> None:
    ids = [node.id for node in REFERENCE.nodes]
    every = tuple(Edge(a, b) for a in ids for b in ids if a != b)
    scores = compare_graphs(replace(REFERENCE, edges=every), REFERENCE)
    assert scores.edge == Agreement(3 / 12, 1.0, 2 * 3 / 15)
    assert scores.path.f1 == pytest.approx(2 * 6 / 18)


def test_rewired_missing_and_empty_graphs_cost() -> None:
    rewired = (Edge("n0", "n2"), Edge("n1", "n3"), Edge("n3", "n0"))
    assert compare_graphs(replace(REFERENCE, edges=rewired), REFERENCE).edge.f1 == 0.0
    removed = compare_graphs(replace(REFERENCE, edges=REFERENCE.edges[:2]), REFERENCE)
    assert (removed.edge.precision, removed.edge.recall) == (1.0, pytest.approx(2 / 3))
    empty = compare_graphs(FigureGraph(), REFERENCE)
    assert (empty.node.f1, empty.edge.f1, empty.path.f1) == (0.0, 0.0, 0.0)
    assert empty.direction_accuracy is None
    nothing = compare_graphs(FigureGraph(), FigureGraph())
    assert (nothing.node.f1, nothing.edge.f1, nothing.path.f1) == (1.0, 1.0, 1.0)


def test_labels_swapped_between_boxes_cost_edges_though_the_labels_are_all_there() -> None:
    swapped = chain("input", "decoder", "encoder", "output")
    scores = compare_graphs(swapped, REFERENCE)
    assert scores.node.f1 == 1.0
    assert scores.edge.f1 == pytest.approx(0.0)
    assert scores.layout is not None
    assert scores.layout < 1.0


def test_direction_kinds() -> None:
    plain, both = (chain("aaaaaa", "bbbbbb", direction=way) for way in ("none", "both"))
    forward = chain("aaaaaa", "bbbbbb")
    assert compare_graphs(plain, plain).edge.f1 == 1.0
    assert compare_graphs(plain, forward).edge.f1 == 0.0
    assert compare_graphs(plain, forward).edge_undirected.f1 == 1.0
    assert compare_graphs(both, forward).edge == Agreement(0.5, 1.0, pytest.approx(2 / 3))
    turned = replace(plain, edges=(Edge("n1", "n0", "", "none"),))
    assert compare_graphs(turned, plain).edge.f1 == 1.0


def test_equal_texts_are_told_apart_by_neighbours_then_by_position() -> None:
    nodes = [Node("a", "Input"), Node("b", "Conv"), Node("c", "Conv"), Node("d", "Conv"),
             Node("e", "Output")]  # fmt: skip
    edges = (Edge("a", "b"), Edge("b", "c"), Edge("c", "d"), Edge("d", "e"))
    reference = FigureGraph(tuple(nodes), edges)
    generated = FigureGraph(tuple(nodes[i] for i in (3, 2, 4, 1, 0)), edges)
    assert compare_graphs(generated, reference).edge.f1 == 1.0
    left, right = (0.0, 0.0, 0.1, 0.1), (0.8, 0.8, 0.9, 0.9)
    first = FigureGraph((Node("p", "Conv", left), Node("q", "Conv", right)))
    second = FigureGraph((Node("r", "Conv", right), Node("s", "Conv", left)))
    assert compare_graphs(first, second).matched == {"p": "s", "q": "r"}


def test_nodes_without_text_match_by_boxes() -> None:
    near, far = (0.1, 0.1, 0.2, 0.2), (0.15, 0.1, 0.25, 0.2)
    bare = FigureGraph((Node("a", "", near),))
    for other, expected in ((("", near), 1), (("", far), 0), (("x", near), 0)):
        scores = compare_graphs(bare, FigureGraph((Node("b", *other),)))
        assert scores.node.f1 == expected


def test_layout_sees_a_mirror_and_not_a_scale() -> None:
    def moved(change) -> FigureGraph:
        return replace(
            REFERENCE, nodes=tuple(replace(n, box=change(n.box)) for n in REFERENCE.nodes)
        )

    half = compare_graphs(moved(lambda b: tuple(v / 2 for v in b)), REFERENCE)
    mirror = compare_graphs(moved(lambda b: (1 - b[2], b[1], 1 - b[0], b[3])), REFERENCE)
    assert half.layout == 1.0
    assert mirror.layout == 0.5


def test_edge_labels_and_groups() -> None:
    first, *rest = REFERENCE.edges
    labelled = replace(REFERENCE, edges=(replace(first, label="features"), *rest))
    garbled = replace(REFERENCE, edges=(replace(first, label="xyz"), *rest))
    assert compare_graphs(labelled, labelled).edge_label_f1 == 1.0
    assert compare_graphs(garbled, labelled).edge_label_f1 == 0.0
    assert compare_graphs(REFERENCE, labelled).edge_label_f1 == 0.0
    assert compare_graphs(REFERENCE, REFERENCE).edge_label_f1 is None
    halves = replace(REFERENCE, groups=(Group("a", "", ("n0", "n1")), Group("b", "", ("n2", "n3"))))
    whole = replace(REFERENCE, groups=(Group("a", "", ("n0", "n1", "n2", "n3")),))
    assert compare_graphs(halves, halves).group_f1 == 1.0
    assert compare_graphs(whole, halves).group_f1 == pytest.approx(2 * 0.5 / 1.5)
    assert compare_graphs(REFERENCE, halves).group_f1 == pytest.approx(2 * 0.5 / 1.5)


def one_hot(texts: Sequence[str]) -> np.ndarray:
    words = sorted(set(TEXTS) | {n.text for n in REFERENCE.nodes})
    return np.array([[float(t == w) for w in words] for t in texts])


def test_the_published_edge_f1_is_blind_and_unbounded() -> None:
    assert sciflow_edge_f1(reversed_edges(REFERENCE, 3), REFERENCE, one_hot) == 1.0
    ids = [node.id for node in REFERENCE.nodes]

    def alike(texts: Sequence[str]) -> np.ndarray:
        return np.ones((len(texts), 2))

    every = replace(REFERENCE, edges=tuple(Edge(a, b) for a in ids for b in ids if a != b))
    assert sciflow_edge_f1(every, REFERENCE, alike) == pytest.approx(2 * 4 / 5)
    five = replace(REFERENCE, edges=tuple(Edge("n0", "n1") for _ in range(15)))
    assert sciflow_edge_f1(five, REFERENCE, one_hot) == pytest.approx(2 * 5 / 6)


def test_sciforma_axis_score() -> None:
    assert sciforma_axis_score(["critical", "moderate"], 10) == pytest.approx(0.85)
    assert sciforma_axis_score([], 0) == 1.0
    assert sciforma_axis_score(["Wrong label"] * 10, 10) == 1.0, "as released"
    assert sciforma_axis_score(["critical"] * 40, 90) == 0.0
