"""``evaluate``: scores generated figures against references under a protocol."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from figbench.data.figures import FigureSource
from figbench.data.manifest import Manifest
from figbench.evaluation.artifacts import provenance
from figbench.evaluation.artifacts.cost import cost_totals
from figbench.evaluation.artifacts.writer import per_figure_table, require_writable, write_run
from figbench.evaluation.cost import CostMeter
from figbench.evaluation.distributed.run import run_networks
from figbench.evaluation.planning.inputs import Inputs
from figbench.evaluation.planning.options import Options
from figbench.evaluation.planning.prepare import Prepared, prepare
from figbench.evaluation.planning.tasks import OcrTask
from figbench.evaluation.planning.workload import Workload
from figbench.evaluation.progress import LogProgress, Progress, SilentProgress
from figbench.evaluation.scoring.score import Scores, score
from figbench.evaluation.scoring.score_cache import ScoreCache
from figbench.ocr.catalog import engines
from figbench.ocr.scripts import script_warnings
from figbench.protocol import Protocol
from figbench.results.schema import (
    ManifestRecord,
    Manifests,
    ModelCard,
    ProtocolRecord,
    RejectRecord,
    RunResult,
)
from figbench.store import Store


def evaluate(
    generated: FigureSource,
    reference: FigureSource,
    protocol: str | Path | Protocol = "offline",
    metrics: Sequence[str] | None = None,
    *,
    output: str | Path | None = None,
    store: str | Path | Store | None = None,
    model: ModelCard | None = None,
    options: Options = Options(),
    progress: Progress | None = None,
    command: Sequence[str] | None = None,
) -> RunResult:
    """Scores generated figures against a reference set.

    Args:
        generated: Folder, archive, JSON/JSONL/CSV, parquet or saved manifest of the figures; or a
            URL that fsspec knows (``s3://bucket/figures``); or :class:`figbench.Figures` from
            images in memory.
        reference: Paper2Fig100k root or JSON, any folder, or a ``figbench reference build`` file;
            or its URL; or :class:`figbench.Figures`.
        protocol: A shipped name, a YAML path or a :class:`Protocol`.
        metrics: A selection among the protocol's metrics; None for all.
        output: Folder for ``result.json``, ``per_figure.parquet`` and the saved manifests.
        store: Feature store; default ``$FIGBENCH_STORE`` or the user's cache. A
            :class:`figbench.store.MemoryStore` writes nothing to disk.
        model: Model that drew the figures.
        options: How the run behaves.
        progress: Receives rates and counts; None logs them (logger ``figbench``, level INFO).
        command: Command line for the provenance; default the arguments of this process.

    Returns:
        The result; metrics that could not be computed carry a status and a reason, never a
        number.

    Raises:
        UserError: For mistakes that the user can correct.
        IntegrityError: If a weight file's digest does not match.
        OSError: If ``output`` or the store cannot be written.
    """
    started, meter = time.monotonic(), CostMeter()
    reporter = progress or LogProgress()
    prepared = prepare(
        generated, reference, protocol, metrics, store=store, options=options, progress=reporter
    )
    if output is not None:
        require_writable(Path(output))
    planned = time.monotonic()
    meter.stage("manifests")
    meter.watch(options.device if ":" in options.device else "cuda:0")
    device = run_networks(prepared, options, reporter)
    extracted = time.monotonic()
    meter.stage("extract")
    with reporter.stage("scoring"):
        scores = score(
            prepared.plan, prepared.namespaces, prepared.inputs.sides, ScoreCache.of(prepared.store)
        )
    meter.stage("score")
    durations_s = {
        "manifests": planned - started,
        "extract": extracted - planned,
        "score": time.monotonic() - extracted,
    }
    record = provenance.collect(
        prepared.plan,
        command=command or [Path(sys.argv[0]).name, *sys.argv[1:]],
        device=device,
        durations_s=durations_s,
        extraction=_extraction(prepared.workload),
        cost=meter.cost(len(prepared.inputs.generated.figures), device),
    )
    result = RunResult(
        protocol=_protocol_record(prepared.plan.protocol),
        metrics=scores.metrics,
        manifests=_manifest_records(prepared.inputs, str(generated), str(reference)),
        model=model or ModelCard(),
        provenance=record,
        warnings=_warnings(prepared, scores),
        cost=cost_totals(prepared.inputs.generated.figures),
        store=prepared.store.location,
    )
    _log(result)
    if output is not None:
        write_run(
            Path(output),
            result,
            plan=prepared.plan,
            namespaces=prepared.namespaces,
            scores=scores,
            sides=prepared.inputs.sides,
            generated=prepared.inputs.generated,
        )
        result.attach(Path(output))
    return result.attach(table=per_figure_table(prepared.inputs.sides, scores.per_figure))


def _log(result: RunResult) -> None:
    logger = logging.getLogger("figbench")
    for name, metric in result.metrics.items():
        if metric.value is None:
            logger.info("%s: %s (%s)", name, metric.status, metric.reason)
    scored = sum(metric.value is not None for metric in result.metrics.values())
    logger.info("scored %d of %d metrics", scored, len(result.metrics))


def contribute(
    generated: FigureSource,
    reference: FigureSource,
    protocol: str | Path | Protocol = "offline",
    metrics: Sequence[str] | None = None,
    *,
    store: str | Path | None = None,
    options: Options,
) -> None:
    """Computes the share of one process (``options.shard``) into the store, and no score.

    Args:
        generated: As of :func:`evaluate`, which rank 0 runs.
        reference: As of :func:`evaluate`.
        protocol: As of :func:`evaluate`.
        metrics: As of :func:`evaluate`.
        store: As of :func:`evaluate`.
        options: As of :func:`evaluate`, with ``shard``.

    Raises:
        UserError: For mistakes that the user can correct.
    """
    prepared = prepare(generated, reference, protocol, metrics, store=store, options=options)
    run_networks(prepared, options, SilentProgress())


def _extraction(workload: Workload) -> dict[str, int]:
    return {
        "computed": sum(workload.pending.values()),
        "from_store": sum(workload.cached.values()),
    }


def _protocol_record(protocol: Protocol) -> ProtocolRecord:
    return ProtocolRecord(id=protocol.id, hash=protocol.hash, definition=protocol.definition())


def _manifest_records(inputs: Inputs, generated: str, reference: str) -> Manifests:
    return Manifests(
        generated=_record(inputs.generated, generated, inputs.missing, inputs.extra),
        reference=_record(inputs.reference, reference, (), ()),
    )


def _record(
    manifest: Manifest, source: str, missing: Sequence[str], extra: Sequence[str]
) -> ManifestRecord:
    return ManifestRecord(
        source=source,
        layout=manifest.layout,
        digest=manifest.digest,
        prompts_digest=manifest.prompts_digest,
        n_figures=len(manifest.figures),
        n_prompts=len({figure.figure_id for figure in manifest.figures}),
        rejects=[
            RejectRecord(
                path=item.path,
                code=item.code,
                reason=item.reason,
                figure_id=item.figure_id,
                sample=item.sample,
            )
            for item in manifest.rejects
        ],
        missing=list(missing),
        extra=list(extra),
    )


def _warnings(prepared: Prepared, scores: Scores) -> list[str]:
    inputs = prepared.inputs
    warnings = [*prepared.plan.warnings, *inputs.warnings]
    if inputs.missing:
        warnings.append(
            f"{len(inputs.missing)} of {len(inputs.sides.pairs)} expected figures are missing; "
            "per-figure metrics score each as a blank page."
        )
    if prepared.plan.protocol.legacy:
        warnings.append(
            f"Protocol '{prepared.plan.protocol.id}' reproduces a known defect; its numbers "
            "compare with nothing else."
        )
    warnings += _script_warnings(prepared)
    for name, value in scores.metrics.items():
        warnings.extend(
            text if text.startswith(name) else f"{name}: {text}" for text in value.warnings
        )
    return list(dict.fromkeys(warnings))


def _script_warnings(prepared: Prepared) -> list[str]:
    ocr, reference = prepared.plan.ocr, prepared.inputs.reference
    if ocr is None or not any(isinstance(task, OcrTask) for task in prepared.plan.tasks):
        return []
    scripts = engines.get(ocr.name).scripts
    if scripts is None:
        return []
    labels = reference.labels
    texts = (
        " ".join(line.text for line in labels[figure.figure_id])
        if labels.get(figure.figure_id)
        else figure.prompt or ""
        for figure in reference.figures
    )
    return script_warnings(texts, ocr.name, scripts(ocr.settings))
