"""``evaluate``: two sets of figures and a protocol in, a RunResult out."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from figbench.data.manifest import Manifest
from figbench.errors import UserError
from figbench.evaluation import provenance
from figbench.evaluation.extract import Preparer, default_workers, extract
from figbench.evaluation.inputs import Inputs, load_inputs
from figbench.evaluation.output import write_run
from figbench.evaluation.plan import Plan, Task, estimate_s, make_plan
from figbench.evaluation.progress import Progress, SilentProgress
from figbench.evaluation.score import Scores, score
from figbench.evaluation.workload import Spaces, Workload, build_workload
from figbench.protocol import Protocol
from figbench.results.schema import (
    ManifestRecord,
    Manifests,
    ModelCard,
    ProtocolRecord,
    RejectRecord,
    RunResult,
)
from figbench.store import Store, default_store

REJECT_SHARE = 0.05
"""More unreadable files than this share of what was offered need ``allow_rejects``."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a run behaves; none of these changes a number.

    Attributes:
        skip_unavailable: Record metrics that cannot run here as skipped.
        allow_unpaired: Record paired metrics as skipped when no ids match.
        allow_rejects: Go on although more than 5% of the generated files are unreadable.
        strict: Any reject is an error.
        device: ``auto`` (CUDA when there), ``cpu``, ``cuda``, ``cuda:1``.
        workers: Decoding threads; None for one per two cores.
    """

    skip_unavailable: bool = False
    allow_unpaired: bool = False
    allow_rejects: bool = False
    strict: bool = False
    device: str = "auto"
    workers: int | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that is planned and not started: what ``--dry-run`` shows."""

    inputs: Inputs
    plan: Plan
    spaces: Spaces
    workload: Workload
    store: Store

    @property
    def estimate_s(self) -> float:
        """Rough duration in seconds of what is missing, on two CPU cores."""
        return estimate_s(self.workload.pending)


def prepare(
    generated: str | Path,
    reference: str | Path,
    protocol: str | Path | Protocol = "offline",
    metrics: Sequence[str] | None = None,
    *,
    store: str | Path | None = None,
    options: Options = Options(),
    progress: Progress | None = None,
    reference_only: bool = False,
) -> Prepared:
    """Reads both manifests and returns the plan with what is missing in the store.

    ``reference_only`` plans the reference side alone (for ``figbench reference build``).

    Raises:
        UserError: For every mistake that can be seen before a network runs.
        WeightsUnavailableError: If a network's weights are missing.
    """
    chosen = protocol if isinstance(protocol, Protocol) else Protocol.load(protocol)
    opened = Store(Path(store) if store else default_store())
    inputs = load_inputs(generated, reference, chosen, opened, progress or SilentProgress())
    _check_rejects(inputs.generated, options)
    plan = make_plan(
        chosen,
        metrics,
        n_generated=len(inputs.sides.present),
        paired=inputs.sides.paired,
        skip_unavailable=options.skip_unavailable,
        allow_unpaired=options.allow_unpaired,
    )
    spaces = Spaces(opened, plan)
    rows, present = ((), []) if reference_only else (inputs.sides.rows, inputs.sides.present)
    workload = build_workload(plan, spaces, rows, present, inputs.reference)
    return Prepared(inputs, plan, spaces, workload, opened)


def evaluate(
    generated: str | Path,
    reference: str | Path,
    protocol: str | Path | Protocol = "offline",
    metrics: Sequence[str] | None = None,
    *,
    output: str | Path | None = None,
    store: str | Path | None = None,
    model: ModelCard | None = None,
    options: Options = Options(),
    progress: Progress | None = None,
    command: Sequence[str] | None = None,
) -> RunResult:
    """Scores generated figures against a reference set.

    Args:
        generated: Folder, archive, JSON/JSONL/CSV, parquet or saved manifest of the figures.
        reference: Paper2Fig100k root or JSON, any folder, or a ``figbench reference build`` file.
        protocol: A shipped name, a YAML path or a :class:`Protocol`.
        metrics: A selection among the protocol's metrics; None for all.
        output: Folder for ``result.json``, ``per_figure.parquet`` and the saved manifests.
        store: Feature store; default ``$FIGBENCH_STORE`` or the user's cache.
        model: Who drew the figures.
        options: How the run behaves.
        progress: Receives rates and counts.
        command: What to record as the command; default this process's arguments.

    Returns:
        The result; metrics that could not be computed carry a status and a reason, never a
        number.

    Raises:
        UserError: For mistakes that the user can mend.
        IntegrityError: If a weight file's digest does not match.
    """
    started = time.monotonic()
    shown = progress or SilentProgress()
    prepared = prepare(
        generated, reference, protocol, metrics, store=store, options=options, progress=shown
    )
    planned = time.monotonic()
    device = run_networks(prepared, options, shown)
    extracted = time.monotonic()
    with shown.stage("scoring"):
        scores = score(prepared.plan, prepared.spaces, prepared.inputs.sides)
    durations_s = {
        "manifests": planned - started,
        "extract": extracted - planned,
        "score": time.monotonic() - extracted,
    }
    found = provenance.collect(
        prepared.plan,
        command=command or [Path(sys.argv[0]).name, *sys.argv[1:]],
        device=device,
        durations_s=durations_s,
        extraction=_extraction(prepared.workload),
    )
    result = RunResult(
        protocol=_protocol_record(prepared.plan.protocol),
        metrics=scores.metrics,
        manifests=_manifest_records(prepared.inputs, str(generated), str(reference)),
        model=model or ModelCard(),
        provenance=found,
        warnings=_warnings(prepared, scores),
        store=str(prepared.store.root.resolve()),
    )
    if output is not None:
        write_run(
            Path(output),
            result,
            plan=prepared.plan,
            spaces=prepared.spaces,
            scores=scores,
            sides=prepared.inputs.sides,
            generated=prepared.inputs.generated,
        )
    return result


def run_networks(prepared: Prepared, options: Options, progress: Progress) -> str:
    """Computes what is missing in the store; returns the device that was used."""
    pending = {task: count for task, count in prepared.workload.pending.items() if count}
    if not pending:
        return "none (every row was in the store)"
    from figbench.evaluation.runners import make_runner, resolve_device

    device = resolve_device(options.device)
    preparer = Preparer(
        prepared.inputs.generated, prepared.inputs.reference, prepared.plan.protocol
    )
    with progress.tasks({_label(task): count for task, count in pending.items()}) as advance:
        extract(
            prepared.workload,
            preparer,
            lambda task: make_runner(task, prepared.plan, device),
            workers=default_workers() if options.workers is None else options.workers,
            advance=lambda task, count: advance(_label(task), count),
        )
    return device


def _label(task: Task) -> str:
    return f"{task.network} at {task.preprocess}"


def _check_rejects(generated: Manifest, options: Options) -> None:
    rejects = generated.rejects
    offered = len(generated.figures) + len(rejects)
    if not rejects:
        return
    named = "; ".join(f"{item.path} ({item.code})" for item in rejects[:5])
    more = f" and {len(rejects) - 5} more" if len(rejects) > 5 else ""
    if options.strict:
        raise UserError(
            f"{len(rejects)} of {offered} generated files cannot be used: {named}{more}.",
            remedy="Mend them, or run without --strict.",
        )
    if len(rejects) > REJECT_SHARE * offered and not options.allow_rejects:
        raise UserError(
            f"{len(rejects)} of {offered} generated files cannot be used "
            f"(more than {REJECT_SHARE:.0%}): {named}{more}.",
            remedy="Look at them with: figbench data inspect. To score the set all the same, with "
            "every reject counted against the model, add --allow-rejects.",
        )


def _extraction(workload: Workload) -> dict[str, int]:
    return {
        "computed": sum(workload.pending.values()),
        "from_store": sum(workload.found.values()),
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
    found = list(inputs.warnings)
    if inputs.missing:
        found.append(
            f"{len(inputs.missing)} of {len(inputs.sides.rows)} expected figures are missing; "
            "per-figure metrics score each as a blank page."
        )
    if prepared.plan.protocol.legacy:
        found.append(
            f"Protocol '{prepared.plan.protocol.id}' reproduces a known defect; its numbers "
            "compare with nothing else."
        )
    for name, value in scores.metrics.items():
        found.extend(
            text if text.startswith(name) else f"{name}: {text}" for text in value.warnings
        )
    return list(dict.fromkeys(found))
