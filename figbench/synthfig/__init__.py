"""SynthFig: procedural method figures in the layout of Paper2Fig100k.

A scene is made from a seed and an index (``make_scene``), drawn with ``render_scene``,
drawn in another style with ``restyle`` and changed on purpose with ``degraded``.
"""

from figbench.synthfig.degrade import FLAWS, blur, degraded, garble, mode_dropped
from figbench.synthfig.make import make_scene, restyle
from figbench.synthfig.render import render_scene
from figbench.synthfig.scene import Scene
from figbench.synthfig.simple import make_simple_scene
from figbench.synthfig.write import (
    SynthFigure,
    SynthReport,
    iter_synthfig,
    png_bytes,
    synthesize,
)

__all__ = [
    "FLAWS",
    "Scene",
    "SynthFigure",
    "SynthReport",
    "blur",
    "degraded",
    "garble",
    "iter_synthfig",
    "make_scene",
    "make_simple_scene",
    "mode_dropped",
    "png_bytes",
    "render_scene",
    "restyle",
    "synthesize",
]
