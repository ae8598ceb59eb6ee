"""Reading a set of figures in any layout into a manifest."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, takewhile
from pathlib import Path

from figbench.data.dataset_index import Candidate, Listing, tidy
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

    Every file is read once: its digest and, unless ``probes`` knows the bytes, whether and how
    it decodes. Files that cannot be used become rejects with a code and a reason.

    Args:
        path: Folder, archive, index file or saved manifest, or the URL of one in a store that
            fsspec knows (``s3://bucket/figures``), whose files are copied into a cache.
        layout: Name of the layout, when detection must not decide.
        split: Split of a data set; required where a set has several.
        caption: Caption field for Paper2Fig100k.
        reference: The set that these figures answer; its ids settle what ``a_1.png`` means.
        is_reference: The set is a reference: ``a_1.png`` is a figure of its own.
        only: Pattern of relative names; other images are left out.
        probes: Verdicts by SHA-256; read and extended.
        workers: Reading threads, each with a decoding process once there are many files; 0 does
            all in this thread, None takes :func:`default_workers`.
        advance: Receives bytes copied from a URL, and bytes to copy in all.

    Raises:
        UserError: If nothing is there, nothing is a figure, or an index cannot be read.
    """
    place = localized(path)
    saved = None if is_url(place) else load_saved(Path(place))
    if saved is not None:
        return saved
    prompts = {one.figure_id: one.prompt for one in reference.figures} if reference else {}
    rows = reference.rows if reference else ()
    context = ImportContext(prompts, rows, is_reference, only, local=not is_url(place))
    find = partial(index_dataset, layout=layout, split=split, caption=caption, context=context)
    if is_url(place):
        listing = list_remote(str(place), find, split=split, advance=advance)
    else:
        listing = find(Path(place))
    side: Role = "reference" if is_reference else "generated"
    listing = by_role(listing, side)
    if prompts:
        listing = by_numbered_names(listing, IdIndex(prompts))
    count = default_workers() if workers is None else workers
    return probe_listing(listing, str(path), {} if probes is None else probes, count, side=side)


Read = Callable[[str], bytes]
"""Manifest path to the bytes of the file; raises DecodeError."""


def probe_listing(
    listing: Listing,
    source: str,
    probes: Probes,
    workers: int,
    read: Read | None = None,
    side: Role = "generated",
) -> Manifest:
    """Returns the manifest of a listing: every file is read, hashed and checked.

    Args:
        listing: Figures by name.
        source: Name of the set, for messages and for the manifest.
        probes: Decode checks by SHA-256; read and extended.
        workers: Reading threads; 0 for this thread alone.
        read: Source of the bytes; None reads files under the listing's root.
        side: Role of the figures whose records name none.

    Returns:
        The manifest, figures in the order of the candidates.

    Raises:
        UserError: If there is neither a figure nor a reject.
    """
    candidates, unnamed, notes = tidy(listing.candidates)
    bytes_of = partial(read_source, listing.root) if read is None else read
    probed = _probe_each(bytes_of, candidates, probes, workers)
    figures, rejects = [], [*listing.rejects, *unnamed]
    for candidate, (digest, probe) in probed:
        if probe.code:
            rejects.append(_reject(candidate, probe))
        else:
            figures.append(_figure(candidate, digest, probe, side))
    if not figures and not rejects:
        said = "".join(f" {note}." for note in listing.notes if note[:1].isdigit())
        raise UserError(
            f"{source}: no figures found ({listing.layout}).{said}",
            remedy="Read are images, SVG and PDF, their archives and indexes: see docs/inputs.md.",
        )
    return Manifest(
        figures=tuple(figures),
        rejects=tuple(rejects),
        layout=listing.layout,
        root=str(listing.root.resolve()),
        source=source,
        notes=(
            *(f"{one.count} {one.what}" for one in listing.left_out),
            *listing.notes,
            *notes,
            *_note_counts(probed),
        ),
        labels=dict(listing.labels),
        left_out=tuple(listing.left_out),
        rows=tuple(listing.rows),
        others=tuple(listing.others),
    )


_Probed = list[tuple[Candidate, tuple[str, Probe]]]
_AT_ONCE = 32
"""Files that a thread takes at once: a future of its own costs more than reading a small file."""


def _probe_each(
    read: Read, candidates: Sequence[Candidate], probes: Probes, workers: int
) -> _Probed:
    if workers <= 0:
        return [(one, _probe(read, one, probes, look)) for one in candidates]
    decoders, stopped = DecodePool(), threading.Event()

    def probe_some(part: Sequence[Candidate]) -> _Probed:
        going = takewhile(lambda _candidate: not stopped.is_set(), part)
        try:
            return [(file, _probe(read, file, probes, decoders.look)) for file in going]
        except BaseException:
            # Here already, not when the caller sees it: the other threads end after their file.
            stopped.set()
            raise

    parts = [candidates[at : at + _AT_ONCE] for at in range(0, len(candidates), _AT_ONCE)]
    with ThreadPoolExecutor(workers, thread_name_prefix="figbench-probe") as pool:
        try:
            return list(chain.from_iterable(pool.map(probe_some, parts)))
        finally:
            stopped.set()
            decoders.stop()


def default_workers() -> int:
    """Returns the number of reading threads: one per core that may be used, at most eight."""
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
        known = probes[digest]
    except KeyError:
        known = examine(data)
        if known.code not in LIMIT_CODES and known != CRASHED:
            probes[digest] = known
        return digest, known
    return digest, known if known.code else _within_limits(known)


def _within_limits(probe: Probe) -> Probe:
    """Limits may have changed since the verdict was kept."""
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
    """Returns the paper of a Paper2Fig100k-style id (the text before ``-Figure``), else None."""
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
