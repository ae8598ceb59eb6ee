"""Frozen networks as feature extractors and pair scorers; importing this loads no network.

The package is callable: ``figbench.features("craft")(images)``; see
:func:`figbench.features.function.features`.
"""

from figbench.callables import make_callable
from figbench.features.catalog import (
    extractor_info,
    extractors,
    load_extractor,
    load_pair_scorer,
    pair_scorer_info,
    pair_scorers,
)
from figbench.features.weights import require_weights, weights_digest

__all__ = [
    "extractor_info",
    "extractors",
    "load_extractor",
    "load_pair_scorer",
    "pair_scorer_info",
    "pair_scorers",
    "require_weights",
    "weights_digest",
]

make_callable(__name__, "figbench.features.function:features")
