"""figbench: evaluate machine-generated scientific figures.

The public API is loaded on first use, so that ``import figbench`` stays light:

>>> import figbench
>>> result = figbench.evaluate("my_figures/", "Paper2Fig100k/", protocol="figgen")  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

from figbench._version import __version__

logging.getLogger("figbench").addHandler(logging.NullHandler())

_PUBLIC = {
    "Comparison": "figbench.comparison",
    "Decision": "figbench.gate.decision",
    "Difference": "figbench.comparison",
    "Evaluator": "figbench.evaluation.evaluator",
    "Figures": "figbench.data.figures",
    "FigbenchError": "figbench.errors",
    "Interval": "figbench.results.schema",
    "Manifest": "figbench.data.manifest",
    "MetricValue": "figbench.results.schema",
    "ModelCard": "figbench.results.schema",
    "Options": "figbench.evaluation",
    "Protocol": "figbench.protocol",
    "RunResult": "figbench.results.schema",
    "Score": "figbench.functional.score",
    "UserError": "figbench.errors",
    "build_reference": "figbench.evaluation",
    "compare": "figbench.comparison",
    "evaluate": "figbench.evaluation",
    "load_manifest": "figbench.data.load",
    "load_result": "figbench.results.files",
    "ocr_sim": "figbench.features.networks.ocr_sim",
    "judge": "figbench.judges",
    "rank": "figbench.ranking",
}
_PACKAGES = ("features", "functional", "gate", "integrations", "losses", "metrics", "ocr")
"""``features``, ``gate`` and ``ocr`` are packages that can be called; see figbench.callables."""

__all__ = [
    "Comparison",
    "Decision",
    "Difference",
    "Evaluator",
    "FigbenchError",
    "Figures",
    "Interval",
    "Manifest",
    "MetricValue",
    "ModelCard",
    "Options",
    "Protocol",
    "RunResult",
    "Score",
    "UserError",
    "__version__",
    "build_reference",
    "compare",
    "evaluate",
    "features",
    "functional",
    "gate",
    "integrations",
    "judge",
    "load_manifest",
    "load_result",
    "losses",
    "metrics",
    "ocr",
    "ocr_sim",
    "rank",
]

if TYPE_CHECKING:
    import figbench.integrations as integrations
    from figbench import functional, losses, metrics
    from figbench.comparison import Comparison, Difference, compare
    from figbench.data.figures import Figures
    from figbench.data.load import load_manifest
    from figbench.data.manifest import Manifest
    from figbench.errors import FigbenchError, UserError
    from figbench.evaluation.build_reference import build_reference
    from figbench.evaluation.evaluate import evaluate
    from figbench.evaluation.evaluator import Evaluator
    from figbench.evaluation.planning.options import Options
    from figbench.features.function import features
    from figbench.features.networks.ocr_sim import ocr_sim
    from figbench.functional.score import Score
    from figbench.gate.decision import Decision, gate
    from figbench.judges import judge
    from figbench.ocr.function import ocr
    from figbench.protocol import Protocol
    from figbench.ranking import rank
    from figbench.results.files import load_result
    from figbench.results.schema import Interval, MetricValue, ModelCard, RunResult


def __getattr__(name: str) -> Any:
    """Imports a public name on first use."""
    if name in _PACKAGES:
        return importlib.import_module(f"figbench.{name}")
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'figbench' has no attribute '{name}'")


def __dir__() -> list[str]:
    """Lists the public names, loaded or not."""
    return sorted(__all__)
