"""Axes of a sweep, and the names of the folders of its points."""

from __future__ import annotations

import re
from dataclasses import dataclass

from figbench.errors import UserError
from figbench.results.schema import ModelCard


@dataclass(frozen=True, slots=True)
class Axis:
    """One numeric axis.

    Attributes:
        name: In ``sweep.json`` and as a column of ``sweep.csv``.
        title: For people.
        pattern: What a folder's name ends in; group 1 is the value.
        example: A folder's name.
        folder: What a sampled point's folder is called, before its value.
    """

    name: str
    title: str
    pattern: re.Pattern[str]
    example: str
    folder: str = ""

    def card(self, value: float) -> ModelCard:
        """Returns the card of one point."""
        name = f"{self.title} {value:g}"
        if self.name == "guidance_scale":
            return ModelCard(name=name, guidance_scale=value)
        if self.name == "num_inference_steps":
            return ModelCard(name=name, num_inference_steps=int(value))
        return ModelCard(name=name, revision=f"{value:.0f}")


GUIDANCE = Axis(
    "guidance_scale",
    "guidance",
    re.compile(r"(?:cfg|guidance|scale)[_=-]?(\d+(?:\.\d+)?)$"),
    "evaluation_cfg_7.5",
    "evaluation_cfg_",
)
STEPS = Axis(
    "num_inference_steps",
    "steps",
    re.compile(r"steps[_=-]?(0*[1-9]\d*)$"),
    "steps_50",
    "steps_",
)
AXES = {
    axis.name: axis
    for axis in (
        GUIDANCE,
        STEPS,
        Axis(
            "checkpoint",
            "checkpoint",
            re.compile(r"(?:checkpoint|ckpt)[_=-]?(\d+)$"),
            "checkpoint-20000",
        ),
    )
}


def get_axis(name: str) -> Axis:
    """Returns the axis of that name.

    Raises:
        UserError: If there is none.
    """
    if name not in AXES:
        raise UserError(f"--axis: '{name}'.", remedy=f"Use {', '.join(AXES)}.")
    return AXES[name]
