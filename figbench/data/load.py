"""Loads a set of figures in any layout into a manifest."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, takewhile
from pathlib import Path

from figbench.data.dataset_index import Candidate, DatasetIndex, tidy
from figbench.data.layouts import ImportContext, index_dataset
from figbench.data.layouts.numbered import by_numbered_names
from figbench.data.layouts.serialization import load_saved
from figbench.data.manifest import Manifest
from figbench.data.naming import IdIndex
from figbench.data.origin import by_role
from figbench.data.remote.listing import list_remote
from figbench.data.remote.urls import is_url, localized
from figbench.data.sources import read_source
from figbench.data.types import Figure, Reject, Role
from figbench.errors import UserError
from figbench.images.decode_pool import CRASHED, DecodePool, Probe, Probes, look
from figbench.images.limits import LIMIT_CODES, DecodeError, Limits


def load_manifest(
    path: str | Path,
    *,
    layout: str | None = None,
    split: str | None = None,
    caption: str = "captions",
    reference: Manifest | None = None,
    is_reference: bool = False,
    only: str | None = None,
    probes: Probes | None = None,
    workers: int | None = None,
    advance: Callable[[int, int], None] | None = None,
) -> Manifest:
    """Reads a set of figures in any layout of docs/inputs.md.

    Every file is read once, for its digest and for its decode check. A digest in ``probes`` has
    its check already. Files that cannot be used become rejects with a code and a reason.

    Args:
        path: Folder, archive, index file or saved manifest, or its URL in a store that fsspec
            supports (``s3://bucket/figures``). The files of a URL are copied into a cache.
        layout: Name of the layout; None detects it.
        split: Split of a data set; required if the set has several.
        caption: Caption field of Paper2Fig100k.
        reference: The reference of these figures; its ids decide whether ``a_1.png`` is sample 1
            of ``a`` or a figure ``a_1``.
        is_reference: Whether the set is a reference, where ``a_1.png`` is always a figure ``a_1``.
        only: Pattern of relative names; other images are left out.
        probes: Decode checks by SHA-256; read and extended.
        workers: Number of reading threads, each with a decoding process once there are many files;
            0 reads in this thread, None takes :func:`default_workers`.
        advance: Called with the bytes copied from a URL and the total bytes to copy.

    Raises:
        UserError: If the path does not exist, has no figures, or an index cannot be read.
    """
    location = localized(path)
    saved = None if is_url(location) else load_saved(Path(location))
    if saved is not None:
        return saved
    figures = reference.figures if reference else ()
    prompts = {figure.figure_id: figure.prompt for figure in figures}
    records = reference.records if reference else ()
    context = ImportContext(prompts, records, is_reference, only, local=not is_url(location))
    find = partial(index_dataset, layout=layout, split=split, caption=caption, context=context)
    if is_url(location):
        index = list_remote(str(location), find, split=split, advance=advance)
    else:
        index = find(Path(location))
    side: Role = "reference" if is_reference else "generated"
    index = by_role(index, side)
    if prompts:
        index = by_numbered_names(index, IdIndex(prompts))
    count = default_workers() if workers is None else workers
    return manifest_from_index(index, str(path), {} if probes is None else probes, count, side=side)


Read = Callable[[str], bytes]
"""Returns the bytes of a manifest path, or raises DecodeError."""


def manifest_from_index(
    index: DatasetIndex,
    source: str,
    probes: Probes,
    workers: int,
    read: Read | None = None,
    side: Role = "generated",
) -> Manifest:
    """Reads, hashes and checks every file of an index; returns the manifest.

    Args:
        index: Figures by name.
        source: Name of the set, for messages and for the manifest.
        probes: Decode checks by SHA-256; read and extended.
        workers: Number of reading threads; 0 reads in this thread.
        read: Returns the bytes of a path; None reads files below the root of the index.
        side: Role of figures whose records have no role.

    Returns:
        The manifest, figures in the order of the candidates.

    Raises:
        UserError: If there is neither a figure nor a reject.
    """
    candidates, unnamed, notes = tidy(index.candidates)
    bytes_of = partial(read_source, index.root) if read is None else read
    probed = _probe_each(bytes_of, candidates, probes, workers)
    figures, rejects = [], [*index.rejects, *unnamed]
    for candidate, (digest, probe) in probed:
        if probe.code:
            rejects.append(_reject(candidate, probe))
        else:
            figures.append(_figure(candidate, digest, probe, side))
    if not figures and not rejects:
        counts = "".join(f" {note}." for note in index.notes if note[:1].isdigit())
        raise UserError(
            f"{source}: no figures found ({index.layout}).{counts}",
            remedy="Inputs: images, SVG, PDF, their archives and indexes; see docs/inputs.md.",
        )
    return Manifest(
        figures=tuple(figures),
        rejects=tuple(rejects),
        layout=index.layout,
        root=str(index.root.resolve()),
        source=source,
        notes=(
            *(f"{group.count} {group.what}" for group in index.left_out),
            *index.notes,
            *notes,
            *_note_counts(probed),
        ),
        labels=dict(index.labels),
        left_out=tuple(index.left_out),
        records=tuple(index.records),
        others=tuple(index.others),
    )


_Probed = list[tuple[Candidate, tuple[str, Probe]]]
_CHUNK_FILES = 32
"""Files per task of the pool: a task for each file costs more than reading a small file."""


def _probe_each(
    read: Read, candidates: Sequence[Candidate], probes: Probes, workers: int
) -> _Probed:
    if workers <= 0:
        return [(candidate, _probe(read, candidate, probes, look)) for candidate in candidates]
    decoders, stopped = DecodePool(), threading.Event()

    def probe_chunk(chunk: Sequence[Candidate]) -> _Probed:
        remaining = takewhile(lambda _candidate: not stopped.is_set(), chunk)
        try:
            return [(file, _probe(read, file, probes, decoders.look)) for file in remaining]
        except BaseException:
            # Set in the failing thread, so that the other threads end after their current file.
            stopped.set()
            raise

    starts = range(0, len(candidates), _CHUNK_FILES)
    chunks = [candidates[start : start + _CHUNK_FILES] for start in starts]
    with ThreadPoolExecutor(workers, thread_name_prefix="figbench-probe") as pool:
        try:
            return list(chain.from_iterable(pool.map(probe_chunk, chunks)))
        finally:
            stopped.set()
            decoders.stop()


def default_workers() -> int:
    """Returns the number of reading threads: the number of usable cores, at most eight."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(8, usable or 1)


def _probe(
    read: Read, candidate: Candidate, probes: Probes, examine: Callable[[bytes], Probe]
) -> tuple[str, Probe]:
    try:
        data = read(candidate.path)
    except DecodeError as error:
        return "", Probe(code=error.code, reason=error.reason)
    digest = hashlib.sha256(data).hexdigest()
    try:
        stored = probes[digest]
    except KeyError:
        probe = examine(data)
        if probe.code not in LIMIT_CODES and probe != CRASHED:
            probes[digest] = probe
        return digest, probe
    return digest, stored if stored.code else _within_limits(stored)


def _within_limits(probe: Probe) -> Probe:
    """Checks a stored probe again: limits may have changed since it was stored."""
    try:
        Limits.from_environment().check_size(probe.width, probe.height)
    except DecodeError as error:
        return Probe(code=error.code, reason=error.reason)
    return probe


def _figure(candidate: Candidate, digest: str, probe: Probe, side: Role) -> Figure:
    origin = candidate.origin
    return Figure(
        figure_id=candidate.figure_id,
        sample=candidate.sample,
        path=candidate.path,
        sha256=digest,
        width=probe.width,
        height=probe.height,
        prompt=candidate.prompt,
        seed=candidate.seed,
        guidance_scale=candidate.guidance_scale,
        paper_id=origin.paper_id or paper_id(candidate.figure_id),
        role=origin.role or side,
        status=origin.status,
        source=origin.source,
        seconds=origin.seconds,
        tokens=origin.tokens,
        usd=origin.usd,
    )


def paper_id(figure_id: str) -> str | None:
    """Returns the paper of a Paper2Fig100k-style id: the text before ``-Figure``, or None."""
    paper, separator, _ = figure_id.partition("-Figure")
    return paper if separator and paper else None


def _reject(candidate: Candidate, probe: Probe) -> Reject:
    return Reject(candidate.path, probe.code, probe.reason, candidate.figure_id, candidate.sample)


def _note_counts(probed: _Probed) -> list[str]:
    counts: dict[str, int] = {}
    for _, (_, probe) in probed:
        for note in probe.notes:
            counts[note] = counts.get(note, 0) + 1
    return [f"{count} x {note}" for note, count in sorted(counts.items())]
