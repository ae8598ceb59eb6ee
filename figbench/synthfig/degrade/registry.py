"""Every graded flaw and neutral change by name."""

from __future__ import annotations

from functools import cache

from figbench.errors import UserError
from figbench.registry import suggest
from figbench.synthfig.degrade import appearance, layout, neutral, sets, structure, text
from figbench.synthfig.degrade.base import FAMILIES, Flaw


@cache
def flaw_registry() -> dict[str, Flaw]:
    """Returns the changes by name, family by family, neutral ones last."""
    modules = (text, structure, layout, appearance, sets, neutral)
    return {flaw.name: flaw for module in modules for flaw in module.FLAWS}


def get_flaw(name: str) -> Flaw:
    """Returns a change by name.

    Raises:
        UserError: If there is none of that name.
    """
    registered = flaw_registry()
    if name not in registered:
        raise UserError(
            f"Unknown flaw '{name}'.{suggest(name, registered)}",
            remedy=f"Known: {', '.join(registered)}.",
        )
    return registered[name]


def claims() -> tuple[str, ...]:
    """Returns what ``MetricSpec.sees`` may name: families, and single flaws."""
    return (*FAMILIES, *(name for name, flaw in flaw_registry().items() if not flaw.neutral))
