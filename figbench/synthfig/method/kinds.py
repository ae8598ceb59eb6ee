"""The arrangements of method figures, and a random content of one of them."""

from __future__ import annotations

from collections.abc import Callable

from figbench.synthfig.method import kinds_branch as branch
from figbench.synthfig.method import kinds_flow as flow
from figbench.synthfig.method.content import Content, Draft
from figbench.synthfig.rng import StableRng

BUILDERS: dict[str, Callable[[Draft], None]] = {
    "pipeline": flow.pipeline,
    "serpentine": flow.serpentine,
    "transformer": flow.transformer,
    "unet": flow.unet,
    "siamese": branch.siamese,
    "panels": flow.panels,
    "tree": branch.tree,
    "cycle": flow.cycle,
    "adversarial": branch.adversarial,
    "fusion": branch.fusion,
    "overview": branch.overview,
    "towers": branch.towers,
}


def make_content(rng: StableRng) -> Content:
    """Returns the content of one figure."""
    kind = rng.choice(tuple(BUILDERS))
    draft = Draft(rng, kind)
    BUILDERS[kind](draft)
    draft.annotate(2)
    return draft.done()
