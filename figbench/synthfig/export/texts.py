"""Scene to Graphviz dot, Mermaid and TikZ."""

from __future__ import annotations

from figbench.graphs.model import FigureGraph, Node
from figbench.synthfig.export.graph import scene_graph
from figbench.synthfig.scene import Scene, Stroke


def scene_dot(scene: Scene) -> str:
    """Returns the scene as a dot document; ``dot`` computes the layout."""
    graph = scene_graph(scene)
    shapes = {"box": "box", "ellipse": "ellipse", "icon": "note"}
    lines = ["digraph figure {", "  rankdir=LR;", "  node [shape=box];"]
    owner = owners(graph)

    def node(entry: Node) -> str:
        return f"{entry.id} [label={_quoted(entry.text)}, shape={shapes.get(entry.kind, 'box')}];"

    for group in graph.groups:
        lines.append(f"  subgraph cluster_{group.id} {{ label={_quoted(group.title)};")
        lines += [f"    {node(n)}" for n in graph.nodes if owner.get(n.id) == group.id]
        lines.append("  }")
    lines += [f"  {node(n)}" for n in graph.nodes if n.id not in owner]
    for edge in graph.edges:
        label = f"label={_quoted(edge.label)}, " if edge.label else ""
        lines.append(f"  {edge.source} -> {edge.target} [{label}dir={edge.direction}];")
    return "\n".join([*lines, "}", ""])


def owners(graph: FigureGraph) -> dict[str, str]:
    """Returns the group of each grouped node."""
    return {member: group.id for group in graph.groups for member in group.members}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def scene_mermaid(scene: Scene) -> str:
    """Returns the scene as a Mermaid flowchart."""
    graph = scene_graph(scene)
    owner = owners(graph)
    lines = ["flowchart LR"]

    def node(entry: Node) -> str:
        left, right = ("((", "))") if entry.kind == "ellipse" else ("[", "]")
        return f"{entry.id}{left}{_mermaid(entry.text or ' ')}{right}"

    for group in graph.groups:
        lines.append(f"  subgraph {group.id} [{_mermaid(group.title)}]")
        lines += [f"    {node(n)}" for n in graph.nodes if owner.get(n.id) == group.id]
        lines.append("  end")
    lines += [f"  {node(n)}" for n in graph.nodes if n.id not in owner]
    for edge in graph.edges:
        arrow = {"forward": "-->", "both": "<-->", "none": "---"}[edge.direction]
        label = f"|{_mermaid(edge.label)}|" if edge.label else ""
        lines.append(f"  {edge.source} {arrow}{label} {edge.target}")
    return "\n".join([*lines, ""])


def _mermaid(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace('"', "#quot;").replace("<", "&lt;")
    return f'"{escaped}"'


def scene_tikz(scene: Scene) -> str:
    """Returns the scene as a standalone TikZ document: nodes at positions, ``draw`` for edges."""
    graph = scene_graph(scene)
    unit, height = 0.02, scene.height
    lines = [
        "\\documentclass[tikz]{standalone}",
        "\\usetikzlibrary{arrows.meta,fit,positioning}",
        "\\begin{document}",
        "\\begin{tikzpicture}[every node/.style={draw}]",
    ]
    for node in graph.nodes:
        assert node.box is not None  # nosec B101 # narrows a type
        x = (node.box[0] + node.box[2]) / 2 * scene.width * unit
        y = (height - (node.box[1] + node.box[3]) / 2 * height) * unit
        wide = (node.box[2] - node.box[0]) * scene.width * unit
        high = (node.box[3] - node.box[1]) * height * unit
        shape = "circle, " if node.kind == "ellipse" else ""
        size = f"minimum width={wide:.2f}cm, minimum height={high:.2f}cm"
        lines.append(
            f"  \\node[{shape}{size}] ({node.id}) at ({x:.2f},{y:.2f}) {{{_tex(node.text)}}};"
        )
    for group in graph.groups:
        fit = "".join(f"({member})" for member in group.members)
        lines.append(f"  \\node[fit={fit}, label={{above:{_tex(group.title)}}}] ({group.id}) {{}};")
    bends = {s.ends: len(s.path) for s in scene.items if isinstance(s, Stroke)}
    for edge in graph.edges:
        tip = {"forward": "->", "both": "<->", "none": "-"}[edge.direction]
        ends = (int(edge.source[1:]), int(edge.target[1:]))
        way = "-|" if bends.get(ends, 2) == 3 else "--"
        label = f" node[midway, above, draw=none] {{{_tex(edge.label)}}}" if edge.label else ""
        lines.append(f"  \\draw[{tip}] ({edge.source}) {way}{label} ({edge.target});")
    return "\n".join([*lines, "\\end{tikzpicture}", "\\end{document}", ""])


_ESCAPES = {"\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "~": "\\textasciitilde{}",
            "^": "\\textasciicircum{}", **{c: f"\\{c}" for c in "&%$#_"}}  # fmt: skip


def _tex(text: str) -> str:
    return "".join(_ESCAPES.get(char, char) for char in text)
