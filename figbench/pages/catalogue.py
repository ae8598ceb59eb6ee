"""Tables of ``figbench list``: the names of one kind with the details that tell them apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

NameTable = tuple[tuple[str, ...], list[tuple[Any, ...]]]


def catalogue(kind: str) -> NameTable:
    """Returns headings and table rows of one kind of names.

    Args:
        kind: ``metrics``, ``protocols``, ``extractors``, ``engines``, ``layouts`` or ``configs``.
    """
    return _KINDS[kind]()


def _metrics() -> NameTable:
    from figbench.metrics import get_metric, metric_names

    rows: list[tuple[Any, ...]] = []
    for name in metric_names():
        for output in get_metric(name).spec.outputs:
            better = "higher" if output.higher_is_better else "lower"
            rows.append((name, output.id, better, output.title))
    return ("request", "output", "better", "title"), rows


def _protocols() -> NameTable:
    from figbench.protocol import Protocol, shipped_protocols

    rows = []
    for name in shipped_protocols():
        shipped = Protocol.load(name)
        rows.append((name, shipped.title, ", ".join(item.metric for item in shipped.metrics)))
    return ("protocol", "title", "metrics"), rows


def _extractors() -> NameTable:
    from figbench.features import extractor_info
    from figbench.features.catalog import extractors
    from figbench.features.weights import find_weights

    rows = []
    for name in extractors.names():
        weights = extractor_info(name).weights
        state = "none needed" if weights is None else "here" if find_weights(weights) else "missing"
        rows.append((name, weights or "-", state))
    return ("extractor", "weights", "state"), rows


def _engines() -> NameTable:
    from importlib.util import find_spec

    from figbench.ocr import engines

    modules = {"tesseract": "pytesseract"}
    rows = []
    for name in engines.names():
        installed = find_spec(modules.get(name, name)) is not None
        rows.append(
            (name, "installed" if installed else f"missing: pip install {modules.get(name, name)}")
        )
    return ("OCR engine", "state"), rows


def _layouts() -> NameTable:
    from figbench.data.layouts import LAYOUTS

    texts = {
        "flat": "<figure_id>.png, <figure_id>_<k>.png for several samples",
        "samples": "sample_<k>/ folders",
        "figgen": "FigGen's evaluation folders",
        "geneval": "GenEval's numbered folders",
        "map": 'JSON {"<figure id>": "<path>"}',
        "records": "JSON, JSON lines or CSV records with an image path",
        "parquet": "parquet with an image column",
        "paper2fig100k": "root of Paper2Fig100k",
    }
    return ("layout", "files"), [(name, texts.get(name, "")) for name in LAYOUTS]


def _configs() -> NameTable:
    from figbench.models import get_model, model_names

    rows = [(name, config) for name in model_names() for config in get_model(name).configs()]
    return ("model", "config"), rows


_KINDS: dict[str, Callable[[], NameTable]] = {
    "metrics": _metrics,
    "protocols": _protocols,
    "extractors": _extractors,
    "engines": _engines,
    "layouts": _layouts,
    "configs": _configs,
}
