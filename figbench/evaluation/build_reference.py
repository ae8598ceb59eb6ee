"""``build_reference``: the reference side of a protocol, computed once and packed in one file."""

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
from figbench.evaluation.progress import LogProgress, Progress
from figbench.evaluation.references.pack import write_pack
from figbench.protocol import Protocol
from figbench.store import Namespace, Store


def build_reference(
    reference: str | Path,
    target: Path,
    protocol: str | Path | Protocol = "offline",
    *,
    store: str | Path | None = None,
    options: Options = Options(),
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Packs a reference set with its features and OCR results.

    Args:
        reference: Folder, archive, index or URL of the references.
        target: The ``.figref`` file to write.
        protocol: A shipped name, a YAML path or a :class:`Protocol`.
        store: Feature store; default ``$FIGBENCH_STORE`` or the user's cache.
        options: How the run behaves.
        progress: Receives rates and counts.

    Returns:
        ``path``, ``protocol``, ``n_figures``, ``rows`` (stored records) and ``size_bytes``.

    Raises:
        UserError: As :func:`figbench.evaluation.evaluate`.
    """
    reporter = progress or LogProgress()
    prepared = prepare(
        reference,
        reference,
        protocol,
        store=store,
        options=options,
        progress=reporter,
        reference_only=True,
    )
    run_networks(prepared, options, reporter)
    manifest = prepared.inputs.reference
    record = {"id": prepared.plan.protocol.id, "hash": prepared.plan.protocol.hash}
    with TemporaryDirectory() as folder:
        namespaces = _copy_records(prepared, Store(Path(folder)))
        documents = documents_of(manifest, manifest.figures) if _reads_documents(prepared) else {}
        write_pack(target, manifest, namespaces, record, documents)
    return {
        "path": str(target),
        "protocol": record,
        "n_figures": len(manifest.figures),
        "rows": sum(len(namespace) for namespace in namespaces),
        "size_bytes": target.stat().st_size,
    }


def _reads_documents(prepared: Prepared) -> bool:
    return any(task.reads_documents for task in prepared.plan.tasks)


def _copy_records(prepared: Prepared, packed: Store) -> list[Namespace]:
    """Copies the records of the references alone; the store may hold other sets as well."""
    sides, figures = prepared.inputs.sides, prepared.inputs.reference.figures
    keys = list(dict.fromkeys(image_key(figure) for figure in figures))
    files = (sides.document(REFERENCE, figure) for figure in figures)
    documents = list(dict.fromkeys(image_key(file) for file in files))
    copies = []
    for task in prepared.plan.tasks:
        if not task.scores_pairs and REFERENCE in task.sides:
            source = prepared.namespaces.of(task, REFERENCE)
            target = packed.namespace(source.identity)
            task.copy(source, target, documents if task.reads_documents else keys)
            copies.append(target)
    return copies
