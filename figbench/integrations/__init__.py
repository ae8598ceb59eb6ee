"""figbench inside other libraries: torchmetrics, Lightning, accelerate and diffusers.

Each module imports its library, which is an extra: ``pip install figbench[torchmetrics]``,
``figbench[lightning]``. Import the module that you use: ``from figbench.integrations.torchmetrics
import FigbenchMetric``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__all__ = ["accelerate", "diffusers", "lightning", "overlay", "torchmetrics"]

if TYPE_CHECKING:
    from figbench.integrations import accelerate, diffusers, lightning, overlay, torchmetrics


def __getattr__(name: str) -> Any:
    """Imports an integration on first use."""
    if name in __all__:
        return importlib.import_module(f"figbench.integrations.{name}")
    raise AttributeError(f"module 'figbench.integrations' has no attribute '{name}'")
