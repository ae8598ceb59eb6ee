"""The plan of a run: metrics, tasks and the resolved protocol."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from figbench.errors import UserError, WeightsUnavailableError
from figbench.evaluation.planning.execution import DEFAULT, Execution
from figbench.evaluation.planning.tasks import (
    GENERATED,
    REFERENCE,
    FeatureTask,
    GraphTask,
    OcrTask,
    PairTask,
    Side,
    Task,
)
from figbench.features import (
    extractor_info,
    pair_scorer_info,
    require_weights,
    weights_digest,
)
from figbench.features.weights import find_weights
from figbench.graphs.read import GRAPH_READERS, readers_digest
from figbench.images.decode import decoder_version
from figbench.metrics import get_metric
from figbench.metrics.base import Metric
from figbench.metrics.names import requests_of
from figbench.ocr import engine_info
from figbench.ocr.base import OcrInfo
from figbench.protocol import MetricRequest, Protocol

LEGACY = "figgen-script-2023"
AS_STORED = "none"
"""Policy of tasks that read a file's own bytes."""


@dataclass(frozen=True, slots=True)
class PlannedMetric:
    """A metric with its request; ``skip_reason`` is set when it cannot run here."""

    request: MetricRequest
    metric: Metric
    preprocess: str
    skip_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Metrics, tasks and the resolved protocol of a run.

    Attributes:
        protocol: With the weights, OCR version and decoder version of this machine.
        metrics: Requested metrics.
        tasks: Networks that they need.
        ocr: The OCR engine, or None.
        execution: How networks are executed.
        warnings: Messages for the user.
    """

    protocol: Protocol
    metrics: tuple[PlannedMetric, ...]
    tasks: tuple[Task, ...]
    ocr: OcrInfo | None
    execution: Execution = DEFAULT
    warnings: tuple[str, ...] = field(default=())

    def identity(self, task: Task, side: Side) -> dict[str, Any]:
        """Returns the store identity of a task: everything that changes a stored number.

        Args:
            task: The task.
            side: ``generated`` or ``reference``; only the legacy pixel encoding differs by side.
        """
        identity: dict[str, Any] = {
            "kind": task.kind,
            "network": task.network,
            "weights": task.weights,
            "preprocess": task.preprocess,
            "resample": self.protocol.resample,
            "decoder": decoder_version(),
            **task.identity(self.protocol, self.ocr),
        }
        if self.protocol.pixel_encoding == LEGACY:
            identity["pixel_encoding"] = f"{LEGACY}/{side}"
        return identity | self.execution.key(task.engines(self.ocr))


def make_plan(
    protocol: Protocol,
    metrics: Sequence[str] | None,
    *,
    n_generated: int,
    paired: bool,
    skip_unavailable: bool,
    allow_unpaired: bool,
    execution: Execution,
    fetch: bool = True,
    ids: str = "",
) -> Plan:
    """Returns the plan of a run.

    Args:
        protocol: The protocol as loaded.
        metrics: Metrics or their outputs; None for all of the protocol. One that the protocol
            lacks is added, which makes a protocol with a hash of its own.
        n_generated: Usable generated figures.
        paired: Whether any generated figure has a reference of its id.
        skip_unavailable: Record metrics that cannot run as skipped instead of raising.
        allow_unpaired: Record paired metrics as skipped when nothing pairs.
        execution: How the networks will run.
        fetch: Whether missing weights may be downloaded.
        ids: Some ids of both sides, for the message where nothing pairs.

    Raises:
        UserError: If a metric is unknown, below its minimum n, or paired without pairs.
        WeightsUnavailableError: If a network's weights are missing and cannot be fetched.
    """
    requested = None if metrics is None else requests_of(metrics)
    protocol, warnings = _extended(protocol, requested or [])
    ocr = _ocr_info(protocol)
    planned = [
        _plan_metric(
            request,
            protocol,
            n_generated=n_generated,
            paired=paired,
            skip_unavailable=skip_unavailable,
            allow_unpaired=allow_unpaired,
            fetch=fetch,
            ids=ids,
        )
        for request in _select(protocol, requested)
    ]
    resolved = protocol.resolved(
        weights=_protocol_weights(protocol),
        ocr_version=ocr.version if ocr else None,
        decoder_version=decoder_version(),
        metric_versions=_metric_versions(protocol),
    )
    return Plan(resolved, tuple(planned), _tasks(planned, protocol), ocr, execution, warnings)


def _metric_versions(protocol: Protocol) -> dict[str, int]:
    """Returns the version of each metric of the protocol, whether it is scored now or not."""
    versions = {}
    for request in protocol.metrics:
        with suppress(UserError):
            versions[request.metric] = get_metric(request.metric).spec.version
    return versions


def _extended(protocol: Protocol, requested: Sequence[str]) -> tuple[Protocol, tuple[str, ...]]:
    """Returns the protocol with the requested metrics that it lacks, and a warning about it."""
    own = [request.metric for request in protocol.metrics]
    added = [name for name in requested if name not in own]
    if not added:
        return protocol, ()
    extended = protocol.replace(
        id=f"{protocol.id}-extended",
        metrics=[
            *(request.model_dump() for request in protocol.metrics),
            *({"metric": name} for name in added),
        ],
    )
    return extended, (
        f"Protocol '{protocol.id}' has no {', '.join(added)}: scored under '{extended.id}', a "
        "protocol with a hash of its own. It compares only with runs of the same addition.",
    )


def _select(protocol: Protocol, names: Sequence[str] | None) -> list[MetricRequest]:
    if names is None:
        return list(protocol.metrics)
    by_name = {request.metric: request for request in protocol.metrics}
    return [by_name[name] for name in names]


def _plan_metric(
    request: MetricRequest,
    protocol: Protocol,
    *,
    n_generated: int,
    paired: bool,
    skip_unavailable: bool,
    allow_unpaired: bool,
    fetch: bool,
    ids: str,
) -> PlannedMetric:
    metric = get_metric(request.metric)
    metric.spec.resolve(request.settings)
    reason: str | None = None
    if n_generated < metric.spec.minimum_n:
        reason = (
            f"'{request.metric}' needs at least {metric.spec.minimum_n} generated figures, "
            f"found {n_generated}"
        )
        if not skip_unavailable:
            raise UserError(
                f"{reason}.",
                remedy="Generate more, choose others with --metrics, or record it as skipped with "
                "--skip-unavailable.",
            )
    if metric.spec.paired and not paired:
        reason = "needs pairs, and no generated figure has a reference's id"
        if not allow_unpaired:
            raise UserError(
                f"'{request.metric}' {reason}.{ids}",
                remedy="Name the reference of each figure: --pairs pairs.csv with the "
                "columns generated and reference. For unpaired sets add --allow-unpaired (paired "
                "metrics are then skipped).",
            )
    reason = reason or _weights_problem(metric, request.metric, skip_unavailable, fetch)
    return PlannedMetric(request, metric, request.preprocess or protocol.preprocess, reason)


def _weights_problem(metric: Metric, name: str, skip_unavailable: bool, fetch: bool) -> str | None:
    for weights in _weight_names(metric):
        if not fetch and find_weights(weights) is None:
            continue
        try:
            require_weights(weights, metric=name)
        except WeightsUnavailableError as error:
            if not skip_unavailable:
                raise
            return error.message
    return None


def _weight_names(metric: Metric) -> list[str]:
    needs = metric.spec.needs
    names = []
    if needs.extractor:
        names.append(extractor_info(needs.extractor).weights)
    if needs.pair_scorer:
        names.append(pair_scorer_info(needs.pair_scorer).weights)
    return [name for name in names if name]


def _protocol_weights(protocol: Protocol) -> dict[str, str]:
    """Digests of every network the protocol names, run or not: they are part of its hash."""
    metrics = [get_metric(request.metric) for request in protocol.metrics]
    names = {name for metric in metrics for name in _weight_names(metric)}
    digests = {name: weights_digest(name) for name in sorted(names)}
    if any(metric.spec.needs.graphs for metric in metrics):
        digests[GRAPH_READERS] = readers_digest()
    return digests


def _ocr_info(protocol: Protocol) -> OcrInfo | None:
    return engine_info(protocol.ocr.engine, protocol.ocr.settings) if protocol.ocr else None


def _tasks(planned: Sequence[PlannedMetric], protocol: Protocol) -> tuple[Task, ...]:
    collected: dict[tuple[type[Task], str, str], tuple[set[Side], list[str]]] = {}

    def add(
        kind: type[Task],
        network: str,
        item: PlannedMetric,
        sides: set[Side],
        policy: str | None = None,
    ) -> None:
        entry = collected.setdefault((kind, network, policy or item.preprocess), (set(), []))
        entry[0].update(sides)
        entry[1].append(item.request.metric)

    for item in planned:
        if item.skip_reason:
            continue
        needs = item.metric.spec.needs
        if needs.extractor:
            sides = {GENERATED, REFERENCE} if needs.reference_features else {GENERATED}
            add(FeatureTask, needs.extractor, item, sides)
        if needs.pair_scorer:
            add(PairTask, needs.pair_scorer, item, {GENERATED})
        if needs.graphs:
            add(GraphTask, GRAPH_READERS, item, {GENERATED, REFERENCE}, AS_STORED)
        if needs.ocr:
            if protocol.ocr is None:
                raise UserError(
                    f"Protocol '{protocol.id}' has '{item.request.metric}' and no OCR engine.",
                    remedy="Add to the protocol: ocr: { engine: easyocr }",
                )
            add(OcrTask, protocol.ocr.engine, item, {GENERATED, REFERENCE})
    return tuple(
        kind(network, policy, frozenset(sides), tuple(metrics), kind.weights_of(network))
        for (kind, network, policy), (sides, metrics) in collected.items()
    )
