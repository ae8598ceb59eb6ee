"""Graded, seeded changes of figures whose truth is known: flaws, and changes that must not count.

``flaw_registry`` lists them, ``change_figure`` applies one; ``degraded`` makes the demo's models.
"""

from figbench.synthfig.degrade.base import FAMILIES, LEVELS, Flaw, Slot
from figbench.synthfig.degrade.make import change_figure, change_scene
from figbench.synthfig.degrade.models import FLAWS, blur, degraded, garble, mode_dropped
from figbench.synthfig.degrade.registry import claims, flaw_registry, get_flaw

__all__ = [
    "FAMILIES",
    "FLAWS",
    "LEVELS",
    "Flaw",
    "Slot",
    "blur",
    "change_figure",
    "change_scene",
    "claims",
    "degraded",
    "flaw_registry",
    "garble",
    "get_flaw",
    "mode_dropped",
]
