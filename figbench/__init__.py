"""figbench: evaluate machine-generated scientific figures.

The public API is loaded on first use, so that ``import figbench`` stays light:

>>> import figbench
>>> result = figbench.evaluate("my_figures/", "Paper2Fig100k/", protocol="figgen")  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from figbench._version import __version__

_PUBLIC = {
    "evaluate": "figbench.evaluation",
    "compare": "figbench.comparison",
    "load_result": "figbench.results.files",
    "load_manifest": "figbench.data.load",
    "Protocol": "figbench.protocol",
    "ocr_sim": "figbench.features.ocr_sim",
    "judge": "figbench.judges",
}

__all__ = ["Protocol", "__version__", "compare", "evaluate", "load_manifest"]
__all__ += ["judge", "load_result", "metrics", "ocr_sim"]

if TYPE_CHECKING:
    from figbench import metrics
    from figbench.comparison import compare
    from figbench.data.load import load_manifest
    from figbench.evaluation import evaluate
    from figbench.features.ocr_sim import ocr_sim
    from figbench.judges import judge
    from figbench.protocol import Protocol
    from figbench.results.files import load_result


def __getattr__(name: str) -> Any:
    """Imports a public name on first use."""
    if name == "metrics":
        return importlib.import_module("figbench.metrics")
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'figbench' has no attribute '{name}'")


def __dir__() -> list[str]:
    """Lists the public names, loaded or not."""
    return sorted(__all__)
