"""Metrics by name: ``fid``, ``fd@efficientnet-lite0``, ``label_fidelity``, ...

A metric is one module with a spec and ``compute``; a family over feature extractors is a function
from an extractor's name to a metric. Third parties register either under the entry-point group
``figbench.metrics``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import cast

from figbench.errors import UserError
from figbench.metrics.base import Metric, OutputSpec
from figbench.metrics.capabilities import OffersSetStatistics, SetStatistic
from figbench.registry import Registry, suggest

__all__ = [
    "Metric",
    "SetStatistic",
    "get_metric",
    "metric_names",
    "metric_of_output",
    "output_spec",
    "set_statistic",
]

Family = Callable[[str], Metric]

FAMILIES = {
    "fd": "figbench.metrics.frechet:bind",
    "kd": "figbench.metrics.kernel:bind",
    "is": "figbench.metrics.inception_score:bind",
    "prdc": "figbench.metrics.prdc:bind",
}
SINGLE = {
    "fid": "figbench.metrics.frechet:FID",
    "kid": "figbench.metrics.kernel:KID",
    "isc": "figbench.metrics.inception_score:ISC",
    "label_fidelity": "figbench.metrics.labels:LABEL_FIDELITY",
    "label_layout": "figbench.metrics.label_layout:LABEL_LAYOUT",
    "ocr_sim": "figbench.metrics.paired:OCR_SIM",
    "editability": "figbench.metrics.graph_metrics.editability:EDITABILITY",
    "faithfulness": "figbench.metrics.graph_metrics.faithfulness:FAITHFULNESS",
    "structure": "figbench.metrics.graph_metrics.structure:STRUCTURE",
    "ssim": "figbench.metrics.paired:SSIM",
    "lpips": "figbench.metrics.paired:LPIPS",
    "validity": "figbench.metrics.validity:VALIDITY",
}
_REGISTRY: Registry[Metric | Family] = Registry(
    "metric", "figbench.metrics", {**FAMILIES, **SINGLE}
)


def metric_names() -> list[str]:
    """Returns every metric's registry name, sorted; families as ``fd@EXTRACTOR``."""
    return [f"{name}@EXTRACTOR" if _is_family(name) else name for name in _REGISTRY.names()]


def get_metric(request: str) -> Metric:
    """Returns the metric of a request such as ``fid`` or ``fd@efficientnet-lite0``.

    Raises:
        UserError: If no metric has that name, a family comes without an extractor, or a metric
            that is no family comes with one.
    """
    name, at, extractor = request.partition("@")
    entry = _find(name, request)
    if hasattr(entry, "spec"):
        if at:
            raise UserError(
                f"Metric '{name}' takes no extractor, but the request is '{request}'.",
                remedy=_hint(name, extractor),
            )
        return cast(Metric, entry)
    if not extractor:
        raise UserError(
            f"Metric '{request}' needs the extractor it is measured with.",
            remedy=f"Write, for example: {name}@efficientnet-lite0",
        )
    return entry(extractor)


@lru_cache(maxsize=1024)
def metric_of_output(output_id: str) -> Metric | None:
    """Returns the metric that reports an output such as ``label_f1`` or ``coverage@craft``.

    None where no installed metric has an output of that id.
    """
    _, at, extractor = output_id.partition("@")
    for name in _REGISTRY.names():
        entry = _REGISTRY.get(name)
        if hasattr(entry, "spec"):
            metric = cast(Metric, entry)
        elif at:
            metric = entry(extractor)
        else:
            continue
        if any(output.id == output_id for output in metric.spec.outputs):
            return metric
    return None


def output_spec(output_id: str) -> OutputSpec | None:
    """Returns the spec of an output (direction, bounds, title), or None if it is unknown."""
    metric = metric_of_output(output_id)
    outputs = () if metric is None else metric.spec.outputs
    return next((output for output in outputs if output.id == output_id), None)


def set_statistic(output_id: str) -> SetStatistic | None:
    """Returns the set statistic behind an output, or None where its metric offers none."""
    metric = metric_of_output(output_id)
    offers: object = metric
    if not isinstance(offers, OffersSetStatistics):
        return None
    return offers.set_statistics.get(output_id)


def _find(name: str, request: str) -> Metric | Family:
    names = _REGISTRY.names()
    if name in names:
        return _REGISTRY.get(name)
    raise UserError(
        f"Unknown metric '{request}'.{suggest(name, names)}",
        remedy=f"Known: {', '.join(metric_names())}.",
    )


def _hint(name: str, extractor: str) -> str:
    family = {"fid": "fd", "kid": "kd", "isc": "is"}.get(name)
    if family:
        return f"'{name}' is always inception-v3; for other networks write {family}@{extractor}"
    return f"Write: {name}"


def _is_family(name: str) -> bool:
    return name in FAMILIES or (name not in SINGLE and not hasattr(_REGISTRY.get(name), "spec"))
