"""Accuracy of every graph reader on SynthFig, whose graphs are exact.

``python -m figbench.metrics.graph_metrics.graph_accuracy --scenes 500 --raster-scenes 60 --out
FILE`` measures again and writes the ceilings, which are part of the package as ``accuracy.json`` of
``figbench.graphs``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from figbench.graphs.model import FigureGraph
from figbench.graphs.read import READERS
from figbench.io.atomic import write_text_atomic
from figbench.io.json_files import dump_json
from figbench.metrics.numerics.graph_matching import compare_graphs
from figbench.synthfig.export.drawio import scene_drawio
from figbench.synthfig.export.graph import scene_graph
from figbench.synthfig.export.pptx import scene_pptx
from figbench.synthfig.export.svg import scene_svg
from figbench.synthfig.export.texts import scene_dot, scene_mermaid, scene_tikz
from figbench.synthfig.make import make_scene
from figbench.synthfig.scene import Scene

SEED = 2027
RASTER_SEED = 7301
"""Seed of held-out scenes, which were not used to develop the raster reader."""
SIDE = 1024

WRITERS: dict[str, Callable[[Scene], bytes]] = {
    "svg": lambda scene: scene_svg(scene).encode(),
    "dot": lambda scene: scene_dot(scene).encode(),
    "drawio": lambda scene: scene_drawio(scene, compressed=True).encode(),
    "mermaid": lambda scene: scene_mermaid(scene).encode(),
    "pptx": scene_pptx,
    "tikz": lambda scene: scene_tikz(scene).encode(),
    "raster": lambda scene: _png(scene),
}
"""Reader name to the function that writes a scene in its format."""


def _png(scene: Scene) -> bytes:
    import io

    from PIL import Image

    from figbench.synthfig.render import render_scene

    buffer = io.BytesIO()
    pixels = render_scene(scene, SIDE / max(scene.width, scene.height))
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def measure_reader(reader: str, scenes: Iterable[Scene]) -> dict[str, float]:
    """Returns a reader's mean node F1, edge F1 (directed and not) and number of scenes.

    Args:
        reader: A key of ``WRITERS``.
        scenes: Of ``make_scene``; each is written in the reader's format and read back.
    """
    read = READERS.get(reader)
    scores = [_scores(read(WRITERS[reader](scene)), scene_graph(scene)) for scene in scenes]
    node, edge, plain = np.mean(scores, axis=0)
    return {
        "node_f1": round(float(node), 4),
        "edge_f1": round(float(edge), 4),
        "edge_f1_undirected": round(float(plain), 4),
        "scenes": len(scores),
    }


def _scores(graph: FigureGraph, truth: FigureGraph) -> tuple[float, float, float]:
    scores = compare_graphs(graph, truth)
    return scores.node.f1, scores.edge.f1, scores.edge_undirected.f1


def measure(scenes: int, raster_scenes: int) -> dict[str, Any]:
    """Returns the document that ships as ``accuracy.json``."""
    counts = {name: raster_scenes if name == "raster" else scenes for name in WRITERS}
    readers = {
        name: measure_reader(
            name, (make_scene(RASTER_SEED if name == "raster" else SEED, i) for i in range(count))
        )
        for name, count in counts.items()
        if count
    }
    command = (
        f"python -m figbench.metrics.graph_metrics.graph_accuracy --scenes {scenes} "
        f"--raster-scenes {raster_scenes}"
    )
    return {
        "truth": "SynthFig scenes, exact graphs",
        "seed": SEED,
        "raster": {"longest_side_px": SIDE, "ocr": "rapidocr", "seed": RASTER_SEED},
        "command": command,
        "readers": readers,
    }


def main() -> None:
    """Measures and writes the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=500)
    parser.add_argument("--raster-scenes", type=int, default=40)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    document = measure(options.scenes, options.raster_scenes)
    write_text_atomic(options.out, dump_json(document))


if __name__ == "__main__":
    main()
