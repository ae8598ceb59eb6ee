"""``figbench graph``: the nodes and arrows of a figure, and how far two figures agree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from figbench.cli.output.console import print_json, result_console
from figbench.errors import EXIT_REGRESSION, UserError

if TYPE_CHECKING:
    from figbench.graphs.model import FigureGraph
    from figbench.graphs.read import GraphResult
    from figbench.graphs.spec import SpecEdge
    from figbench.metrics.numerics.graph_matching import GraphScores

graph_app = typer.Typer(
    no_args_is_help=True, help="Nodes and arrows of a figure: show them, compare two figures."
)

ReaderOption = Annotated[
    str | None, typer.Option("--reader", help="Reader, instead of the one for the file's format.")
]


@graph_app.command("show")
def show(
    file: Annotated[
        Path, typer.Argument(help="SVG, drawio, dot, Mermaid, PPTX, TikZ, JSON, image.")
    ],
    reader: ReaderOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Write .dot, .json, .svg or .png (an overlay) here.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Show the graph that a figure states, with the reader's measured accuracy."""
    from figbench.graphs.read import read_graph

    graph_result = read_graph(file, reader=reader)
    if out is not None:
        from figbench.graphs.overlay import write_graph

        write_graph(graph_result.graph, file, out)
    if json_output:
        print_json({"file": str(file), **_ceiling(graph_result), **graph_result.graph.to_json()})
        return
    console = result_console()
    console.print(_nodes(graph_result.graph, file))
    console.print(_edges(graph_result.graph))
    console.print(_accuracy(graph_result), soft_wrap=True)


@graph_app.command("compare")
def compare(
    generated: Annotated[Path, typer.Argument(help="The figure under test.")],
    reference: Annotated[Path, typer.Argument(help="The figure that it should equal.")],
    reader: ReaderOption = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write an overlay (.svg, .png) of missed, invented and reversed arrows."),
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Compare the graphs of two figures; formats may differ."""
    from figbench.graphs.read import read_graph
    from figbench.metrics.numerics.graph_matching import compare_graphs, edge_differences

    first, second = read_graph(generated, reader=reader), read_graph(reference, reader=reader)
    scores = compare_graphs(first.graph, second.graph)
    wrong = edge_differences(first.graph, second.graph, scores.matched)
    if out is not None:
        from figbench.graphs.overlay import write_differences

        write_differences(first.graph, second.graph, scores.matched, wrong, generated, out)
    document = scores_json(scores)
    if json_output:
        texts = {"missed": second.graph.texts, "reversed": second.graph.texts}
        listed = {
            kind: [
                {
                    "source": texts.get(kind, first.graph.texts)[e.source],
                    "target": texts.get(kind, first.graph.texts)[e.target],
                    "label": e.label,
                }
                for e in edges
            ]
            for kind, edges in wrong.items()
        }
        sides = {"generated": _ceiling(first), "reference": _ceiling(second)}
        print_json({**document, **listed, "readers": sides})
        return
    console = result_console()
    table = Table(title=escape(f"{generated} against {reference}"), title_justify="left")
    table.add_column("metric")
    table.add_column("value", justify="right")
    for key, value in document.items():
        table.add_row(key, "-" if value is None else f"{value:.3f}")
    console.print(table)
    for kind, edges in wrong.items():
        texts_of = first.graph.texts if kind == "invented" else second.graph.texts
        for edge in edges:
            arrow = f"{texts_of[edge.source] or '?'} -> {texts_of[edge.target] or '?'}"
            console.print(f"  {kind}: {escape(arrow)}", soft_wrap=True)
    for side, graph_result in (("generated", first), ("reference", second)):
        console.print(f"{side}: {_accuracy(graph_result)}", soft_wrap=True)


@graph_app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="The figure, of any readable format.")],
    spec: Annotated[
        Path, typer.Option(help="YAML or JSON spec, AIBench record or SciForma inventory.")
    ],
    figure_id: Annotated[
        str, typer.Option("--id", help="Record of a spec file with several.")
    ] = "",
    reader: ReaderOption = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 1 when anything is missing or forbidden.")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Check a figure against a spec of what it must and must not say, without a reference."""
    from figbench.graphs.read import read_graph
    from figbench.graphs.spec import read_spec
    from figbench.metrics.numerics.graph_faithfulness import check_spec

    try:
        data = spec.read_bytes()
    except OSError as error:
        raise UserError(f"{spec}: {error.strerror or error}.", remedy="Check the path.") from None
    expected = read_spec(data, str(spec), figure_id)
    graph_result = read_graph(file, reader=reader)
    report = check_spec(graph_result.graph, expected)

    def arrows(edges: Sequence[SpecEdge]) -> list[str]:
        signs = {"forward": "->", "both": "<->", "none": "--"}
        return [f"{edge.source} {signs[edge.direction]} {edge.target}" for edge in edges]

    document = {
        "label_recall": report.label_recall,
        "edge_recall": report.edge_recall,
        "edge_recall_undirected": report.edge_recall_undirected,
        "invented_share": report.invented_share,
        "missing_labels": list(report.missing_labels),
        "missing_edges": arrows(report.missing_edges),
        "reversed_edges": arrows(report.reversed_edges),
        "forbidden_labels": list(report.forbidden_labels),
        "forbidden_edges": arrows(report.forbidden_edges),
        "invented_labels": list(report.invented_labels),
        "questions": len(expected.questions),
    }
    if json_output:
        print_json({"file": str(file), **document, **_ceiling(graph_result)})
    else:
        console = result_console()
        for key, value in document.items():
            if isinstance(value, list):
                for item in value:
                    console.print(f"  {key.replace('_', ' ')}: {escape(item)}", soft_wrap=True)
            else:
                text = "-" if value is None else f"{value:.3f}" if key != "questions" else value
                console.print(f"{key.replace('_', ' ')}: {text}")
        if expected.questions:
            console.print("Questions are not answered here.")
        console.print(_accuracy(graph_result), soft_wrap=True)
    if strict and (report.missing_labels or report.missing_edges or report.forbidden):
        raise typer.Exit(EXIT_REGRESSION)


@graph_app.command("editability")
def editability(
    file: Annotated[Path, typer.Argument(help="SVG, drawio or PPTX document.")],
    picture: Annotated[
        Path | None,
        typer.Option(help="Image of the document whose labels are read; SVG draws its own."),
    ] = None,
    ocr: Annotated[bool, typer.Option(help="Read the picture's labels for native_text.")] = True,
    edits: Annotated[bool, typer.Option(help="Make the scripted edits of an SVG.")] = True,
    json_output: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Measure how well a vector document can be edited: text, connectors, groups, junk, edits."""
    from figbench.editability import measure_editability
    from figbench.editability.labels import image_labels

    labels = image_labels(file, picture) if ocr else None
    report = measure_editability(file, labels=labels, edits=edits)
    if json_output:
        print_json(report.to_json())
        return
    console = result_console()
    table = Table(title=escape(f"{file}: {report.format}"), title_justify="left")
    table.add_column("score")
    table.add_column("value", justify="right")
    for key, value in report.scores.items():
        table.add_row(key, "-" if value is None else f"{value:.3f}")
    console.print(table)
    listed = {
        "hidden": report.hidden,
        "duplicate": report.duplicates,
        "no text": report.missing_text,
    }
    for name, items in listed.items():
        for item in items:
            console.print(f"  {name}: {escape(item)}", soft_wrap=True)


def scores_json(scores: GraphScores) -> dict[str, float | None]:
    """Returns the scores under their metric ids."""
    return {
        "node_precision": scores.node.precision,
        "node_recall": scores.node.recall,
        "node_f1": scores.node.f1,
        "edge_precision": scores.edge.precision,
        "edge_recall": scores.edge.recall,
        "edge_f1": scores.edge.f1,
        "edge_f1_undirected": scores.edge_undirected.f1,
        "direction_accuracy": scores.direction_accuracy,
        "path_f1": scores.path.f1,
        "edge_label_f1": scores.edge_label_f1,
        "group_f1": scores.group_f1,
        "layout_agreement": scores.layout,
    }


def _ceiling(graph_result: GraphResult) -> dict[str, Any]:
    return {
        "reader": graph_result.reader,
        "reader_node_f1": graph_result.node_ceiling,
        "reader_edge_f1": graph_result.edge_ceiling,
    }


def _accuracy(graph_result: GraphResult) -> str:
    if graph_result.node_ceiling is None or graph_result.edge_ceiling is None:
        return f"Reader {graph_result.reader}: accuracy not measured."
    return (
        f"Reader {graph_result.reader}: node F1 {graph_result.node_ceiling:.3f}, edge F1 "
        f"{graph_result.edge_ceiling:.3f} on SynthFig, whose graphs are exact."
    )


def _nodes(graph: FigureGraph, file: Path) -> Table:
    title = (
        f"{file}: {len(graph.nodes)} nodes, {len(graph.edges)} edges, {len(graph.groups)} groups"
    )
    table = Table(title=escape(title), title_justify="left")
    for heading in ("node", "text", "kind", "box", "group"):
        table.add_column(heading)
    owner = {member: group.title or group.id for group in graph.groups for member in group.members}
    for node in graph.nodes:
        box = " ".join(f"{v:.2f}" for v in node.box) if node.box else "-"
        cells = (node.id, node.text, node.kind, box, owner.get(node.id, ""))
        table.add_row(*(escape(cell) for cell in cells))
    return table


def _edges(graph: FigureGraph) -> Table:
    table = Table()
    for heading in ("from", "", "to", "label"):
        table.add_column(heading)
    texts = graph.texts
    arrows = {"forward": "->", "both": "<->", "none": "--"}
    for edge in graph.edges:
        ends = (texts[edge.source] or edge.source, texts[edge.target] or edge.target)
        table.add_row(escape(ends[0]), arrows[edge.direction], escape(ends[1]), escape(edge.label))
    return table


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.add_typer(graph_app, name="graph")
