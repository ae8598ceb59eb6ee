"""Check of image sizes under ``preprocess: none``."""

from __future__ import annotations

from figbench.errors import UserError
from figbench.evaluation.planning.inputs import Inputs
from figbench.evaluation.planning.plan import Plan

SMALLEST_SIDE = 11
"""Pixels: SSIM's window, and less than any network of pairs needs."""


def check_sizes(plan: Plan, inputs: Inputs) -> None:
    """Refuses pairs of unequal or tiny sizes for metrics that compare pixel by pixel.

    Raises:
        UserError: Naming the first such pair.
    """
    names = [
        item.request.metric
        for item in plan.metrics
        if item.preprocess == "none" and item.metric.spec.needs.pair_scorer and not item.skip_reason
    ]
    if not names or not inputs.sides.paired:
        return
    remedy = "Choose a policy that makes sizes equal, such as preprocess: pad512."
    for pair in inputs.sides.pairs:
        figure, reference = pair.generated, pair.reference
        if figure is None:
            continue
        size, other = (figure.width, figure.height), (reference.width, reference.height)
        sizes = f"{size[0]}x{size[1]}, its reference {other[0]}x{other[1]}"
        if size != other:
            raise UserError(
                f"'{names[0]}' under preprocess: none needs equal sizes: '{figure.figure_id}' is "
                f"{sizes}.",
                remedy=remedy,
            )
        if min(size) < SMALLEST_SIDE:
            raise UserError(
                f"'{names[0]}' under preprocess: none needs sides of {SMALLEST_SIDE} px: "
                f"'{figure.figure_id}' is {sizes}.",
                remedy=remedy,
            )
