"""Names of metrics and of their outputs: requests, titles, groups and order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from figbench.errors import UserError
from figbench.metrics import get_metric, metric_names
from figbench.metrics.base import Metric, OutputSpec
from figbench.registry import suggest

GROUPS = ("Labels", "Structure", "Distances", "Image", "Validity", "Other")
"""Headings of result tables, in their order."""

HEADLINES = (
    "label_f1",
    "word_f1",
    "ocr_sim",
    "edge_f1",
    "node_f1",
    "fid",
    "kid",
    "fd",
    "kd",
    "coverage",
    "ssim",
    "lpips",
    "valid_rate",
)
"""Outputs that summarise a run, without the extractor; ``compare`` tests these by default."""

_GROUP_BY_PREFIX = (
    ("Labels", ("label_", "word_", "ocr_sim", "caption_label")),
    ("Structure", ("graph", "node", "edge", "path", "direction", "layout", "group", "arrow",
                   "spec_", "legacy_graph")),
    ("Distances", ("fid", "kid", "fd", "kd", "isc", "is", "precision", "recall", "density",
                   "coverage", "prdc")),
    ("Image", ("ssim", "lpips")),
    ("Validity", ("valid", "missing", "unreadable", "blank", "duplicate", "near", "copied",
                  "copy")),
)  # fmt: skip
_DETAIL_SUFFIXES = ("_ceiling", "_truth", "_best_of_k", "_full")


def request_of(name: str) -> str:
    """Returns the request that reports an output: ``label_fidelity`` for ``label_f1``.

    Args:
        name: A request (``prdc@x``) or an output id (``coverage@x``, ``valid_rate``).

    Raises:
        UserError: If neither a metric nor an output has that name.
    """
    base, at, extractor = name.partition("@")
    requests = [request.partition("@")[0] for request in metric_names()]
    if base in requests:
        get_metric(name)
        return name
    for request in metric_names():
        bare, family, _ = request.partition("@")
        if bool(family) != bool(at):
            continue
        full = f"{bare}@{extractor}" if at else bare
        if name in _output_ids(full):
            return full
    if not at and base in {output.partition("@")[0] for output in _family_outputs()}:
        raise UserError(
            f"Metric '{name}' needs the extractor it is measured with.",
            remedy=f"Write, for example: {name}@efficientnet-lite0",
        )
    valid = [*metric_names(), *output_names()]
    raise UserError(
        f"Unknown metric '{name}'.{suggest(name, valid)}",
        remedy="See every name with: figbench list metrics",
    )


def requests_of(names: Iterable[str]) -> list[str]:
    """Returns the requests of several names, each once, in order."""
    return list(dict.fromkeys(request_of(name) for name in names))


def expand(names: Iterable[str]) -> list[str]:
    """Returns output ids; a request is replaced by all of its outputs.

    Raises:
        UserError: If neither a metric nor an output has one of the names.
    """
    ids: list[str] = []
    for name in names:
        outputs = _output_ids(request_of(name))
        ids += [name] if name in outputs else outputs
    return list(dict.fromkeys(ids))


@cache
def output_names() -> tuple[str, ...]:
    """Returns every output id, families as ``coverage@EXTRACTOR``, sorted."""
    single = {output for name in metric_names() if "@" not in name for output in _output_ids(name)}
    return tuple(sorted(single | set(_family_outputs())))


@cache
def _family_outputs() -> tuple[str, ...]:
    families = [name.partition("@")[0] for name in metric_names() if "@" in name]
    return tuple(output for name in families for output in _output_ids(f"{name}@EXTRACTOR"))


def _output_ids(request: str) -> list[str]:
    return [output.id for output in get_metric(request).spec.outputs]


def find_output(name: str) -> tuple[Metric, OutputSpec] | None:
    """Returns the metric and the spec of an output id, or None if no metric has that output."""
    try:
        metric = get_metric(request_of(name))
    except UserError:
        return None
    return next(((metric, spec) for spec in metric.spec.outputs if spec.id == name), None)


_TITLES = {
    "fid": "FID",
    "kid": "KID",
    "isc": "Inception score",
    "fd": "Fréchet distance",
    "kd": "Kernel distance",
    "is": "Inception score",
    "ocr_sim": "OCR-SIM",
}
_NETWORKS = {
    "efficientnet-lite0": "EfficientNet-Lite0",
    "inception-v3": "InceptionV3",
    "dinov2-vit-b-14": "DINOv2 ViT-B/14",
    "clip-vit-b-32": "CLIP ViT-B/32",
    "craft": "CRAFT",
}


def title_of(name: str) -> str:
    """Returns the human name of an output: ``Label F1``, ``Fréchet distance``; else the id."""
    base = name.partition("@")[0]
    if base in _TITLES:
        return _TITLES[base]
    entry = find_output(name)
    title = entry[1].title if entry and entry[1].title else base
    return title.partition(" (")[0].removesuffix(" x 1000")


def network_of(name: str) -> str:
    """Returns the human name of an output's extractor, empty without one."""
    extractor = name.partition("@")[2]
    return _NETWORKS.get(extractor, extractor)


def tooltip_of(name: str) -> str:
    """Returns the summary and the known biases of a metric, from its spec; empty if unknown."""
    entry = find_output(name)
    if entry is None:
        return ""
    spec = entry[0].spec
    summary = spec.documentation.strip().partition("\n\n")[0]
    lines = [" ".join(summary.split())]
    biases = " ".join(spec.section("Known biases").split())
    if biases:
        lines.append(f"Known biases: {biases}")
    return "\n".join(line for line in lines if line).replace("``", "")


def group_of(name: str) -> str:
    """Returns the heading of :data:`GROUPS` of an output."""
    base = name.partition("@")[0]
    for group, prefixes in _GROUP_BY_PREFIX:
        if base.startswith(prefixes):
            return group
    return "Other"


def is_detail(name: str) -> bool:
    """Returns whether an output is a variant that result tables leave to ``--verbose``."""
    return name.partition("@")[0].endswith(_DETAIL_SUFFIXES)


def headline(names: Iterable[str]) -> list[str]:
    """Returns the headline outputs among ``names``, in the order of :data:`HEADLINES`."""
    names = list(names)
    return [name for base in HEADLINES for name in names if name.partition("@")[0] == base]


def ordered(names: Iterable[str]) -> list[str]:
    """Returns names by group, headlines first within a group, otherwise in the given order."""
    names = list(names)
    first = {name: index for index, name in enumerate(headline(names))}
    given = {name: index for index, name in enumerate(names)}
    return sorted(
        names,
        key=lambda name: (
            GROUPS.index(group_of(name)), is_detail(name), first.get(name, len(first)),
            given[name],
        ),
    )  # fmt: skip


def ceiling_of(name: str, available: Mapping[str, object]) -> str | None:
    """Returns the id of the ceiling that a run reports for an output, or None."""
    base, at, extractor = name.partition("@")
    ceiling = f"{base}_ceiling{at}{extractor}"
    return ceiling if ceiling in available else None
