"""Agreement of two figure graphs: nodes, edges, paths, edge labels, groups, layout; 0 to 1."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

from figbench.data.label_text import normalise
from figbench.graphs.model import Box, Edge, FigureGraph
from figbench.metrics.numerics.graph_nodes import MAX_NED, match_nodes
from figbench.metrics.numerics.label_matching import text_similarity

MAX_HOPS = 6
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Precision, recall and F1 of a multiset against another, each in [0, 1]."""

    precision: float
    recall: float
    f1: float

    @classmethod
    def of(cls, common: float, generated: float, reference: float) -> Agreement:
        """Returns the scores of two multisets; 1 if both are empty, 0 if only one is.

        Args:
            common: Size of the intersection.
            generated: Size of the first multiset.
            reference: Size of the second multiset.
        """
        if not generated and not reference:
            return cls(1.0, 1.0, 1.0)
        if not generated or not reference:
            return cls(0.0, 0.0, 0.0)
        f1 = 2.0 * common / (generated + reference)
        return cls(common / generated, common / reference, f1)


@dataclass(frozen=True, slots=True)
class GraphScores:
    """Agreement of a generated graph with its reference.

    Attributes:
        node: Nodes matched one to one.
        edge: Directed edges.
        edge_undirected: Edges, direction dropped.
        direction_accuracy: Among edges that match undirected, the share of right direction; None
            when no edge matches undirected.
        path: Ordered pairs of nodes joined by at most 6 directed edges.
        edge_label_f1: Over matched edges with a label on either side; None without any.
        group_f1: B-cubed over matched nodes; None when neither figure groups a matched node.
        layout: Share of equal relative positions; None with fewer than 2 pairs of boxes.
        matched: Generated node id to reference node id.
    """

    node: Agreement
    edge: Agreement
    edge_undirected: Agreement
    direction_accuracy: float | None
    path: Agreement
    edge_label_f1: float | None
    group_f1: float | None
    layout: float | None
    matched: Mapping[str, str]


def compare_graphs(
    generated: FigureGraph, reference: FigureGraph, *, max_ned: float = MAX_NED
) -> GraphScores:
    """Scores a generated graph against its reference.

    Args:
        generated: The graph under test.
        reference: The graph that it should equal.
        max_ned: Largest normalised edit distance of matching texts, 0 to 1.
    """
    matched = match_nodes(generated, reference, max_ned=max_ned)
    node = Agreement.of(len(matched), len(generated.nodes), len(reference.nodes))
    arrows, reference_arrows = directed(generated, matched), directed(reference)
    # Edges that match with direction also match without: the intersections nest.
    common = (arrows & reference_arrows).total()
    plain, reference_plain = undirected(generated, matched), undirected(reference)
    plain_common = (plain & reference_plain).total()
    return GraphScores(
        node=node,
        edge=Agreement.of(common, arrows.total(), reference_arrows.total()),
        edge_undirected=Agreement.of(plain_common, plain.total(), reference_plain.total()),
        direction_accuracy=_direction_accuracy(generated, reference, matched),
        path=_path_agreement(generated, reference, matched),
        edge_label_f1=_edge_label_f1(generated, reference, matched, max_ned),
        group_f1=_group_f1(generated, reference, matched),
        layout=_layout(generated, reference, matched),
        matched=matched,
    )


def directed(graph: FigureGraph, names: Mapping[str, str] | None = None) -> Counter[object]:
    """Returns the multiset of arrows; ``both`` is two, an undirected edge an unordered pair.

    Args:
        graph: Whose edges.
        names: Id to the reference's id; an unmatched id becomes a name that matches nothing.
    """
    out: Counter[object] = Counter()
    for edge in graph.edges:
        source, target = renamed(edge, names)
        if edge.direction == "none":
            out[frozenset((source, target))] += 1
            continue
        out[source, target] += 1
        if edge.direction == "both":
            out[target, source] += 1
    return out


def undirected(graph: FigureGraph, names: Mapping[str, str] | None = None) -> Counter[object]:
    """Returns the multiset of joined pairs; ``both`` is one."""
    return Counter(frozenset(renamed(edge, names)) for edge in graph.edges)


def renamed(edge: Edge, names: Mapping[str, str] | None) -> Pair:
    """Returns the ends under the reference's ids; unmatched ends get names of no node."""
    if names is None:
        return f"={edge.source}", f"={edge.target}"
    ends = [f"={names[n]}" if n in names else f"?{n}" for n in (edge.source, edge.target)]
    return ends[0], ends[1]


def _direction_accuracy(
    generated: FigureGraph, reference: FigureGraph, matched: Mapping[str, str]
) -> float | None:
    right = total = 0
    ways, reference_ways = _by_pair(generated, matched), _by_pair(reference, None)
    for pair, own in ways.items():
        others = reference_ways.get(pair, Counter())
        total += min(own.total(), others.total())
        right += (own & others).total()
    return right / total if total else None


def _by_pair(
    graph: FigureGraph, names: Mapping[str, str] | None
) -> dict[frozenset[str], Counter[object]]:
    out: dict[frozenset[str], Counter[object]] = defaultdict(Counter)
    for edge in graph.edges:
        ends = renamed(edge, names)
        way: object = ends if edge.direction == "forward" else edge.direction
        out[frozenset(ends)][way] += 1
    return out


def _path_agreement(
    generated: FigureGraph, reference: FigureGraph, matched: Mapping[str, str]
) -> Agreement:
    paths, reference_paths = reachable(generated), reachable(reference)
    mapped = {(matched[a], matched[b]) for a, b in paths if a in matched and b in matched}
    # A path from or to an unmatched node counts as a wrong path.
    return Agreement.of(len(mapped & reference_paths), len(paths), len(reference_paths))


def reachable(graph: FigureGraph, hops: int = MAX_HOPS) -> set[Pair]:
    """Returns the ordered pairs of different nodes joined by 1 to ``hops`` directed edges."""
    after: dict[str, set[str]] = defaultdict(set)
    for edge in graph.edges:
        if edge.direction != "none":
            after[edge.source].add(edge.target)
        if edge.direction == "both":
            after[edge.target].add(edge.source)
    pairs: set[Pair] = set()
    for start in list(after):
        seen: set[str] = set()
        front = {start}
        for _ in range(hops):
            front = {other for node in front for other in after.get(node, ())} - seen
            if not front:
                break
            seen |= front
        pairs |= {(start, end) for end in seen if end != start}
    return pairs


def _edge_label_f1(
    generated: FigureGraph, reference: FigureGraph, matched: Mapping[str, str], max_ned: float
) -> float | None:
    generated_labels, reference_labels = _labels(generated, matched), _labels(reference, None)
    common = first = second = 0
    for pair in generated_labels.keys() & reference_labels.keys():
        own, other = list(generated_labels[pair]), list(reference_labels[pair])
        # Parallel edges pair up in the order of their labels' similarity, greedily.
        count = min(len(own), len(other))
        ranked = sorted(
            ((text_similarity(a, b), i, j) for i, a in enumerate(own) for j, b in enumerate(other)),
            reverse=True,
        )
        used: tuple[set[int], set[int]] = (set(), set())
        for similarity, i, j in ranked:
            if i in used[0] or j in used[1] or len(used[0]) == count:
                continue
            used[0].add(i)
            used[1].add(j)
            first, second = first + bool(own[i]), second + bool(other[j])
            common += bool(own[i] and other[j] and similarity >= 1.0 - max_ned - 1e-9)
    return 2.0 * common / (first + second) if first + second else None


def _labels(graph: FigureGraph, names: Mapping[str, str] | None) -> dict[object, list[str]]:
    out: dict[object, list[str]] = defaultdict(list)
    for edge in graph.edges:
        out[frozenset(renamed(edge, names))].append(normalise(edge.label))
    return out


def _group_f1(
    generated: FigureGraph, reference: FigureGraph, matched: Mapping[str, str]
) -> float | None:
    """B-cubed F1 of the partitions of matched nodes (Bagga and Baldwin 1998).

    A node in several groups belongs to the smallest; a node in none is a cluster of its own.
    """
    first, second = _clusters(generated), _clusters(reference)
    pairs = [(a, b) for a, b in matched.items() if a in first or b in second]
    if not pairs:
        return None
    everything = list(matched.items())
    precision = recall = 0.0
    for a, b in pairs:
        own = {x for x, _ in everything if x == a or (a in first and first.get(x) == first[a])}
        other = {x for x, y in everything if y == b or (b in second and second.get(y) == second[b])}
        common = len(own & other)
        precision += common / len(own)
        recall += common / len(other)
    precision, recall = precision / len(pairs), recall / len(pairs)
    return 2 * precision * recall / (precision + recall)


def _clusters(graph: FigureGraph) -> dict[str, str]:
    out: dict[str, str] = {}
    for group in sorted(graph.groups, key=lambda group: (-len(group.members), group.id)):
        out |= dict.fromkeys(group.members, group.id)
    return out


def _layout(
    generated: FigureGraph, reference: FigureGraph, matched: Mapping[str, str]
) -> float | None:
    generated_boxes = {node.id: node.box for node in generated.nodes}
    reference_boxes = {node.id: node.box for node in reference.nodes}
    boxes = [
        (own, other)
        for a, b in matched.items()
        if (own := generated_boxes[a]) is not None and (other := reference_boxes[b]) is not None
    ]
    equal = total = 0
    for (a, b), (c, d) in combinations(boxes, 2):
        for axis in (0, 1):
            equal += _relation(a, c, axis) == _relation(b, d, axis)
            total += 1
    return equal / total if total else None


def _relation(first: Box, second: Box, axis: int) -> int:
    """-1 before, 1 after, 0 overlapping, along one axis."""
    if first[axis + 2] <= second[axis]:
        return -1
    return 1 if second[axis + 2] <= first[axis] else 0


def edge_differences(
    generated: FigureGraph, reference: FigureGraph, matched: Mapping[str, str]
) -> dict[str, list[Edge]]:
    """Sorts the arrows that disagree, for overlays and reports.

    Args:
        generated: The graph under test.
        reference: The graph that it should equal.
        matched: Generated node id to reference node id, of ``match_nodes``.

    Returns:
        ``missed`` and ``reversed`` edges under the reference's ids, ``invented`` edges under the
        generated graph's ids. A reversed arrow is neither missed nor invented.
    """
    back = {b: a for a, b in matched.items()}
    by_pair = _groups_of(generated.edges, matched)
    reference_by_pair = _groups_of(reference.edges, None)
    out: dict[str, list[Edge]] = {"missed": [], "invented": [], "reversed": []}
    for pair in by_pair.keys() | reference_by_pair.keys():
        own, other = list(by_pair.get(pair, ())), list(reference_by_pair.get(pair, ()))
        for edge in list(other):
            same = next((e for e in own if _same_way(e, edge, back)), None)
            if same is not None:
                own.remove(same)
                other.remove(edge)
        count = min(len(own), len(other))
        out["reversed"] += other[:count]
        out["missed"] += other[count:]
        out["invented"] += own[count:]
    order = {id(e): i for i, e in enumerate([*reference.edges, *generated.edges])}
    return {kind: sorted(edges, key=lambda e: order[id(e)]) for kind, edges in out.items()}


def _same_way(generated: Edge, reference: Edge, back: Mapping[str, str]) -> bool:
    if generated.direction != reference.direction:
        return False
    return generated.direction != "forward" or generated.source == back.get(reference.source)


def _groups_of(
    edges: Iterable[Edge], names: Mapping[str, str] | None
) -> dict[frozenset[str], list[Edge]]:
    out: dict[frozenset[str], list[Edge]] = defaultdict(list)
    for edge in edges:
        out[frozenset(renamed(edge, names))].append(edge)
    return out
