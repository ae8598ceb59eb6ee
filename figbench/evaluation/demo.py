"""The demo: four models of known quality on procedural figures, scored under one protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figbench.results.schema import RunResult

PROTOCOL = "offline"

MODELS: dict[str, str] = {
    "redraw": "the same content drawn again in another style: what a good model does",
    "garbled-labels": "the reference's drawing with wrong letters",
    "blurred": "the reference's drawing, out of focus",
    "mode-dropped": "a few drawings repeated, whatever the caption",
}

SHOWN = (
    "fd@efficientnet-lite0",
    "kd@efficientnet-lite0",
    "coverage@efficientnet-lite0",
    "ocr_sim",
    "ssim",
    "label_f1",
    "duplicate_rate",
)
"""The columns of the demo's table and plot."""


@dataclass(frozen=True, slots=True)
class DemoOutcome:
    """What the demo found and wrote."""

    out: Path
    results: Mapping[str, RunResult]

    def document(self) -> dict[str, Any]:
        """Returns the shown scores as JSON-ready data."""
        return {
            "protocol": PROTOCOL,
            "models": {
                name: {
                    "what": MODELS[name],
                    "scores": {
                        metric: result.metrics[metric].value
                        for metric in SHOWN
                        if metric in result.metrics
                    },
                }
                for name, result in self.results.items()
            },
        }
