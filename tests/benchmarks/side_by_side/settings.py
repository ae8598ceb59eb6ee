"""What the command line chooses, and the folder that a part works in."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WEIGHTS = "weights-inception-2015-12-05-6726825d.pth"


@dataclass(frozen=True)
class Settings:
    """How a part runs.

    Attributes:
        n: Figures on each side.
        rounds: How often every tool has its turn.
        side: Pixels of the figures.
        device: ``cpu`` or ``cuda``, for figbench and the peers alike.
        engine: figbench's, in the parts that run it one way only.
        precision: As ``engine``.
        sizes: Figures a side of the memory part.
        models: Models of the models part.
        peer: Run torch-fidelity even where it takes long.
        tools: Names of the tools that run; all without any. Ratios need torch-fidelity.
    """

    n: int
    rounds: int
    side: int = 512
    device: str = "cpu"
    engine: str = "torch"
    precision: str = "float32"
    sizes: tuple[int, ...] = (500, 2000, 5000, 20000)
    models: int = 10
    peer: bool = False
    tools: tuple[str, ...] = ()


@dataclass(frozen=True)
class Work:
    """A part's folder: pictures, weights, stores."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def weights(self) -> Path:
        """The seeded random Inception weights that every tool reads."""
        return self.root / WEIGHTS

    def variables(self) -> dict[str, str]:
        """The environment of a run: this checkout, these weights, and no download."""
        before = os.environ.get("PYTHONPATH", "")
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), *([before] if before else [])]),
            "FIGBENCH_WEIGHTS": str(self.root / "figbench-weights"),
            "FIGBENCH_OFFLINE": "1",
            "HF_HUB_OFFLINE": "1",
            "MPLBACKEND": "Agg",
            **self.environment,
        }
