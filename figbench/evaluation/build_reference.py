"""Computes the reference side of a protocol once, and packs it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from figbench.evaluation.distributed.run import run_networks
from figbench.evaluation.planning.documents import documents_of
from figbench.evaluation.planning.options import Options
from figbench.evaluation.planning.prepare import Prepared, prepare
from figbench.evaluation.planning.tasks import REFERENCE
from figbench.evaluation.planning.workload import image_key
from figbench.evaluation.progress import Progress, SilentProgress
from figbench.evaluation.references.pack import write_pack
from figbench.protocol import Protocol
from figbench.store import Space, Store


def build_reference(
    reference: str | Path,
    target: Path,
    protocol: str | Path | Protocol = "offline",
    *,
    store: str | Path | None = None,
    options: Options = Options(),
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Packs a reference set with its features and readings; returns the pack's facts.

    Raises:
        UserError: As :func:`figbench.evaluation.evaluate`.
    """
    shown = progress or SilentProgress()
    prepared = prepare(
        reference,
        reference,
        protocol,
        store=store,
        options=options,
        progress=shown,
        reference_only=True,
    )
    run_networks(prepared, options, shown)
    manifest = prepared.inputs.reference
    record = {"id": prepared.plan.protocol.id, "hash": prepared.plan.protocol.hash}
    with TemporaryDirectory() as folder:
        spaces = _copy_rows(prepared, Store(Path(folder)))
        documents = documents_of(manifest, manifest.figures) if _reads(prepared) else {}
        write_pack(target, manifest, spaces, record, documents)
    return {
        "path": str(target),
        "protocol": record,
        "n_figures": len(manifest.figures),
        "rows": sum(len(space) for space in spaces),
        "size_bytes": target.stat().st_size,
    }


def _reads(prepared: Prepared) -> bool:
    return any(task.reads_documents for task in prepared.plan.tasks)


def _copy_rows(prepared: Prepared, packed: Store) -> list[Space]:
    """The user's store may hold other data sets in the same spaces: only our rows go along."""
    sides, figures = prepared.inputs.sides, prepared.inputs.reference.figures
    keys = list(dict.fromkeys(image_key(one) for one in figures))
    documents = list(dict.fromkeys(image_key(sides.document(REFERENCE, one)) for one in figures))
    copies = []
    for task in prepared.plan.tasks:
        if not task.scores_pairs and REFERENCE in task.sides:
            source = prepared.spaces.of(task, REFERENCE)
            target = packed.space(source.identity)
            task.copy(source, target, documents if task.reads_documents else keys)
            copies.append(target)
    return copies
