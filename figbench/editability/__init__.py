"""How well a vector document can be edited: native text, bound connectors, groups, local edits.

Readers list the objects of SVG, draw.io and PPTX documents; measures are shares of 0 to 1.
"""

from figbench.editability.measure import Editability, measure_content, measure_editability

__all__ = ["Editability", "measure_content", "measure_editability"]
