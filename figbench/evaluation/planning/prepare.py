"""``prepare``: inputs, plan and missing records, with every check that needs no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from figbench.data.figures import FigureSource
from figbench.data.manifest import Manifest
from figbench.data.origin import EXCUSED
from figbench.errors import UserError, WeightsUnavailableError
from figbench.evaluation.planning.contents import with_contents
from figbench.evaluation.planning.documents import with_documents
from figbench.evaluation.planning.inputs import Inputs, load_inputs
from figbench.evaluation.planning.notes import check_left_out, no_pairs_hint
from figbench.evaluation.planning.options import Options
from figbench.evaluation.planning.plan import Plan, make_plan
from figbench.evaluation.planning.sizes import check_sizes
from figbench.evaluation.planning.tasks import estimate_s
from figbench.evaluation.planning.workload import Namespaces, Workload, build_workload
from figbench.evaluation.progress import Progress, SilentProgress
from figbench.protocol import Protocol
from figbench.store import Store, default_store

REJECT_SHARE = 0.05
"""A larger share of unreadable files on either side needs ``allow_rejects``."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A planned run, as ``--dry-run`` prints it.

    Attributes:
        inputs: Both sides and their pairing.
        plan: Metrics, tasks and protocol.
        namespaces: Open namespaces of the tasks.
        workload: Missing records.
        store: The store.
    """

    inputs: Inputs
    plan: Plan
    namespaces: Namespaces
    workload: Workload
    store: Store

    @property
    def estimate_s(self) -> float:
        """Rough duration in seconds of the missing work on two CPU cores."""
        return estimate_s(self.workload.pending)


def prepare(
    generated: FigureSource,
    reference: FigureSource,
    protocol: str | Path | Protocol = "offline",
    metrics: Sequence[str] | None = None,
    *,
    store: str | Path | Store | None = None,
    options: Options = Options(),
    progress: Progress | None = None,
    reference_only: bool = False,
    expected_figures: int | None = None,
) -> Prepared:
    """Reads both manifests and returns the plan with the missing records.

    Args:
        generated: See :func:`figbench.evaluate`.
        reference: See :func:`figbench.evaluate`.
        protocol: A shipped name, a YAML path or a :class:`Protocol`.
        metrics: A selection among the protocol's metrics; None for all.
        store: Feature store; None for the default.
        options: How the run behaves.
        progress: Receives rates and counts.
        reference_only: Plan the reference side alone (for ``figbench reference build``).
        expected_figures: Number of figures of the whole set, where ``generated`` is a part of it:
            metrics are then not refused for the size of the part.

    Raises:
        UserError: For every mistake that can be detected before a network runs.
        WeightsUnavailableError: If a network's weights are missing.
    """
    resolved = protocol if isinstance(protocol, Protocol) else Protocol.load(protocol)
    opened = store if isinstance(store, Store) else Store(Path(store) if store else default_store())
    inputs = load_inputs(
        generated, reference, resolved, opened, progress or SilentProgress(), options
    )
    if not reference_only:
        _check_rejects(inputs.generated, "generated", options)
    _check_rejects(inputs.reference, "reference", options)
    for manifest, side in ((inputs.generated, "generated"), (inputs.reference, "reference")):
        if side == "reference" or not reference_only:
            check_left_out(manifest, side, allowed=options.allow_rejects, strict=options.strict)
    try:
        plan = make_plan(
            resolved,
            metrics,
            n_generated=expected_figures or len(inputs.sides.present),
            paired=inputs.sides.paired,
            skip_unavailable=options.skip_unavailable,
            allow_unpaired=options.allow_unpaired,
            execution=options.execution,
            fetch=options.fetch,
        )
    except WeightsUnavailableError:
        raise
    except UserError as error:
        if inputs.sides.paired or "needs pairs" not in error.message:
            raise
        hint = no_pairs_hint(inputs.generated, inputs.reference)
        raise UserError(f"{error.message} {hint}", remedy=error.remedy) from None
    if not reference_only:
        check_sizes(plan, inputs)
    inputs = with_contents(with_documents(inputs, plan), plan)
    namespaces = Namespaces(opened, plan)
    pairs, present = ((), []) if reference_only else (inputs.sides.pairs, inputs.sides.present)
    workload = build_workload(plan, namespaces, pairs, present, inputs.reference, inputs.sides)
    return Prepared(inputs, plan, namespaces, workload, opened)


def _check_rejects(manifest: Manifest, side: str, options: Options) -> None:
    offered = len(manifest.figures) + len(manifest.rejects)
    rejects = [item for item in manifest.rejects if item.code not in EXCUSED or options.strict]
    if not rejects:
        return
    named = "; ".join(f"{item.path} ({item.code})" for item in rejects[:5])
    more = f" and {len(rejects) - 5} more" if len(rejects) > 5 else ""
    if options.strict:
        raise UserError(
            f"{len(rejects)} of {offered} {side} files cannot be used: {named}{more}.",
            remedy="Repair them, or run without --strict.",
        )
    if len(rejects) > REJECT_SHARE * offered and not options.allow_rejects:
        raise UserError(
            f"{len(rejects)} of {offered} {side} files cannot be used "
            f"(more than {REJECT_SHARE:.0%}): {named}{more}.",
            remedy="Inspect them with: figbench data inspect. To score the set all the same, with "
            "every reject named in the result, add --allow-rejects.",
        )
