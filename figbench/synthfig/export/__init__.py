"""SynthFig scenes as documents: their exact graph, and SVG, dot, draw.io, Mermaid, PPTX, TikZ.

Readers of ``figbench.graphs`` are measured on them; see ``figbench.synthfig.export.graph``.
"""
