"""SynthFig: procedural method figures in the layout of Paper2Fig100k."""

from figbench.data.synthfig.make import make_scene, restyle
from figbench.data.synthfig.render import render_scene
from figbench.data.synthfig.scene import Scene
from figbench.data.synthfig.write import (
    SynthFigure,
    SynthReport,
    iter_synthfig,
    png_bytes,
    synthesize,
)

__all__ = [
    "Scene",
    "SynthFigure",
    "SynthReport",
    "iter_synthfig",
    "make_scene",
    "png_bytes",
    "render_scene",
    "restyle",
    "synthesize",
]
