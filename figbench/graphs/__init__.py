"""The graph that a figure states, and readers of it from vector documents and from pixels.

``metrics.structure`` and ``figbench graph`` use them; third parties add formats through the
entry-point group ``figbench.graph_readers``.
"""

from __future__ import annotations

from figbench.graphs.model import Box, Direction, Edge, FigureGraph, Group, Kind, Node

__all__ = ["Box", "Direction", "Edge", "FigureGraph", "Group", "Kind", "Node"]
